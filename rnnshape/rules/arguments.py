"""What Keras takes for an argument, by the argument's name: checked once, for every layer.

What depends on the tensors that a layer is given is checked by its rule.
"""

from __future__ import annotations

from rnnshape.errors import did_you_mean
from rnnshape.expression import Call, Value, printed
from rnnshape.rules.kinds import (
    FLOATS,
    NEED_ARGUMENTS,
    NUMBER,
    NUMBERS,
    POSITIVE,
    POSITIVE_NOT_BOOL,
    WHOLE,
    Kind,
    axes,
    between,
    both_ends,
    each,
    is_dtype,
    is_int,
    is_order,
    is_target,
    is_whole,
    named,
    number_from,
    one_of,
    or_none,
    sizes,
)
from rnnshape.signatures import ACTIVATIONS, ALIASES, ARGUMENT_OBJECTS, module_of

__all__ = [
    "CONSTRAINTS",
    "INITIALIZERS",
    "REGULARIZERS",
    "candidates",
    "changes_no_shape",
    "check",
    "numbers",
    "whole_number",
]

# How the names of arguments end that change neither a shape nor a number of parameters.
WITHOUT_SHAPE = (
    *("_initializer", "_regularizer", "_constraint", "activation", "dropout", "seed", "name"),
    *("trainable", "dtype", "weights", "momentum", "epsilon", "alpha", "slope", "mask_value"),
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
            kind = KINDS.get(f"{call.name}.{argument}") or KINDS.get(argument)
            if kind is not None and not kind.takes(value):
                raise _refused(call, argument, value, kind)
            known = known and not _is_beyond_the_rule(argument, value)
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, Call):
                known = check(inner) and known
    return known


def whole_number(call: Call, argument: str) -> int:
    """An argument that was checked to be a whole number."""
    value = call[argument]
    assert isinstance(value, int)  # `KINDS` has it so
    return int(value)


def numbers(call: Call, argument: str, count: int) -> tuple[int, ...]:
    """An argument that may be one whole number, which then counts for each of several axes."""
    value = call[argument]
    if isinstance(value, int):
        return (int(value),) * count
    assert isinstance(value, tuple)  # `KINDS` has it so
    return tuple(int(part) for part in value if isinstance(part, int))


def changes_no_shape(argument: str) -> bool:
    """Whether a layer's shapes and parameters are the same whatever it is given by this name."""
    return argument in ("rate", "stddev") or argument.endswith(WITHOUT_SHAPE)


def candidates(name: str, argument: str, number: int, place: int) -> Value:
    """A value that Keras takes for an argument: a number, and where it takes none, a share or one
    of its words; which one follows from `place`."""
    kind = KINDS.get(f"{name}.{argument}") or KINDS.get(argument)
    if kind is None or kind.takes(number):
        return number
    likely: tuple[Value, ...] = (0.5, *kind.words[place:], *kind.words[:place])
    return next((value for value in likely if kind.takes(value)), number)


def _refused(call: Call, argument: str, value: Value, kind: Kind) -> Exception:
    hint = did_you_mean(value, kind.words) if isinstance(value, str) else ""
    message = f"{call.name} takes {argument} as {kind.allowed}, not {printed(value)}{hint}"
    return call.error(message + kind.quote(value), argument)


def _is_beyond_the_rule(argument: str, value: Value) -> bool:
    match argument:
        case "activation" | "recurrent_activation":  # a glu halves the last axis
            return value == "glu" or (
                isinstance(value, Call) and value.name not in PLAIN_ACTIVATIONS
            )
        case "dtype":  # of a quantized layer the weights are others
            return value is not None and value not in FLOATS
    return False


INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area")
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
REGULARIZER = named("regularizer", REGULARIZERS)
CONSTRAINT = named("constraint", CONSTRAINTS)
ACTIVATION = named(
    "activation function", tuple(word for word in ACTIVATIONS if word not in NEED_ARGUMENTS)
)
ANYTHING = Kind("anything", lambda value: True)
NOTHING = Kind("None", lambda value: value is None)


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


