"""What Keras takes for an argument, by the argument's name, and how that is said.

What depends on the tensors that a layer is given is checked by its rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from rnnshape.expression import Call, Value
from rnnshape.signatures import ACTIVATIONS, ALIASES, ARGUMENT_OBJECTS, module_of

NEED_ARGUMENTS = ("constant", "threshold")  # functions that their names alone don't stand for
# The bytes of a weight; where numbers are of mixed precision, it keeps 32 bits.
FLOATS = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8} | dict.fromkeys(
    ("mixed_float16", "mixed_bfloat16"), 4
)
OTHER_DTYPES = re.compile(
    r"int|u?int(16|32|64)|uint8|bool|string|complex(64|128)|"
    rf"(int[48]|float8|(gptq|awq)/\S+)_from_({'|'.join(FLOATS)})"
)

INITIALIZERS = tuple(
    name
    for name in (
        *ARGUMENT_OBJECTS["initializers"],
        *(short for short, name in ALIASES.items() if module_of(name) == "initializers"),
        *("Identity", "normal", "uniform", "one", "zero"),
    )
    if name.lower() not in NEED_ARGUMENTS
)
REGULARIZERS = (*ARGUMENT_OBJECTS["regularizers"], "l1", "l2", "l1l2", "orthogonal_regularizer")
CONSTRAINTS = (
    *ARGUMENT_OBJECTS["constraints"],
    *(short for short, name in ALIASES.items() if module_of(name) == "constraints"),
)

Takes: TypeAlias = Callable[[Value], bool]


class Kind(NamedTuple):
    """What an argument may be.

    Attributes:
        allowed: in words.
        takes: whether Keras takes a value.
        words: texts that it may be, for a hint where one is misspelt.
        keras: what Keras says of other values.
        said_of: the types of those that it says this of; empty where of all.
    """

    allowed: str
    takes: Takes
    words: tuple[str, ...] = ()
    keras: str = ""
    said_of: tuple[type, ...] = ()

    def quote(self, value: Value) -> str:
        """Keras' words of a value; empty where it stumbles over it somewhere, in others."""
        is_said = not self.said_of or type(value) in self.said_of
        known = value in (*NEED_ARGUMENTS, *(name.capitalize() for name in NEED_ARGUMENTS))
        return f' (Keras: "{self.keras}")' if self.keras and is_said and not known else ""

    @property
    def or_none(self) -> Kind:
        """The same, and None."""
        return self._replace(allowed=f"{self.allowed}, or None", takes=or_none(self.takes))


# What a value may be


def is_int(value: Value) -> bool:
    return isinstance(value, int)


def is_whole(value: Value, least: int = 1) -> bool:
    """Whether a value is a whole number that is large enough. Keras counts True as 1."""
    return isinstance(value, int) and value >= least


def is_number(value: Value) -> bool:
    return isinstance(value, int | float)


def is_numbers(value: Value) -> bool:
    """A number, or an array of them."""
    return each(is_numbers)(value) if isinstance(value, tuple) else is_number(value)


def or_none(takes: Takes) -> Takes:
    return lambda value: value is None or takes(value)


def each(takes: Takes, count: int = 0, *, alone: bool = True) -> Takes:
    """A tuple of such values, of so many where a count is given; `alone`, also one of them."""

    def takes_each(value: Value) -> bool:
        if isinstance(value, tuple):
            return (not count or len(value) == count) and all(map(takes, value))
        return alone and takes(value)

    return takes_each


def between(least: float, most: float) -> Takes:
    return lambda value: isinstance(value, int | float) and least <= value <= most


def is_target(value: Value) -> bool:
    """Whether a tensor can be given this shape: at most one of its sizes is left open."""
    if not isinstance(value, tuple):
        return False
    sizes = [-1 if part is None else part for part in value]
    return all(is_whole(size, -1) for size in sizes) and sizes.count(-1) <= 1


def is_order(value: Value) -> bool:
    if not isinstance(value, tuple):
        return False
    places = [part for part in value if isinstance(part, int)]
    return len(places) == len(value) and sorted(places) == list(range(1, len(value) + 1))


def is_dtype(value: Value) -> bool:
    """Whether it is a dtype, or the name of a policy, that a layer may have."""
    return isinstance(value, str) and (value in FLOATS or bool(OTHER_DTYPES.fullmatch(value)))


# Kinds


WHOLE = Kind(
    "a whole number, 1 or more", is_whole, keras="expected a positive integer", said_of=(int,)
)
POSITIVE = WHOLE._replace(keras="be a positive integer")
POSITIVE_NOT_BOOL = POSITIVE._replace(
    takes=lambda value: is_whole(value) and not isinstance(value, bool)
)
NUMBER = Kind("a number", is_number)
NUMBERS = Kind("a number, or several of them", is_numbers)
NOT_NEGATIVE = Kind("a number, 0 or more", between(0, float("inf")))
SLOPE = NOT_NEGATIVE._replace(keras="cannot be None or", said_of=(int, float))


