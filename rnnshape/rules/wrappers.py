"""Layers around a layer, whose rule they ask: `Bidirectional` and `TimeDistributed`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rnnshape.errors import QueryError, as_tuple
from rnnshape.expression import Call, Value
from rnnshape.nest import rebuilt
from rnnshape.rules.facts import Axis, Facts, Pass, Tensor, flat
from rnnshape.rules.inputs import Inputs
from rnnshape.rules.passes import facts_of_passes
from rnnshape.rules.registry import (
    EACH_TIMESTEP,
    axes_of_input,
    facts_of,
    rule,
    rule_of_inputs,
    weight,
    wrong_rank,
)
from rnnshape.signatures import is_recurrent

# Layers whose kernel, or embeddings, `SpectralNormalization` can divide.
WITH_KERNEL = (
    *("Dense", "EinsumDense", "Embedding"),
    *(f"Conv{count}D{kind}" for count in (1, 2, 3) for kind in ("", "Transpose")),
    *("DepthwiseConv1D", "DepthwiseConv2D"),
)
SHARED_FLAGS = ("return_sequences", "return_state", "stateful")


def _inner(call: Call) -> Call:
    layer = call["layer"]
    if not isinstance(layer, Call):
        raise call.error(
            f"{call.name} takes a layer, not {layer!r} "
            '(Keras: "layer with a `keras.layers.Layer` instance")',
            "layer",
        )
    return layer


def _axes_of_inner(call: Call) -> tuple[str, ...]:
    return axes_of_input(_inner(call))


def _axes_with_time(call: Call) -> tuple[str, ...]:
    """One more than the layer inside takes: its own time, if it has one, comes after this one."""
    inner = _inner(call)
    names = axes_of_input(inner)
    has_time = is_recurrent(inner.name) or inner.name == "Bidirectional" or "1D" in inner.name
    if names == ("batch", "timesteps", "features") and not has_time:
        return names
    return ("batch", "timesteps", *names[1:])


@rule("Bidirectional", takes=_axes_of_inner)
def bidirectional(call: Call, given: Tensor) -> Facts | None:
    """Two passes in opposite directions. The second is a copy of the layer inside that goes
    backwards, or `backward_layer`."""
    forward = _inner(call)
    _check_recurrent(call, forward, "layer")
    backward = _backward_layer(call, forward)
    first, second = _pass(forward, given, "forward", 1), _pass(backward, given, "backward", 2)
    if forward["stateful"] and forward["return_state"]:
        raise forward.error(
            "Bidirectional can't return the states of a stateful layer: leave out return_state or "
            "stateful (Keras: \"unsupported operand type(s) for *: 'generator' and 'int'\")",
            "return_state",
        )
    merge_mode = call["merge_mode"]
    assert merge_mode is None or isinstance(merge_mode, str)
    _check_sizes(call, forward, first, second)
    if _returned(forward, first) != _returned(forward, second):
        return None  # Keras takes the backward layer for one like the forward
    facts = facts_of_passes(forward, given, (first, second), merge_mode)
    is_rounded = len({call["dtype"], forward["dtype"], backward["dtype"]}) > 1  # states are not
    return replace(facts, relations=()) if is_rounded else facts


def _returned(layer: Call, one_pass: Pass) -> tuple[Any, ...]:
    """The sizes of what a pass returns, nested as it is."""
    states = one_pass.states if layer["return_state"] else ()
    lengths = tuple(axis.length for axis in one_pass.output)
    return lengths, rebuilt(states, lambda state: state.shape)


def _pass(layer: Call, given: Tensor, direction: str, number: int) -> Pass:
    """What one layer of two does: its states and weights are named after its direction."""
    facts = facts_of(layer, [given])
    assert facts is not None  # what Keras alone can tell of was left to it before
    assert facts.recurrence is not None
    [one_pass] = facts.recurrence.passes

    def state(alone: Tensor) -> Tensor:
        name = f"{alone.name[0]}{number}{alone.name[1:]}"
        return replace(alone, name=name, meaning=f"{direction} {alone.meaning}")

    weights = (replace(part, name=f"{direction}_{part.name}") for part in one_pass.weights)
    states = rebuilt(one_pass.states, state)
    return one_pass._replace(direction=direction, states=states, weights=tuple(weights))


def _check_recurrent(call: Call, layer: Call, argument: str) -> None:
    if not is_recurrent(layer.name):
        raise call.error(
            f"Bidirectional takes a recurrent layer as {argument}, not {layer.name}", argument
        )


def _backward_layer(call: Call, forward: Call) -> Call:
    given = call["backward_layer"]
    if given is None:
        if forward["go_backwards"]:
            raise forward.error(
                "Bidirectional adds the backward direction itself: leave out go_backwards=True, "
                'or give a backward_layer (Keras: "should have different `go_backwards` value")',
                "go_backwards",
                unequal=[("go_backwards",)],
            )
        return forward.having(go_backwards=True)
    if not isinstance(given, Call):
        raise call.error(f"backward_layer takes a layer, not {given!r}", "backward_layer")
    _check_recurrent(call, given, "backward_layer")
    if given["go_backwards"] == forward["go_backwards"]:
        raise given.error(
            "one of the two layers must go backwards and the other not: give backward_layer "
            'go_backwards=True (Keras: "should have different `go_backwards` value")'
        )
    for flag in SHARED_FLAGS:
        if given[flag] != forward[flag]:
            raise given.error(
                f"both layers must have the same {flag}: here {forward[flag]} and {given[flag]} "
                '(Keras: "are expected to have the same value for attribute")'
            )
    return given


def _check_sizes(call: Call, forward: Call, first: Pass, second: Pass) -> None:
    """Whether the outputs of both passes can be merged, and there are as many states: Keras looks
    only when it runs."""
    expected, found = (len([*flat(one_pass.states)]) for one_pass in (first, second))
    if forward["return_state"] and expected > found:
        raise call.error(
            f"with return_state=True the backward layer needs as many states as the forward "
            f"layer: here {found} and {expected} "
            '(Keras: "is not connected to `inputs`")',
            "backward_layer",
        )
    merge_mode = call["merge_mode"]
    if merge_mode is None:
        return
    pairs = list(zip(first.output, second.output, strict=True))
    joined = pairs.pop() if merge_mode == "concat" else None
    for axis, other in pairs:
        sizes = {axis.length, other.length}
        if len(sizes - {1}) > 1 or (joined and len(sizes) > 1):
            raise call.error(
                f"merge_mode={merge_mode!r} needs both directions equally wide: the forward "
                f"layer has {axis.length} {axis.name} and the backward layer {other.length} "
                '(Keras: "Incompatible shapes", "in both shapes must be equal")',
                "backward_layer",
            )


def _layers_of(call: Call) -> tuple[Call | None, Sequence[Value]]:
    """The `Input` of a model in a layer, if it has one, and its layers."""
    match call["layers"]:
        case (Call(name="Input") as entry, *layers):
            return entry, layers
        case tuple() as every:
            return None, every
    return None, ()


def _axes_of_first(call: Call) -> tuple[str, ...]:
    _, layers = _layers_of(call)
    first = layers[0] if layers else None
    return axes_of_input(first if isinstance(first, Call) else Call("Dense"))


@rule_of_inputs("Sequential", takes=_axes_of_first)
def sequential(call: Call, inputs: Inputs) -> Facts | None:
    """A model inside a layer: its layers, one after the other."""
    given, weights = tuple(inputs), list[Tensor]()
    facts: Facts | None = None
    entry, layers = _layers_of(call)
    if entry is not None and not _fits(entry, given[0]):
        first = facts_of(layers[0], given) if layers and isinstance(layers[0], Call) else None
        if first and first.weights and _are_said(given[0]):  # which are for other features
            raise _other_sizes(entry, given[0])
        return None
    for layer in layers:
        facts = facts_of(layer, given) if isinstance(layer, Call) else None
        if facts is None:
            return None
        given, weights = facts.outputs, [*weights, *facts.weights]
    return facts and replace(facts, weights=tuple(weights), relations=(), recurrence=None)


def _fits(entry: Call, given: Tensor) -> bool:
    """Whether a tensor surely is what a model takes, by its `Input`; a `QueryError` where Keras
    surely refuses it, which compares both without a last axis of 1."""
    sizes, axes = entry["shape"], given.axes[1:]
    assert isinstance(sizes, tuple)
    lengths = tuple(axis.length for axis in axes)
    pairs = zip(_without_one(sizes), _without_one(lengths), strict=False)
    is_other = any(size not in (None, length) for size, length in pairs)
    if len(sizes) == len(lengths) and all(
        size in (None, length) for size, length in zip(sizes, lengths, strict=True)
    ):
        return True
    if (is_other and _are_said(given)) or abs(len(sizes) - len(lengths)) > 1:
        words = '(Keras: "is incompatible with the layer: expected shape")'
        raise _other_sizes(entry, given, words)
    return False


def _are_said(given: Tensor) -> bool:
    return all(axis.is_said for axis in given.axes[1:])


def _other_sizes(entry: Call, given: Tensor, words: str = "") -> QueryError:
    sizes = entry["shape"]
    assert isinstance(sizes, tuple)
    lengths = tuple(axis.length for axis in given.axes[1:])
    takes, found = (as_tuple(["batch", *map(str, each)]) for each in (sizes, lengths))
    message = f"the model inside takes {takes.replace('None', 'any')}, and is given {found} {words}"
    return entry.error(message.strip())


def _without_one(sizes: tuple[Any, ...]) -> tuple[Any, ...]:
    return sizes[:-1] if sizes[-1:] == (1,) else sizes


@rule("TimeDistributed", takes=_axes_with_time)
def time_distributed(call: Call, given: Tensor) -> Facts | None:
    """The layer inside, once for every timestep."""
    inner = _inner(call)
    if len(given.axes) < 3:
        words = "should be passed an `input_shape` with at least 3 dimensions"
        raise wrong_rank(call, given, ("batch", "timesteps", "..."), words)
    batch, timesteps, *others = given.axes
    masks = given.mask or ()
    pairs = zip(given.axes, masks[:2], strict=False)
    if any(a.is_said and b.is_said and a.length != b.length for a, b in pairs):
        data, mask_came = (as_tuple(str(a.length) for a in axes) for axes in (given.axes, masks))
        raise call.error(
            f"{call} is given {data}, and a mask of {mask_came}: give one of as many timesteps "
            '(Keras: "passed to the `TimeDistributed` layer")'
        )
    mask = None if given.mask is None else (batch, *given.mask[2:])
    try:
        facts = facts_of(inner, [Tensor(given.name, (batch, *others), EACH_TIMESTEP, mask=mask)])
    except QueryError as wrong:
        wrong.place = wrong.place or call.places.get("")  # a model in it stands elsewhere
        raise
    if facts is None:
        return None
    if len(facts.outputs) != 1:
        raise inner.error(
            f"{call} can't return several tensors for every timestep "
            "(Keras: \"Cannot convert '5' to a shape\")"
        )
    [output] = facts.outputs
    axes = (output.axes[0], timesteps.named("timesteps"), *output.axes[1:])
    meaning = f"of every timestep: {output.meaning}"
    returns = (replace(output, axes=axes, meaning=meaning, mask=given.mask),)
    same = (f"{inner} alone does the same: it takes each timestep by itself",)
    notes = same if inner.name == "Dense" else facts.notes
    return replace(facts, returns=returns, relations=(), notes=notes, recurrence=None)


@rule("SpectralNormalization", takes=_axes_of_inner)
def spectral_normalization(call: Call, given: Tensor) -> Facts | None:
    """The layer inside, with its kernel divided by the largest that it does to a vector."""
    inner = _inner(call)
    seen = given if given.mask_runs else replace(given, mask=None)
    facts = facts_of(inner, [seen]) if inner.name in WITH_KERNEL else None
    if facts is None:
        return None
    kernel, *others = facts.weights
    axes = (Axis("1", 1), kernel.axes[-1])
    vector = weight(call, "vector_u", axes, "not trained", trained=False)
    return replace(facts, weights=(kernel, vector, *others))
