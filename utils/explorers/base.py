"""What all explorers share: their code in the page, and traits that check what they are given."""

from __future__ import annotations

import anywidget
import numpy as np
import traitlets

from . import modules
from .values import LARGEST_VALUE, as_array, whole

IN_PLACE = (
    "An explorer does not notice a change within its array. Change a copy and set it: "
    "{0} = explorer.{0}.copy(); {0}[{1}] = {2}; explorer.{0} = {0}"
)
RESULT_IN_PLACE = (
    "An explorer computes its {0} from its other traits, so it cannot be changed. A copy can: "
    "{0} = explorer.{0}.copy()"
)
LIST_IN_PLACE = (
    "An explorer does not notice a change within its list. Set it anew: "
    'explorer.layers = [*explorer.layers, {"type": "Flatten"}]; of a part: '
    "layers = copy.deepcopy(explorer.layers); layers[0]['filters'] = 16; explorer.layers = layers"
)


def encode(array: np.ndarray | None) -> dict | None:
    """Return an array as it travels to the page: shape, dtype and the bytes, row by row."""
    if array is None:
        return None
    return {"shape": list(array.shape), "dtype": str(array.dtype), "data": array.tobytes()}


def decode(value: dict | None) -> np.ndarray | None:
    """Return the array that `encode` took apart."""
    if value is None:
        return None
    return np.frombuffer(value["data"], value["dtype"]).reshape(value["shape"]).copy()


class Held(np.ndarray):
    """The array that a trait holds. It cannot be changed in place, which no page would notice."""

    advice = ""  # for who tries to change it, of its parts too

    def __array_finalize__(self, whole):
        self.advice = getattr(whole, "advice", "")

    def __setitem__(self, key, value):
        self.refuse_change()
        super().__setitem__(key, value)

    def refuse_change(self):
        if not self.flags.writeable:
            raise ValueError(self.advice)

    def fill(self, value):
        self.refuse_change()
        super().fill(value)

    def put(self, *arguments, **options):
        self.refuse_change()
        super().put(*arguments, **options)

    def sort(self, *arguments, **options):
        self.refuse_change()
        super().sort(*arguments, **options)

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **options):
        """Compute plain arrays; `explorer.image += 1` asks for one that is held as `out`."""
        for each in out:
            if isinstance(each, Held):
                each.refuse_change()
        arrays = [np.asarray(each) if isinstance(each, Held) else each for each in inputs]
        if out:
            options["out"] = tuple(
                np.asarray(each) if isinstance(each, Held) else each for each in out
            )
        return getattr(ufunc, method)(*arrays, **options)

    def __repr__(self) -> str:
        return repr(np.asarray(self))


class Whole(Held):
    """An array that is compared as a whole: `traitlets.link` asks `if value != change.new`."""

    def __ne__(self, other):
        return not np.array_equal(self, other)


def held(array: np.ndarray, name: str, advice: str = IN_PLACE) -> Held:
    """Return the array as one that cannot be changed in place, of the trait with this name."""
    array = np.array(array).view(Held)
    place = ", ".join("00"[: array.ndim])
    array.advice = advice.format(name, place, 255 if name == "image" else 1)
    array.flags.writeable = False
    return array


def refuse_change(*_, **__):
    raise TypeError(LIST_IN_PLACE)


class HeldDict(dict):
    """A layer that a trait holds. It cannot be changed in place; a copy of it is a plain one."""

    __setitem__ = __delitem__ = __ior__ = refuse_change
    clear = pop = popitem = setdefault = update = refuse_change

    def __reduce__(self):
        return dict, (dict(self),)


class HeldList(list):
    """The list that a trait holds. It cannot be changed in place; a copy of it is a plain one."""

    __setitem__ = __delitem__ = __imul__ = refuse_change
    append = clear = extend = insert = pop = remove = reverse = sort = refuse_change

    def __iadd__(self, others):
        """Return a new list: `explorer.layers += [layer]` sets the trait anew."""
        return [*self, *others]

    def __reduce__(self):
        return list, (list(self),)


def held_layers(layers: list[dict]) -> HeldList:
    """Return the layers as a list that cannot be changed in place, nor can they."""
    return HeldList(map(HeldDict, layers))


# --- Traits ------------------------------------------------------------------------------


class Array(traitlets.TraitType):
    """A trait that holds a NumPy array and travels to the page as bytes."""

    advice = IN_PLACE

    def __init__(self, check, **options):
        """`check` takes the value as an array, and returns what is kept or raises ValueError."""
        super().__init__(**options)
        self.check = check
        self.tag(sync=True, to_json=self.to_json, from_json=self.from_json)

    def validate(self, owner, value):
        try:
            return held(self.check(as_array(value)), self.name, self.advice)
        except (TypeError, ValueError) as error:
            raise traitlets.TraitError(
                f"{type(owner).__name__}.{self.name} cannot be set: {error}."
            ) from None

    def to_json(self, value, owner):
        return encode(value)

    def from_json(self, value, owner):
        return decode(value)


