"""What Keras asks of a layer of the code before it calls it, beside what its `call` does."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rnnshape.errors import QueryError
from rnnshape.nest import within
from rnnshape.reading import graph
from rnnshape.reading.names.rows import overrides
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.sizes import differ
from rnnshape.reading.names.tensors import plain_sizes
from rnnshape.reading.python import IsOpenError, Open
from rnnshape.signatures import signature

# The tensors of whose shapes layers of Keras are told by name; of others, of the first alone.
TOLD_BY_NAME = ("sequences", "initial_state", "query", "value", "key")
SHAPE = "_shape"
SPREAD = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def build(layer: Any, given: Sequence[Any], named: Mapping[str, Any]) -> None:
    """Calls `build` as Keras does before the first call: with the shape of the first tensor, or
    with those of several by the names that they have in `call`."""
    layer.own_is_built = True
    check_begun(layer)
    words = _told_by_name(layer, "build")
    are_in_call = not overrides(layer, "call") or _are_in_call(layer, "build", words)
    if not (overrides(layer, "build") and words):
        taken = (part for part in (*given, *named.values()) if [*graph.tensors_in(part)])
        session().follow_build(layer.build, next(map(_shape, taken), Open("a shape")))
    elif are_in_call:
        bound = inspect.signature(layer.call).bind(*given, **named).arguments
        shapes = {f"{name}{SHAPE}": _shape(part) for name, part in bound.items()}
        session().follow_build(
            layer.build, **{word: shapes[word] for word in words if word in shapes}
        )


def check_begun(layer: Any) -> None:
    """An `__init__` of the code has to call that of Keras."""
    body = [*map(ast.unparse, getattr(type(layer).__init__, "own_body", ()))]
    if body and not any("super" in text or "__init__" in text for text in body):
        name, write = type(layer).__name__, "super().__init__()"
        session().problem(f"the __init__ of {name} never calls Keras': write {write} first", write)


def check_shape(layer: Any, of_keras: Callable[..., Any], given: Sequence[Any], made: Any) -> None:
    """Keras takes the shape of what a layer of its own makes from that, also where the code has
    another `call`: where they differ, nobody knows what comes of it."""
    asks = "compute_output_shape"
    if session().groups or overrides(layer, asks, "compute_output_spec"):
        return
    if overrides(layer, "build"):  # else that has told it
        _are_in_call(layer, asks, _told_by_name(layer, asks))
    shapes, built = [*map(plain_sizes, graph.tensors_in(made))], {**session().built}
    try:
        with session().aside():
            expected = [*map(plain_sizes, graph.tensors_in(of_keras(layer, *given)))]
    except (QueryError, TypeError):  # it is told no more than the shapes
        return
    finally:
        session().built = built
    pairs = zip(shapes, expected, strict=False)
    if len(shapes) != len(expected) or any(
        one and other and differ(one, other) for one, other in pairs
    ):
        why = f"Keras takes its shape from {layer.own_keras_name}, and its call makes another"
        raise IsOpenError(opened(layer.own_text, why))


def _told_by_name(layer: Any, method: str) -> list[str]:
    """The parameters of a method that Keras tells several shapes; none where it tells one."""
    if not overrides(layer, method):
        tensors = signature(layer.own_keras_name).tensors if layer.own_keras_name else ()
        return [f"{name}{SHAPE}" for name in tensors if name in TOLD_BY_NAME]
    takes = inspect.signature(getattr(layer, method)).parameters.values()
    words = [
        word.name for word in takes if word.kind not in (word.VAR_POSITIONAL, word.VAR_KEYWORD)
    ]
    return words if len(words) > 1 else []


def _are_in_call(layer: Any, method: str, words: Sequence[str]) -> bool:
    """Whether `call` has the tensors whose shapes a method takes; a problem, where it has not."""
    takes = inspect.signature(layer.call).parameters
    wrong = next(
        (w for w in words if not w.endswith(SHAPE) or w.removesuffix(SHAPE) not in takes), ""
    )
    if wrong:
        owner = layer.own_keras_name if not overrides(layer, method) else type(layer).__name__
        message = (
            f"{method} of {owner} takes {wrong}, and the call of {type(layer).__name__} has no "
            f"{wrong.removesuffix(SHAPE)}"
        )
        session().problem(message, words="should have a `_shape` suffix and match an argument from")
    return not wrong


def _shape(given: Any) -> Any:
    """Of a tensor, or of each in a list."""
    shapes = [tensor.shape for tensor in within(given) if isinstance(tensor, graph.Tensor)]  # type: ignore[attr-defined]
    return shapes if isinstance(given, list | tuple) else next(iter(shapes), None)
