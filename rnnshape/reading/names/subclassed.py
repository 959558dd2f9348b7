"""What Keras asks of a layer of the code before it calls it, beside what its `call` does; and what
a layer makes where Keras does not look."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FunctionType
from typing import Any

from rnnshape.errors import NotReadError, QueryError, counted
from rnnshape.expression import Call, calls_within
from rnnshape.layer_names import not_of_a_graph
from rnnshape.nest import within
from rnnshape.network import MaskSet
from rnnshape.reading import graph
from rnnshape.reading.names import own_call
from rnnshape.reading.names.first_call import called_as_trained, check_returned, inputs_of_call
from rnnshape.reading.names.rows import described, overrides
from rnnshape.reading.names.session import opened, session, unknown_of
from rnnshape.reading.names.sizes import differ
from rnnshape.reading.names.tensors import (
    Tensor,
    argument,
    plain_shape,
    plain_sizes,
    returned,
    tensors_of,
    unread_step,
)
from rnnshape.reading.python import IsOpenError, Open, body_of, own
from rnnshape.reading.python.limits import words_of
from rnnshape.reading.python.stand_in import is_of_code
from rnnshape.rules.registry import HAND_ON_LISTS, HAND_ON_SINGLE, LOSE_LISTS
from rnnshape.signatures import is_operation, module_of, signature

# The tensors of whose shapes layers of Keras are told by name; of others, of the first alone.
TOLD_BY_NAME = ("sequences", "initial_state", "query", "value", "key")
OF_INPUT = ("input_shape", "input_dim")
OPTIONS = ("training", "mask")  # which Keras gives a call itself
SHAPE = "_shape"
TAKE_LISTS = ("AdditiveAttention", "Attention")  # and no tuples
SPREAD = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def build(layer: Any, given: Sequence[Any], named: Mapping[str, Any]) -> None:
    """Calls `build` as Keras does before the first call: with the shape of the first tensor, or
    with those of several by the names that they have in `call`."""
    layer.own_is_built = True
    own_call.check_begun(layer)
    if vars(layer).get("built") is True:  # as the code says, so that Keras does not
        return
    if not inspect.signature(layer.build).parameters:
        session().follow_build(layer.build)
        return
    words = _told_by_name(layer, "build")
    are_in_call = not overrides(layer, "call") or _are_in_call(layer, "build", words)
    if not (overrides(layer, "build") and words):
        taken = (part for part in (*given, *named.values()) if [*graph.tensors_in(part)])
        session().follow_build(layer.build, next(map(shapes_in, taken), Open("a shape")))
    elif are_in_call:
        bound = inspect.signature(layer.call).bind(*given, **named).arguments
        shapes = {f"{name}{SHAPE}": shapes_in(part) for name, part in bound.items()}
        session().follow_build(
            layer.build, **{word: shapes[word] for word in words if word in shapes}
        )


def keep_arguments(layer: Any, values: Sequence[Any], named: Mapping[str, Any]) -> None:
    """What the `__init__` of every layer takes, and what that says of its input."""
    said = tuple((word, argument(named[word])) for word in OF_INPUT if word in named)
    layer.own_says = Call("Identity", said) if said else None
    if layer.own_kind or layer.own_why != type(layer).own_why:  # of one of Keras', all is not known
        return
    known = (*signature("layer").names, *OF_INPUT)
    for word in named:
        if word not in known:
            message = f"the __init__ of a layer takes no {word!r}: leave it out"
            session().problem(message, words="Unrecognized keyword arguments passed to")
    if values:
        message = "the __init__ of a layer takes nothing by position"
        session().problem(message, words="takes 1 positional argument but")


TWICE = "got multiple values for argument 'training'"


def check_given(layer: Any, given: Sequence[Any], named: Mapping[str, Any]) -> None:
    """Keras takes nothing but tensors by position: all else is read as it was meant. What the
    code's own `call` needs it is given, also a `training`."""
    if layer.own_keras_name in TAKE_LISTS and isinstance(next(iter(given), None), tuple):
        words = "layer must be called on a list of inputs"
        raise QueryError(f'{layer.own_keras_name} takes a list, and no tuple (Keras: "{words}")')
    written = session().evaluator.words_of_call() if given[1:] else {}
    takes = inspect.signature(layer.call).parameters
    is_own = layer.call.__func__.__module__ == "__main__"
    for number, value in enumerate(given[1:], 1):
        if isinstance(value, bool | int | float | str) and str(number) in written:
            word = [*takes][number] if is_own else "training"
            text = f"{word}={written[str(number)]}"
            why = TWICE if layer.own_kind == "Functional" else own_call.NO_TENSOR
            session().problem(f"layers take no {word} by position: write {text}", text, words=why)
        elif value is None and written.get(str(number)) == "training":
            own_call.note_training(layer)
    if not is_own:
        is_second = any(own(part, "own_is_data") or own(part, "own_is_part") for part in given[1:2])
        if layer.own_kind and is_second and "1" in written and len(layer.own_takes) < 2:
            session().problem("a model takes one thing by position: leave out others", words=TWICE)
        others = [word for word in named if word not in OPTIONS]
        if layer.own_kind and given[0] is None and others:
            words = "missing a required argument: 'inputs'"
            raise QueryError(f'a model takes no {others[0]} alone (Keras: "{words}")')
        if layer.own_kind and others and [*graph.tensors_in(given)]:  # of data it takes no notice
            raise QueryError(f'a model takes no {others[0]} (Keras: "got an unexpected keyword")')
        return
    is_first_named = bool(given) and given[0] is None and next(iter(takes), "") in named
    known = {word: value for word, value in named.items() if word != "training" or word in takes}
    try:  # Keras asks Python, too
        inspect.signature(layer.call).bind(*given[is_first_named:], **known)
    except TypeError as wrong:
        title = f"the call of {type(layer).__name__}"
        raise QueryError(f'{title} takes other arguments (Keras: "{wrong}")') from None


