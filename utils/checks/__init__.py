"""The checks of exercise 14.9: one call for each task, which returns a `Score`.

from utils import checks
checks.conv2d(conv2d)
"""

from .part1.conv2d import conv2d as conv2d
from .part1.count_parameters import count_parameters as count_parameters
from .part1.max_pool2d import max_pool2d as max_pool2d
from .part1.output_size import output_size as output_size
from .part1.receptive_field import receptive_field as receptive_field
from .part2.build_model import build_model as build_model
from .part2.confusion import confusion as confusion
from .part2.curves import plot_learning_curves as plot_learning_curves
from .part2.split import split as split
from .part2.train import train as train
from .part2.trained_model import trained_model as trained_model
from .part3.augment import augment as augment
from .part3.bands import BANDS as BANDS
from .part3.estimate import estimate as estimate
from .part3.hand_in import hand_in as hand_in
from .part3.how_sure import how_sure as how_sure
from .part3.moved_digits import moved as moved
