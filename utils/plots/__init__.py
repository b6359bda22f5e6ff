"""The figures of the course: each function takes arrays and returns a `DescribedFigure`."""

from .architectures import (
    ancestors,
    composed,
    field_growth,
    residual_block,
    shares,
    smaller_and_deeper,
    two_against_one,
)
from .images import feature_maps, filters, samples
from .look import DescribedFigure
from .networks import network
from .training import confusion_matrix, learning_curves, predictions

__all__ = [
    "DescribedFigure",
    "ancestors",
    "composed",
    "confusion_matrix",
    "feature_maps",
    "field_growth",
    "filters",
    "learning_curves",
    "network",
    "predictions",
    "residual_block",
    "samples",
    "shares",
    "smaller_and_deeper",
    "two_against_one",
]