# By the argument's name; under `Layer.argument` where a layer means something of its own.
KINDS: dict[str, Kind] = {
    "units": WHOLE,
    "filters": WHOLE._replace(keras="Expected a strictly positive value"),
    "RepeatVector.n": POSITIVE_NOT_BOOL,
    "Embedding.input_dim": POSITIVE_NOT_BOOL,
    "Embedding.output_dim": POSITIVE_NOT_BOOL,
    "Embedding.weights": NOTHING,  # an array, which can't be written here
    "interpolation": one_of(*INTERPOLATIONS, any_case=True),
    "num_heads": WHOLE,
    "key_dim": WHOLE,
    "value_dim": WHOLE.or_none,
    "sliding_window": WHOLE.or_none._replace(keras="must be `None` or a positive integer"),
    "num_query_heads": WHOLE._replace(keras=""),
    "num_key_value_heads": WHOLE._replace(keras="integer modulo by zero"),
    "head_dim": WHOLE._replace(keras=""),
    "score_mode": one_of("dot", "concat"),
    "MultiHeadAttention.dropout": RATE,
    "MultiHeadAttention.output_shape": Kind(
        f"{WHOLE.allowed}, or several of them", lambda value: not value or each(is_whole)(value)
    ),
    "MultiHeadAttention.attention_axes": axes().or_none,
    "GroupQueryAttention.dropout": RATE,
    "lora_rank": Kind(f"{WHOLE.allowed}, or None", lambda value: not value or is_whole(value)),
    "dropout": NUMBER,
    "recurrent_dropout": NUMBER,
    "rate": RATE,
    "stddev": RATE,
    "noise_shape": Kind("a shape or None", or_none(each(or_none(is_whole), alone=False))),
    "activation": ACTIVATION,
    "recurrent_activation": ACTIVATION,
    **{
        f"{name}_{role}": kind
        for name in (
            *("depthwise", "pointwise"),
            *("kernel", "recurrent", "bias", "embeddings", "beta", "gamma", "alpha"),
            *("moving_mean", "moving_variance", "activity"),
        )
        for role, kind in (
            ("initializer", INITIALIZER),
            ("regularizer", REGULARIZER),
            ("constraint", CONSTRAINT),
        )
    },
    "SimpleRNN.activity_regularizer": ANYTHING,  # Keras passes over it
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
    "depth_multiplier": WHOLE._replace(keras="Expected a strictly positive value"),
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
    "BatchNormalization.axis": axes(several=False),
    "GroupNormalization.axis": axes(several=False),
    "GroupNormalization.groups": Kind(
        "a whole number, 1 or more, or -1",
        lambda value: value == -1 or is_whole(value),
        keras="expected a positive integer (or `-1` for instance normalization)",
    ),
    "LayerNormalization.axis": axes(),
    "RMSNormalization.axis": axes(),
    "UnitNormalization.axis": axes(),
    "Normalization.axis": axes().or_none,
    "Normalization.mean": NUMBERS.or_none,
    "Normalization.variance": NUMBERS.or_none,
    "Rescaling.scale": NUMBERS,
    "Rescaling.offset": NUMBERS,
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
    "Concatenate.axis": axes(several=False),
    "Softmax.axis": axes().or_none,
    "PReLU.shared_axes": axes().or_none,
    "BatchNormalization.momentum": NUMBER,
    "epsilon": NUMBER,
    "ReLU.max_value": Kind("a number, 0 or more, or None", or_none(between(0, float("inf")))),
    "ReLU.threshold": number_from(0),
    "negative_slope": number_from(0),
    "LeakyReLU.alpha": number_from(0),
    "ELU.alpha": NUMBER,
    "ActivityRegularization.l1": Kind("a number, 0 or more", or_none(between(0, float("inf")))),
    "ActivityRegularization.l2": Kind("a number, 0 or more", or_none(between(0, float("inf")))),
    "Bidirectional.merge_mode": one_of("concat", "sum", "mul", "ave", none=True),
    "use_cudnn": Kind("'auto', True or False", lambda value: value in ("auto", True, False)),
    "seed": Kind("a whole number or None", or_none(is_int)),
    "name": Kind(
        "a text without '/'",
        or_none(lambda value: isinstance(value, str) and "/" not in value),
        keras="must be a string and cannot contain character `/`",
    ),
    "trainable": Kind("True or False", lambda value: isinstance(value, bool)),
    "dtype": Kind(
        "the name of a float or of a policy such as 'mixed_float16'",
        or_none(is_dtype),
        FLOATS,
        "to a mixed precision DTypePolicy",
        (str,),
    ),
}
