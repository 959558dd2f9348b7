"""What the first call of a model makes of it, which is followed for itself."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from inspect import signature
from typing import Any

from rnnshape.errors import QueryError
from rnnshape.nest import rebuilt, within
from rnnshape.reading import graph
from rnnshape.reading.names.arguments import holds_tensors, needed_by, open_shape, passed
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.rows import overrides
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.tensors import (
    Tensor,
    plain_shape,
    plain_sizes,
    tensors_of,
    unread_layer,
    unread_step,
)
from rnnshape.reading.python import IsOpenError, Open, body_of, opens_in
from rnnshape.reading.python.scope import named_in, nodes_of

RETURNS_NONE = "its call returns None"


class AnyInput(Tensor):
    """What a model is given that nobody knows: one tensor, or several."""

    @staticmethod
    def own_taken_apart(value: Tensor, count: int | None) -> list[Any]:
        if count is None:
            raise IsOpenError(opened("", "how many it is given is not known"))
        return [value[place] for place in range(count)]

    def __getitem__(self, index: object) -> Any:
        if type(index) not in (int, str):
            return super().__getitem__(index)
        name = index if isinstance(index, str) and index.isidentifier() else ""
        maker: Any = self.maker
        made = maker, _open_input(f"{maker.name}[{index!r}]", name)
        return Tensor(session().sources.setdefault((id(maker), index), made)[1])


def inputs_of_call(call: Any, shape: Any) -> list[Tensor]:
    """An input for each tensor that a `call` of the code must be given: the first of a shape, the
    others of one that is open."""
    others = [word for word in needed_by(call)[1:] if word not in ("training", "mask")]
    first = graph.InputTensor(shape, "inputs")
    kind = Tensor if isinstance(shape, tuple) or others else AnyInput
    return [kind(first), *(Tensor(_open_input(name, name)) for name in others)]


def as_any_input(given: Any) -> Any:
    """What a model is called with; something open may be several tensors."""
    made = passed(given)
    return AnyInput(made.maker) if isinstance(given, Open) and isinstance(made, Tensor) else made


def with_inputs(given: Any, *, is_batch_kept: bool = False) -> Any:
    """What a model is called with, with an input in place of each array; those of a dictionary have
    its keys as their names."""

    def made(leaf: Any, name: str = "") -> Any:
        if not isinstance(leaf, Array):
            return leaf
        sizes = leaf.shape if is_batch_kept else (None, *leaf.shape[1:])
        return Tensor(graph.InputTensor(plain_shape(sizes), name or leaf.own_name))

    if isinstance(given, dict):
        return {key: rebuilt(part, partial(made, name=str(key))) for key, part in given.items()}
    return rebuilt(given, made)


def is_given_several(model: Any, given: Sequence[Any]) -> bool:
    """Whether a model of the code is called with arrays alone, and not with its one input."""
    leaves = [leaf for leaf in within(given) if isinstance(leaf, graph.Tensor | Array | Open)]
    is_one = len(leaves) == 1 and leaves[0] is given[0] and len(model.own_takes) < 2
    are_arrays = bool(leaves) and all(isinstance(leaf, Array) for leaf in leaves)
    return are_arrays and not (is_one or model.own_kind)


def _open_input(label: str, name: str) -> graph.InputTensor:
    given = session().evaluator.named_by_let(opened(label))
    shape = open_shape(given) if isinstance(given, Open) else plain_shape(given.shape)
    return graph.InputTensor(shape, name)


def beside_others(given: Any) -> Any:
    """What a layer or model is called with: of what the code gives no value nothing is assumed
    where there are several, as they must fit each other."""
    several = [leaf for leaf in within(given) if isinstance(leaf, graph.Tensor | Array | Open)]
    if len(several) < 2:
        return given
    return rebuilt(given, lambda x: replace(x, is_undefined=False) if isinstance(x, Open) else x)


def followed_for_itself(
    model: Any, start: Any, more: Sequence[Any] = (), named: Any = None
) -> None:
    """Calls a model, apart from what is called around it, so that it has inputs and outputs."""
    held = session()
    groups, part, number = held.groups, held.part, len(held.calls)
    code = held.evaluator
    under, trying = code.under, code.trying
    has_input = model.own_kind == "Sequential" and model.own_described().shape is not None
    way = "called" if model.own_is_symbolic else "tried" if has_input else ""
    held.groups, held.part, held.follows = [], None, [*held.follows, way]
    code.under, code.trying = under or [*model.own_sides], model.own_tried
    try:
        made = model.own_made_of(start, more, named or {})
    finally:
        held.groups, held.part, held.follows = groups, part, held.follows[:-1]
        code.under, code.trying = under, trying
        for call in held.calls[number:]:  # they are no part of a call that is followed now
            call.beside = call.beside or (call,)
    if made is None and model.own_open is None and not model.own_takes:
        model.own_open = opened(model.own_title, RETURNS_NONE)
    elif made is not None and model.own_open is not None and model.own_open.reason == RETURNS_NONE:
        model.own_open = None  # of another call it may return something
    if model.own_is_symbolic and not groups:
        check_returned(model, [start], made)
    if next(opens_in(made), None) is not None:
        calls = held.calls[number:] or (held.calls if isinstance(start, AnyInput) else ())
        made = _ends_so_far(made, calls)
    if holds_tensors(made):
        taken = dict.fromkeys(tensors_of([start, more, named]))
        parts: list[Any] = graph.sources_of(tensors_of(made))
        parts = [each for each in parts if each == start or not each.maker.is_data]
        if isinstance(start, AnyInput) and start not in parts:
            taken = dict.fromkeys(parts)
        model.own_takes, model.own_gives = [*taken], tensors_of(made)
        model.own_nests = None, made


def check_returned(layer: Any, given: Sequence[Any], made: Any) -> None:
    """Refuses what Keras takes for no tensor in what a `call` makes of symbolic tensors: None, and
    what the code writes there; other numbers may be tensors of TensorFlow's."""
    if overrides(layer, "compute_output_spec", "compute_output_shape"):
        return  # Keras asks these
    kinds, tensors = {*map(type, within(made))}, [*graph.tensors_in(given)]
    is_plain = kinds & {bool, float, int, str} and _returns_plain_data(type(layer).call)
    if (type(None) in kinds or is_plain) and tensors and not graph.are_computed(tensors):
        kind, words = "plain data" if is_plain else "None", "All operation outputs must be tensors"
        message = f'the call of {type(layer).__name__} returns {kind} (Keras: "{words}")'
        raise layer.own_refused(message) if layer.own_is_model else QueryError(message)


