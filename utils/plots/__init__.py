"""The figures of the course: each function takes arrays and returns a `DescribedFigure`."""

from .images import feature_maps, filters, samples
from .look import DescribedFigure
from .networks import network
from .training import confusion_matrix, learning_curves, predictions

__all__ = [
    "DescribedFigure",
    "confusion_matrix",
    "feature_maps",
    "filters",
    "learning_curves",
    "network",
    "predictions",
    "samples",
]
