"""Interactive explorers that compute in the page: each is an ipywidget with a module in js/."""

from .architecture import ArchitectureExplorer
from .channels import ChannelExplorer
from .filter import FilterExplorer
from .network import NetworkExplorer
from .network_file import export_weights, to_keras
from .pooling import PoolingExplorer
from .quiz import Quiz, choose, estimate, line, number, right, several
from .receptive_field import ReceptiveFieldExplorer
from .training import TrainingExplorer

__all__ = [
    "ArchitectureExplorer",
    "ChannelExplorer",
    "FilterExplorer",
    "NetworkExplorer",
    "PoolingExplorer",
    "Quiz",
    "ReceptiveFieldExplorer",
    "TrainingExplorer",
    "choose",
    "estimate",
    "export_weights",
    "line",
    "number",
    "right",
    "several",
    "to_keras",
]
