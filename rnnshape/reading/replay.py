"""What is read from a config or a live object, made and called once more through the objects that
stand for Keras: the same that code meets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from rnnshape.errors import QueryError
from rnnshape.expression import Call, Unknown, is_size
from rnnshape.layer_names import class_of
from rnnshape.nest import rebuilt
from rnnshape.network import Network, Shape
from rnnshape.reading import graph
from rnnshape.reading.names.functions import UNSEEN, is_operation
from rnnshape.reading.names.functions import called as function_called
from rnnshape.reading.names.models import Model
from rnnshape.reading.names.other_layers import UnreadLayer
from rnnshape.reading.names.sequential import Sequential
from rnnshape.reading.names.session import SESSION, Session, session
from rnnshape.reading.names.tensors import (
    Tensor,
    plain_sizes,
    returned,
    tensors_of,
    unread_step,
)
from rnnshape.reading.python import IsOpenError, python
from rnnshape.rules.registry import has_rule
from rnnshape.signatures import OPERATIONS, signature

RecordedShape: TypeAlias = "tuple[int | None, ...] | None"

LONGEST_NAME = 200  # characters
NAMES_BY_KERAS = r"(input|input_layer|keras_tensor)(_\d+)?|.*_input"


def begin() -> None:
    """Starts a session in which nothing has been made yet."""
    SESSION.set(Session(python({}, {})))


def plain_name(name: str) -> str:
    """A name that can be shown, whatever the file has."""
    shown = "".join(mark if mark.isprintable() else "?" for mark in name[: LONGEST_NAME + 1])
    return shown if len(shown) <= LONGEST_NAME else f"{shown[:LONGEST_NAME]}..."


def sizes_of(shape: Any) -> RecordedShape:
    """A shape as a config or a live object has it, if it is one."""
    if isinstance(shape, dict) and shape.get("class_name") == "__tuple__":
        shape = shape.get("items")
    if not isinstance(shape, list | tuple) or len(shape) > 254:  # of TensorFlow
        return None
    is_known = all(size is None or is_size(size) or isinstance(size, Unknown) for size in shape)
    return tuple(shape) if is_known else None


def input_tensor(shape: Shape | Unknown | None, dtype: object = None, name: str = "") -> Any:
    """What a network is given; without the names that Keras makes up."""
    name = "" if re.fullmatch(NAMES_BY_KERAS, name) else plain_name(name)
    known = isinstance(dtype, str) and re.fullmatch(r"(u?int|float|bfloat)\d+|bool|string", dtype)
    given = str(dtype) if known and dtype != "float32" else None
    return Tensor(graph.InputTensor(shape, "", given, name))


def data_tensor(shape: Shape | Unknown | None, dtype: str = "float32") -> Any:
    """What stands for data that a model holds, and is not given."""
    made = input_tensor(shape, dtype)
    made.maker.is_data = True
    return made


class RecordedLayer(UnreadLayer):
    """A layer that is not read, of which something is on record.

    Attributes:
        own_returns: the shapes that its next call is known to return.
        own_follows: whether a None in them is the first size that is open in what it is given.
        own_built: the shape that it was built for, where what is known holds for that alone.
        own_makes_another: whether it may return other shapes than are on record.
        own_asks: tells what it returns of a tensor of a shape, where there is somebody to ask.
    """

    def __init__(self, text: str, why: str, where: str = "", parameters: int | None = None) -> None:
        super().__init__(graph.Layer(Call(text), Unknown(text, (), why, where), parameters))
        self.own_returns: Sequence[Any] = ()
        self.own_follows = False
        self.own_built: RecordedShape = None
        self.own_makes_another = False
        self.own_asks: Callable[[RecordedShape], Sequence[Shape | None]] | None = None

    def __call__(self, *given: Any, **named: Any) -> Any:
        tensors = tensors_of([given, named])
        recorded = () if self.own_makes_another else self.own_returns
        returns: list[Shape | None] = [*map(sizes_of, recorded)]
        if not tensors:
            raise QueryError(f"{self.own_layer.call} is called with no tensor")
        first = plain_sizes(tensors[0])
        if not returns and self.own_asks is not None and len(tensors) == 1:
            returns, self.own_follows = [*self.own_asks(sizes_of(first))], True
        is_known = _is_as_built(first, self.own_built)
        name = self.own_layer.call.name
        shapes = _returns(returns, name, tensors, self.own_follows) if is_known else ()
        return unread_step(self.own_layer, tensors, shapes, len(returns))


def _is_as_built(given: Shape | None, built: RecordedShape) -> bool:
    """Whether a layer is given what it was built for, as far as both are known."""
    if given is None or built is None:
        return True
    return len(given) == len(built) and all(
        size is None or size == other for size, other in zip(built[1:], given[1:], strict=True)
    )


def _returns(
    shapes: Sequence[Shape | None], name: str, given: Sequence[graph.Tensor], follows: bool
) -> tuple[Shape | None, ...]:
    """Recorded shapes, where what Keras leaves open is not known: only the batch is that of what
    the layer is given; the others are where they `follow`."""
    has_batch = any(sizes[0] is None for sizes in map(plain_sizes, given) if sizes)
    why = "Keras knows it only when it runs"

    def known(shape: Shape | None) -> Shape | None:
        return shape and tuple(
            Unknown(f"{name}.shape[{place}]", (), why)
            if size is None and not (follows or (place == 0 and has_batch))
            else size
            for place, size in enumerate(shape)
        )

    return tuple(map(known, shapes))


class Operation(RecordedLayer):
    """A function of tensors in a graph, which is called as a layer is."""

    def __init__(self, name: str, arguments: Mapping[str, Any], where: str = "") -> None:
        name = plain_name(name)
        super().__init__(f"{name}(...)", "", where, 0)
        self.own_name, self.own_arguments = name, dict(arguments)

    def __call__(self, *given: Any, **named: Any) -> Any:
        try:
            made = self._called(given, named)
        except (IsOpenError, QueryError, TypeError, ValueError) as wrong:
            assert self.own_layer.unread is not None
            why = str(wrong) or "it is not read"
            self.own_layer.unread = replace(self.own_layer.unread, reason=why)
            return super().__call__(*given, **named)
        step = next(graph.tensors_in(made)).maker
        if isinstance(step, graph.LayerCall):
            step.layer.name = self.own_layer.name
        if isinstance(step, graph.LayerCall) and not has_rule(self.own_name):
            shapes = self.own_returns
            step.returns = (
                _returns(shapes, self.own_name, [*step.tensors], self.own_follows) or None
            )
            made = returned(step, len(self.own_returns))
        return made

    def _called(self, given: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        name = self.own_name
        if name in ("get_item", "getitem"):  # Keras 2 has the places under a name
            tensor, *keys = given
            key = keys[0] if keys else named["slice_spec"]
            return tensor[tuple(key) if isinstance(key, list) else key]
        seen = {word: value for word, value in named.items() if word not in UNSEEN}
        if not is_operation(name):
            raise QueryError("this operation is not read")
        if name not in OPERATIONS:
            return function_called(name, given, seen)
        known = signature(name).names
        words = {word: argument for word, argument in self.own_arguments.items() if word in known}
        return function_called(name, given, {**words, **seen})


def named(layer: Any, name: str) -> Any:
    """What stands for a layer, with the name that is on record of it."""
    made = layer.own_layer
    if made is not None and not made.call["name"] and name != class_of(made.call):
        made.name = plain_name(name)
    return layer


def called(
    layer: Any,
    given: Sequence[Any],
    named: Mapping[str, Any],
    shapes: Sequence[Shape | None],
    follows: bool = False,
) -> list[Any]:
    """The tensors that one call of a layer, an operation or a model returns.

    `shapes` are those that are on record of them; `follows` as of a `RecordedLayer`.
    """
    if isinstance(layer, RecordedLayer):
        layer.own_returns, layer.own_follows = shapes, follows
    else:
        given, named = _of_layer(given, named)
    if not isinstance(layer, Model):
        return tensors_of(layer(*given, **named))
    tensors = tensors_of(given)
    by_name = bool(given) and isinstance(given[0], dict)
    alone = given[0] if by_name else tensors[0] if len(tensors) == 1 else tensors
    made = tensors_of(layer(alone))
    for tensor, shape in zip(made, shapes, strict=False):
        step = tensor.maker
        if isinstance(step, graph.LayerCall) and step.layer.unread and not step.returns and shape:
            step.returns = _returns([shape], step.layer.call.name, tensors, follows)
    return made


def _of_layer(given: Sequence[Any], named: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """What a layer is called with, without what Keras adds itself: masks by operations, and that
    it does not train."""

    def kept(leaf: Any) -> Any:
        return leaf if isinstance(leaf, bool | Tensor) else None

    arguments = rebuilt([*given], kept, list)
    while arguments and arguments[-1] is None:
        arguments.pop()
    words = {
        name: value
        for name, value in rebuilt(dict(named), kept, list).items()
        if value is not None
        and (name, value) != ("training", False)
        and not (name == "mask" and _is_by_operation(value))
    }
    if not arguments and words:
        arguments = [words.pop(next(iter(words)))]
    return arguments, words


def _is_by_operation(value: Any) -> bool:
    makers = [tensor.maker for tensor in graph.tensors_in(value)]
    return any(
        isinstance(maker, graph.LayerCall)
        and (maker.layer.unread is not None or maker.layer.call.name in OPERATIONS)
        for maker in makers
    )


def built(model: Sequential, shape: RecordedShape) -> Sequential:
    """A model of layers, given the shape that it was built for. Where it was not, and nobody knows
    what its first layer takes, nothing is assumed."""
    first = next(iter(model.own_items), None)
    if shape is None and isinstance(first, RecordedLayer):
        why = "the model was not built, so nothing says what it is given"
        model.own_shape = Unknown("inputs", (), why)
    else:
        model.build(shape)
    return model


def was_built(layer: Any, shape: RecordedShape) -> None:
    """Keeps for what a layer has its weights already, before it is called."""
    if shape and layer.own_layer is not None and layer.own_layer.unread is None:
        first = graph.LayerCall(0, layer.own_layer, (input_tensor(shape),))
        session().built.setdefault(layer.own_layer, first)


def network_of_model(model: Model, instead: str = "") -> Network:
    """The network that a model is, or a `QueryError`; `instead` of a name that Keras made up."""
    takes, gives = model.own_flow()
    if model.own_open is not None:
        raise QueryError(model.own_open.reason)
    is_made_up = re.fullmatch(r"(functional|model|sequential)?(_\d+)?", model.own_name)
    name = instead if is_made_up else model.own_name
    return graph.network_of(takes, gives, name, kind=model.own_checks_as)
