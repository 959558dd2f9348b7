"""The weights that layers and models of Keras have, as code asks for them, sets and saves them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Any

from rnnshape.reading import graph
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.rows import described
from rnnshape.reading.names.session import opened, refused, session
from rnnshape.reading.names.sizes import differ
from rnnshape.reading.names.weights import Weight
from rnnshape.reading.python import Open, opens_in
from rnnshape.signatures import is_recurrent


def weight_of(call: graph.LayerCall, name: str) -> Weight | None:
    """What a layer of Keras has under a name, if that is a weight."""
    is_of_inner = call.layer.call.name == "TimeDistributed" or is_recurrent(call.layer.call.name)
    layers = [] if is_of_inner else described([call])
    facts = [layer.facts for layer in layers if layer.facts]
    found = [weight.sizes for one in facts for weight in one.weights if weight.name == name]
    sizes = next(iter(found), None)
    return None if sizes is None or None in sizes else _counted_weight(sizes)


def _counted_weight(sizes: Sequence[Any]) -> Weight:
    made = Weight(sizes)
    made.own_is_counted = True
    return made


def weights_in_order(owner: Any, trained: bool | None = None) -> Any:
    """`layer.weights`, and a model's, in Keras' order: all, or those that training changes or not;
    those of a layer of the code are not known."""
    found, is_trained, counted = list[Weight](), session().evaluator.known, set[graph.Layer]()
    for part in _parts(owner):
        first = session().first_call(part)
        inner = first.layer.innermost if first else frozenset[graph.Layer]()
        if inner and inner <= counted:
            continue
        layers = [layer for layer in described([first] if first else ()) if layer.facts]
        weights = [weight for layer in layers for weight in layer.facts.weights]  # type: ignore[union-attr]
        are_known = not any(None in (weight.sizes or (None,)) for weight in weights)
        if not layers or inner & counted or not are_known:
            return opened("weights")
        counted |= inner
        may = all(is_trained(bool, vars(one).get("trainable", True)) for one in (owner, part))
        is_asked = (trained in (None, may and weight.is_trained) for weight in weights)
        found += [_counted_weight(one.sizes) for one in compress(weights, is_asked)]  # type: ignore[arg-type]
    return found


def set_weights(owner: Any, weights: Any = None, *_: Any, **__: Any) -> None:
    """`layer.set_weights(weights)`, and a model's: of as many, and of the same shapes."""
    mine = weights_in_order(owner)
    if isinstance(mine, Open) or not isinstance(weights, list | tuple) or [*opens_in(weights)]:
        return
    if len(mine) != len(weights):
        message = f"this takes {len(mine)} weights, and is given {len(weights)}"
        raise refused(f'{message} (Keras: "You called `set_weights(weights)`")')
    _check_weights(mine, weights, "is not compatible with provided weight shape")


def save_weights(model: Any, filepath: Any = None, *_: Any, **__: Any) -> None:
    session().file_named("save_weights", filepath, (".weights.h5",))
    if isinstance(filepath, str):
        session().saved_weights[filepath] = weights_in_order(model)


def load_weights(model: Any, filepath: Any = None, **more: Any) -> None:
    """Of what the code has saved itself, by another model."""
    path = filepath if isinstance(filepath, str) else ""
    mine, saved = weights_in_order(model), session().saved_weights.get(path)
    if isinstance(mine, list) and isinstance(saved, list) and len(mine) == len(saved) and not more:
        _check_weights(mine, saved, "could not be loaded")


def _check_weights(mine: Sequence[Weight], given: Sequence[Any], words: str) -> None:
    for one, other in zip(mine, given, strict=True):
        if isinstance(other, Array) and differ(one.shape, other.shape):
            message = f"a weight of {one.shape} is given one of {other.shape}"
            raise refused(f'{message} (Keras: "{words}")')


def _parts(owner: Any) -> list[Any]:
    """The layers that may have weights, also those within models."""
    if not getattr(owner, "own_kind", ""):
        return [owner][owner.own_is_without_weights :]
    owner.own_flow()  # which calls its layers, where nothing else has
    return [part for layer in owner.layers for part in _parts(layer)]
