"""The answer of every quiz question, found without the question: computed, printed or said.

`ANSWERS` has for each page the first words of each question and its answer. The answer to
`number` and `estimate` is arithmetic, or read from what a cell prints. The answer to
`choose` and `several` is `choice(…)`: the first words of the right options, and what makes
them right, which is true or false: arithmetic again, `printed(page, pattern)` where a cell
shows it, or `says(page, words)` where the text explains it. Questions of `line` have none.

Whoever adds a question adds a line here; test_quiz_answers.py names what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log, prod, sqrt

import numpy as np
from evidence import explains, printed, printed_numbers, says

from utils import records
from utils.checks import BANDS
from utils.checks.part3.augment import MIRRORS


@dataclass(frozen=True)
class Choice:
    """The right options of a question, by their first words, and whether something bears it out."""

    starts: tuple[str, ...]
    borne_out: bool


def choice(*starts: str, because: bool) -> Choice:
    return Choice(starts, bool(because))


# --- the arithmetic of layers, written here once more and on purpose: see utils/sizes.py --------


def valid(n: int, k: int, s: int = 1) -> int:
    return (n - k) // s + 1


def same(n: int, s: int = 1) -> int:
    return ceil(n / s)


def field(*layers: tuple[int, int]) -> int:
    """Return the width of the receptive field above layers of (kernel size, stride)."""
    return 1 + sum((k - 1) * prod(s for _, s in layers[:i]) for i, (k, _) in enumerate(layers))


def conv_parameters(k: int, channels: int, filters: int) -> int:
    return (k * k * channels + 1) * filters


def slide(x, kernel) -> np.ndarray:
    """Return the sums of products of a kernel that slides over `x` as it is."""
    windows = np.lib.stride_tricks.sliding_window_view(x, np.shape(kernel))
    return np.einsum("ijuv,uv->ij", windows, kernel)


def pairs(row) -> list[int]:
    return [max(row[i : i + 2]) for i in range(0, len(row), 2)]


DOT = np.pad([[1]], 2)
NUMBERED = np.arange(1, 10).reshape(3, 3)
ROW = [0, 0, 9, 4, 0, 0, 5, 0]
LECTURE_DENSE = (3 * 3 * 256 + 1) * 128 + (128 + 1) * 64 + (64 + 1) * 10
LECTURE_CONV = sum(
    conv_parameters(*layer) for layer in [(7, 1, 64), (3, 64, 128), (3, 128, 128)]
) + sum(conv_parameters(*layer) for layer in [(3, 128, 256), (3, 256, 256)])


def order_matters_to_the_cnn_alone() -> bool:
    """Read the accuracies of chapter 1 as they are and shuffled, two runs each."""
    pattern = "".join(rf"{name} +(\S+)% +(\S+)%\n" for name in ["dense network"] * 2 + ["CNN"] * 2)
    runs = np.reshape(printed_numbers("1", pattern), (-1, 2))
    if len(runs) != 4:
        return False
    (*dense, first, second) = runs[:, 1] - runs[:, 0]
    return max(np.abs(dense)) < 1 and max(first, second) < -5


def cnn_is_smaller_and_better() -> bool:
    dense, cnn = printed_numbers("1", r"dense network (\S+) parameters\nCNN +(\S+) parameters")
    return cnn < dense / 5 and all(
        printed_numbers("1", r"CNN +(\S+)%")[0] > share
        for share in printed_numbers("1", r"dense network +(\S+)%")
    )


def moves_help_and_flips_are_refused() -> bool:
    """Tell whether moved digits made a network better, and `checks.augment` names flips."""
    plain, augmented = (
        BANDS["anchors"][f"mnist_{kind}"]["moved"] for kind in ("plain", "augmented")
    )
    flips = {"left and right are swapped", "they stand on their heads"}
    return augmented > plain and flips <= set(MIRRORS)


def moved_digits_are_another_task() -> bool:
    """Tell whether they are harder for a network, and not for one that has learned from them."""
    plain, augmented = (BANDS["anchors"][f"mnist_{kind}"] for kind in ("plain", "augmented"))
    return (
        plain["moved"] < plain["test"] - 0.01 and abs(augmented["moved"] - augmented["test"]) < 1e-3
    )


def intervals_overlap(one: str, other: str) -> bool:
    """Tell whether the intervals of two accuracies, as part 3 prints them, overlap."""
    (low, high), (low_of_other, high_of_other) = (
        printed_numbers("14.9/3", rf"{share}: between (\S+)% and (\S+)%") for share in (one, other)
    )
    return low < high_of_other and low_of_other < high


def accuracies_of(name: str) -> list[float]:
    """Return the test accuracies of the runs on record of a row of "Better, step by step"."""
    runs = records.load(f"fashion_mnist_{name}")["runs"].values()
    return [run["test_accuracy"] for run in runs]


def mean_of(name: str) -> float:
    return float(np.mean(accuracies_of(name)))


def mean_gain(kind: str) -> float:
    """Return how much two networks, "alike" or "different", gain together over each alone."""
    gains = [
        found["test_accuracy"] - found["test_accuracy_alone"]
        for name, found in records.load("fashion_mnist_ensembles")["runs"].items()
        if name.startswith(f"two {kind}")
    ]
    return float(np.mean(gains))


def misread_by(kind: str) -> list[float]:
    """Return how many of 10,000 test digits the ensembles on record misread, by their kind."""
    runs = records.load("mnist_ensembles")["runs"].items()
    return [10_000 * (1 - run["test_accuracy"]) for name, run in runs if name.startswith(kind)]


TRAINED_ON_MOVED = printed_numbers(
    "better", r"means of maps +training (\S+) .*\nmoved images +training (\S+) "
)

ANSWERS = {
    "1": {
        "A falling line of 5 ones crosses": max(0, 1 * 4 + 4 * -1),
        "In the first layer each neuron sees 3 × 3 pixels": field((3, 1), (3, 1)),
        "A gray image of 28 × 28 pixels enters a dense": 28 * 28 * 1000,
        "A gray image of 100 × 100 pixels enters the same": 100 * 100 * 1000,
        "A color image of 224 × 224 pixels": 224 * 224 * 3 * 1000,
        "Both networks are trained and tested on shuffled": choice(
            "The dense network does as well as before, the CNN gets worse",
            because=order_matters_to_the_cnn_alone(),
        ),
        "Three layers of 3 × 3 windows with stride 1": field((3, 1), (3, 1), (3, 1)),
        "A color image of 100 × 100 pixels enters": (100 * 100 * 3 + 1) * 1000,
        "The images become twice as high and twice as wide": choice(
            "A dense layer has four times as many weights",
            "A convolution has about four times as many connections",
            because=(2 * 28) * (2 * 28) == 4 * 28 * 28
            and says("1", "A convolution has $k \\cdot k \\cdot C \\cdot f$, whatever the size"),
        ),
        "The tent moves one pixel to the right": choice(
            "Its pattern moves one place to the right, too",
            because=printed("2", "columns compared: +119\ncolumns that differ: 0 1 2 116 117 118"),
        ),
        "On digits as they are, the dense network was less accurate": choice(
            "The CNN’s few weights fit what images are like",
            because=cnn_is_smaller_and_better() and order_matters_to_the_cnn_alone(),
        ),
    },
    "2": {
        "Move the window one column to the left": printed_numbers("2", r"\[\[(-?\d+)\. +38\. ")[0],
        "A Conv2D layer has 7 × 7 windows, strides=2": choice(
            f"{same(70, 2)} × {same(120, 2)}",
            because=printed("2", f"same +stride 2 +{same(70, 2)} × {same(120, 2)}"),
        ),
        "The vertical line filter slides over the picture of the roof": choice(
            "Vertical lines stay sharp",
            because=says("2", "On the left the posts of the wall are sharp, and the roof is smear"),
        ),
        "The filter is `vertical line`, ones on zeros": choice(
            "None", because=printed("2", r"whose weights add up to 7, .* values from 0\.1 to 4\.2")
        ),
        "You choose `Sobel x`, which subtracts": choice(
            "Those from dark, on the left, to bright",
            because=sum(np.multiply([-1, 0, 1], [0, 0, 1])) > 0
            and sum(np.multiply([-1, 0, 1], [1, 0, 0])) < 0,
        ),
        "You choose `box blur`, whose weights are all alike": choice(
            f"{same(70, 2)} × {same(120, 2)}",
            because=printed("2", f"same +stride 2 +{same(70, 2)} × {same(120, 2)}"),
        ),
        "The kernel 1 2 3 / 4 5 6 / 7 8 9 slides": choice(
            "9 8 7 / 6 5 4 / 3 2 1",
            because=slide(DOT, NUMBERED).ravel().tolist() == [9, 8, 7, 6, 5, 4, 3, 2, 1],
        ),
        "A layer with four filters of 3 × 3 reads a color": choice(
            "4",
            because=printed("2", r"shapes: \(32, 57, 8\)"),  # of eight filters there
        ),
        "A layer with 200 filters of 5 × 5 reads": conv_parameters(5, 3, 200),
        "200 filters of 5 × 5, with stride 1 and padding 'same'": 5 * 5 * 3 * 150 * 100 * 200,
        "The layer makes 200 maps": 150 * 100 * 200 * 4,
        "A convolutional layer has a stride of 2": choice(
            "When the picture moves by two pixels",
            because=printed("2", "by 1: stayed False, moved False\nby 2: stayed False, moved True"),
        ),
        "You give a Conv2D layer the kernel Sobel x": choice(
            "SciPy turns the kernel first, Keras does not",
            because=says("2", "`scipy.signal.convolve2d` turns the kernel")
            and says("2", "Half a turn makes Sobel x its own negative"),
        ),
        "A layer reads 64 feature maps and has 32 filters": 32,
        "A layer has 32 filters of 3 × 3 and reads 64": conv_parameters(3, 64, 32),
        "Images of 28 × 28 go through Conv2D(16, 5, strides=2": same(28, 2),
        "In a photograph, a cat moves five pixels": choice(
            "What the cat caused moves five pixels along",
            because=printed("2", "columns that differ: 0 1 2 116 117 118"),
        ),
    },
    "3": {
        "A picture of 28 × 28 pixels is pooled": valid(28, 3, 3),
        "In the filter explorer ReLU is off": choice(
            "The negative ones: they become 0",
            because=all(
                max(0, max(w)) == max(max(0, v) for v in w)
                for w in ([-3, -1, -2, -5], [-3, 1, -2, 4])
            ),
        ),
        "You take all three pooling layers out": choice(
            "The parameters of the dense layers",
            because=printed("3", r"parameters, dense .* 85×")
            and printed("3", r"parameters, conv .* 1×\n")
            and printed("3", r"work, conv .* 10×"),
        ),
        "The row moves one place to the right": sum(
            a == b for a, b in zip(pairs(ROW), pairs([0, *ROW[:-1]]), strict=True)
        ),
        "Pictures of garments are max-pooled": printed_numbers(
            "3", r"2 × 2 +moved by 1: +(\d+)% equal"
        )[0],
        "The garments, max-pooled with windows of 2 × 2, move by **two**": printed_numbers(
            "3", r"2 × 2 +moved by 2: +(\d+)% equal"
        )[0],
        "The 500 garments move by three pixels": printed_numbers(
            "3", r"moved by 3: +same answer +(\d+)%"
        )[0],
        "The 500 garments lie on their side": printed_numbers(
            "3", r"turned by 90: same answer +(\d+)%"
        )[0],
        "The digits move by four pixels. The network with Flatten": printed_numbers(
            "3", r"Flatten, 3 runs: [^\n]*\n(?:  [^\n]*\n){3}  moved by 4: same answer (\d+)%"
        )[0],
        "The digits move by four pixels. The network with global": printed_numbers(
            "3", r"global, 3 runs: [^\n]*\n(?:  [^\n]*\n){3}  moved by 4: same answer (\d+)%"
        )[0],
        "We take four kernels, Sobel x and its three": choice(
            "The largest of the four maps, but not the map of one",
            because=printed("3", "one kernel, the same but turned: False\nlargest .* same: +True"),
        ),
        "Maps of 15 × 15 go through MaxPooling2D(2, padding='same')": same(15, 2),
        "MaxPooling2D(3) reads 64 maps": printed_numbers("3", r"parameters: (\d+)")[0],
        "28 × 28 × 64 values (rows, columns, maps)": choice(
            "14 × 14 × 64", because=valid(28, 2, 2) == 14 and printed("3", r"\(14, 14, 64\)")
        ),
        "You put a MaxPooling2D(2) after the first of three": choice(
            "The multiply–adds of the later",
            "The parameters of the first dense layer",
            "The memory for the later feature maps",
            because=printed("3", r"parameters, conv .* 1×\n")
            and says("3", "The work of the convolutions grows about tenfold.")
            and says("3", "The parameters of the dense layers grow most")
            and says("3", "The values in the maps grow more than fourfold"),
        ),
        "A colleague says": choice(
            "Neither is given; let us measure it",
            because=says("3", "this network is *not* invariant to shifts")
            and printed_numbers("3", r"moved by 3: +same answer +(\d+)%")[0] < 90
            and printed_numbers("3", r"turned by 90: same answer +(\d+)%")[0] < 90,
        ),
    },
    "4": {
        "Which of the two networks of 2014 made fewer mistakes": choice(
            "The one with about 7 million",
            because=printed("4", r"GoogLeNet[^;]*?6\.7") and printed("4", r"VGG-16[^;]*?7\.3"),
        ),
        "Every further stage adds convolutions": choice(
            "Not always",
            because=printed("4", r"stages: 1 .* 101,146 parameters")
            and printed("4", r"stages: 3 .* 25,034 parameters")
            and printed("4", r"stages: 1 .* 878,026 parameters")
            and printed("4", r"stages: 3 .* 2,067,018 parameters"),
        ),
        "The lecture's network has five convolutional layers": choice(
            "Both in the convolutions",
            because=LECTURE_CONV > LECTURE_DENSE
            and printed("4", "work: conv +89,162,752, dense +303,744"),
        ),
        "A 7 × 7 convolution, then 2 × 2 pooling with stride 2": field((7, 1), (2, 2), (3, 1)),
        "64 maps go in, and 64 come out of each": choice(
            "Two layers of 3 × 3",
            because=2 * conv_parameters(3, 64, 64) < conv_parameters(5, 64, 64),
        ),
        "Now only **one** map goes in": choice(
            "One layer of 5 × 5",
            because=conv_parameters(5, 1, 64)
            < conv_parameters(3, 1, 64) + conv_parameters(3, 64, 64),
        ),
        "The paper counts 60,000 parameters": choice(
            "More", because=printed("4", r"sum +61,706 +60,000")
        ),
        "Two 3 × 3 convolutions, one after the other": choice(
            "Nothing", because=printed("4", "largest difference: 0.0\nnp.allclose: True")
        ),
        "Which network of 32 layers fits its **training** images": choice(
            "The one with shortcuts",
            because=printed("4", "in each run and after each epoch less loss: True"),
        ),
        "Which sentence is true of every CNN": choice(
            "It depends, above all on how many values Flatten",
            because=LECTURE_CONV > LECTURE_DENSE
            and printed("4", "VGG-16 +parameters: conv 14,714,688, dense 123,642,856"),
        ),
        "A network ends with 64 maps of 7 × 7, global average": (64 + 1) * 100,
        "A convolution with windows of 3 × 3 reads 256 maps": choice(
            "Nine times",
            because=8 < 9 * 256 * 256 / (9 * 256 + 256 * 256) < 10
            and printed("4", r"weights: 8\.7 times fewer"),
        ),
        "A 3 × 3 convolution with stride 2, then two 3 × 3": field((3, 2), (3, 1), (3, 1)),
        "You delete all ReLUs between five convolutional": choice(
            "The number of parameters stays the same",
            "Away from the border, one convolution with a larger kernel",
            because=says("4", "the interior is equal") and printed("4", "np.allclose: True"),
        ),
        "Network B has twenty times the parameters": choice(
            "The counts alone do not tell",
            because=says("4", "**The number of parameters alone does not tell how good a network"),
        ),
    },
    "training": {
        "A window of max pooling holds 0.2, 0.9": choice(
            "0, 3, 0 and 0",
            because=[3 * (v == max(0.2, 0.9, 0.4, 0.1)) for v in (0.2, 0.9, 0.4, 0.1)]
            == [0, 3, 0, 0],
        ),
        "The first weights are random. After five epochs": choice(
            "A little: one still knows which is which",
            because=says("training", "The filters change a little"),
        ),
        "A batch has 32 images, and there are 5,000": ceil(5000 / 32),
        "A network that gives each of ten classes the same": choice(
            "4.6", because=round(-log(1 / 100), 1) == 4.6 and round(-log(1 / 10), 1) == 2.3
        ),
        "All outputs of a filter of the first layer are negative": choice(
            "Its output after ReLU is 0 everywhere",
            "Its weights get the gradient 0",
            because=says("training", "ReLU lets it through where the output is not 0"),
        ),
        "On the images that it learns from, the accuracy": choice(
            "More images",
            because=says("training", "overfitting | more images, augmentation, dropout"),
        ),
    },
    "better": {
        "A friend has added a layer to the lecture's network": choice(
            "Nothing yet", because=np.ptp(accuracies_of("lecture")) > 0.002
        ),
        "All convolutions of a network get half as many": 100 * 0.5 * 0.5,
        "The lecture's network gets half as many maps": choice(
            "It falls by less than a percent",
            because=0 < mean_of("lecture") - mean_of("half") < np.ptp(accuracies_of("lecture")),
        ),
        "The network loses nearly all of its dense": choice(
            "It does not fall", because=mean_of("global") > mean_of("normalized") - 0.001
        ),
        "Ten epochs as before, but hardly any training image": choice(
            "It falls", because=np.diff(TRAINED_ON_MOVED) < 0
        ),
        "That is nearly four times the training of": choice(
            "About one in six",
            because=[round(100 - 100 * mean_of(row), 1) for row in ("residual", "wide")]
            == [6.6, 5.5],
        ),
        "Which two make the better jury": choice(
            "Two different networks", because=mean_gain("different") > mean_gain("alike")
        ),
        "A student tries five changes with one run each": choice(
            "One run each, and the test set chose",
            because=says("better", "The validation part decides, the test set reports"),
        ),
        "A convolution with 32 filters is followed by batch": 2 * 32,
        "You train a network to name garments. Which": choice(
            "Mirroring half",
            "Shifting the training",
            "Hiding a square",
            because=says("better", "Only training images are moved"),
        ),
        "The last convolution gives 128 maps. Their means": (128 + 1) * 10,
        "You copy a trained network three times": choice(
            "Nothing changes",
            because=says("better", "A mistake that one of them makes alone can be outvoted"),
        ),
    },
    "5": {
        "Which of the ten classes will the network recognize": choice(
            "Shirt", because=printed("5", "Shirt is recognized least often")
        ),
        "Of the answers with a confidence of about 0.9, how many": choice(
            "Fewer than 90 %", because=printed_numbers("5", r"\n +(0\.90\d) +(0\.\d+)")[1] < 0.85
        ),
        "In the first epochs, will the accuracy on the training set": choice(
            "Below",
            because=np.diff(
                printed_numbers("5", r"accuracy: (0\.\d+) - loss: \S+ - val_accuracy: (0\.\d+)")
            )[0]
            > 0,
        ),
        "One ankle boot, the first image of the test set": choice(
            "Something else", because=printed("5", "at last only a few bright cells")
        ),
        "Which part of the ankle boot, the first test image": choice(
            "The middle", because=printed("5", "at place 8 of 14 from the top and 8 of 14")
        ),
        "The second convolutional layer reads 64 maps": 3 * 3 * 64,
        "A pooling layer with windows of 2 × 2 and Keras's": valid(7, 2, 2),
        "Someone removes the first pooling layer": choice(
            "They stay the same", because=printed("3", r"parameters, conv .* 1×\n")
        ),
        "A friend's network reaches 0.921": choice(
            "Can't tell",
            because=printed_numbers("5", r"test accuracy \S+ ± (\S+)")[0] > 0.921 - 0.919,
        ),
        "You ask this chapter's trained network twice": choice(
            "Equal", because=printed("5", r"in prediction:  \[1\.\]")
        ),
    },
    "7": {
        "On the same 10,000 test images, one network gets": choice(
            "These two numbers cannot tell",
            because=printed("7", r"difference: 10 ± 13 images")
            and sqrt(10_000 * (0.992 * 0.008 + 0.991 * 0.009)) > 10,
        ),
        "Can the difference of run 2 and run 3 be luck": choice(
            "Hardly",
            because=2 * sqrt(811 + 899) < 899 - 811
            and printed("7", r"mistakes: 811 and 899, difference 88"),
        ),
        "One network gets 99.2 % right and another 99.1 %, each": printed_numbers(
            "7", r"about (\S+) images"
        )[0],
        "A layer reads color images and has 16 filters": conv_parameters(5, 3, 16),
        "The row 0 0 1 0 0 goes through a Conv1D layer": choice(
            " ".join(map(str, slide([[0, 0, 1, 0, 0]], [[1, 2, 3]])[0])), because=True
        ),
        "30 × 30 images go through Conv2D(8, 5, strides=2": valid(same(30, 2), 2, 2),
        "Three 3 × 3 convolutions with stride 1 follow": field((3, 1), (3, 1), (3, 1)),
        "28 × 28 gray images go through Conv2D(32, 3": choice(
            "In Dense", because=conv_parameters(3, 1, 32) < (14 * 14 * 32 + 1) * 100
        ),
        "You add a 2 × 2 pooling layer between two": choice(
            "The number of multiplications of the second convolution",
            "The number of values that a Flatten",
            because=printed("3", r"parameters, conv .* 1×\n")
            and printed("3", "with +2,304 values after Flatten\nwithout +200,704"),
        ),
        "A CNN recognizes sneakers, all photographed": choice(
            "Nothing", because=printed_numbers("3", r"turned by 90: same answer +(\d+)%")[0] < 90
        ),
        "What does Dropout(0.5) do in model.predict": choice(
            "Nothing", because=printed("5", r"in prediction: +\[1\.\]")
        ),
        "A friend trains twenty networks": choice(
            "Probably a little less",
            because=explains("5", "so the number you report is too high on average"),
        ),
        "You train a network to read handwritten digits": choice(
            "Shift the training images by up to two pixels",
            because=says("3", "Moving and turning the training pictures a little, *augmentation*"),
        ),
        "A network gets 9,000 of 10,000 test images right": sqrt(10_000 * 0.9 * 0.1),
        "Network A has 0.4 million parameters": choice(
            "Measure both on the validation set",
            because=says("4", "number of parameters alone does not tell how good a network is."),
        ),
    },
    "14.9/1": {
        "A side of 28 pixels, a window of 3": valid(28, 3, 2),
        "The same side of 28 pixels": same(28, 2),
        "Again a side of 28 pixels": valid(28 + 2, 3, 2),
        "At row 0, column 0 the window holds": printed_numbers(
            "14.9/1", r"from the picture:\n\[\[ *(\S+)"
        )[0],
        "A digit of 28 × 28, a window of 3 × 3": choice(
            "1 and 1 with stride 1; 0 and 1",
            because=(28 - 1) * 1 + 3 - 28 == 2 and (14 - 1) * 2 + 3 - 28 == 1,
        ),
        "Which of the two maps shows": choice(
            "Sobel x the stem",
            because=says("14.9/1", "Sobel x, which subtracts the pixels on the left"),
        ),
        "Maps of 28 × 28 with 64 channels": choice("13 × 13 × 64", because=valid(28, 3, 2) == 13),
        "You make the picture twice as wide": choice(
            "The dense layer", because=valid(valid(10, 3), 2, 2) < valid(valid(20, 3), 2, 2)
        ),
        "A third layer with a window of 3": choice(
            "8", because=field((3, 2), (3, 2), (3, 1)) - field((3, 2), (3, 2)) == 8
        ),
        "Will the network take the moved": choice(
            "The one that is moved by 3",
            because=printed("14.9/1", r"moved by 3: Pullover .*\nmoved by 6: Trouser "),
        ),
    },
    "14.9/2": {
        "Someone forgets the second promise": choice(
            "She gets about one new image",
            because=says("14.9/2", "with *one* permutation for images and labels"),
        ),
        "One convolutional layer with 32": choice(
            "No, because of the dense",
            because=conv_parameters(3, 1, 32) < 300_000 < valid(28, 3) ** 2 * 32 * 128,
        ),
        "Three friends train without": choice(
            "The third",
            because=says("14.9/2", "change the network afterwards because of it, the test set is"),
        ),
        "In the matrix, where do you find": choice(
            "In column 9",
            because=says("14.9/2", "true digit (row), how often the network gave each answer (col"),
        ),
    },
    "14.9/3": {
        "Which of these changes help a network that reads": choice(
            "Turn each image by up to 10 degrees",
            "Shift each image by up to two pixels",
            because=moves_help_and_flips_are_refused(),
        ),
        "A friend makes ten moved copies of all": choice(
            "His validation accuracy measures memory",
            because=(5_000 / (10 * 60_000)) ** 9 < 1e-9,  # that no copy is in the training set
        ),
        "Another friend also moves the *test* images": choice(
            "She measures another task", because=moved_digits_are_another_task()
        ),
        "So does 99.2 % beat 99.1 % on 10,000 images": choice(
            "You cannot tell", because=intervals_overlap("99.2%", "99.1%")
        ),
        "Nine networks, three of each build": choice(
            "One of each build, by a few digits",
            because=len(misread_by("one of each")) == 27
            and 1 < np.mean(misread_by("three alike")) - np.mean(misread_by("one of each")) < 4
            and min(misread_by("one of each")) > 0.75 * np.mean(misread_by("three alike")),
        ),
        "Five copies of the *same* network, averaged": choice(
            "Not at all",
            because=np.allclose(np.mean([[0.1, 0.2, 0.7]] * 5, axis=0), [0.1, 0.2, 0.7]),
        ),
    },
}