def one_of(*words: str, none: bool = False, any_case: bool = False) -> Kind:
    def takes(value: Value) -> bool:
        if isinstance(value, str):
            return (value.lower() if any_case else value) in words
        return none and value is None

    shown = [repr(word) for word in words] + ["None"] * none
    return Kind(f"one of {', '.join(shown)}", takes, words)


def named(what: str, words: tuple[str, ...], module: str = "") -> Kind:
    """The name of a function of Keras, or what Keras makes of it; anything callable, but for
    initializers, which are called at once."""

    def takes(value: Value) -> bool:
        if isinstance(value, Call):
            return not module or module_of(value.name) == module
        return value is None or (isinstance(value, str) and value in words)

    keras = f"Could not interpret {what} identifier"
    return Kind(f"the name of one of Keras' {what.split()[0]}s", takes, words, keras, (str,))


def sizes(count: int, least: int = 1) -> Kind:
    """A size, or one for each of several axes."""
    several = f", or {count} of them" if count > 1 else ""
    return Kind(
        f"a whole number, {least} or more{several}",
        each(lambda value: is_whole(value, least), count),
        keras=f"must be a tuple of {count} integers",
        said_of=(int, tuple),
    )


def both_ends(count: int) -> Kind:
    """What is added before and after each of several axes."""
    return Kind(
        f"a whole number, 0 or more, or {count} of them or of pairs",
        each(sizes(2, least=0).takes, count),
    )


def axes(*, several: bool = True) -> Kind:
    words = "the number of an axis" + (", or several of them" if several else "")
    return Kind(words, each(is_int) if several else is_int)


# The kinds

RATE = Kind(
    "a number from 0 to 1",
    between(0, 1),
    keras="Expected a float value between 0 and 1",
    said_of=(int, float),
)
POOLING = one_of("valid", "same")
PADDING = one_of("valid", "same", any_case=True)
CAUSAL = one_of("valid", "same", "causal", any_case=True)
INITIALIZER = named("initializer", INITIALIZERS, "initializers")


def _of_space(count: int) -> dict[str, Kind]:
    """What layers of so many axes of space take: `"Conv2D.strides"`."""
    size, no_bool = sizes(count), each(POSITIVE_NOT_BOOL.takes, count)
    unquoted = size._replace(keras="")  # which Keras takes, and then can't run
    ends = sizes(2, least=0) if count == 1 else both_ends(count)
    convolution = {"kernel_size": size, "strides": size, "dilation_rate": size, "padding": PADDING}
    pooling = {"pool_size": size, "strides": unquoted.or_none, "padding": POOLING}
    adaptive = {
        "output_size": Kind(size.allowed, no_bool),
        "data_format": one_of("channels_last", "channels_first", none=True),
    }
    families = {
        "ConvND": {**convolution, "groups": POSITIVE, "padding": CAUSAL if count == 1 else PADDING},
        "ConvLSTMND": {**convolution, "filters": WHOLE._replace(keras=""), "strides": unquoted},
        "DepthwiseConvND": convolution,
        "SeparableConvND": convolution,
        "ConvNDTranspose": {**convolution, "output_padding": sizes(count, least=0).or_none},
        "MaxPoolingND": pooling,
        "AveragePoolingND": pooling,
        "AdaptiveMaxPoolingND": adaptive,
        "AdaptiveAveragePoolingND": adaptive,
        "UpSamplingND": {"size": POSITIVE_NOT_BOOL if count == 1 else size},
        "ZeroPaddingND": {"padding": ends},
        "CroppingND": {"cropping": ends},
    }
    return {
        f"{name.replace('ND', f'{count}D')}.{argument}": kind
        for name, kinds in families.items()
        for argument, kind in kinds.items()
    }