def tried(call: Callable[[], object]) -> None:
    """A call that the code does not have; open where Python refuses it."""
    try:
        call()
    except (IsOpenError, QueryError, RecursionError, MemoryError):
        raise
    except Exception as wrong:
        why = f"nothing calls it, and called with one tensor it ends with {words_of(wrong)}"
        raise IsOpenError(opened("", why)) from None


def try_call(model: Any) -> None:
    """Calls a model that nobody calls, to see what it is. What the code may give it is None then:
    what Keras refuses of that is open, and not told."""
    messages, optional = session().evaluator.messages, list[str]()
    said = [*messages]

    def call() -> None:
        takes = inspect.signature(model.call).parameters
        optional.extend(word for word in takes if takes[word].default is None)
        called_as_trained(model, *inputs_of_call(model.call, model.own_shape))

    try:
        tried(call)
    finally:
        if {*optional} - {*OPTIONS}:
            messages[:] = [one for one in messages if one in said or isinstance(one, NotReadError)]


def may_be_eager(model: Any, compiled: Any) -> bool:
    """Whether Keras may run a model as Python does, and not as one graph."""
    is_said = bool(compiled and compiled.is_eager) or vars(model).get("run_eagerly", False)
    return is_said is not False or "run_functions_eagerly" in session().defaults


def check_graph(model: Any, method: str) -> None:
    """Keras runs a model that is given data as one graph, where names are of fewer letters, and
    which is followed twice: what `call` makes anew each time can't have weights."""
    if method == "__call__" or may_be_eager(model, model.own_compiled):
        return
    calls = model.own_calls()
    within = (each["name"] for call in calls for each in calls_within(call.layer.call))
    own = [str(name or "") for name in (*within, *(call.layer.name for call in calls))]
    groups = (name for call in calls for name in call.group.split("/"))
    names = dict.fromkeys([*own, *(name for name in groups if not name.endswith("(...)"))])
    title = model.own_name or model.own_auto_name
    if wrong := not_of_a_graph([title], "model") or not_of_a_graph(names):
        session().problem(f"{method} takes {wrong[0]}", wrong[1])
        return
    for call in calls:
        if call.layer.parameters == 0 and call.layer.unread is None and _has_variables(call):
            message = f"{call.layer.call} is made in a call, anew each time: make it in __init__"
            session().problem(message, words="only supports singleton tf.Variables created on the")
            return


