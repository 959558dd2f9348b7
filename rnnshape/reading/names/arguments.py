"""What layers are made and called with: their arguments as plain data, and the tensors."""

from __future__ import annotations

import ast
import inspect
from ast import literal_eval
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rnnshape import signatures
from rnnshape.chains import input_of_first_layer
from rnnshape.errors import IncompleteError, QueryError, counted, shortened
from rnnshape.expression import Call, Unknown, bind, printed, unknowns_in
from rnnshape.nest import rebuilt, within
from rnnshape.program import ANSWERED_WITHOUT, DEPENDS
from rnnshape.reading import graph, keras2
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.defaults import fix_policy, of_all
from rnnshape.reading.names.open_tensors import with_steps
from rnnshape.reading.names.own_call import why_unconnected
from rnnshape.reading.names.rows import is_unbuilt
from rnnshape.reading.names.session import opened, session, unknown_of
from rnnshape.reading.names.sizes import OF_NUMPY, NumPyNumber
from rnnshape.reading.names.tensors import Tensor, argument, name_given, operand
from rnnshape.reading.python import IsOpenError, Open, own
from rnnshape.reading.python.stand_in import is_of_code
from rnnshape.rules.arguments import changes_no_shape, check

AFTER_THE_FIRST = ("initial_state", "mask", "training")
OF_PYTHON = (  # the arguments for which it takes none of these
    *("units", "input_dim", "output_dim", "n", "num_heads", "key_dim", "value_dim", "kernel_size"),
    *("strides", "dilation_rate", "pool_size", "output_size", "cropping", "padding", "size"),
)
OF_GRAPHS = ("inputs", "outputs", "input_shape", "output_shape")  # models of these alone


def bound(name: str, values: Sequence[Any], named: Mapping[str, Any]) -> Call:
    """A layer of Keras with its arguments as plain data."""
    known = signatures.signature(name)
    if any(value is Ellipsis for value in values):
        raise IsOpenError(opened(f"{name}(...)", "its arguments are left out"))
    _check_for_tensors(name, values, named)
    values = _with_kernel_of_today(name, values, named)
    if "dtype" in named and named["dtype"] is None:
        named = {word: value for word, value in named.items() if word != "dtype"}
    said = {word: value for word, value in of_all(name, named).items() if word in known.names}
    given = said | as_written_today(name, named)
    defaults = known.defaults
    words = {word: argument(_flag(value, defaults.get(word))) for word, value in given.items()}
    made = bind(name, [*map(argument, values)], words, session().places())
    _check_numbers(name, values, named)
    as_written = (*words, *known.positional[: len(values)])
    optional = (word for word in as_written if word in known.defaults and changes_no_shape(word))
    left_open = {word: made[word] for word in optional if [*unknowns_in(made[word])]}
    made = made.without(*left_open)
    if session().evaluator.trying and next(unknowns_in(made), None) is None:  # it may catch it
        check(made)
    return replace(made, left_open=tuple(left_open.items()))


def _flag(value: Any, default: object) -> Any:
    """`return_sequences=more or True`, of which Keras asks no more than whether it is true."""
    is_flag = isinstance(value, Open) and isinstance(default, bool)
    return value.stands_for if is_flag and isinstance(value.stands_for, bool) else value


def _check_numbers(name: str, values: Sequence[Any], named: Mapping[str, Any]) -> None:
    """`Dense(np.prod(shape))`: what this Keras takes must be a whole number of Python's own."""
    by_place = zip(signatures.signature(name).positional, enumerate(values), strict=False)
    given = [(word, str(place), value) for word, (place, value) in by_place]
    for word, at, value in (*given, *((word, word, value) for word, value in named.items())):
        begins = value.start.stands_for if isinstance(value, Open) else None
        if word in OF_PYTHON and (isinstance(value, NumPyNumber) or begins == OF_NUMPY):
            label = value.label if isinstance(value, Open) else str(int(value))
            text = session().evaluator.words_of_call().get(at, label)
            message = f"{name} takes a whole number of Python's own, not NumPy's: write int({text})"
            session().problem(message, f"int({text})", place=session().places().get(at))


