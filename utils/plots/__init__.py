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
from .convolution import (
    filter_maps,
    learned_kernels,
    one_filter,
    padding_and_stride,
    receptive_fields,
    stacked_maps,
    window_sum,
)
from .exercise import (
    accuracy_noise,
    learning_rates,
    misread_digits,
    moved_copies,
    points_for_accuracy,
)
from .images import feature_maps, filters, occlusion, samples
from .improvement import accuracy_and_parameters, steps
from .introduction import (
    cells_and_fields,
    connection_growth,
    order_matters,
    orientation_maps,
    shuffled,
)
from .look import DescribedFigure
from .networks import network
from .pooling import (
    equal_shares,
    max_and_mean,
    pooled_picture,
    shifted_row,
    windows_that_fit,
)
from .summary import (
    intervals,
    shared_weights,
    sum_over_channels,
    wider_fields,
    window_maxima,
)
from .training import (
    confusion_matrix,
    learning_curves,
    losses_of_runs,
    predictions,
    reliability,
)

__all__ = [
    "DescribedFigure",
    "accuracy_and_parameters",
    "accuracy_noise",
    "ancestors",
    "cells_and_fields",
    "composed",
    "confusion_matrix",
    "connection_growth",
    "equal_shares",
    "feature_maps",
    "field_growth",
    "filter_maps",
    "filters",
    "intervals",
    "learned_kernels",
    "learning_curves",
    "learning_rates",
    "losses_of_runs",
    "max_and_mean",
    "misread_digits",
    "moved_copies",
    "network",
    "occlusion",
    "one_filter",
    "order_matters",
    "orientation_maps",
    "padding_and_stride",
    "points_for_accuracy",
    "pooled_picture",
    "predictions",
    "receptive_fields",
    "reliability",
    "residual_block",
    "samples",
    "shared_weights",
    "shares",
    "shifted_row",
    "shuffled",
    "smaller_and_deeper",
    "stacked_maps",
    "steps",
    "sum_over_channels",
    "two_against_one",
    "wider_fields",
    "window_maxima",
    "window_sum",
    "windows_that_fit",
]
