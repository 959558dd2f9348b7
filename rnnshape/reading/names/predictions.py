"""What models and operations make of data: data."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from rnnshape.errors import QueryError, as_tuple
from rnnshape.expression import Unknown
from rnnshape.nest import rebuilt, within
from rnnshape.network import Shape
from rnnshape.reading import graph, keras2
from rnnshape.reading.names.arguments import holds_tensors, passed
from rnnshape.reading.names.arrays import Array, array_of_shape
from rnnshape.reading.names.compiling import follow_functions
from rnnshape.reading.names.datasets import Dataset
from rnnshape.reading.names.first_call import asks_whether_it_trains, goes_apart, with_inputs
from rnnshape.reading.names.of_tensorflow import as_data, as_tensor
from rnnshape.reading.names.own_call import check_run
from rnnshape.reading.names.rows import batch_kept, compared_as, nested_like, overrides, unused
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.sizes import differ
from rnnshape.reading.names.subclassed import check_given, check_graph, may_be_eager
from rnnshape.reading.names.tensors import (
    Tensor,
    plain_shape,
    plain_sizes,
    unread_layer,
    unread_step,
)
from rnnshape.reading.names.training import (
    OWN_LOSS,
    OWN_STEPS,
    TRAINING,
    first_given,
    follow_step,
    given_to,
)
from rnnshape.reading.python import IsOpenError, Open, StandIn, body_of, own
from rnnshape.signatures import is_operation
from rnnshape.training.data import WITHOUT_LABELS

MOST_CALLS_AGAIN = 300  # of layers, in the calls of a model
OF_SIZES = (Array, Open, list, tuple)
IN_PARTS = ("array_split", "split", "top_k", "unstack")


def made_of_data(function: Callable[..., Any], name: str, given: Any, named: Any) -> Any:
    """What an operation makes of data alone: data, of the shapes that the rule says."""

    def tensor(part: Any) -> Any:
        is_known = isinstance(part, Array) and isinstance(part.shape, tuple)
        return Tensor(graph.InputTensor(plain_shape(part.shape))) if is_known else part

    parts, words = rebuilt(given, tensor, list), rebuilt(dict(named), tensor)
    if not [*graph.tensors_in([parts, words])]:
        return opened(f"{name}(...)")
    with session().aside():
        made = function(name, parts, words)
        shapes = [array_of_shape(one.shape) for one in graph.tensors_in(made)]  # type: ignore[attr-defined]
    if name in IN_PARTS and not isinstance(made, list):  # the rule does not say how many
        return opened(f"{name}(...)")
    return nested_like(made, shapes)


def trained(model: Any, method: str, /, *given: Any, **named: Any) -> Any:
    """A call that gives data to the model."""
    session().check_arguments(method, named)
    given, named = as_data((given, named))
    x = first_given(method, given[0] if given else named.get("x"))
    call = given_to(model, method, x, given, named)  # before it is followed
    model.own_batch = batch_kept(model, method, named)
    if model.own_options or (model.own_is_of_data and method != "__call__"):
        # of its first call, which Keras gives none, or of data alone
        model.own_begin_anew()
        model.own_options = model.own_is_of_data = False
    is_of_graph = bool(compared_as(model))  # which stays as it is
    is_asked = method != "__call__" and not is_of_graph and asks_whether_it_trains(model)
    data = x.own_x if isinstance(x, Dataset) else x
    says_sizes = OF_SIZES if model.own_kind == "Sequential" else (*OF_SIZES, dict)
    if data is not None and not isinstance(data, says_sizes):  # it has some that nobody knows
        data = opened(getattr(call.x, "name", "X"))
    if is_asked and model.own_trains is not (method in TRAINING):
        follow = partial(model._built_by, data)
        if model.own_goes_apart or (model.own_takes and goes_apart(model, follow)):
            model.own_goes_apart = True
            model.own_begin_anew()
        model.own_trains = method in TRAINING
    if model.own_takes or not follow_step(model, method, x, given, named):
        if method != "__call__":  # which is given one value, and says whether it trains
            check_given(model, (x,), {"training": None})
        model.own_is_graph = method != "__call__" and not may_be_eager(model, model.own_compiled)
        is_new = not model.own_takes
        model._built_by(data)
        if is_asked and is_new:
            model.own_goes_apart = goes_apart(model, partial(model._built_by, data))
        model.own_is_graph = False
    is_refused = isinstance(x, Array) and model.own_kind == "Sequential" and model.own_open is None
    call = call._replace(is_unbuilt=is_refused and not model.own_is_described)
    if is_asked and model.own_goes_apart:
        call = call._replace(validation=None)  # which is given where it does not train
    check_graph(model, method)
    if not hasattr(type(model), OWN_STEPS.get(method, "")):
        check_run(model, method)
    own_steps = (OWN_STEPS.get(method, ""), OWN_LOSS)
    if method not in WITHOUT_LABELS and not any(hasattr(type(model), one) for one in own_steps):
        follow_functions(model.own_compiled, model.own_gives, call.y)
    session().train(model, model.own_items or model.own_gives, call)
    return numbers(model, method, named)


def predicted(model: Any, method: str, /, *given: Any, **named: Any) -> Any:
    trained(model, method, *given, **named)
    is_open = model.own_open is not None or not model.own_is_described
    is_open |= hasattr(type(model), OWN_STEPS.get(method, ""))  # which the code has written
    x = as_data(given[0] if given else named.get("x"))
    return opened("predictions") if is_open else predictions(model, x, "steps" not in named)


def called_with_several(model: Any, first: Any, more: Any, named: Any) -> Any:
    """What a model of the code returns that is called with several arrays. Its first call says what
    it takes, and by each later one Keras runs its code again."""
    given = (first, more, named)
    inputs = [*map(partial(with_inputs, is_batch_kept=True), given)]
    if isinstance(first, list | tuple):  # in which one array may stand twice
        inputs[0] = passed(first)
    if not model.own_takes:
        model.own_options = bool(more or named) and not holds_tensors([*inputs[1:]])
        model.own_follow(*inputs)
        shapes = [tensor.shape for tensor in model.own_gives]
        return _as_data(model.own_nests[1], shapes)
    many, before, returned = model.own_called_again
    now = rebuilt([*given], lambda leaf: str(leaf.shape) if isinstance(leaf, Array) else leaf)
    if many < MOST_CALLS_AGAIN:
        made, calls, shapes = _of_another_call(model, inputs)
        returned = made, shapes
        model.own_called_again = many + 1 + len(calls), str(now), returned
    elif str(now) != before:  # not the next round of a long loop
        return opened("predictions")
    return _as_data(*returned)


def _of_another_call(model: Any, inputs: Sequence[Any]) -> tuple[Any, Sequence[Any], list[Any]]:
    """What a model returns of other inputs, the calls of its layers, and the shapes."""
    held, start = session(), len(session().calls)
    now = model.own_takes, model.own_gives, model.own_nests, model.own_tried
    try:
        with held.aside():
            model.own_tried = held.evaluator.trying
            model.own_gives = model.own_gives if compared_as(model) else []  # which it calls
            model.own_follow(*inputs)
            calls, made = held.calls[start:], model.own_nests[1] if model.own_gives else None
            ends = [*graph.tensors_in(made)]
            return made, calls, [*graph.shapes_made(calls, ends, as_tried=False)]
    finally:
        model.own_takes, model.own_gives, model.own_nests, model.own_tried = now


def _as_data(nest: Any, shapes: Sequence[Any]) -> Any:
    arrays = [as_tensor(array_of_shape(shape)) for shape in shapes if isinstance(shape, tuple)]
    is_known = arrays and len(arrays) == len([*graph.tensors_in(nest)])
    return nested_like(nest, arrays) if is_known else opened("predictions")


def is_called_around(model: Any) -> bool:
    """Whether a class of the code that is made of inputs and outputs, or a list of layers, has a
    `call` of its own around these: with data that is not followed."""
    if not compared_as(model) or not overrides(model, "call"):
        return False
    last = [*(body_of(type(model).call) or ())][-1:]
    returned = [one.value for one in last if isinstance(one, ast.Return)]
    return not any(
        isinstance(one, ast.Call) and ast.unparse(one.func) == "super().call" for one in returned
    )  # which only hands on


def with_own_call(
    model: Any, gives: Sequence[Tensor], calls: Sequence[graph.LayerCall]
) -> tuple[list[Any], list[graph.LayerCall]]:
    """What a model returns and the calls of its layers, where a class that is made of inputs and
    outputs, or a list of layers, has a `call` of its own around these, too."""
    if not is_called_around(model):
        return [*gives], [*calls]
    if not model.own_kind:  # a `Sequential` would be followed without it
        with suppress(IsOpenError, QueryError):
            given = nested_like(model.own_nests[0], model.own_takes)
            made, anew, _ = _of_another_call(model, [given])
            if anew:
                return [*graph.tensors_in(made)], [*unused(model, anew), *anew]  # it keeps them
    around = unread_layer(f"{type(model).__name__}.call", "around its layers it is not followed")
    found: list[Any] = [*graph.tensors_in(unread_step(around, [*gives]))]
    return found, [*calls, found[0].maker]


def predictions(model: Any, x: Any, are_all: bool = True) -> Any:
    """What a call with data returns: data, of the shapes of the outputs; Keras takes what is alone
    in a list out of it."""
    if is_called_around(model):
        return opened("predictions")
    first = own(x, "own_x", x)  # of a data set
    parts = model.own_in_order(first) if isinstance(first, dict) else first
    shapes = [one.shape for one in within(parts) if isinstance(one, Array)]
    many = next((shape[0] for shape in shapes if isinstance(shape, tuple) and shape), None)
    layers = [call.layer for call in model.own_calls()]
    is_other = (
        not are_all
        or first is not x
        or any(one.unread or is_operation(one.call.name) for one in layers)
    )
    if many is None or is_other:
        many = opened("the number of predictions")  # operations may change the first axis
    try:
        made = [tensor.shape for tensor in _outputs_for(model, shapes)]
    except QueryError:  # what does not fit, whoever compares it with the model says
        return opened("predictions")
    data = [array_of_shape((many, *s[1:]) if isinstance(s, tuple) and s else s) for s in made]
    is_listed = isinstance(model.own_nests[1], list | tuple)
    is_alone = len(data) == 1 and is_listed and model.own_checks_as
    for array in data:
        if isinstance(array, Array):
            array.own_is_predicted = True
    for array in data if is_alone or len(data) > 1 or not is_listed else ():
        array.own_returned_by = "predict"
    nest = None if is_alone else model.own_nests[1]
    return nested_like(nest, data) if data else opened("predictions")


def _outputs_for(model: Any, shapes: Sequence[Any]) -> Sequence[Any]:
    """The outputs of a model; called once more, where data has other sizes than its inputs."""
    takes, gives = model.own_flow()
    before = [plain_sizes(tensor) for tensor in takes]
    pairs = zip(before, shapes, strict=len(before) == len(shapes))
    after = [_as_taken(sizes, shape) for sizes, shape in pairs if sizes and shape]
    if len(after) < len(takes) or len(shapes) != len(takes) or after == before:
        return list(gives)
    if not model.own_kind:  # what a `call` of the code does may depend on them
        raise QueryError("it is called for other sizes")
    again = [Tensor(graph.InputTensor(sizes)) for sizes in after]
    with session().aside():
        made = model.own_made_anew(dict(zip(takes, again, strict=True)))
    return [*graph.tensors_in(made)]


def _as_taken(sizes: Sequence[Any], shape: Sequence[Any]) -> tuple[Any, ...]:
    """The sizes of an input with those of data, which Keras gives a last axis of 1 or takes that;
    where either does not know a size, it is the other's."""
    if len(shape) == len(sizes) - 1:
        shape = (*shape, 1)
    elif len(shape) == len(sizes) + 1:
        shape = shape[:-1]
    if len(shape) != len(sizes):
        raise QueryError("it is called for other axes")
    pairs = [*zip(sizes, shape, strict=True)][1:]
    return (sizes[0], *(new if type(new) is int else old for old, new in pairs))