def _has_variables(call: graph.LayerCall) -> bool:
    """Whether a layer has weights, or the state of its random numbers."""
    made = call.layer.call
    words = signature(made.name).names if module_of(made.name) == "layers" else ()
    rates = [made[word] for word in ("rate", "dropout", "stddev") if word in words]
    if "seed" in words and rates != [0]:
        return True
    return any(layer.facts and layer.facts.weights for layer in described([call]))


def add_loss(layer: Any, loss: Any = None, **_: Any) -> None:
    """Keras takes none of symbolic tensors, and of a model of inputs and outputs none at all."""
    tensors = [*graph.tensors_in([loss])]
    if tensors and not (session().groups or graph.are_computed(tensors)):
        is_of_graph = own(layer, "own_checks_as") == "Functional"  # of which Keras has no words
        words = "" if is_of_graph else "`add_loss()` can only be called from inside"
        message = "add_loss takes no tensor of a model here: call self.add_loss in a layer's call"
        session().problem(message, words=words)


def add_metric(*_: Any, **__: Any) -> None:
    message = "add_metric is gone from layers and models: give compile its metrics"
    session().problem(message, words="Layer `add_metric()` method is deprecated")


def hands_on_lists(call: Call, given: Sequence[Any]) -> bool:
    """Whether Keras returns a list for a list of tensors; within a call it makes one of them."""
    if session().groups:
        return False
    if len(given) > 1 and call.name in LOSE_LISTS:
        raise QueryError(f"{call} takes one tensor, and is called with {len(given)}")
    return call.name in HAND_ON_LISTS or (len(given) == 1 and call.name in HAND_ON_SINGLE)


def mask_handed_on(layer: Any) -> MaskSet:
    """Which masks Keras sets on what a layer of the code makes, where that has none: where it
    `supports_masking`, that of its first argument, but for what a `compute_mask` says."""
    if overrides(layer, "compute_mask"):
        body = body_of(type(layer).compute_mask) or []
        said = "; ".join(map(ast.unparse, body))
        return "none" if said == "return None" else "first" if said == "return mask" else "any"
    if layer.own_keras_name in ("Embedding", "Masking"):  # which make one of what they are given
        return "none" if layer.own_layer.call["mask_zero"] is False else "any"
    if layer.own_keras_name:
        return "perhaps"
    return "first" if own(layer, "supports_masking", False) is True else "none"


def hand_on_mask(
    layer: Any, given: Sequence[Any], made: Any, inner: Sequence[graph.LayerCall]
) -> None:
    """Notes whose mask that is, of several in their order."""
    handed = mask_handed_on(layer)
    if handed == "none":
        session().unmasked |= {*graph.tensors_in(made)} & {*graph.tensors_in(given)}
    parts = [made[key] for key in sorted(made, key=str)] if isinstance(made, dict) else made
    results = [*graph.tensors_in(parts)] if handed != "none" else []
    sources = [*graph.tensors_in(given[:1])] if handed != "any" else [None] * len(results)
    for result, source in zip(results, sources, strict=False):
        call: Any = result.maker
        if call in inner and call.mask is None and (handed == "any" or not result.output):
            call.mask, call.mask_of = handed, source


def drops_mask(layer: Any, made: Any, inner: Sequence[graph.LayerCall]) -> bool:
    """Whether surely no mask comes with what a layer of the code makes."""
    makers: set[Any] = {tensor.maker for tensor in graph.tensors_in(made)}
    are_operations = all(one in inner and is_operation(one.layer.call.name) for one in makers)
    return are_operations and mask_handed_on(layer) == "none"


