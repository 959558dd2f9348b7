"""A `call` that the code defines, as Keras calls it: with the mask of what it is given, and without
what it does not take."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from rnnshape.errors import QueryError, counted
from rnnshape.expression import Unknown, unknowns_in
from rnnshape.nest import as_lists, rebuilt
from rnnshape.reading import graph
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.of_tensorflow import EagerTensor
from rnnshape.reading.names.rows import attributes_of, described, overrides, shapes_of
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.tensors import (
    Tensor,
    plain_shape,
    plain_sizes,
    unread_layer,
    unread_step,
)
from rnnshape.reading.python import IsOpenError, Open, body_of, opens_in, own
from rnnshape.reading.python.scope import named_in, nodes_of
from rnnshape.reading.python.stand_in import is_of_code

NO_TENSOR = "Only input tensors may be passed as positional arguments"


def check_begun(layer: Any) -> None:
    """An `__init__` of the code has to call that of Keras."""
    kinds, is_own = type(layer).__mro__, body_of(type(layer).__init__) is not None
    bodies = (part for kind in kinds for one in vars(kind).values() for part in body_of(one) or ())
    is_named = any("__init__(" in ast.unparse(part) for part in bodies)
    has_run = any(name[:4] != "own_" for name in vars(layer))  # it was not given too little
    if is_own and not (is_named and (layer.own_is_begun or not has_run)):
        name, write = type(layer).__name__, "super().__init__()"
        session().problem(f"the __init__ of {name} never calls Keras': write {write} first", write)


def note_training(layer: Any) -> None:
    """Notes a `training` by position that is what Keras hands to the `call` of the code in which it
    stands, and at which that does not look before."""
    code, part = session().evaluator, session().part
    for function in code.followed if code.is_sure else ():
        nodes = [*nodes_of(body_of(function) or ())]
        if function.__name__ == "call" and any(node is code.node for node in nodes):
            named = [one for one in nodes if isinstance(one, ast.Name) and one.id == "training"]
            tests = (one.test for one in nodes if isinstance(one, ast.If | ast.IfExp))
            is_set = any(isinstance(one.ctx, ast.Store) for one in named)
            is_given = "training" in inspect.signature(function).parameters
            if is_given and not is_set and "training" not in named_in(tests):
                message = "layers take no training by position: write training=training"
                wrong = QueryError(f'{message} (Keras: "{NO_TENSOR}")', code.place)
                (part.owner if part else layer).own_fails_when_told = wrong


def note_failure(
    layer: Any, given: Sequence[Any], made: Any, inner: Sequence[graph.LayerCall]
) -> None:
    """Notes what the rule refuses in a `call` whose shape Keras is told. Of sizes that are open
    when the model is made it may be right when it runs."""
    shapes = [plain_sizes(tensor) or (None, None) for tensor in graph.tensors_in(given)]
    are_known = all(isinstance(size, int) for shape in shapes for size in shape[1:])
    try:
        shapes_of(made, inner, as_tried=False)
    except QueryError as wrong:
        if are_known and session().evaluator.is_sure:
            layer.own_fails_when_run, layer.own_why = wrong, "its call fails when it runs"


def check_run(model: Any, method: str) -> None:
    """Tells what Keras refuses in a layer only where its model is given data: it hands it a
    `training` of its own, and asks its `call` for what a `compute_output_shape` has said before."""
    is_told = model.own_kind or "training" in inspect.signature(model.call).parameters
    calls = model.own_calls() if method != "__call__" else ()
    layers = [one for call in calls for one in (call.layer.stand_in, call.part and call.part.owner)]
    kinds = ("own_fails_when_run", "own_fails_when_told") if is_told else ("own_fails_when_run",)
    for wrong in (own(layer, kind) for kind in kinds for layer in layers):
        if wrong is not None:
            session().problem(wrong.message, place=wrong.place)


def own_called(call: Callable[..., object], given: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """Calls a `call` of the code, as Keras does without a `training` that it does not take."""
    takes = inspect.signature(call).parameters
    is_any = any(one.kind is one.VAR_KEYWORD for one in takes.values())
    words = (word for word in named if word != "training" or word in takes or is_any)
    lists = {word: as_lists(named[word]) for word in words}
    made = _called_and_locked(call, [*map(as_lists, given)], with_mask(call, given, lists))
    return _with_tensors(call, made, given)


def _with_tensors(call: Any, made: Any, given: Sequence[Any]) -> Any:
    """What a `call` returns: of what it makes of shapes alone, as zeros, Keras has tensors."""
    ends = [*graph.tensors_in(given)]

    def changed(value: Any) -> Any:
        if type(value) not in (Array, EagerTensor):
            return value
        layer = unread_layer("made_of_shapes", "no input goes into it", 0)
        return unread_step(layer, ends, [plain_shape(value.shape)])

    is_beside = [*graph.tensors_in(made)] or own(getattr(call, "__self__", None), "own_is_model")
    return rebuilt(made, changed) if is_beside and not graph.are_computed(ends) else made


def followed_with_mask(layer: Any, given: Sequence[Any], named: dict[str, Any]) -> Any:
    """What a layer of the code makes, and the arguments of its call. The mask is no input of the
    network: it is a tensor only where something would be open without it."""
    words, held = with_mask(layer.call, given, named), session()
    if words.keys() == named.keys() or not isinstance(words["mask"], Tensor):
        return layer.own_made(given, words), words
    start, openly = len(held.calls), named | {"mask": opened("mask")}
    lists: list[list[Any]] = [held.evaluator.messages, held.problems]

    def now() -> list[list[Any]]:
        return [[*part] for part in (*lists, held.calls[start:], [held.number])]

    def go_on(told: Any, problems: Any, calls: Any, number: Any) -> None:
        lists[0][:], lists[1][:], held.calls[start:], [held.number] = told, problems, calls, number

    before = now()
    made, calls = layer.own_made(given, openly), held.calls[start:]
    is_open = any(call.layer.unread or [*unknowns_in(call.layer.call)] for call in calls)
    if is_open or isinstance(made, Open):
        after = now()
        go_on(*before)
        with suppress(IsOpenError, QueryError, TypeError):
            again = layer.own_made(given, words)
            if not isinstance(again, Open):
                return again, words
        go_on(*after)  # it is of no use there
    return made, openly


def follow_compute_mask(layer: Any, given: Sequence[Any]) -> None:
    """Outside of its call Keras asks a layer of the code for the mask: there no function of
    TensorFlow takes a model's tensors."""
    held, is_asked = session(), own(layer, "supports_masking", True) is not False
    if given and is_asked and overrides(layer, "compute_mask") and not held.groups:
        with held.aside():
            held.evaluator.really(layer.compute_mask, given[0], opened("mask"))


