"""The figures of whole networks say what is true, and the line of ancestors is counted right."""

import re

import numpy as np
import pytest
from accessibility import contrast
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex, to_rgb

from tools.notebooks import files
from utils import models, palette, plots
from utils.explorers import samples
from utils.plots import architectures

LINE = {"Old": (1998, 7, 60_000, None), "New": (2015, 152, 60_268_520, 3.57)}
CHAPTER_5 = [
    ("conv 7 × 7", 7, 1),
    ("pool 2 × 2", 2, 2),
    *[("conv 3 × 3", 3, 1)] * 2,
    ("pool 2 × 2", 2, 2),
    *[("conv 3 × 3", 3, 1)] * 2,
    ("pool 2 × 2", 2, 2),
]


@pytest.fixture(scope="module")
def lecture():
    return models.lecture_network(dtype="float32")


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_smaller_and_deeper_names_each_output_and_groups_maps_of_one_size(lecture):
    figure = plots.smaller_and_deeper(lecture)
    assert "pooling 3×3×256, flatten 2304, dense 128, dense 64, dense 10." in figure.description
    shown = texts(figure.axes[0])
    assert shown[:4] == ["1", "64", "28 × 28", "64"]
    assert "height: side of the maps" in figure.get_supxlabel()
    assert [text for text in shown if "×" in text] == ["28 × 28", "14 × 14", "7 × 7", "3 × 3"]


def test_the_input_is_teal_and_zeros_around_the_maps_are_no_input():
    import keras

    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.ZeroPadding2D(1)])
    figure = plots.smaller_and_deeper(model)
    assert "input 8×8×1, other 10×10×1." in figure.description
    faces = {to_hex(patch.get_facecolor()) for patch in figure.axes[0].patches}
    assert palette.INPUT in faces


def test_layers_that_change_no_shape_are_not_drawn(lecture):
    kept = [layer for layer in lecture.layers if "dropout" not in layer.name]
    numbers = [text for text in texts(plots.smaller_and_deeper(lecture).axes[0]) if text.isdigit()]
    assert len(kept) == len(lecture.layers) - 2
    assert numbers == [str(shape[-1]) for shape in [(1,), *(x.output.shape for x in kept)]]


def test_shares_tell_the_dense_part_of_parameters_and_work():
    figure = plots.shares({"one": ((79, 21), (9_970, 30))})
    assert "one, parameters: 21 % dense; one, work: < 1 % dense." in figure.description


@pytest.mark.parametrize(
    "share, text", [(0, "0 %"), (0.003, "< 1 %"), (0.215, "22 %"), (0.997, "> 99 %"), (1, "100 %")]
)
def test_a_share_is_never_rounded_to_all_or_nothing(share, text):
    assert architectures.percent(share) == text


def test_the_fields_of_the_chapter_5_network_lie_around_the_middle():
    fields = architectures.middle_fields(CHAPTER_5, 28)
    assert [seen for _, seen in fields] == [7, 8, 12, 16, 18, 26, 34, 38]
    assert [first for first, _ in fields] == [11, 11, 9, 7, 5, 1, -3, -7]


def test_the_growth_of_the_field_is_told_and_says_when_it_leaves_the_image():
    garment = samples.load()["garment"]
    figure = plots.field_growth(garment, CHAPTER_5)
    assert "conv 3 × 3: 34, pool 2 × 2: 38." in figure.description
    assert "over the border" in figure.description
    assert "over the border" not in plots.field_growth(garment, CHAPTER_5[:3]).description
    assert [axes.get_xlabel() for axes in figure.axes][-1] == "38 × 38"


def test_composed_kernels_are_written_out():
    edge, blur = np.array([[-1, 0, 1]] * 3), np.ones((3, 3))
    figure = plots.composed(edge, blur, np.zeros((5, 5)))
    assert "first: -1 0 1, -1 0 1, -1 0 1; then: 1 1 1" in figure.description
    assert texts(figure.axes[0])[0] == "−1"


@pytest.mark.parametrize("brightness", [1, 0.82])  # of a dark page's figures, in course.css
def test_a_weight_is_legible_on_its_cell(brightness):
    edge, blur = np.array([[-1, 0, 1]] * 3), np.outer([1, 2, 1], [1, 2, 1])
    both = np.outer([1, 4, 6, 4, 1], [-1, -2, 0, 2, 1])
    for axes in plots.composed(edge, blur, both).axes:
        (cells,) = axes.images
        grounds = cells.to_rgba(cells.get_array()).reshape(-1, 4)
        for text, ground in zip(axes.texts, grounds, strict=True):
            ink, cell = (
                brightness * np.array(to_rgb(color)) for color in (text.get_color(), ground)
            )
            assert contrast(to_hex(ink), to_hex(cell)) >= 4.5, text.get_text()


def test_two_small_windows_see_as_many_values_as_a_large_one():
    left, right = plots.two_against_one().axes
    lowest = [axes.collections[0].get_offsets() for axes in (left, right)]
    assert [len(places) for places in lowest] == [5, 5]
    assert [len(axes.lines) for axes in (left, right)] == [3 * 3 + 3, 5]