def shapes_said(
    layer: Any, given: Sequence[Any], made: Any, inner: Sequence[graph.LayerCall]
) -> list[Any]:
    """What a layer makes has the shape that `compute_output_shape` says, also that of Keras' own
    where the code has another `call`: where they differ, nobody knows what comes of it. Where its
    `call` leaves a size open that the code's own says, Keras takes it from there."""
    if not (session().groups or own(layer, "own_is_aside", False)):  # which no code has written
        check_returned(layer, given, made)
    asks = "compute_output_shape"
    is_own, is_of_keras = overrides(layer, asks), layer.own_keras_name and overrides(layer, "call")
    says_all = overrides(layer, "compute_output_spec")
    if session().groups or not (says_all or is_own or is_of_keras):
        return []
    shapes, built = [*map(plain_sizes, graph.tensors_in(made))], {**session().built}
    if says_all:
        if any(shape is None or None in shape[1:] for shape in shapes):
            why = "what its compute_output_spec says is not read"
            raise IsOpenError(opened(layer.own_text, why))
        return []
    if overrides(layer, "build") or is_own:  # else that has told it
        _are_in_call(layer, asks, _told_by_name(layer, asks))
    try:
        with session().aside():
            if not is_own:
                of_keras: Any = next(kind for kind in type(layer).mro() if not is_of_code(kind))
                returned = of_keras.call(layer, *given)
                expected = [*map(plain_sizes, graph.tensors_in(returned))]
            else:
                said = layer.compute_output_shape(shapes_in(given[0]))
                expected = [plain_shape(said)] if isinstance(said, list | tuple) else [None]
    except (QueryError, IsOpenError, TypeError):  # it is told no more than the shapes
        return []
    finally:
        session().built = built
    pairs = [*zip(shapes, expected, strict=False)]
    is_unread = isinstance(made, Open)
    is_other = len(shapes) != len(expected) or any(a and b and differ(a, b) for a, b in pairs)
    if is_other and not is_unread:
        says = f"its {asks}" if is_own else f"{layer.own_keras_name}, of which Keras takes it,"
        raise IsOpenError(opened(layer.own_text, f"{says} says another shape than its call makes"))
    sizes = [pair for a, b in pairs if a and b for pair in zip(a, b, strict=True)]
    says_more = None in shapes or any(type(said) is int is not type(n) for n, said in sizes)
    if not is_own or None in expected or not (is_unread or says_more):
        return []
    if not is_unread:
        layer.own_why = f"its {asks} says a size that its call leaves open"
        own_call.note_failure(layer, given, made, inner)
    return expected


def _told_by_name(layer: Any, method: str) -> list[str]:
    """The parameters of a method that Keras tells several shapes; none where it tells one."""
    if not overrides(layer, method):
        tensors = signature(layer.own_keras_name).tensors if layer.own_keras_name else ()
        return [f"{name}{SHAPE}" for name in tensors if name in TOLD_BY_NAME]
    takes = inspect.signature(getattr(layer, method)).parameters
    words = [name for name, word in takes.items() if word.kind not in SPREAD]
    return words if len(words) > 1 else []


def _are_in_call(layer: Any, method: str, words: Sequence[str]) -> bool:
    """Whether `call` has the tensors whose shapes a method takes; a problem, where it has not."""
    known = [f"{name}{SHAPE}" for name in inspect.signature(layer.call).parameters]
    if wrong := next((word for word in words if word not in known), ""):
        owner = layer.own_keras_name if not overrides(layer, method) else type(layer).__name__
        message = (
            f"{method} of {owner} takes {wrong}, and the call of {type(layer).__name__} has no "
            f"{wrong.removesuffix(SHAPE)}"
        )
        session().problem(message, words="should have a `_shape` suffix and match an argument from")
    return not wrong


def shapes_in(given: Any) -> Any:
    """Of a tensor, or of each in a list or a dictionary."""
    if isinstance(given, dict):
        return {name: shapes_in(part) for name, part in given.items()}
    shapes = [tensor.shape for tensor in within(given) if isinstance(tensor, graph.Tensor)]  # type: ignore[attr-defined]
    return shapes if isinstance(given, list | tuple) else next(iter(shapes), None)


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
    is_cells = isinstance(made, list) and _are_cells(called)
    if is_cells and (held.groups or graph.are_computed(made[:1])):
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
    return _unread(layer, why) if differ(after, sizes) else made


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


def called_as_cell(step: graph.LayerCall, states: Any) -> Any:
    """What one step of a cell makes of its states."""
    call = step.layer.call
    if not tensors_of([states]):
        raise QueryError(
            f"{call} is one step of a layer, and takes its states too: RNN({call}) is the "
            "layer (Keras: \"missing 1 required positional argument: 'states'\")"
        )
    output, *after = returned(step, 3 if call.name == "LSTMCell" else 2)
    is_list = isinstance(states, tuple) or len(after) > 1  # what is not read may be one
    return output, after if is_list else after[0]