# Arguments by their names; `Layer.argument` where a layer means something of its own.
_OF_SEVERAL = {
    "units num_heads key_dim": WHOLE,
    "num_query_heads head_dim": WHOLE._replace(keras=""),
    "filters depth_multiplier": WHOLE._replace(keras="Expected a strictly positive value"),
    "RepeatVector.n Embedding.input_dim Embedding.output_dim": POSITIVE_NOT_BOOL,
    "rate stddev MultiHeadAttention.dropout GroupQueryAttention.dropout": RATE,
    "BatchNormalization.axis GroupNormalization.axis Concatenate.axis": axes(several=False),
    "Normalization.axis Softmax.axis PReLU.shared_axes": axes().or_none,
    "BatchNormalization.momentum epsilon ELU.alpha": NUMBER,
    "Rescaling.scale Rescaling.offset": NUMBERS,
    "Normalization.mean Normalization.variance": NUMBERS.or_none,
    "ReLU.threshold negative_slope LeakyReLU.alpha": SLOPE,
}
KINDS: dict[str, Kind] = {
    **{name: kind for names, kind in _OF_SEVERAL.items() for name in names.split()},
    "Embedding.weights": Kind("None", lambda value: value is None),  # an array can't be written
    "interpolation": one_of(
        *("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area"), any_case=True
    ),
    "value_dim": WHOLE.or_none,
    "sliding_window": WHOLE.or_none._replace(keras="must be `None` or a positive integer"),
    "num_key_value_heads": WHOLE._replace(keras="integer modulo by zero"),
    "score_mode": one_of("dot", "concat"),
    "MultiHeadAttention.output_shape": Kind(
        f"{WHOLE.allowed}, or several of them", lambda value: not value or each(is_whole)(value)
    ),
    "lora_rank": Kind(f"{WHOLE.allowed}, or None", lambda value: not value or is_whole(value)),
    "noise_shape": Kind("a shape or None", or_none(each(or_none(is_whole), alone=False))),
    "SimpleRNN.activity_regularizer": Kind("anything", lambda value: True),  # Keras passes over it
    **{  # which are copied for each of several kernels
        f"{layer}.{name}_initializer": INITIALIZER._replace(
            takes=lambda value: value is not None and INITIALIZER.takes(value),
            keras="has no attribute 'from_config'",
            said_of=(type(None),),
        )
        for layer in ("MultiHeadAttention", "GroupQueryAttention")
        for name in ("kernel", "bias")
    },
    "data_format": one_of("channels_last", "channels_first", none=True, any_case=True),
    "axis": axes(),
    "MultiHeadAttention.attention_axes": axes().or_none,
    **_of_space(1),
    **_of_space(2),
    **_of_space(3),
    "Reshape.target_shape": Kind(
        "a tuple of whole numbers, one of which may be -1",
        is_target,
        keras='There must be at most one unknown dimension (-1)", "must be a non-negative integer',
        said_of=(tuple,),
    ),
    "Permute.dims": Kind(
        "a tuple of 1, 2, ... in another order",
        is_order,
        keras="The set of indices in `dims` must be consecutive and start from 1",
        said_of=(tuple,),
    ),
    "GroupNormalization.groups": Kind(
        "a whole number, 1 or more, or -1",
        lambda value: value == -1 or is_whole(value),
        keras="expected a positive integer (or `-1` for instance normalization)",
    ),
    "SpectralNormalization.power_iterations": WHOLE._replace(keras="should be greater than zero"),
    "EinsumDense.equation": Kind("a text", lambda value: isinstance(value, str)),
    "EinsumDense.output_shape": Kind(
        "a whole number, or a tuple of these and None",
        lambda value: value is not None and each(or_none(is_whole))(value),
    ),
    "EinsumDense.bias_axes": Kind(
        "a text of letters, or None",
        or_none(lambda value: isinstance(value, str) and value.isalpha()),
    ),
    "Dot.axes": Kind(
        "a whole number, or two of them",
        each(is_int, 2),
        keras="Invalid format for argument `axes`",
        said_of=(tuple,),
    ),
    "ReLU.max_value": NOT_NEGATIVE.or_none,
    "ActivityRegularization.l1": NOT_NEGATIVE._replace(takes=NOT_NEGATIVE.or_none.takes),
    "ActivityRegularization.l2": NOT_NEGATIVE._replace(takes=NOT_NEGATIVE.or_none.takes),
    "Bidirectional.merge_mode": one_of("concat", "sum", "mul", "ave", none=True),
    "use_cudnn": Kind("'auto', True or False", lambda value: value in ("auto", True, False)),
    "seed": Kind("a whole number or None", or_none(is_int)),
    "name": Kind(
        "a text without '/'",
        or_none(lambda value: isinstance(value, str) and "/" not in value),
        keras="must be a string and cannot contain character `/`",
    ),
    "Input.dtype": Kind(
        "the name of a dtype such as 'int32'",
        lambda value: (
            value in (None, "int8", "float8_e4m3fn", "float8_e5m2")
            or (is_dtype(value) and not re.search("mixed|from", str(value)))
        ),
        keras="Invalid dtype",
    ),
    "trainable": Kind("True or False", lambda value: isinstance(value, bool)),
    "dtype": Kind(
        "the name of a float or of a policy such as 'mixed_float16'",
        or_none(is_dtype),
        tuple(FLOATS),
        "DTypePolicy",
        (str,),
    ),
}

# By the last word of the argument's name.
_KINDS_OF_ROLES = {
    "activation": named(
        "activation function", tuple(word for word in ACTIVATIONS if word not in NEED_ARGUMENTS)
    ),
    "dropout": NUMBER,
    "initializer": INITIALIZER,
    "regularizer": named("regularizer", REGULARIZERS),
    "constraint": named("constraint", CONSTRAINTS),
}


def kind_of(layer: str, argument: str) -> Kind | None:
    """What an argument of a layer may be; None where it is not known by its name alone.

    >>> kind_of("LSTM", "recurrent_dropout").allowed, kind_of("LSTM", "unroll")
    ('a number', None)
    """
    role = argument.rpartition("_")[2]
    own = KINDS.get(f"{layer}.{argument}") or KINDS.get(argument)
    return own or _KINDS_OF_ROLES.get(role)
