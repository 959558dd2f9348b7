"""The arguments of a call: whether Keras takes them, and those that are whole numbers."""

from __future__ import annotations

from rnnshape.errors import QueryError, did_you_mean, shortened
from rnnshape.expression import Call, Value, printed
from rnnshape.rules.kinds import FLOATS, kind_of
from rnnshape.signatures import module_of

# How the names of arguments end that change neither a shape nor a number of parameters.
WITHOUT_SHAPE = (
    *("_initializer", "_regularizer", "_constraint", "activation", "dropout", "seed", "name"),
    *("trainable", "dtype", "weights", "momentum", "epsilon", "alpha", "slope", "mask_value"),
)

# Of these Keras takes no more than there is to be gone over.
SMALL = ("strides", "pool_size", "kernel_size", "dilation_rate", "cropping")
# For each that is open a row: 1 to 3 in another order for what is short, and two that are larger.
SMALL_SIZES = (
    (1, 3, 7, 2, 1, 5), (1, 2, 11, 3, 1, 6), (1, 3, 13, 1, 2, 7),
    (1, 2, 17, 1, 3, 8), (1, 1, 19, 3, 2, 6), (1, 1, 23, 2, 3, 5),
)  # fmt: skip

# In the place of what may be a number or an array, with the length of an axis that it may have.
MAY_BE_ARRAY = "a number or an array"

# Layers that only order entries anew, whatever these are.
REARRANGING = ("Flatten", "Permute", "RepeatVector", "Reshape")
INTEGERS = ("int16", "int32", "int64", "uint8", "uint16", "uint32", "bool")
# Layers that can be an activation without bringing weights, or another shape, of their own.
PLAIN_ACTIVATIONS = ("Activation", "ELU", "LeakyReLU", "ReLU", "Softmax")


def check(call: Call) -> bool:
    """Raises a `QueryError` where Keras would refuse an argument of a layer, or of one inside.

    Returns whether the rule knows what comes of the arguments: of a few, Keras alone can tell.
    """
    known = True
    of_layer = module_of(call.name) == "layers"
    for argument, value in call.arguments:
        if of_layer:
            check_kind(call, argument, value)
            known = known and not _is_beyond_the_rule(call.name, argument, value)
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, Call):
                known = check(inner) and known
    return known


def check_kind(call: Call, argument: str, value: Value) -> None:
    """Raises a `QueryError` for what no such argument is."""
    kind = kind_of(call.name, argument)
    if kind is not None and not kind.takes(value):
        hint = did_you_mean(value, kind.words) if isinstance(value, str) else ""
        raise _another(call, argument, kind.allowed, hint + kind.quote(value))


def whole_number(call: Call, argument: str) -> int:
    """An argument that is a whole number. Of a layer it was checked; an operation can be given
    anything."""
    value = call[argument]
    if not isinstance(value, int):
        raise _another(call, argument, "a whole number")
    return int(value)


def wholes(call: Call, argument: str) -> tuple[int, ...]:
    """An argument that is one whole number, or several."""
    value = call[argument]
    several = value if isinstance(value, tuple) else (value,)
    if not all(isinstance(part, int) for part in several):
        raise _another(call, argument, "a whole number or several")
    return tuple(map(whole, several))


def numbers(call: Call, argument: str, count: int) -> tuple[int, ...]:
    """An argument that may be one whole number, which then counts for each of several axes."""
    found = wholes(call, argument)
    return found * count if isinstance(call[argument], int) else found


def whole(value: object) -> int:
    """A value that was checked to be a whole number; Keras counts True as 1."""
    assert isinstance(value, int)  # `KINDS` has it so
    return int(value)


def changes_no_shape(argument: str) -> bool:
    """Whether a layer's shapes and parameters are the same whatever it is given by this name.

    >>> changes_no_shape("rate"), changes_no_shape("bias_initializer"), changes_no_shape("units")
    (True, True, False)
    """
    return argument in ("rate", "stddev") or argument.endswith(WITHOUT_SHAPE)


def candidates(name: str, argument: str, number: int, place: int, row: int = 0) -> Value:
    """A value that Keras takes for an argument: a number, and where it takes none, a share or one
    of its words; which one follows from `place`, and of small numbers from a row of them.

    >>> [candidates("Conv1D", name, 97, 1) for name in ("filters", "kernel_size", "padding")]
    [97, 3, 'same']
    >>> candidates("Cropping1D", "cropping", 97, 1), candidates("Dropout", "rate", 97, 1)
    (3, 0.5)
    """
    place_of_number = place % 3
    if argument in SMALL:  # with a large one no other size would make a difference
        sizes = SMALL_SIZES[row % len(SMALL_SIZES)]
        number = sizes[place % len(sizes)]
    elif argument == "groups":
        number = place_of_number + 1
    elif argument == "key":
        return (number % 7, -(number % 5) - 1, number % 11)[place_of_number]  # of most axes one
    kind = kind_of(name, argument)
    if kind is None or kind.takes(number):
        return number
    words: tuple[Value, ...] = kind.words
    if kind.takes(None) and words:  # `merge_mode=None`, which returns two tensors
        words = (words[0], None, *words[1:])
    likely = (0.5, *words[place:], *words[:place])
    return next((value for value in likely if kind.takes(value)), number)


def _is_beyond_the_rule(name: str, argument: str, value: Value) -> bool:
    match argument:
        case "activation" | "recurrent_activation":  # a glu halves the last axis
            return value == "glu" or (
                isinstance(value, Call) and value.name not in PLAIN_ACTIVATIONS
            )
        case "dtype":  # of a quantized layer the weights are others
            known = (*FLOATS, *INTEGERS) if name in REARRANGING else FLOATS
            return value is not None and value not in known
        case "cell" | "cells":  # a stack of cells within another
            cells = value if isinstance(value, tuple) else ()
            return any(isinstance(cell, Call) and cell.name == "StackedRNNCells" for cell in cells)
        case "lora_rank":  # the kernel is not trained, and two small arrays are added
            return bool(value)
    return False


def _another(call: Call, argument: str, allowed: str, more: str = "") -> QueryError:
    """An argument that is not what Keras takes."""
    said = shortened(printed(call[argument]))
    return call.error(f"{call.name} takes {argument} as {allowed}, not {said}{more}", argument)
