"""Layers one after the other, as one network, and what the first of them says of its input."""

from __future__ import annotations

from collections.abc import Sequence

from rnnshape.errors import QueryError
from rnnshape.expression import Call, Unknown, Value, calls_within, is_size, printed
from rnnshape.network import Input, Network, Ref, Shape, Step, called_alone
from rnnshape.signatures import INPUT_ARGUMENTS, module_of, signature


def chain(layers: Sequence[Call], name: str = "", *, attends: bool = True) -> Network:
    """The network in which each layer takes what the one before it returns.

    An `Input` among the first, or what Keras 2's first layer says of its input, describes what
    the network is given. There must be one layer at least. `attends` is whether attention takes
    the same tensor as query and value; a `Sequential` gives it no more than one.
    """
    given = [layer for layer in layers if layer.name == "Input"]
    source = input_of(given[0]) if given else input_of_first_layer(layers[0])
    calls = [without_input_arguments(layer) for layer in layers if layer.name != "Input"]
    steps = tuple(
        Step(call, called_alone(call, Ref(number)) if attends else (Ref(number),))
        for number, call in enumerate(calls)
    )
    return Network((source,), steps, name=name)


def may_be_of_several(layer: Call) -> bool:
    """Whether a layer may take or return several tensors, in which a chain is no `Sequential`."""
    returns = "return_state" in layer or "merge_mode" in layer
    return returns or called_alone(layer, Ref(0)) != (Ref(0),)


def called_with_several(layer: Call, count: int) -> Network:
    """A layer that takes a list of tensors, as `Concatenate` does, or a query and a value."""
    inputs = tuple(Input(name=f"inputs_{number}") for number in range(1, count + 1))
    tensors = tuple(Ref(0, number) for number in range(count))
    takes_two = called_alone(layer, tensors[0]) == (tensors[0],) * 2
    return Network(inputs, (Step(layer, tensors if takes_two else (tensors,)),))


def input_of(call: Call) -> Input:
    """What an `Input(...)` describes, or what the arguments of Keras 2 do; a `QueryError` if it
    makes no sense."""
    dtype = call["dtype"] if isinstance(call["dtype"], str) else None
    with_batch = "batch_shape" if "batch_shape" in call else "batch_input_shape"
    without = "shape" if "shape" in call else "input_shape"
    batch_shape, shape = call[with_batch], call[without]
    for given in (batch_shape, shape):
        if isinstance(given, Unknown):
            return Input(given, dtype=dtype)
    if batch_shape is not None:
        return Input(_sizes(call, with_batch, batch_shape), dtype=dtype)
    if shape is None:
        return Input(dtype=dtype)
    if isinstance(shape, int):
        raise call.error(
            f"{without}={shape} is a number, and not a shape: write ({shape},) "
            f"(Keras: \"Cannot convert '{shape}' to a shape\")",
            without,
        )
    batch = call["batch_size"] if call.name == "Input" else None
    sizes = (*_sizes(call, "batch_size", (batch,)), *_sizes(call, without, shape))
    return Input(sizes, dtype=dtype)


def input_of_first_layer(layer: Call) -> Input:
    """What the first layer says as Keras 2 had it, in its own arguments or a wrapped layer's."""
    for call in calls_within(layer):
        if module_of(call.name) is None:
            continue
        own, length = signature(call.name).names, call["input_length"]
        if "input_dim" in call and "input_dim" not in own:
            over_time = "return_sequences" in own or "input_length" in call
            sizes = (length, call["input_dim"]) if over_time else (call["input_dim"],)
            return Input((None, *_sizes(call, "input_dim", sizes)))
        if "input_length" in call:
            lengths = length if isinstance(length, tuple) else (length,)
            return Input((None, *_sizes(call, "input_length", lengths)))
        if call.name == "Input" or "input_shape" in call or "batch_input_shape" in call:
            return Input(input_of(call).shape)
        if call.name == "TimeDistributed" and isinstance(call["layer"], Call):
            inside = input_of_first_layer(call["layer"]).shape
            if isinstance(inside, tuple) and not _is_taken(call["layer"], (2, *inside[2:])):
                inside = (None, None, *inside[1:])  # else it has the timesteps
            return Input(inside)
    return Input()


def _is_taken(layer: Call, sizes: Shape) -> bool:
    """Whether the rule takes a tensor of these sizes, of which those that are not known are any."""
    from rnnshape.rules.facts import Axis, Tensor  # few questions ask it
    from rnnshape.rules.registry import facts_of

    axes = (Axis(f"axis {n}", size if is_size(size) else 8) for n, size in enumerate(sizes))
    try:
        facts_of(layer, [Tensor("inputs", tuple(axes))])
    except QueryError:
        return False
    return True


def without_input_arguments(value: Call) -> Call:
    """The layer without what Keras 2 has it say of the network's input."""

    def cleaned(call: Call) -> Call:
        own = signature(call.name).names if module_of(call.name) else ()
        return call.without(*(argument for argument in INPUT_ARGUMENTS if argument not in own))

    written = (name for call in calls_within(value) for name, _ in call.arguments)
    return value.changed(cleaned) if any(name in INPUT_ARGUMENTS for name in written) else value


def _sizes(call: Call, argument: str, value: Value) -> Shape:
    """A shape as it is given, checked."""
    given = value if isinstance(value, tuple) else (value,)
    sizes = tuple(
        size for size in given if size is None or isinstance(size, Unknown) or is_size(size)
    )
    if len(sizes) < len(given):
        words = f"{argument}={printed(value)}: give whole numbers, 1 or more, or None"
        raise call.error(words, argument)
    return sizes