class Result(Array):
    """An array, float32, that page and Python both compute: the kernel does not send it back."""

    advice = RESULT_IN_PLACE

    def __init__(self):
        super().__init__(lambda array: array.astype(np.float32))
        self.tag(echo_update=False)  # else each moved slider brings the page its own result again


class FromOthers:
    """A trait that takes numbers of NumPy, Keras and others as Python's own, and 3.0 as 3."""

    def validate(self, owner, value):
        return super().validate(owner, whole(value))


class Int(FromOthers, traitlets.Int):
    """A trait that holds a whole number."""


class Bool(FromOthers, traitlets.Bool):
    """A trait that holds True or False."""


class Tuple(FromOthers, traitlets.Tuple):
    """A trait that holds several numbers."""


class Side(Int):
    """A trait that holds the side or stride of a square window; a Keras layer has it as (2, 2)."""

    def validate(self, owner, value):
        value = whole(value)
        if isinstance(value, (list, tuple)) and len(value) == 2:
            if value[0] != value[1]:
                raise traitlets.TraitError(
                    f"{type(owner).__name__}.{self.name} is one number for rows and columns, "
                    f"and not {tuple(value)}."
                )
            value = value[0]
        return super().validate(owner, value)


class Float(FromOthers, traitlets.Float):
    """A trait that holds a finite 32-bit number; it takes an array of one number, too."""

    def validate(self, owner, value):
        value = whole(value)
        while isinstance(value, (list, tuple)) and len(value) == 1:
            value = value[0]
        number = super().validate(owner, value)
        if not abs(number) <= LARGEST_VALUE:  # nor is NaN
            raise traitlets.TraitError(
                f"{type(owner).__name__}.{self.name} has to be a finite 32-bit number."
            )
        return number


class Position(traitlets.Tuple):
    """A trait that holds (row, column), from 0. The page takes the nearest place there is."""

    def __init__(self):
        super().__init__(traitlets.Int(min=0), traitlets.Int(min=0))
        self.tag(sync=True)

    def validate(self, owner, value):
        try:
            return super().validate(owner, tuple(whole(value)))
        except (TypeError, traitlets.TraitError):
            raise traitlets.TraitError(
                f"{type(owner).__name__}.{self.name} takes (row, column), whole numbers from 0, "
                f"and not {value!r}."
            ) from None


def is_own(trait: traitlets.TraitType) -> bool:
    """Whether a trait is an explorer's, for its users, and not one that every widget has."""
    return issubclass(trait.this_class, Explorer) and not trait.name.startswith("_")


class Explorer(anywidget.AnyWidget):
    """A widget that computes in the page: in Colab, in Jupyter, and on the built site.

    A subclass names its JavaScript module in `_module`. Its traits are the widget's state:
    read and set them from Python, observe them, link them.
    """

    _module = traitlets.Unicode().tag(sync=True)
    _version = traitlets.Int(1).tag(sync=True)  # of the stored state; raise it when traits change
    _results = traitlets.List().tag(sync=True)  # traits that the page computes: not to be stored
    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    _ipython_display_ = None  # in Colab's ipywidgets 7 it cuts the text off after 110 characters

    @traitlets.default("_esm")
    def _code(self) -> str:
        return modules.esm(self._module)

    @traitlets.default("_css")
    def _style(self) -> str:
        return (modules.FOLDER / modules.STYLE_SHEET).read_text("utf-8")

    def __init__(self, **traits):
        """Set the named traits; raise TypeError for a name that is not a trait."""
        if unknown := sorted(set(traits) - set(self.trait_names())):
            known = [name for name, trait in self.traits().items() if is_own(trait)]
            raise TypeError(
                f"{type(self).__name__} has no {unknown[0]!r}; it has {', '.join(sorted(known))}"
            )
        super().__init__(**traits)

    def notify_change(self, change):
        """Tell observers, and send what the page has to know."""
        if isinstance(change.new, np.ndarray):
            change.new = change.new.view(Whole)
        super().notify_change(change)

    def __repr__(self) -> str:
        """Say in one line what it shows. The same state gives the same text."""
        return f"{type(self).__name__}: {self.described()}"

    def described(self) -> str:
        """Return the state in a few words, for `repr` and for those who cannot see it."""
        raise NotImplementedError