def _check_for_tensors(name: str, values: Sequence[Any], named: Mapping[str, Any]) -> None:
    """`LSTM(64, x)`: a layer is made of its arguments first, and then called with tensors."""
    tensors = graph.tensors_in([*values, dict(named)])
    given = [*filter(_is_surely_one, tensors)]
    node = session().evaluator.node
    if not given or graph.are_computed(given) or not isinstance(node, ast.Call):
        return
    known = signatures.signature(name)
    written: list[tuple[Any, ast.AST]] = [*zip(values, node.args, strict=False)]
    written += [(named.get(word.arg or ""), word) for word in node.keywords]
    taken = [ast.unparse(part) for value, part in written if holds_tensors(value)]
    others = [ast.unparse(part) for value, part in written if not holds_tensors(value)]
    inner = node.args[0] if known.names[0] == "layer" and node.args else None
    if isinstance(inner, ast.Call):  # `Bidirectional(LSTM(64)(x))`
        others, taken = [ast.unparse(inner.func), *others], [*map(ast.unparse, inner.args)]
    elif not others and known.required:
        others = ["..."]
    write = f"{ast.unparse(node.func)}({', '.join(others)})({', '.join(taken[:1])})"
    message = f"{name} is made of its arguments first, and then called with tensors: write {write}"
    raise QueryError(message)


def _is_surely_one(tensor: graph.Tensor) -> bool:
    """Whether it is a tensor, and nothing else that something makes which is not read."""
    call = tensor.maker
    if isinstance(call, graph.InputTensor) or call.layer.unread:
        return isinstance(call, graph.InputTensor)
    return not signatures.is_operation(call.layer.call.name) or any(
        map(_is_surely_one, call.tensors)
    )


def _with_kernel_of_today(
    name: str, values: Sequence[Any], named: Mapping[str, Any]
) -> Sequence[Any]:
    """`Convolution2D(8, 4, 4)` of Keras 1 has rows and columns of its kernel; it is read so where
    other arguments are of Keras 1, too. Keras 3 takes the columns for strides."""
    known, sizes = signatures.signature(name), values[1:3]
    is_kernel = known.positional[1:3] == ("kernel_size", "strides") and name.endswith("2D")
    if not is_kernel or len(sizes) < 2 or any(type(size) is not int for size in sizes):
        return values
    kernel, held = f"kernel_size={printed(tuple(sizes))}", session()
    taken = (*known.names, *signatures.INPUT_ARGUMENTS)
    if any(keras2.argument(name, word) for word in named if word not in taken):
        held.old_name("columns by position", keras2.Today(kernel), name, held.places().get("2"))
        return (values[0], tuple(sizes), *values[3:])
    if "Convolution2D" in ast.unparse(held.evaluator.node):
        note = f"Keras takes the third argument of Convolution2D for strides: write {kernel}"
        held.notes[f"{note}, if the kernel's columns are meant", held.places().get("2")] = None
    return values


def config(layer: Any, values: Sequence[Any], named: Mapping[str, Any]) -> Call | None:
    """What a layer of Keras is made as; None of one of the code, also where that derives from one
    that takes more than the code says."""
    if not layer.own_keras_name:
        fix_policy()
        return None
    try:
        return bound(layer.own_keras_name, values, named)
    except IncompleteError:
        if not is_of_code(type(layer)):
            raise
        name, layer.own_keras_name = layer.own_keras_name, ""
        layer.own_why = f"it derives from {name}, and what that takes is not all known"
        return None


