"""Evidence for the numbers in prose that their own section does not print.

`EVIDENCE` has for each page pieces of its text, with `{}` in the place of each number, and
what these numbers are: arithmetic, `printed_numbers` (by a cell of any page),
`code_numbers` (set by its code), a `Cited` publication, or in the end a `Named` exception.
A piece of text has to occur, and wherever it does, its numbers have to be these. The
pieces under "*" may occur on every page.

Numbers that the cells of the section print need no line here, nor do true equations
(3 · 3 · 64 = 576), sections that exist, and the years of linked publications.
test_prose_numbers.py names what is missing.
"""

from __future__ import annotations

import inspect
import json
import re
from math import floor, sqrt

import numpy as np
from evidence import Cited, Named, code_numbers, points, printed_numbers

from tools import judge
from tools.exercises import POINTS
from utils import improved_networks, records
from utils.checks import task
from utils.checks.part3 import bands, model_file
from utils.explorers import network_file, networks

TRAIN, ROWS, COLUMNS = printed_numbers("5", r"training images: \((\d+), (\d+), (\d+)\)")
TEST, LARGEST = printed_numbers("5", r"test images: +\((\d+), 28, 28\) uint8\npixel .* to (\d+)")
(FOR_TRAINING,) = printed_numbers("5", r"training +(\S+) images")
(FOR_CHOICES,) = printed_numbers("5", r"validation +(\S+) images")
(BATCH,) = code_numbers("5", r"batch_size=(\d+)")
FILTERS, FIRST_KERNEL = code_numbers("5", r"layers\.Conv2D\((\d+), (\d)")
SECOND = code_numbers("5", r"layers\.Conv2D\((128), (\d)")
(TWO_ERRORS,) = printed_numbers("5", r"test accuracy \S+ ± (\S+)")
FLATTENED = printed_numbers("4", r"lecture's network: 3 · 3 · 256 = (\S+) values")[0], 256
SURE = [
    share
    for name in ("Trouser", "Bag", "Sneaker", "Sandal")
    for share in printed_numbers("5", rf"{name} +(\S+)%")
]
TENT = code_numbers("1", r"np\.zeros\(\((\d+), (\d+)\)")
PHOTO = printed_numbers("2", r"same +stride 2 +(\d+) × (\d+)")
(VGG,) = printed_numbers("4", r"VGG16 +(\S+)")
RUNS = printed_numbers("5", r"seed 42   \S+\n\S+ +seed 42 +(\S+)\n\S+ +seed 43 +(\S+)")
(LECTURE,) = printed_numbers("5", r"(\S+) parameters, \S+ of them dense")
# The three convolutional layers of `models.cnn_with_head`: 3 × 3, 1 → 16 → 32 → 64 maps.
SHARED = sum((3 * 3 * maps + 1) * filters for maps, filters in [(1, 16), (16, 32), (32, 64)])
PICTURE = printed_numbers("2", r"gray: +\((\d+), (\d+)\)")
MISREAD = printed_numbers("14.9/2", r"mistakes: (\d+) of (\d+)")
FROM_THE_FOURTH = [
    printed_numbers("14.9/2", rf"\n +{epoch} +0\.\d+ 0\.\d+ +0\.\d+ +(\d+)\n")[0]
    for epoch in range(4, 11)
]
SPREAD = min(FROM_THE_FOURTH), max(FROM_THE_FOURTH)
TRAINED = [points("14.9/2", "trained_model"), points("14.9/2", "trained_model") + 5]
LINE = [
    "LeNet-5",
    "AlexNet",
    "GoogLeNet",
    "VGG",
    "ResNet",
    "Xception",
    "SENet",
    "EfficientNet",
    "ConvNeXt",
]
(EMA,) = code_numbers("better", r"ema_momentum=([\d.]+)")
(SOFTENED,) = code_numbers("better", r"label_smoothing=([\d.]+)")
DROPOUT_LEFT = float(
    re.search(r"Dropout\(([\d.]+)", inspect.getsource(improved_networks.lecture_with))[1]
)
(RESIDUAL_EPOCHS,) = {
    run["epochs"] for run in records.load("fashion_mnist_residual")["runs"].values()
}
(WIDE_EPOCHS,) = {run["epochs"] for run in records.load("fashion_mnist_wide")["runs"].values()}
(WIDTH,) = code_numbers("better", r"residual_network\((\d+)\)")
NARROW = inspect.signature(improved_networks.residual_network).parameters["width"].default
(MIRRORED_EPOCHS,) = {
    run["epochs"] for run in records.load("fashion_mnist_mirrored")["runs"].values()
}
LENET = (
    1,
    *code_numbers(
        "4",
        r'Conv2D\((\d+), 5.*"C1"(?:.*\n)+.*Conv2D\((\d+), 5.*"C3"(?:.*\n)+.*Conv2D\((\d+), 5.*"C5"',
    ),
)
(DIFFERENCE,) = printed_numbers("7", r"difference: 10 ± (\d+) images")
PERCENT_OF_WARMUP = [100 * n for n in code_numbers("14.9/3", r"warmup = int\(([\d.]+)")]
MOVES = json.loads(bands.FILE.read_text("utf-8"))["moves"]
JUDGED = len(judge.DOUBTS["uncertain"]["numbers"]) + judge.SURE
HALF, SINGLE = 16, 32  # bits, in the names bfloat16 and float32
PYTHON = 3.11, 3.12, 3.13  # held by tests/tools/test_environment.py
NEAR_NINE_TENTHS = [
    round(100 * n) for n in reversed(printed_numbers("5", r"\n +(0\.9[0-2]\d) +(0\.\d+)"))
]
PROMISED = [100 * n for n in printed_numbers("5", r"all: (0\.\d+) +(0\.\d+)")]
WALL_MINUTES = [
    printed_numbers("14.9/3", rf"seed {seed}: .* in (\d+) minutes")[0] for seed in range(1, 6)
]
# Minutes, in words at the beginning of each.
READING = {"1": 30, "3": 45, "4": 40, "training": 20, "5": 30, "better": 25, "7": 20}