def with_mask(call: Any, given: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by name, with the mask that Keras hands to a `call` of the code that takes one:
    a tensor; open where it is not known whether one comes."""
    is_taken = "mask" in [*inspect.signature(call).parameters][len(given) :]
    calls = graph.calls_before([*graph.tensors_in(given)], []) if is_taken else ()
    if "mask" in named or not any(map(_may_make_mask, calls)):
        return dict(named)
    mask: object = opened("mask")
    others = [*graph.tensors_in([*given[1:], dict(named)])]
    is_plain = isinstance(given[0], graph.Tensor) and not (others or session().groups)
    before = {tensor for call in calls for tensor in call.tensors} | {*graph.tensors_in(given)}
    is_plain &= before.isdisjoint(session().unmasked)
    if is_plain and all(map(_calls_keras_outside, calls)):
        made = dict(zip(calls, described(calls), strict=False)).get(given[0].maker)
        tensor = made.outputs[given[0].output] if made and made.facts else None
        sizes, rank = plain_sizes(given[0]) if tensor else None, len((tensor and tensor.mask) or ())
        if tensor and not tensor.masked:
            mask = None
        elif tensor and sizes and tensor.mask_runs and tensor.axes[:rank] == tensor.mask:
            mask = Tensor(graph.InputTensor(sizes[:rank], "mask", "bool"))
    return {**named, "mask": mask}


def _may_make_mask(call: graph.LayerCall) -> bool:
    made = call.layer.call
    is_said = made.name == "Masking" or made["mask_zero"] not in (None, False)
    return is_said or overrides(call.layer.stand_in, "compute_mask")


def _calls_keras_outside(call: graph.LayerCall) -> bool:
    """Whether it is a call of a layer of Keras, in no model and no layer of the code: of others
    Keras hands on no masks as a model is made, or those that the code says."""
    is_inside = call.part is not None or bool(call.group)
    is_open = isinstance(call.layer.call["mask_zero"], Unknown)
    if is_open or call.layer.call.name == "cast" or "mask" in dict(call.keywords):  # may keep one
        return False
    return not (is_inside or call.layer.unread or is_of_code(type(call.layer.stand_in)))


def keep_ends(layer: Any, given: Sequence[Any], named: Mapping[str, Any], made: Any) -> None:
    """Keeps what a layer of the code is given and makes in its first call with tensors."""
    if next(graph.tensors_in(given), None) is None or _are_of_data(given, named):
        return
    ends = {"input": given[0] if len(given) == 1 else [*given], "output": made}
    kept = vars(layer).setdefault("own_ends", ends | {"own_is_sure": session().evaluator.is_sure})
    if isinstance(kept, dict) and kept["own_is_sure"]:
        _note_more_than_at_first(layer, kept["output"], made)


def compare_with_first(
    layer: Any, given: Sequence[Any], named: Mapping[str, Any], made: Any
) -> None:
    """Notes what attention returns in this call, with its scores, and did not in its first."""
    first = None if _are_of_data(given, named) else first_call_of(layer)
    if first is None or first.is_computed or first not in session().certain:
        return  # one of data, or that may not be
    if type(dict(first.keywords).get("return_attention_scores", False)) is bool:
        _note_more_than_at_first(layer, graph.returned(first), made)


def _are_of_data(given: Sequence[Any], named: Mapping[str, Any]) -> bool:
    """Whether Keras computes a call at once, and connects nothing."""
    return graph.are_computed(graph.tensors_in([given, dict(named)]))


def _note_more_than_at_first(layer: Any, first: Any, made: Any) -> None:
    """Of a later call Keras connects no more outputs with the inputs of a model; of functions that
    nobody calls it is not known which comes first."""
    calls = session().evaluator.calls
    if calls and not hasattr(calls[0], "lineno"):
        return
    if isinstance(made, dict) or next(opens_in(first), None) is not None:
        return
    many, tensors = len([*graph.tensors_in(first)]), [*graph.tensors_in(made)]
    words = f"{layer.own_title} returned {counted(many, 'tensor')} in its first call"
    session().unconnected |= dict.fromkeys({*tensors[many:]} - {*tensors[:many]}, words)


def why_unconnected(
    takes: Sequence[Any], gives: Sequence[Any], calls: Sequence[graph.LayerCall]
) -> str:
    """Why Keras connects an output of a model, or what it is made of, with none of its inputs;
    nothing where it does. What a layer of the code takes from itself does not matter."""
    if not (lost := session().unconnected):
        return ""
    used = {*gives}
    for call in calls:
        inside = call.part or call  # one call of a layer of the code
        used |= {one for one in call.tensors if getattr(one.maker, "part", None) is not inside}
    why = next((lost[one] for one in lost if one in used.difference(takes)), "")
    more = "and Keras connects no more of a later one with the inputs"
    return why and f"{why}, {more}: make the first call as this one"


def first_call_of(layer: Any) -> graph.LayerCall | None:
    """The first call of a layer of Keras with tensors, where there is one within no other's."""
    made = (call for call in session().calls if call.layer is layer.own_layer)
    return min(made, key=lambda call: (call.part is not None, call.number), default=None)


def _called_and_locked(call: Any, given: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """Keras keeps a layer that a `call` makes if it calls that once more before, to build what is
    in its owner. From then on it refuses any new one."""
    owner, held = getattr(call, "__self__", None), session()
    if owner is None or not held.evaluator.is_sure:
        return call(*given, **named)
    before = attributes_of(owner)
    unbuilt = [part for part in before.values() if not part.own_is_built]
    is_locked = overrides(owner, "build") or all(part.own_layer in held.built for part in unbuilt)
    weights = own(owner, "own_added", ())
    made = call(*given, **named)
    may_add = not is_locked or vars(owner).get("built") is True  # of which Keras locks none
    for weight in () if may_add else own(owner, "own_added", ())[len(weights) :]:
        why = "add_weight stands in call, which may add no weight: call it in build"
        held.problem(why, words="You cannot add new elements of state", place=weight.own_place)
    for name, part in attributes_of(owner).items():
        if part.own_layer is None or any(part is one for one in before.values()):
            continue
        part.own_layer.parameters = None
        if not is_locked:
            with held.aside():
                call(*given, **named)
            is_locked = attributes_of(owner)[name] is not part
        if is_locked:
            why = f"{name} is made in call, which may make no layer that is kept"
            words, place = "You cannot add new elements", part.own_layer.call.places.get("")
            held.problem(f"{why}: make it in __init__", words=f"{words} of state", place=place)
    return made