def as_written_today(name: str, named: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a layer under the names of today, where they have those of Keras 1 or 2."""
    known, found = signatures.signature(name), dict[str, Any]()
    places = session().places()
    given = named.get("input_shape") if "batch_size" in named else None
    of_input = tuple(given) if isinstance(given, list | tuple) else ()
    for word, value in named.items():
        today = keras2.argument(name, word) if word not in known.names else None
        of_several = isinstance(value, list | tuple) and any(isinstance(n, tuple) for n in value)
        if word == "input_shape" and of_several:  # which Keras takes, and does not look at
            continue
        if today is None:
            found[word] = value
            continue
        new, plain = today.code.partition("=")[0], argument(value)
        has_a_name = isinstance(plain, Unknown | Call)  # that the code knows, and Keras may not
        written = (
            session().evaluator.words_of_call().get(word, "...") if has_a_name else printed(plain)
        )
        today = today.given(written)
        if of_input and word in ("batch_size", "input_shape"):  # together one shape
            found["batch_input_shape"] = (named["batch_size"], *of_input)
            if word == "input_shape":
                continue
            code = f"Input({printed(argument(of_input))}, batch_size={written})"
            today = today._replace(code=code)
        if word in signatures.INPUT_ARGUMENTS:
            today = today._replace(code=_input_of_today(name, named))
        elif word in ("nb_row", "nb_col"):
            sizes = [argument(named[side]) for side in ("nb_row", "nb_col") if side in named]
            today = today.given(printed(tuple(sizes)))
        session().old_name(word, today, name, places.get(word))
        if word in signatures.INPUT_ARGUMENTS:
            found[word] = value
        elif word in ("nb_row", "nb_col") and "kernel_size" in known.names:
            found["kernel_size"] = (*found.get("kernel_size", ()), value)
        elif new in known.names:
            is_same = today.keeps_value
            found.setdefault(new, value if is_same else literal_eval(today.code.partition("=")[2]))
    return found


def _input_of_today(name: str, named: Mapping[str, Any]) -> str:
    """The `Input` that says what a layer's `input_dim`, `input_shape` and the like say."""
    words = {word: argument(named[word]) for word in signatures.INPUT_ARGUMENTS if word in named}
    shape = input_of_first_layer(Call(name, tuple(words.items()))).shape
    if "batch_input_shape" in words:
        return f"Input(batch_shape={printed(shape)})"
    return f"Input({printed(shape[1:] if isinstance(shape, tuple) else shape)})"


def in_order(
    call: Call, given: Sequence[Any], named: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """What a layer is called with, by position and by name, as its rule has it; without what
    changes no shape and is not known."""
    parts, words = list(given), dict(named)
    known = signatures.signature(call.name).tensors
    for word in (*known[:1], "inputs", "sequences"):
        if not parts and word in words:
            parts.append(words.pop(word))
            if word not in known:  # as Keras 2 took it
                written = session().evaluator.words_of_call().get(word, word)
                today, place = keras2.Today(f"{known[0]}={written}"), session().places().get(word)
                session().old_name(word, today, call.name, place)
    inner = call["layer"] if call.name == "Bidirectional" else call
    if isinstance(inner, Call) and inner["return_sequences"] is not None:
        words = dict(zip(AFTER_THE_FIRST, parts[1:], strict=False)) | words
        del parts[1:]
    for word, value in [*words.items()]:
        changes_nothing = word in AFTER_THE_FIRST or word.endswith("mask")
        is_dropped = word == "training" and word not in known  # by Keras, too
        is_nothing = changes_nothing and isinstance(value, Open) and not value.may_be
        if is_dropped or is_nothing:
            del words[word]
            if is_nothing and word != "training":
                note = f"{word}={value.label}{ANSWERED_WITHOUT}"
                session().notes[note, next(iter(call.places.values()), None)] = None
    return parts, words


def check_flags(words: Mapping[str, Any]) -> None:
    """Nobody knows how many tensors attention returns that is called with an open flag."""
    flag = words.get("return_attention_scores")
    if isinstance(flag, Open):
        raise IsOpenError(flag)


def passed(value: Any) -> Any:
    """What a layer is called with: data becomes an input of the network."""
    return rebuilt(with_steps(value), _passed, tuple)


def check_called(model: Any, end: str) -> None:
    """A `Sequential` has `inputs` and `outputs` once it is built, and an `input` and an `output`
    only where it is called with a tensor."""
    if model.own_kind != "Sequential" or model.own_is_symbolic:
        return
    if end not in ("input", "output"):
        if is_unbuilt(model):
            if session().is_ready_for_none:
                raise AttributeError(end)
            message = f"a Sequential has no {end} before it is built: put an Input first"
            words = f"has no defined {end.replace('_', ' ')} yet"
            session().problem(message, words=words)
    elif not _is_held(model):
        write = f"{model.own_variable or 'model'}.{end}s[0]"
        words = f"has never been called and thus has no defined {end}"
        message = f"a Sequential that is called with no tensor has no {end}: write {write}"
        session().problem(message, write, words=words)


def _is_held(model: Any) -> bool:
    return any(item is model for other in session().models for item in other.own_items)


def lacks(model: Any, name: str) -> bool:
    """Whether a model has none of a name where Keras' own have it."""
    if model.own_kind:
        is_asked = session().is_ready_for_none and name in ("input", "output")
        is_alone = model.own_kind == "Sequential" and not model.own_is_symbolic
        return is_asked and is_alone and not _is_held(model)
    return model.own_nests[0] is None and name in OF_GRAPHS


def _passed(value: Any) -> Any:
    if isinstance(value, Open) and not value.reason:
        name = value.label if value.label.isidentifier() else ""
        return Tensor(session().source(value.label, value, open_shape(value), name))
    made = operand(value)
    if made is None or isinstance(made, bool | Tensor):
        return made
    kind = "a function" if callable(value) else type(value).__name__
    kind = shortened(repr(value), 40) if isinstance(value, int | float | str) else kind
    what = getattr(type(value), "own_what", kind)
    hint = ": call it with one first; a chain has -> between two"
    hint = hint if what in ("a layer", "a model") else ""
    raise QueryError(
        f"layers are called with tensors, not with {what.replace('a model', 'a layer')}{hint}"
    )


def open_shape(value: Open) -> Unknown | None:
    """The shape of data that the code takes from somewhere; nothing is said of a name to which it
    gives no value."""
    return None if value.is_undefined else unknown_of(value.part(".shape"))


def holds_tensors(value: object) -> bool:
    return next(graph.tensors_in(value), None) is not None


def are_arrays(given: Any) -> bool:
    """Whether it is data in a list, a tuple or a dictionary."""
    parts = [*within(given)]
    return bool(parts) and all(isinstance(one, Array) for one in parts)


def keys_of(given: Any) -> list[str]:
    """Those of a dictionary of tensors, in Keras' order."""
    is_flat = isinstance(given, dict) and all(isinstance(one, Tensor) for one in given.values())
    return sorted(given, key=str) if is_flat else []


def wrong_with_ends(model: Any) -> Iterator[str]:
    """Keras refuses a model whose outputs need other inputs than those that it names."""
    takes, gives, kind = model.own_takes, model.own_gives, model.own_kind
    for part in within([*model.own_nests]):
        if isinstance(part, Array) and part.own_what == "a tensor":  # of a layer, or of data
            reason = "what it is made of is data, or what a layer makes of data"
            model.own_open = opened(model.own_title or "a model", reason)
            return
        if own(part, "own_keras_name") and (layer := own(part, "own_layer")):
            yield f'{layer.call} is a layer, no tensor: call it (Keras: "must be KerasTensors")'
            return
    if not (takes or gives or kind):  # `super().__init__(self)`, which Keras 2 took
        write, words = "super().__init__()", "takes 1 positional argument but 2 were given"
        message = f"a model's own __init__ takes nothing by position: write {write}"
        session().problem(message, write, words=words)
        return
    if not (takes and gives):
        yield f"what this model's {'outputs' if takes else 'inputs'} are is not known"
    calls = graph.calls_before(gives, takes)
    owners = dict.fromkeys(call.part.owner for call in calls if call.part)
    names = Counter([*map(name_given, takes), *(vars(owner).get("own_name") for owner in owners)])
    alone = {call.layer for call in calls if not call.part}
    given = {layer.call["name"] for layer in alone}
    counted = {layer.name for layer in alone if layer.call["name"] is None}
    for name in filter(None, (*names, *(given & counted))):
        if names[name] != 1 or name in given | counted:
            message = f"two inputs, layers or models have the name {name!r}: give each its own"
            yield f'{message} (Keras: "All operation names should be unique")'
    if why := why_unconnected(takes, gives, calls):
        yield f'{why} (Keras: "is not connected to `inputs`")'
    made = {(id(one.maker), one.output) for one in takes if isinstance(one.maker, graph.LayerCall)}
    if any((id(one.maker), one.output) in made for one in gives):
        words = '(Keras: "is not connected to `inputs`", "Graph disconnected")'
        message = "what a layer makes is an input of this model and its output"
        yield f"{message}: name the Input before it {words}"
    if any(tensor.own_reaches("") for tensor in takes):  # what is not read may be all of them
        return
    passed = (*gives, *(tensor for call in calls for tensor in call.tensors))
    either = [
        one
        for one in passed
        if isinstance(one.maker, graph.LayerCall) and str(one.maker.layer.call).startswith(DEPENDS)
    ]  # made of one or the other
    for tensor in graph.sources_of(gives, [*takes, *either]):
        source: Any = tensor.maker
        if source.shape is not None and not source.is_data:  # else Keras takes it as it is
            name = source.name or source.given_name
            yield f"this model needs an input that it does not name{f': {name}' if name else ''}"


def needed_by(call: Any) -> list[str]:
    """What a `call` must be given, by position or by name."""
    takes = inspect.signature(call).parameters.values()
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [word.name for word in takes if word.default is word.empty and word.kind is kind]


def check_number(title: str, takes: int, given: Sequence[Tensor]) -> None:
    """A model is given as many tensors as it takes; what no code says may be a list of them."""
    message = f"{title} takes {counted(takes, 'tensor')}, not {len(given)}"
    if len(given) != takes and any(getattr(one.maker, "shape", ()) is None for one in given):
        raise IsOpenError(opened(f"what {title} is called with", message))
    if len(given) != takes:
        raise QueryError(message)


def says_no_input(layer: Call) -> bool:
    """Whether only what is in it says something of its input, as Keras does not ask there."""
    is_around = isinstance(layer["layer"], Call)
    return is_around and not any(word in layer for word in signatures.INPUT_ARGUMENTS)


def says_length_alone(layer: Call) -> bool:
    """Whether it is an Embedding with Keras 2's `input_length`, of which this Keras only warns."""
    said = [word for word in signatures.INPUT_ARGUMENTS if word in layer and word != "input_dim"]
    return layer.name == "Embedding" and said == ["input_length"]