class Evaluated(StandIn):
    """What `evaluate` returns: the loss, and a number for each metric."""

    def __init__(self, method: str, names: tuple[str, ...]) -> None:
        self.own_method, self.own_names = method, names

    def own_miscounted(self, several: Any) -> str:
        count = len(self.own_names)
        if count == 1:
            made = f"{self.own_method} returns one number, the loss"
            return f"{made}: give compile metrics, or take it alone"
        listed = ", ".join(("loss", *self.own_names[1:]))
        message = f"{self.own_method} returns {count} numbers: write {listed} = ..."
        return message * (len(several) == count)  # else there are others among them


def numbers(model: Any, method: str, named: Mapping[str, Any]) -> Any:
    """What `evaluate` returns: the loss, and in a list with it a number for each metric."""
    made, compiled = opened("numbers"), model.own_compiled
    is_open = compiled is None or compiled.weighted is not None
    if is_open or "return_dict" in named or not model.own_kind or len(model.own_gives) > 1:
        return made
    metrics = () if compiled.metrics is None else compiled.metrics
    each = (compiled.loss, *(metrics if isinstance(metrics, list | tuple) else (None,)))
    names = [own(one, "own_name", one) for one in each]
    are_plain = all(isinstance(name, str) for name in names)
    if not are_plain or len({name.lower() for name in names[1:]}) < len(names) - 1:
        return made
    made.is_number = len(names) == 1
    several = [made] if made.is_number else [*map(opened, names)]
    for number in several:
        number.stands_for = Evaluated(method, tuple(names))
    return made if made.is_number else several


