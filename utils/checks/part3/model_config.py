"""What may stand in the configuration of a handed-in model: positive lists, and nothing else.

A saved model names classes and functions, and Keras looks these names up and calls what it finds.
`cleaned` lets through the names in the lists below, exactly as they are written there, and returns
a new configuration that holds only what was let through. The values of arguments are numbers,
words from a list, lists of these, and allowed objects, at any depth.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ..values import shortened

LARGEST_CONFIG = 2_000_000  # bytes of JSON
DEEPEST = 60  # dictionaries and lists within one another
MOST_LAYERS = 2_000
LARGEST_NUMBER = 2**63


def listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Keras's layers but for those that hold a program, read a file, or work on texts.
LAYERS = listed(
    """
    Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention AugMix
    AutoContrast Average BatchNormalization Bidirectional CenterCrop Concatenate
    ContrastLimitedAdaptiveHistogramEqualization CutMix Dense DepthwiseConv1D DepthwiseConv2D Dot
    Dropout ELU EinsumDense Embedding Equalization Flatten GRU GRUCell GaussianDropout
    GaussianNoise GroupNormalization GroupQueryAttention Identity InputLayer LSTM LSTMCell
    LayerNormalization LeakyReLU Masking Maximum Minimum MixUp MultiHeadAttention Multiply
    Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment RandomBrightness
    RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
    RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert
    RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness
    RandomShear RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape Resizing
    SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Softmax Solarization
    SpectralNormalization StackedRNNCells Subtract TimeDistributed UnitNormalization
    """
)
IN_DIMENSIONS = listed(
    """
    AdaptiveAveragePooling AdaptiveMaxPooling AveragePooling Conv ConvLSTM Cropping
    GlobalAveragePooling GlobalMaxPooling MaxPooling SpatialDropout UpSampling ZeroPadding
    """
)
LAYERS |= {f"{name}{n}D" for name in IN_DIMENSIONS for n in (1, 2, 3)}
LAYERS |= {f"Conv{n}DTranspose" for n in (1, 2, 3)}
# What `keras.ops` and the signs + − * / [ ] leave in a Functional model.
OPERATIONS = {
    "core": "Cast StopGradient Slice Unstack",
    "image": "AffineTransform CropImages ExtractPatches GaussianBlur PadImages Resize",
    "linalg": "Norm",
    "math": "Erf Logsumexp Rsqrt TopK",
    "nn": """
    AdaptiveAveragePool AdaptiveMaxPool AveragePool BatchNorm Celu Conv ConvTranspose DepthToSpace
    DepthwiseConv Elu Gelu Glu HardShrink HardSigmoid HardSilu HardTanh LayerNorm LeakyRelu
    LogSigmoid LogSoftmax MaxPool Moments Normalize OneHot RMSNorm Relu Relu6 Selu SeparableConv
    Sigmoid Silu SoftShrink Softmax Softplus Softsign SpaceToDepth SparsePlus SparseSigmoid
    Sparsemax Squareplus TanhShrink Threshold
    """,
    "numpy": """
    Abs Absolute Add All Amax Amin Any Append Arccos Arcsin Arctan Arctan2 Argmax Argmin Average
    BroadcastTo Ceil Clip Concatenate Copy Cos Cosh Cumprod Cumsum Diff Divide DivideNoNan Dot
    Dstack Einsum Equal Exp Exp2 ExpandDims Expm1 Flip Fliplr Flipud Floor FloorDivide FullLike
    GetItem Greater GreaterEqual Hstack Hypot Isfinite Isinf Isnan Less LessEqual Log Log10 Log1p
    Log2 Logaddexp LogicalAnd LogicalNot LogicalOr LogicalXor Matmul Max Maximum Mean Median Min
    Minimum Mod Moveaxis Multiply NanToNum Negative NotEqual OnesLike Outer Pad Power Prod Ravel
    Reciprocal Repeat Reshape Roll Rot90 Round Sign Sin Sinh Sort Split Sqrt Square Squeeze Stack
    Std Subtract Sum Swapaxes Take TakeAlongAxis Tan Tanh Tensordot Tile Transpose Tril Triu
    TrueDivide Trunc Var Vstack Where ZerosLike
    """,
}
FUNCTIONS = listed(
    """
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh
    leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink
    softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh
    tanh_shrink threshold
    """
)
FROM = ("keras.activations", "keras.ops", "keras.ops.nn", "builtins")  # where functions come from
PARTS = {
    "keras.initializers": """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer
    LecunNormal LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform
    TruncatedNormal VarianceScaling Zeros
    """,
    "keras.regularizers": "L1 L1L2 L2 OrthogonalRegularizer",
    "keras.constraints": "MaxNorm MinMaxNorm NonNeg UnitNorm",
    "keras.random": "SeedGenerator",
    "keras": "DTypePolicy",
    "keras.dtype_policies": "DTypePolicy",
}
# Words that stand as arguments: what else is a word is a name, an equation, or not allowed.
WORDS = FUNCTIONS | listed(
    """
    area auto ave avg backward bicubic bilinear bool bfloat16 causal channels_first channels_last
    concat constant cross crop_to_aspect_ratio dot edge empty fan_avg fan_in fan_out float16
    float32 float64 forward glorot_normal glorot_uniform gaussian he_normal he_uniform horizontal
    horizontal_and_vertical identity int32 int64 int8 l1 l2 lanczos3 lanczos5 lecun_normal
    lecun_uniform linear_ramp max max_norm maximum mean median minimum mixed_bfloat16
    mixed_float16 mul nearest non_neg normal ones orthogonal random_normal random_uniform reflect
    rgb same scaled_dot sum symmetric truncated_normal uint8 uniform unit_norm untruncated_normal
    valid vertical wrap zero zeros
    """
)
EQUATION = re.compile(r"[A-Za-z.,\->]{1,100}")
EQUATIONS = ("equation", "subscripts", "bias_axes", "pattern")
NAME = re.compile(r"[\w .:/>+\-()]{1,200}")
KEY = re.compile(r"[A-Za-z_]\w{0,60}")

LAYER, MODEL, OPERATION, PART = "layer", "model", "operation", "part"
KINDS = (
    {("keras.layers", name): LAYER for name in LAYERS}
    | {
        ("keras", "Sequential"): MODEL,
        ("keras.models", "Sequential"): MODEL,
        ("keras.src.models.functional", "Functional"): MODEL,
        ("keras", "Functional"): MODEL,
    }
    | {
        (f"keras.src.ops.{module}", name): OPERATION
        for module, names in OPERATIONS.items()
        for name in names.split()
    }
    | {(module, name): PART for module, names in PARTS.items() for name in names.split()}
)
# Of objects: what is read of them. The state of compiling is not: it is not needed to predict.
OBJECT = {"module", "class_name", "config", "registered_name"}
MORE = {"name", "build_config", "inbound_nodes", "shared_object_id"}
DROPPED = {"compile_config"}


class Unacceptable(Exception):
    """What a file holds cannot be a model for the hand-in; the message says why."""


def shown(value: object) -> str:
    """Return any JSON value as words that are not too long."""
    return shortened(repr(value) if isinstance(value, str) else json.dumps(value), 40)


def read_json(content: bytes) -> Any:
    """Return a JSON value. Raises Unacceptable for a broken, too large or too deep one."""
    if len(content) > LARGEST_CONFIG:
        raise Unacceptable("its description of the layers is larger than that of any model")

    def refuse(word: str) -> None:
        raise Unacceptable(f"its description of the layers holds {word}")

    try:
        return json.loads(content.decode("utf-8"), parse_constant=refuse)
    except Unacceptable:
        raise
    except Exception as error:  # of a value that is too deep, RecursionError
        raise Unacceptable(
            "its description of the layers cannot be read: "
            f"{type(error).__name__}, {shortened(str(error), 80)}"
        ) from error


def cleaned(config: object) -> dict:
    """Return the configuration of a model with nothing in it but what is allowed.

    `config` is any JSON value. Raises Unacceptable, which names what is not allowed.
    """
    if not isinstance(config, dict):
        raise Unacceptable("its description of the layers is no dictionary")
    try:
        return _Cleaner().model(config)
    except RecursionError as error:
        raise Unacceptable("its description of the layers is too deep") from error


class _Cleaner:
    """Walks through a configuration and builds the cleaned one."""

    def __init__(self):
        self.layers = 0

    def model(self, config: dict) -> dict:
        kind = self.kind(config)
        if kind != MODEL:
            raise Unacceptable(f"it holds no model but a {shown(config['class_name'])}")
        return self.object(config, 0)

    def kind(self, value: dict) -> str:
        """Return what an object is, by its module and its class."""
        module, name = value.get("module"), value.get("class_name")
        if isinstance(module, str) and isinstance(name, str) and (module, name) in KINDS:
            return KINDS[module, name]
        registered = value.get("registered_name")
        own = isinstance(registered, str) and (module is None or ">" in registered)
        if own or not str(module).split(".")[0] == "keras":
            raise Unacceptable(
                f"it needs {shown(name)}, which is not a layer of Keras. Only what Keras itself "
                "brings can be loaded"
            )
        if name == "Lambda":
            raise Unacceptable(
                "it has a Lambda layer, which can hold a program. Use Keras's other layers: "
                "layers.Rescaling, for example, multiplies and adds"
            )
        raise Unacceptable(
            f"it needs {shown(name)} of {shown(module)}, which is not on the list of what can be "
            "handed in"
        )

    def object(self, value: dict, depth: int) -> dict:
        """Return a layer, a model, an operation or a part of one."""
        kind = self.kind(value)
        name = value["class_name"]
        if unknown := value.keys() - OBJECT - MORE - DROPPED:
            raise Unacceptable(f"its {name} has {shown(min(map(str, unknown)))} beside its config")
        registered = value.get("registered_name")
        if registered is not None and registered != name:
            raise Unacceptable(f"its {name} is registered as {shown(registered)}")
        config = value.get("config")
        if not isinstance(config, dict):
            raise Unacceptable(f"the config of its {name} is no dictionary but {shown(config)}")
        self.layers += kind != PART
        if self.layers > MOST_LAYERS:
            raise Unacceptable(f"it has more than {MOST_LAYERS:,} layers")
        clean = {"module": value["module"], "class_name": name, "registered_name": registered}
        clean["config"] = self.config(config, kind, depth + 1)
        if "name" in value:
            clean["name"] = self.name(value["name"])
        if value.get("build_config") is not None:
            clean["build_config"] = self.shapes(value["build_config"], depth + 1)
        if "inbound_nodes" in value:
            clean["inbound_nodes"] = self.nodes(value["inbound_nodes"], depth + 1)
        if "shared_object_id" in value:
            clean["shared_object_id"] = self.whole(value["shared_object_id"])
        return clean

    def config(self, config: dict, kind: str, depth: int) -> dict:
        """Return the arguments of an object."""
        clean = {}
        for key, value in config.items():
            self.key(key)
            if key == "name" and kind != PART:
                clean[key] = None if value is None else self.name(value)
            elif kind == MODEL and key in ("input_layers", "output_layers"):
                clean[key] = self.references(value, depth)
            elif kind == MODEL and key == "layers":
                clean[key] = self.list(value, lambda item: self.layer(item, depth + 1))
            elif key == "name":  # of a dtype policy: its name is a dtype
                clean[key] = self.value(value, depth)
            elif key in EQUATIONS and isinstance(value, str):
                if not EQUATION.fullmatch(value):
                    raise Unacceptable(f"its {key} is {shown(value)}")
                clean[key] = value
            elif key in ("input_shape", "batch_shape", "build_input_shape"):
                clean[key] = self.shapes(value, depth)
            else:
                clean[key] = self.value(value, depth, key)
        return clean

    def layer(self, value: object, depth: int) -> dict:
        if not isinstance(value, dict) or self.kind(value) == PART:
            raise Unacceptable(f"among its layers is {shown(value)}")
        return self.object(value, depth)

    def value(self, value: object, depth: int, key: str = "an argument") -> Any:
        """Return the value of an argument."""
        if depth > DEEPEST:
            raise Unacceptable("its description of the layers is too deep")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self.number(value)
        if isinstance(value, str):
            if value not in WORDS:
                raise Unacceptable(
                    f"{key} is {shown(value)}, which is not on the list of what can be handed in"
                )
            return value
        if isinstance(value, list):
            return [self.value(item, depth + 1, key) for item in value]
        return self.special(value, depth + 1)

    def special(self, value: dict, depth: int) -> dict:
        """Return a dictionary that stands where an argument's value does."""
        name, config = value.get("class_name"), value.get("config")
        if name == "__lambda__" or value.keys() == {"value"}:  # as an activation it has no class
            raise Unacceptable(
                "it has a function of yours, a lambda, in it. Only what Keras itself brings "
                "can be loaded"
            )
        if "class_name" not in value:
            raise Unacceptable(f"an argument is a dictionary, {shown(value)}")
        if name == "function":
            return self.function(value)
        if name not in ("__keras_tensor__", "__tensor__", "__numpy__", "__slice__", "__ellipsis__"):
            return self.object(value, depth)
        if value.keys() != {"class_name", "config"} or not isinstance(config, dict):
            raise Unacceptable(f"it holds {shown(value)}")
        keys = {
            "__keras_tensor__": ("shape", "dtype", "keras_history"),
            "__tensor__": ("value", "dtype"),
            "__numpy__": ("value", "dtype"),
            "__slice__": ("start", "stop", "step"),
            "__ellipsis__": (),
        }[name]
        if config.keys() != set(keys):
            raise Unacceptable(f"it holds {shown(value)}")
        clean = {
            key: self.references(part, depth)
            if key == "keras_history"
            else self.value(part, depth + 1, key)
            for key, part in config.items()
        }
        return {"class_name": name, "config": clean}

    def function(self, value: dict) -> dict:
        """Return a function of Keras, by its name."""
        name, registered = value.get("config"), value.get("registered_name")
        known = isinstance(name, str) and name in FUNCTIONS and registered in (None, name)
        if not known or value.get("module") not in FROM or value.keys() - OBJECT:
            raise Unacceptable(
                f"it needs the function {shown(name)}, which is not one of Keras's activations. "
                "Only what Keras itself brings can be loaded"
            )
        return {
            "module": value["module"],
            "class_name": "function",
            "config": name,
            "registered_name": registered,
        }

    def nodes(self, value: object, depth: int) -> list:
        """Return how a layer of a Functional model is called."""

        def node(item: object) -> dict:
            if not isinstance(item, dict) or item.keys() != {"args", "kwargs"}:
                raise Unacceptable(f"a layer is called in an unknown way: {shown(item)}")
            named = item["kwargs"]
            if not isinstance(named, dict):
                raise Unacceptable(f"a layer is called in an unknown way: {shown(named)}")
            return {
                "args": self.list(item["args"], lambda part: self.value(part, depth)),
                "kwargs": {
                    self.key(key): self.value(part, depth, key) for key, part in named.items()
                },
            }

        return self.list(value, node)

    def references(self, value: object, depth: int) -> Any:
        """Return names of layers and numbers of their outputs."""
        if depth > DEEPEST:
            raise Unacceptable("its description of the layers is too deep")
        if isinstance(value, list):
            return [self.references(item, depth + 1) for item in value]
        if isinstance(value, dict):
            return {self.name(key): self.references(item, depth + 1) for key, item in value.items()}
        return self.name(value) if isinstance(value, str) else self.shapes(value, depth)

    def shapes(self, value: object, depth: int) -> Any:
        """Return a shape, or lists and dictionaries of shapes."""
        if depth > DEEPEST:
            raise Unacceptable("its description of the layers is too deep")
        if isinstance(value, list):
            return [self.shapes(item, depth + 1) for item in value]
        if isinstance(value, dict):
            return {self.key(key): self.shapes(item, depth + 1) for key, item in value.items()}
        return None if value is None else self.whole(value)

    def list(self, value: object, each) -> list:
        if not isinstance(value, list):
            raise Unacceptable(f"where a list belongs, there is {shown(value)}")
        return [each(item) for item in value]

    def whole(self, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unacceptable(f"where a whole number belongs, there is {shown(value)}")
        return self.number(value)

    def number(self, value: float) -> float:
        if not abs(value) < LARGEST_NUMBER:  # JSON's 1e999 is infinite
            raise Unacceptable("it holds a number that is too large")
        return value

    def name(self, value: object) -> str:
        if not isinstance(value, str) or not NAME.fullmatch(value):
            raise Unacceptable(f"a layer is called {shown(value)}")
        return value

    def key(self, value: str) -> str:
        if not KEY.fullmatch(value) or value.startswith("__"):
            raise Unacceptable(f"an argument is called {shown(value)}")
        return value
