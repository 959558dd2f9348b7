"""Copies of models, as `clone_model` and `from_config` make them: the same layers, made anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rnnshape.errors import NotReadError
from rnnshape.reading import graph
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.tensors import Tensor, plain_sizes


def no_copy() -> NotReadError:
    return NotReadError(f"{opened().label} is not read: ask for the model itself")


def keep_saved(model: Any, filepath: Any = None, *_: Any, **__: Any) -> None:
    """`model.save(path)`, for the code that loads it again; by a callback it is the one model that
    the code trains."""
    if not session().evaluator.conditions:
        session().saved.append((filepath, model))


def saved_as(path: Any) -> Any:
    """A copy of the model that the code has saved there; None where there is none."""
    trained = [*dict.fromkeys(model for model, *_ in session().trained)]
    for filepath, saved in reversed(session().saved):
        model = trained[0] if saved is None and len(trained) == 1 else saved
        is_there = filepath is path or (isinstance(path, str) and filepath == path)
        if is_there and model is not None and path is not None:
            made = model.own_copied()
            made.own_compiled = model.own_compiled
            return made
    return None


def graph_anew(
    takes: Sequence[graph.Tensor], gives: Sequence[graph.Tensor]
) -> tuple[list[graph.Tensor], list[graph.Tensor]]:
    """Other inputs, and what other layers make of them, under the same names."""
    held, layers = session(), dict[graph.Layer, graph.Layer]()
    instead = {take: Tensor(input_anew(take)) for take in takes}

    def step(layer: graph.Layer, *given: Any) -> graph.LayerCall:
        return held.step(layers.setdefault(layer, replace(layer, stand_in=None)), *given)

    made = graph.made_anew(gives, graph.calls_before(gives, takes), instead, step)
    return [*instead.values()], made


def input_anew(tensor: graph.Tensor) -> graph.InputTensor:
    """An input like that which a tensor is."""
    if isinstance(tensor.maker, graph.InputTensor):
        return replace(tensor.maker)
    return graph.InputTensor(plain_sizes(tensor))