def _returns_plain_data(call: object) -> bool:
    """Whether a number, a text, or a size of `x.shape` stands in what a `call` returns."""
    nodes = nodes_of(body_of(call) or ())
    values = (node.value for node in nodes if isinstance(node, ast.Return) and node.value)
    parts = (
        part
        for value in values
        for part in getattr(value, "elts", None) or getattr(value, "values", [value])
    )
    return any(
        (isinstance(part, ast.Constant) and part.value is not None)
        or (isinstance(part, ast.Subscript) and ast.unparse(part.value).endswith(".shape"))
        for part in parts
    )


def _ends_so_far(made: Any, calls: Sequence[graph.LayerCall]) -> Any:
    """What a model returns where some of it is open: its layers are known so far."""
    calls = [call for call in calls if call.layer.unread is None]
    used = {tensor.maker for call in calls for tensor in call.tensors}
    last = [Tensor(call) for call in calls if call not in used]
    unread = {one.label: unread_layer(one.label, one) for one in opens_in(made)}
    return rebuilt(
        made, lambda one: unread_step(unread[one.label], last) if type(one) is Open else one
    )


def asks_whether_it_trains(model: Any) -> bool:
    """Whether a `call` of the code goes another way where it trains: `if training: ...`."""
    nodes = nodes_of(body_of(type(model).call) or ())
    tests = (node.test for node in nodes if isinstance(node, ast.If | ast.IfExp))
    return "training" in named_in(tests)


def goes_apart(model: Any, follow: Callable[[], object]) -> bool:
    """Whether a model that has been followed takes or returns other shapes where it trains than
    where it does not; `follow` gives it the same data once more."""
    held, before = session(), _flow_of(model)
    said, wrong = [*held.evaluator.messages], [*held.problems]
    now = model.own_takes, model.own_gives, model.own_nests, model.own_trains
    model.own_takes, model.own_gives, model.own_trains = [], [], not model.own_trains
    try:
        with held.aside(), suppress(Exception):  # the code may go over what it is not given
            follow()
        return _flow_of(model) != before
    finally:
        model.own_takes, model.own_gives, model.own_nests, model.own_trains = now
        held.evaluator.messages[:], held.problems[:] = said, wrong


def _flow_of(model: Any) -> list[list[Any]]:
    return [[*map(plain_sizes, tensors)] for tensors in (model.own_takes, model.own_gives)]


def called_as_trained(model: Any, *given: Any) -> None:
    """Calls a model as Keras does where it is given data, with a `training` of its own."""
    needed = {"training", *needed_by(model.call)} & {"training", "mask"}
    words: dict[str, Any] = dict.fromkeys(needed & {*signature(model.call).parameters})
    if "training" in words and asks_whether_it_trains(model):
        words["training"] = model.own_trains
    model.own_is_aside = True
    try:
        model(*given, **words)
    finally:
        model.own_is_aside = False