def check_fits(model: Any, takes: Shape | None, given: Shape | None) -> None:
    """A model is called on tensors of the sizes that it was described or built with, in batches of
    any size; within a layer or model of the code a `Sequential` takes others of as many axes."""
    if takes is None or given is None:
        return
    shorter, longer = sorted((takes, given), key=len)
    if len(longer) == len(shorter):
        if model.own_kind == "Sequential" and session().groups:
            return
        last = -1 if 1 in (*takes[-1:], *given[-1:]) else None
        is_other = differ(takes[1:last], given[1:last])
    else:  # Keras takes a last axis of 1, or gives it one
        is_other = len(longer) > len(shorter) + 1 or (type(longer[-1]) is int and longer[-1] != 1)
    if is_other:
        sizes = [["?" if isinstance(n, Unknown) else str(n) for n in s] for s in (takes, given)]
        shown = [as_tuple(words).replace("None", "batch", 1) for words in sizes]
        raise QueryError(
            f"{model.own_title or 'this model'} takes {shown[0]}, and is called with {shown[1]} "
            '(Keras: "is incompatible with the layer: expected shape")'
        )


def reshaped(model: str, takes: Tensor, other: Tensor, given: Sequence[Any]) -> Any:
    """A model is called with one axis of 1 more or less than it has, which Keras drops or adds:
    what comes of that is not followed. None where it is not so."""
    sizes = (plain_sizes(takes) or (), plain_sizes(other) or ())
    shorter, longer = sorted(sizes, key=len)
    if not shorter or len(longer) != len(shorter) + 1 or longer[-1] != 1:
        return None
    because = opened(model, "Keras adds or drops a last axis of 1")
    return unread_step(unread_layer(model or "a model", because), given)


def _classes_of(model: Any, gone: keras2.Today) -> Any:
    """`model.predict_classes`: the likeliest of several classes, or whether it is the one."""
    gives = model.own_flow()[1]
    is_of_one = [(plain_sizes(tensor) or (None,))[-1] for tensor in gives] == [1]
    code = "(model.predict(X) > 0.5).astype('int32')" if is_of_one else gone.code
    session().old_name("model.predict_classes", gone._replace(code=code))

    def classes(*given: Any, **named: Any) -> Any:
        made = model.predict(*given, **named)
        if isinstance(made, Open):
            return made
        return made > 0.5 if is_of_one else made.argmax(axis=-1)

    return classes


def method_of_today(model: Any, name: str, gone: keras2.Today) -> Any:
    """What a method of Keras 1 or 2 is called today; a `..._generator` counts by other places."""
    if name == "predict_classes":
        return _classes_of(model, gone)
    session().old_name(f"model.{name}", gone)
    method = gone.code.removeprefix("model.").partition("(")[0]
    if method not in ("fit", "evaluate", "predict"):
        return opened(f"model.{name}")
    found = getattr(model, method)
    if not name.endswith("_generator"):
        return found
    return lambda generator=None, *_, **named: found(generator, **named)