def two_standard_errors(share: float) -> float:
    return 2 * sqrt(share * (1 - share) / TEST)


EVIDENCE = {
    "*": [
        ("in {} of {} cases", Named(95, "two standard errors of a normal distribution"), 100),
        ("{} training and {} test images", TRAIN, TEST),
        ("{} images to train, {} to choose, {} to test", FOR_TRAINING, FOR_CHOICES, TEST),
        ("at {} bits", SINGLE),
        ("batches of {}. CPU-minutes", BATCH),
    ],
    "1": [
        ("One answer, {}, is far", *printed_numbers("1", r"largest answer (\d+)")),
        ("find their line and answer {}.", 5 * 4),
        ("A cell answers {} to its own line", 5 * 4),
        ("All {} paths together", 9 * 9),
        ("From {} on, David Hubel", Named(1958, "the recordings; the paper is of 1959")),
        ("Medicine, {}", Named(1981, "the address of the prize has it")),
        ("it reads {} pixels and not", 5 * 5),
        ("have {} rows and {} columns, fewer", TENT[0] - 5 + 1, TENT[1] - 5 + 1),
        ("fits {} − {} + 1 times along {} pixels", TENT[0], 5, TENT[0]),
        ("and {} − {} + 1 times along {}.", TENT[1], 5, TENT[1]),
        ("With {} connections each instead of {}, ", 7 * 7, 28 * 28),
        ("save a factor of {}.", 28 * 28 / (7 * 7)),
        ("order of the {} pixels of a {} × {} image", 28 * 28, ROWS, COLUMNS),
        ("{} images to learn from", *code_numbers("1", r"images\[:(\d+)")),
        ("from and {} others", *code_numbers("1", r"images\[-(\d+):")),
        ("step of gradient descent on {} images", *code_numbers("1", r"3000 // (\d+)")),
        ("compute with {}-bit numbers", *code_numbers("1", r'policy\("float(\d+)"')),
        ("stride 1 they are {}, {}, {} …", 3, 3 + 2, 3 + 2 + 2),
        (
            "{} million for a gray image of {} × {} pixels and {} neurons",
            1e7 / 1e6,
            100,
            100,
            1e7 / 100**2,
        ),
    ],
    "2": [
        ("{} rows and {} columns. How many", *PICTURE),
        ("Of {} columns only", *printed_numbers("2", r"columns compared: +(\d+)")),
        ("pixels go from 0 to {}, as in an image file", LARGEST),
        ("a layer with {} filters of {} × {}", *code_numbers("2", r"Conv2D\((200), (5)"), 5),
        ("pictures of {} × {} pixels", *code_numbers("2", r"build\(\(None, (150), (\d+), 3")),
        ("each of the {} · {} places", *code_numbers("2", r"build\(\(None, (150), (\d+), 3")),
        ("same {} multiplications", 7 * 7),
        ("or {}-bit numbers", HALF),
    ],
    "3": [
        ("{} filters, padding", FILTERS),
        ("does that give 3, {} or 4 rows", 7 / 2),
        ("gives no value, so {} is no size", 7 / 2),
        ("random maps of {} × {} with {}", *code_numbers("3", r"size=\((11), (\d+), (\d+)\)")),
        ("{} times as many, {} · {} instead of {} · {}", (28 / 7) ** 2, 28, 28, 7, 7),
        ("throw away more: {} of {} values", 4 * 4 - 1, 4 * 4),
        ("ask about {} pictures", *code_numbers("3", r"test_images\[free\]\[:(\d+)")),
        (
            "more weights: {} parameters in all, against {}.",
            SHARED + (7 * 7 * 64 + 1) * 10,
            SHARED + (64 + 1) * 10,
        ),
        ("From {} maps, in groups", *code_numbers("3", r"28, 28, (64)\)\)\.astype")),
        ("halves both sides; {} % of", 100 * (1 - 1 / (2 * 2))),
        ("rows: {} becomes {}.", 7, (7 - 2) // 2 + 1),
    ],
    "4": [
        ("nothing that {} cannot do", *printed_numbers("4", r"5 × 5 to 1 map: (\d+)")),
        ("One has {} million parameters, the other about {} million", VGG / 1e6, 7),
        ("one with {} million parameters, the other with about {} million", VGG / 1e6, 7),
        ("the two networks of {};", *code_numbers("4", r'"VGG-16": \((\d+), 16')),
        ("of its {} parameters", VGG),
        ("the last convolution to {} and its padding", Named(9, "more than its maps of 7 × 7")),
        ("window adds {} pixels after the first pooling and {} after", (3 - 1) * 2, (3 - 1) * 4),
        ("We make {} black images", *code_numbers("4", r"np\.zeros\(\((64), 64, 64, 1\)")),
        ("many of the {} dots", *code_numbers("4", r"np\.arange\((64)\)")),
        ("cdot C = {}\\,C^2 + {}\\,C$", 2 * 3**2, 2),
        ("+ 1) \\cdot C = {}\\,C^2 + C$", 5**2),
        ("multiply–adds on maps of {} × {}", *code_numbers("4", r"Input\(\((28), (28), maps\)")),
        *(
            (f"| {{}} | [{name}]", *code_numbers("4", rf'"{name}(?:-[^"]*)?": \((\d\d\d\d),'))
            for name in LINE
        ),
        ("already in {}: {}, {}, {}, {}, {}, {} pixels", 1998, 32, 28, 14, 10, 5, 1),
        ("a side, and {}, {}, {}, {} maps", *LENET),
        ("network of {} was made", *code_numbers("4", r'"LeNet-5": \((\d{4}),')),
        ("how {} layers could", *code_numbers("4", r'"ResNet-152": \(2015, (\d+)')),
        ("held from {} to {}.", Named(2010, "the first ImageNet competition"), 2017),
        ("{} kinds of things", Cited(1000, "russakovsky2015imagenet")),
        ("{} million photographs to learn", Cited(1.2, "russakovsky2015imagenet")),
        ("plain network of {} layers", Cited(56, "he2016deep")),
        ("error than one of {}, even", Cited(20, "he2016deep")),
        ("| {} | [LeCun et al.]", Cited(1989, "lecun1989backpropagation")),
        (
            "patches of {} × {}, {} × {} windows look",
            *(Cited(side, "liu2022convnet") for side in (4, 4, 7, 7)),
        ),
        ("windows and {} maps in and out", *code_numbers("4", r"SeparableConv2D\((\d+), 3")),
    ],
    "better": [
        ("Reading takes about {} minutes", READING["better"]),
        ("chosen by the last {} training images", FOR_CHOICES),
        (
            "together do {} of",
            *printed_numbers("better", r"32, 64, 64, 128, 128: .* (\S+) million multiply"),
        ),
        ("Send {} images through both", *code_numbers("better", r"images\[-(\d+):")),
        (
            "The last convolution gives {} maps of {} × {}. The lecture's way pools them to "
            "{} × {}, hands all {} values to dense layers of {} and {} neurons",
            *(128, 7, 7, 3, 3, 3 * 3 * 128, 128, 64),
        ),
        ("mean of each map, {} values", 128),
        ("One dropout, of {}, is left", DROPOUT_LEFT),
        ("The small {} keeps the division", *code_numbers("better", r"variance \+ ([\d.]+)\)")),
        ("first {} % of the steps", 100 * code_numbers("better", r"int\(([\d.]+) \* steps")[0]),
        ("keeps {} of itself and takes {} of the new", EMA, round(1 - EMA, 3)),
        (
            "right class is {} and not {}, and {} for each",
            *(round(1 - SOFTENED + SOFTENED / 10, 3), 1, SOFTENED / 10),
        ),
        (
            "makes {} mistakes in a hundred where the lecture's makes {}.",
            *(
                round(100 * (1 - printed_numbers("better", rf"{row} +0\S+ (0\S+) +0")[0]), 1)
                for row in ("residual, mirrored", "lecture's network")
            ),
        ),
        ("moved images, too, for {} epochs in", RESIDUAL_EPOCHS),
        (
            "gets {} and {} maps in place of {} and {}: now",
            *(WIDTH, 2 * WIDTH, NARROW, 2 * NARROW),
        ),
        ("trains for {} epochs in place of {}, on", WIDE_EPOCHS, RESIDUAL_EPOCHS),
        (
            "*Wide, 30 epochs* makes {}, with",
            *(
                round(100 * (1 - accuracy), 1)
                for accuracy in printed_numbers("better", r"wide, 30 epochs +0\S+ (0\S+) +0")
            ),
        ),
        ("ours saw each image {} times", WIDE_EPOCHS),
        ("learned from {} of the {} training images", FOR_TRAINING, TRAIN),
        ("take {} epochs in place of {}, which", MIRRORED_EPOCHS, RESIDUAL_EPOCHS),
    ],
    "training": [
        ("Reading takes about {} minutes", READING["training"]),
        (
            "for {} weights and biases at once",
            (9 + 1) * 8 + (9 * 8 + 1) * 16 + (7 * 7 * 16 + 1) * 10,
        ),
        ("about {}. It is often larger", round(np.log(10), 1)),
        ("where the output is not {}, and", 0),
    ],
    "5": [
        ("Each of its {} filters reads", FILTERS),
        ("{} training images and {} test images, each", TRAIN, TEST),
        ("made up {} % of the data", Named(90, "imagined")),
        ("would be right {} % of the time", 90),
        ("so we divide by {}.", *code_numbers("5", r"np\.float32\((\d+)\)")),
        ("`bfloat16`, a number format of {} bits", HALF),
        ("the whole last layer stays at {}, ", SINGLE),
        ("side is halved: {} → {} → {} → {}.", 28, 28 // 2, 28 // 2 // 2, 28 // 2 // 2 // 2),
        ("large window costs little here: {} weights a filter", FIRST_KERNEL**2),
        ("`Dropout({})`", *code_numbers("5", r"layers\.Dropout\(([\d.]+)\)")),
        ("zero with probability {}, ", *code_numbers("5", r"layers\.Dropout\(([\d.]+)\)")),
        ("passes over the {} training images", FOR_TRAINING),
        ("training images in batches of {}.", BATCH),
        ("computes at most {} · 10¹²", *code_numbers("5", r"operations / ([\d.]+)e12")),
        ("the record computed with {} bits, the dots with {}.", HALF, SINGLE),
        ("Had the test set held {} *other*", TEST),
        ("printed {} for the same", Named(0.9117, "printed by the notebook of the book")),
        ("(`he_normal`) and batches of {}.", Named(32, "set by the notebook of the book")),
        ("one of them computes with {} bits", HALF),
        ("two runs with {}-bit numbers lie on either side of the {}-bit run", HALF, SINGLE),
        ("all come out above {} %", floor(min(SURE))),
        ("read the {} values of all {} maps", *FLATTENED),
        ("what is missing to {} %", 100),
        ("Sort all answers into {} bins", *code_numbers("5", r"bins = (\d+)")),
        ("Fewer: {} % of them are right, where {} % would be", *NEAR_NINE_TENTHS),
        ("From {} upwards the bars stay below the dots; between {} and {} they", 0.8, 0.4, 0.8),
        ("of the answers given with {}, {} % are right", Named(0.7, "imagined"), 70),
        ("promise an accuracy of {} %, and {} % are right", *PROMISED),
        (
            "Its weights are rounded to {} bits",
            np.dtype(network_file.quantized(np.eye(2))[0].dtype).itemsize * 8,
        ),
        ("Choose *garment {}*", len(networks.images("fashion_mnist_lecture"))),
        ("write {} into *Map", Named(220, "tests/utils/test_networks_in_the_page.py")),
        ("excite map {} most", Named(220, "tests/utils/test_networks_in_the_page.py")),
        ("same with map {}.", Named(141, "tests/utils/test_networks_in_the_page.py")),
        ("Map {} answers to", Named(141, "tests/utils/test_networks_in_the_page.py")),
        ("on images of up to {} × {} pixels", network_file.LARGEST_SIDE, network_file.LARGEST_SIDE),
        ("on {} images, ± two standard errors is about ± {} here", TEST, TWO_ERRORS),
    ],
    "7": [
        (
            "network, {} % ± {} % and {} % ± {} %, were",
            *(100 * value for share in RUNS for value in (share, two_standard_errors(share))),
        ),
    ],
    "14.9/1": [
        ("places has a window? | {} |", points("14.9/1", "output_size")),
        ("a convolutional layer | {} |", points("14.9/1", "conv2d")),
        ("a pooling layer | {} |", points("14.9/1", "max_pool2d")),
        ("network has to learn | {} |", points("14.9/1", "count_parameters")),
        ("far a neuron sees | {} |", points("14.9/1", "receptive_field")),
        ("needs the pixels {}, {} and {}.", 2 * 2, 2 * 2 + 1, 2 * 2 + 2),
        ("the last pixel is number {}.", 6 - 1),
        ("`layers.Conv2D({}, {})`", FILTERS, FIRST_KERNEL),
        ("would not: {} windows are 3", 7 / 2),
        ("maps, not {}.", 10 * 3),
        ("now reads {} · {} numbers of each map instead of {} · {}", 28, 28, 3, 3),
        ("Then {} million numbers, trained by Keras", LECTURE / 1e6),
    ],
    "14.9/2": [
        ("There are {} mistakes", MISREAD[0]),
        ("same network misread {} of {},", *MISREAD),
        ("between {} and {} digits are misread", *SPREAD),
        ("two standard errors are {}.", *printed_numbers("14.9/2", r"of 37 misread: (\d+)")),
        ("nothing in common | {} |", points("14.9/2", "split")),
        ("within a budget | {} |", points("14.9/2", "build_model")),
        ("its training ({}), and what", points("14.9/2", "train")),
        ("comes of it ({}) | {} |", *TRAINED),
        ("how the training went | {} |", points("14.9/2", "plot_learning_curves")),
        ("what it mixes up | {} |", points("14.9/2", "confusion")),
        ("each digit from {} to {} occurs", 0, 9),
        ("0 is the paper, {} is ink", LARGEST),
        ("The {} images are for training", TRAIN),
        ("{}, {}, {}, then {} after pooling, {}, {}, and {}.", 28, 26, 24, 12, 10, 8, 4),
        ("`images / {}` gives", LARGEST),
        ("`np.float32({})`", LARGEST),
        ("A mean of all {} images", TRAIN),
        ("on {} images, two standard errors are about", FOR_CHOICES),
        ("{} misread digits of {} are an accuracy of {}.", *MISREAD, 1 - MISREAD[0] / MISREAD[1]),
        ("half of the {} values taken out", 4 * 4 * 64),
        ("any more that {} images could show", FOR_CHOICES),
    ],
    "14.9/3": [
        ("If you train in {} bits", HALF),
        ("results of others on the same {} digits", TEST),
        ("digits a little | {} |", points("14.9/3", "augment")),
        ("accuracy is luck? | {} |", points("14.9/3", "how_sure")),
        ("A {} that stands a pixel", Named(7, "a digit")),
        ("still a {}.", 7),
        ("turned by up to about {} degrees", 10),
        ("a difference of {} digits, and", (0.992 - 0.991) * TEST),
        ("has a standard error of {}.", *printed_numbers("7", r"standard error (\d+) images")),
        ("earns up to {} points", POINTS["14_9/3_highest_accuracy"] - 6 - 4),
        ("handed in as `model.keras` | {} |", POINTS["14_9/3_highest_accuracy"] - 6 - 4),
        ("`layers.RandomRotation({}, ", Named(0.03, "an argument in a hint")),
        ("where {} is a share", 0.03),
        ("turns by up to {} degrees", *code_numbers("14.9/3", r"180 \* (\d+)")),
        ("shrinks by up to {} %", *(100 * n for n in code_numbers("14.9/3", r"1 \+ ([\d.]+) \*"))),
        ("slants by up to {} columns", *code_numbers("14.9/3", r"([\d.]+) \* draws\[2\]")),
        ("shifts by up to {} pixels each", *code_numbers("14.9/3", r"([\d.]+) \* draws\[3\]")),
        ("on the same {} digits: one gets {} % right, the other {} %", TEST, 99.2, 99.1),
        ("make {} of {}. And", 95, 100),
        ("In about {} of {} cases", 95, 100),
        ("either side hold {} of {} cases", 95, 100),
        ("all of {} images right has the standard error", Named(20, "imagined")),
        ("different sets of {}, their difference would have one of {}, as", TEST, DIFFERENCE),
        ("(n, {}, {}, 1)", ROWS, COLUMNS),
        (
            "{} of the {} stand for all",
            len(judge.DOUBTS["uncertain"]["numbers"]) + judge.SURE,
            TEST,
        ),
        ("turned by up to {} degrees, shifted by up to {} pixels and", *MOVES.values()),
        ("At most {} MB", model_file.LARGEST / 1e6),
        ("{} images may take two minutes", TEST),
        ("mean of each of the {} last maps", *code_numbers("14.9/3", r"\*convolution\((128), 3")),
        ("over the first {} % of the steps", *PERCENT_OF_WARMUP),
        ("keeps {} of itself", *code_numbers("14.9/3", r"ema_momentum=([\d.]+)")),
        ("takes {} of the new", *(1 - n for n in code_numbers("14.9/3", r"momentum=([\d.]+)"))),
        ("network computes in {} bits", SINGLE),
        ("optimizer and in {} bits", SINGLE),
        ("you measure on {} digits, and you are graded on {} others", FOR_CHOICES, TEST),
        ("the last {} digits were a little", FOR_CHOICES),
        ("found {} to be wrong", Cited(15, "northcutt2021pervasive")),
        (
            "A network that gets {} % right misreads {}, so it gives at least {} of these wrong",
            *(Named(99.9, "imagined"), round(0.001 * TEST), 15 - round(0.001 * TEST)),
        ),
        ("prints an accuracy of {} %", Named(99.14, "printed by the notebook of the book")),
        ("(a standard deviation of {} points)", Named(0.047, "told by C. Deotte, who is linked")),
        ("A network gets {} % of the *validation*", Named(99.9, "imagined")),
        ("of *up to* {} % for three", Cited(99.87, "an2020ensemble")),
        ("by less than a digit of {}, and", TEST),
        ("by less than two digits of {};", TEST),
        (
            "took about {} minutes of CPU time each",
            *printed_numbers("14.9/3", r"seed 1: (\d+) minutes of CPU time"),
        ),
        (
            "beside other work it was {} to {} minutes",
            min(WALL_MINUTES),
            max(WALL_MINUTES),
        ),
        ("Here they answer in {} bits; on record", SINGLE),
        ("what they answered in {} bits", HALF),
        ("networks answer in {} bits here", HALF),
    ],
    "intro": [
        ("shuffle the pixels. | {} minutes", READING["1"]),
        ("really forgives. | {} minutes", READING["3"]),
        ("one idea each. | {} minutes", READING["4"]),
        ("back by hand. An addition to the lecture. | {} minutes", READING["training"]),
        ("what it costs. An addition to the lecture. | {} minutes", READING["better"]),
        ("looks at. | {} minutes, and", READING["5"]),
        ("all of it. | {} minutes", READING["7"]),
        (":kernel: Sobel x :size: {} **Draw", Named(3, "a setting of the explorer")),
        ("It has seen {} photographs", FOR_TRAINING),
        ("Python {}, {} or {}, `make` and {} GB", *PYTHON, Named(5, "measured once")),
        ("follows chapter {} of", Named(14, "in the title of the exercise, and in the book")),
        ("O'Reilly, {} (", Cited(2022, "geron2022hands")),
        ("both under [CC BY {}](", Named(2.0, "the license of the photographs, linked")),
        ("figures are under [CC BY {}](", Named(4.0, "the license, which is linked")),
    ],
    "06_exercise": [
        (
            "the model solution, {} parameters",
            *printed_numbers("14.9/3", r"reference_cnn all +(\S+) param"),
        ),
        ("exercise {} of A. Géron", Named(14.9, "its number in the book")),
        ("test images of {} × {} pixels", ROWS, COLUMNS),
        ("of the {} test digits", TEST),
        ("in NumPy | {} |", POINTS["14_9/1_from_scratch"]),
        ("in Keras | {} |", POINTS["14_9/2_own_cnn"]),
        ("than one network | {} |", POINTS["14_9/3_highest_accuracy"]),
        ("lie apart on {} images", TEST),
    ],
    "glossary": [
        ("to mean {} and spread {},", 0, 1),
        ("at together; {} in chapter 5", BATCH),
        ("of itself, such as {}, and takes", EMA),
        ("in which it rises from {}, and then a slow fall to {}.", 0, 0),
        ("a little toward {} in each step of training", 0),
    ],
    "references": [],
    "status": [],
    "grading": [
        ("counts in exercise {} and", Named(14.9, "the number of the exercise")),
        ("{} seconds for a call and {} for", task.SECONDS_A_CALL, task.SECONDS_IN_ALL),
        ("with each of {} seeds", Named(200, "tried by make grade-soak")),
        ("seed={})`", Named(7, "an argument")),
    ],
}
