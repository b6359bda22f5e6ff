"""The checks of exercise 14.9: one call for each task, which returns a `Score`.

from utils import checks
checks.conv2d(conv2d)
"""

from .from_scratch import conv2d as conv2d
from .from_scratch import count_parameters as count_parameters
from .from_scratch import max_pool2d as max_pool2d
from .from_scratch import output_size as output_size
from .from_scratch import receptive_field as receptive_field
from .highest_accuracy import augment as augment
from .highest_accuracy import estimate as estimate
from .highest_accuracy import hand_in as hand_in
from .highest_accuracy import how_sure as how_sure
from .own_cnn import build_model as build_model
from .own_cnn import confusion as confusion
from .own_cnn import plot_learning_curves as plot_learning_curves
from .own_cnn import split as split
from .own_cnn import train as train
from .own_cnn import trained_model as trained_model
