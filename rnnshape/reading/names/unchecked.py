"""What a layer makes where Keras does not look: by its `call`, and by a function as activation."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import FunctionType
from typing import Any

from rnnshape.errors import QueryError, counted
from rnnshape.expression import Call
from rnnshape.reading import graph
from rnnshape.reading.names.session import opened, session, unknown_of
from rnnshape.reading.names.symbolic_tensors import are_computed
from rnnshape.reading.names.tensors import Tensor, plain_sizes, unread_step
from rnnshape.reading.python import IsOpenError
from rnnshape.signatures import signature


def activation_given(name: str, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """The function among a layer's arguments; None where there is none."""
    found = (dict(zip(signature(name).positional, values, strict=False)) | dict(named)).get(
        "activation"
    )
    return found if isinstance(found, FunctionType) else None


def as_called(layer: Any, made: Any) -> Any:
    """What a layer makes; open where Keras does not know that: where `call` is called by itself,
    which makes no weights, and where the function makes another shape."""
    held, called = session(), layer.own_layer.call
    match held.evaluator.node:
        case ast.Call(func=ast.Attribute(attr="call")) if not held.groups:
            return _unread(
                layer, f"{called}.call(...) is no layer of a model: call the layer itself"
            )
    if called.name == "StackedRNNCells":
        return _unread(layer, "one step of stacked cells is not read")
    if isinstance(made, list) and _are_cells(called) and (held.groups or are_computed(made[:1])):
        return [made[0], *([state] if isinstance(state, Tensor) else state for state in made[1:])]
    function, features = (vars(layer).get(f"own_{word}") for word in ("activation", "adapted"))
    if isinstance(features, int) and called["axis"] == -1 and isinstance(made, Tensor):
        taken = (plain_sizes(made) or (None,))[-1]
        if isinstance(taken, int) and taken != features:
            of = counted(features, "feature")
            message = f"{called} was adapted to {of}, and is called with {taken}"
            if features == 1:
                return _unread(layer, message)
            held.problem(f"{message}: adapt it to as many")
    if function is None or not isinstance(made, Tensor) or (sizes := plain_sizes(made)) is None:
        return made
    after = sizes
    with held.aside(), held.within_call(), suppress(IsOpenError, QueryError):
        found = held.evaluator.really(function, Tensor(graph.InputTensor(sizes)))
        after = (plain_sizes(found) if isinstance(found, Tensor) else None) or sizes
    why = "its activation makes another shape, which Keras does not look at"
    return made if after == sizes else _unread(layer, why)


def _are_cells(called: Call) -> bool:
    """Whether it is a layer of several cells: each has a list of states, but in a graph."""
    inner = called["layer"] if called.name == "Bidirectional" else called
    cell = inner["cell"] if isinstance(inner, Call) else None
    return isinstance(cell, tuple) or getattr(cell, "name", "") == "StackedRNNCells"


def _unread(layer: Any, why: str) -> Any:
    """The same call of what is not read."""
    called = layer.own_layer.call
    unread = graph.Layer(called, unknown_of(opened(str(called), why)), name=layer.own_layer.name)
    return unread_step(unread, [*session().calls.pop().tensors])
