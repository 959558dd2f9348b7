"""What the weights of a live object say: how many numbers they hold, whether its configs say the
same, and whether it takes other data with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from math import prod
from typing import Any

from rnnshape.description import description_of
from rnnshape.errors import QueryError
from rnnshape.nest import within
from rnnshape.network import Dimensions, Network
from rnnshape.ports import sizes_kept
from rnnshape.reading.replay import RecordedShape
from rnnshape.reading.symbolic import flattened, is_built, is_operation


def check_counted(what: Any, network: Network, beside: int = 0) -> None:
    """Raises a `QueryError` where the configs say other weights than there are: an attribute that
    is changed after its layer was built changes them no more. `beside` is how many no layer has."""
    parts, described = what if isinstance(what, list) else [what], description_of(network)
    weights = [counted(part) for part in parts]
    counts = [layer.parameters for layer in described.layers] if described else [None]
    held, told = (sum(filter(None, many)) for many in (weights, [*counts, beside]))
    if None not in (*weights, *counts) and held != told:
        raise QueryError(
            f"its weights are {held:,} parameters, but what its layers' configs say has {told:,}: "
            "the layers were changed"
        )


def on_other_data(network: Network, shapes: Sequence[RecordedShape]) -> Network:
    """The network on data of other shapes than those that it was called on, where all its weights
    stay as they are: then Keras takes that too. The states that a layer keeps are of one batch."""
    if len(shapes) != len(network.inputs):
        return network
    keeps_states = any(step.layer["stateful"] for step in network.steps)
    given = []
    for source, shape in zip(network.inputs, shapes, strict=True):
        called = source.shape if isinstance(source.shape, tuple) else ()
        if not called or len(called) != len(shape or ()):
            return network
        sizes = tuple(n or m for n, m in zip(shape or (), called, strict=True))
        if keeps_states and sizes[0] != called[0]:
            return network
        given.append(sizes)
    other = network.with_shapes(given)
    kept = sizes_kept(other, Dimensions())
    return other if kept is not None and kept == sizes_kept(network, Dimensions()) else network


def batch_kept(model: Any) -> int | None:
    """Of how many samples the layers of a model keep states; None where they keep none."""
    stateful = (layer for layer in flattened(model) if getattr(layer, "stateful", False))
    states = (one for layer in stateful for one in within(getattr(layer, "states", None) or ()))
    return next((int(one.shape[0]) for one in states if getattr(one, "shape", ())), None)


def counted(layer: Any, known: Collection[int] = ()) -> int | None:
    """How many parameters a layer has, where it is built, beside those that are known."""
    if type(layer).__name__ == "Lambda" or is_operation(layer):
        return 0
    with suppress(Exception):  # of a layer that is not built
        own = (prod(weight.shape) for weight in layer.weights if id(weight) not in known)
        return sum(own) if is_built(layer) else None
    return None


def counted_beside(model: Any, used: Collection[int]) -> int:
    """How many numbers a model's weights hold, but for those that are used, by their `id`."""
    return sum(prod(weight.shape) for weight in model.weights if id(weight) not in used)