def test_ancestors_tell_layers_parameters_and_the_error_where_there_is_one():
    text = plots.ancestors(LINE).description
    assert "Old, 1998: 7 layers, 60 k parameters; New, 2015: 152 layers" in text
    assert text.endswith("60 M parameters, top-5 error 3.6 %.")


def test_the_words_of_an_ancestor_stand_clear_of_its_dot():
    figure = plots.ancestors(LINE)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    (dots,) = [each for each in axes.collections if isinstance(each, PathCollection)]
    radius = np.sqrt(dots.get_sizes()[0] / np.pi) * figure.dpi / 72
    tops = axes.transData.transform(dots.get_offsets())[:, 1] + radius
    bottoms = [text.get_window_extent().y0 for text in axes.texts]
    assert all(bottom >= top for bottom, top in zip(bottoms, tops, strict=True))


def senet_154_parameters() -> int:
    """Count the parameters of SENet-154 as its paper describes it (arXiv:1709.01507, appendix)."""

    def conv(inputs, outputs, size, groups=1):
        return inputs // groups * outputs * size**2 + 2 * outputs  # with its normalization

    count = conv(3, 64, 3) + conv(64, 64, 3) + conv(64, 128, 3)
    maps = 128
    for width, blocks in [(128, 3), (256, 8), (512, 36), (1024, 3)]:
        outputs, squeezed = 2 * width, 2 * width // 16
        for block in range(blocks):
            count += conv(maps, width, 1) + conv(width, outputs, 3, groups=64)
            count += conv(outputs, outputs, 1)
            count += (outputs + 1) * squeezed + (squeezed + 1) * outputs  # the gates
            if block == 0:  # a shortcut that fits, 3 × 3 where it also shrinks
                count += conv(maps, outputs, 1 if width == 128 else 3)
            maps = outputs
    return count + (maps + 1) * 1000


def test_the_parameters_of_senet_154_in_chapter_4_are_counted_right():
    chapter = (files.ROOT / "chapters" / "04_cnn_architectures.ipynb").read_text("utf-8")
    millions = re.search(r"SENet-154\\\": \(2017, 154, ([\d.]+)e6", chapter)[1]
    assert round(senet_154_parameters() / 1e6, 1) == float(millions)


def test_a_residual_block_says_that_the_shortcut_is_added():
    assert "unchanged over a shortcut. Both are added" in plots.residual_block().description


# --- The facts of chapter 4 that no cell of it prints ------------------------------------


def test_googlenet_has_about_seven_million_parameters():
    """Counted from Table 1 of Szegedy et al., arXiv 1409.4842, with biases."""

    def conv(size, below, filters):
        return (size * size * below + 1) * filters

    total, below = conv(7, 3, 64) + conv(1, 64, 64) + conv(3, 64, 192), 192
    inceptions = [  # 1 × 1, reduced, 3 × 3, reduced, 5 × 5, after pooling
        (64, 96, 128, 16, 32, 32),
        (128, 128, 192, 32, 96, 64),
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
        (256, 160, 320, 32, 128, 128),
        (384, 192, 384, 48, 128, 128),
    ]
    for one, thin3, three, thin5, five, pooled in inceptions:
        total += conv(1, below, one) + conv(1, below, thin3) + conv(3, thin3, three)
        total += conv(1, below, thin5) + conv(5, thin5, five) + conv(1, below, pooled)
        below = one + three + five + pooled
    assert below == 1024
    assert round((total + conv(1, below, 1000)) / 1e6, 1) == 7.0


def test_se_resnet_50_has_28_1_million_parameters():
    """ResNet-50's, and in each block two gates' layers that go through a 16th of its maps."""
    blocks = {256: 3, 512: 4, 1024: 6, 2048: 3}
    gates = sum(count * 2 * maps * maps // 16 for maps, count in blocks.items())
    # He et al. give no biases to the convolutions before a normalization: 25.56 million.
    assert round((25_557_032 + gates) / 1e6, 1) == 28.1


def longest_path(model) -> int:
    """Return how many layers with a kernel the longest path has, without gates."""
    lengths = {}
    for operation in model.operations:  # in an order in which inputs come first
        before = [
            lengths[id(parent.operation)]
            for node in operation._inbound_nodes
            for parent in node.parent_nodes
            if id(parent.operation) in lengths
        ]
        weights = getattr(operation, "weights", [])
        counts = any("kernel" in weight.name for weight in weights)
        counts = counts and "_se_" not in operation.name
        lengths[id(operation)] = max(before, default=0) + counts
    return max(lengths.values())


@pytest.mark.parametrize(
    "name, depth", [("Xception", 37), ("EfficientNetB0", 50), ("ConvNeXtTiny", 59)]
)
def test_the_layers_of_later_networks_are_those_on_the_longest_path(name, depth):
    import keras

    assert longest_path(getattr(keras.applications, name)(weights=None)) == depth
