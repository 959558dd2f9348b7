"""Keras text that was pasted: an expression, a chain with `->`, a `Sequential`, or a program."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from textwrap import dedent
from typing import Any

from rnnshape.chains import chain, may_be_of_several
from rnnshape.errors import NotReadError, Place, QueryError, nearest, shortened
from rnnshape.expression import NO_LET, Call, Let, Unknown, bind, calls_within, unknowns_in
from rnnshape.network import Input, Network, Question, called_alone, check_count
from rnnshape.reading import graph
from rnnshape.reading.code import follower, read_code
from rnnshape.reading.found import NamedValue, Reading
from rnnshape.reading.names.keras import NAMES, near_layer
from rnnshape.reading.names.layers import Layer
from rnnshape.reading.names.models import Model
from rnnshape.reading.names.sequential import Sequential
from rnnshape.reading.names.session import SESSION
from rnnshape.reading.names.settings import Setting
from rnnshape.reading.names.tensors import Tensor
from rnnshape.reading.python import Evaluator, IsOpenError, Open, own
from rnnshape.reading.python.limits import ExhaustedError, words_of
from rnnshape.reading.python.scope import nodes_of
from rnnshape.signatures import LAYERS, module_of, signature
from rnnshape.source import NO_PYTHON, Source, with_plain_arrows

NOT_JOINED = (NO_PYTHON, "TypeError: '>'", "TypeError: unsupported operand")
NO_LAYER = "there is no Keras layer in this: give one, such as LSTM(64)"
# What people write between layers in place of `->`.
JOINED = re.compile(r"(?<=\))[ \t]*+(?!->(?!>))([-=|>+]{0,3})[ \t]*+(?=(?:\w+\.)*[A-Z]\w*\()")
QUOTED = re.compile(r"\A\s*([`'\"])([^`'\"\n]+)\1\s*\Z")  # all of it, beside the shell's own
OPTION = re.compile(r"(?<=[\w)] )--?[a-z][\w-]*(?=[ =]|$)")
OF_OTHERS = ("nn", "torch")  # which have an LSTM, too
FENCE = "```"  # of code in Markdown
PROMPT = re.compile(r"\s*(?:>>>|In \[\d+\]:|\.\.\.:?)(?: |$)")


def read_text(text: str, let: Let = NO_LET, begins: Sequence[NamedValue] = ()) -> Reading:
    """The networks that a text asks for, or a `QueryError` that shows what is wrong with it.

    >>> [network] = read_text("keras.layers.LSTM(64, return_sequences=True) -> Dense(1)").networks
    >>> print(network)
    LSTM(64, return_sequences=True) -> Dense(1)
    """
    text = QUOTED.sub(r"\2", text)
    try:
        return _reading(text, let, begins)
    except QueryError as wrong:
        joined = JOINED.search(text)
        option = OPTION.search(text)
        is_option = option and (wrong.message.startswith(NO_PYTHON) or "--" in option[0])
        if option and is_option and "\n" not in text:
            place = Place.near(text, *option.span())
            raise QueryError("an option stands beside the text, and not in it", place) from None
        if joined and "\n" not in text and wrong.message.startswith(NOT_JOINED):
            start, end = joined.span(1)
            place = Place.near(text, start, max(end, start + 1))
            raise QueryError("the layers of a chain are joined by ->", place) from None
        if isinstance(wrong, NotReadError) and "\n" not in text:  # there is nothing beside it
            raise QueryError(wrong.message, wrong.place) from None
        raise


def _reading(text: str, let: Let, begins: Sequence[NamedValue]) -> Reading:
    text = _as_typed(with_plain_arrows(text))
    if text[:1].isspace():  # it was copied from the middle of a program
        text = dedent(text.replace("\r\n", "\n")).strip("\n")
        text = text if "\n" in text else text.lstrip()
    source = Source(text, "line " if "\n" in text.strip() else "")
    marks = source.arrows()
    try:
        statements = [] if marks else source.statements()
        nodes = source.between(marks) if marks else _expressions(statements)
    except QueryError:
        reading = read_code(text, let, begins=begins) if source.where and not marks else None
        if reading is None or not reading.networks:
            raise
        return reading
    begins = (*begins, *_modules_in(statements if nodes is None else nodes))
    if nodes is None:
        return _program(read_code(text, let, begins=begins), is_one_line=not source.where)
    evaluator = follower(let, begins=begins)
    network = _chain(evaluator, source, nodes)
    held = SESSION.get()
    network = replace(network, problems=tuple(held.problems))
    used, known = tuple(sorted(evaluator.let_used)), tuple(evaluator.labels)
    question = Question(network, is_of_code=True, notes=held.notes_of(network))
    return Reading((question,), (), used, known)


def _modules_in(nodes: Sequence[ast.AST]) -> Iterator[NamedValue]:
    """What stands before the names of layers: `L.LSTM(3)`, `tfk.layers.LSTM(3)`."""
    for part in nodes_of(nodes):
        match part:
            case ast.Attribute(ast.Name(name), word) if word in LAYERS:
                path = "keras.layers"
            case ast.Attribute(ast.Attribute(ast.Name(name), "layers"), word) if word in LAYERS:
                path = "keras"
            case _:
                continue
        if name not in NAMES and name not in OF_OTHERS:
            yield NamedValue(name, "module", path)


def _program(reading: Reading, is_one_line: bool) -> Reading:
    """What a program makes: of several lines what can be read, as of a file; of one line all."""
    if reading.networks and not is_one_line:
        return reading
    if reading.messages:
        raise reading.refused()
    for refusal in reading.refusals:
        raise refusal
    if not reading.networks:
        raise QueryError(NO_LAYER)
    return reading


def _as_typed(text: str) -> str:
    """What was typed, of a text that was copied from a terminal with Python or IPython in it; and
    what stands between the fences of Markdown, each line in its place.

    >>> _as_typed(">>> n = 3\\n>>> LSTM(\\n...     n)\\n<LSTM name=lstm>")
    'n = 3\\nLSTM(\\n    n)'
    >>> _as_typed("```python\\nLSTM(3)\\n```\\nIt is small.")
    '#\\nLSTM(3)\\n#\\n'
    """
    if text.lstrip().startswith(FENCE):
        if "\n" not in text.strip():
            return text.strip("` \n")
        kept, is_within = [], False
        for line in text.splitlines():
            is_fence = line.lstrip().startswith(FENCE)
            is_within ^= is_fence
            kept.append("#" if is_fence else line * is_within)
        return "\n".join(kept)
    if not re.match(r"\s*(>>>|In \[\d+\]:) ", text):
        return text
    prompts = [(PROMPT.match(line), line) for line in text.splitlines()]
    return "\n".join(line[prompt.end() :] for prompt, line in prompts if prompt)


def read_call(text: str) -> Call:
    """The one call that an expression writes."""
    source = Source(text)
    nodes = _expressions(source.statements())
    if nodes is None or len(nodes) != 1:
        raise QueryError(f"{shortened(text, 60)} is not one Keras expression")
    evaluator = follower({})
    value = _value(evaluator, source, nodes[0])
    if isinstance(value, Tensor) and isinstance(value.maker, graph.InputTensor):
        return bind("Input", (), {"batch_shape": value.maker.shape})
    try:
        made = value.own_as_argument() if isinstance(value, Layer | Setting) else None
    except IsOpenError as wrong:
        raise source.error(nodes[0], f"it is not read alone: {wrong.value.reason}") from None
    if not isinstance(made, Call):
        raise _no_layer(source, nodes[0], value)
    return made


def _expressions(statements: list[ast.stmt]) -> list[ast.expr] | None:
    """The expressions that a text is, or the inside of a list; None of a program."""
    if not statements:
        raise QueryError(NO_LAYER)
    nodes = [node.value for node in statements if isinstance(node, ast.Expr)]
    if len(nodes) < len(statements):
        return None
    is_list = all(isinstance(node, ast.Tuple | ast.List) for node in nodes[:-1])
    last = nodes[-1]
    if not is_list or (isinstance(last, ast.Call) and _is_of_program(last)):
        return None
    return nodes


def _is_of_program(node: ast.Call) -> bool:
    """`model.add(LSTM(3))`, `Model(x, y)` and `LSTM(3)(x)` stand in a program."""
    function = node.func
    if isinstance(function, ast.Call):
        return True
    word = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return word in ("add", "Model")


def _chain(evaluator: Evaluator, source: Source, nodes: list[ast.expr]) -> Network:
    """The network in which each layer takes what the one before it returns."""
    items: list[object] = []
    within: set[int] = set()  # the layers of a Sequential, by their `id`
    values = [_value(evaluator, source, node) for node in nodes]
    for node, value in zip(nodes, values, strict=True):
        for item in _layers(source, node, value, items):
            if isinstance(item, Tensor) and items:
                message = "Input says what the network is given: put it first"
                raise source.error(node.func if isinstance(node, ast.Call) else node, message)
            items.append(item)
            if isinstance(value, Sequential):
                within.add(id(item))
            check_count(len(items))
    if all(isinstance(item, Tensor) for item in items):
        raise QueryError(NO_LAYER)
    layers = [item for item in items if isinstance(item, Layer)]
    are_read = all(layer.own_keras_name and layer.own_layer.unread is None for layer in layers)
    inner = [layer for layer in layers if id(layer) in within]
    if are_read and not any(may_be_of_several(layer.own_layer.call) for layer in inner):
        network = chain([layer.own_layer.call for layer in layers])
        entry = items[0].maker if isinstance(items[0], Tensor) else None
        if isinstance(entry, graph.InputTensor):
            network = replace(network, inputs=(Input(entry.shape, "inputs", entry.dtype),))
        return network
    with evaluator.within(source):
        made = _Chain(items)
        made.own_within = within
        takes, gives = made.own_flow()
    return graph.network_of(takes, gives, "")


class _Chain(Sequential):
    """Layers with arrows between them: attention turns to what comes before it, but for that which
    stands within a Sequential."""

    own_within: Collection[int] = ()

    def own_given_to(self, layer: Any, start: Any) -> Sequence[Any]:
        if not layer.own_keras_name or id(layer) in self.own_within:
            return (start,)
        given = called_alone(layer.own_layer.call, start)
        return [list(one) if type(one) is tuple else one for one in given]


def _value(evaluator: Evaluator, source: Source, node: ast.expr) -> object:
    """What an expression is worth; an error where Python or Keras would refuse it."""
    with evaluator.within(source):
        try:
            value = evaluator.worth(node, evaluator.module)
        except IsOpenError as wrong:
            value = wrong.value
        except (RecursionError, ExhaustedError) as wrong:
            raise source.error(node, words_of(wrong)) from None
        except QueryError as wrong:
            wrong.place = wrong.place or source.place(node)
            raise
    for message in evaluator.messages:
        raise message
    if isinstance(value, Open):
        raise _open_error(source, node, value)
    return value


def _layers(
    source: Source, node: ast.expr, value: object, before: Sequence[object]
) -> Iterator[object]:
    """The layers of a value, one after the other: those of a `Sequential` are taken out of it, but
    for one with an `Input` that stands after others."""
    if isinstance(value, list | tuple):
        written = node.elts if isinstance(node, ast.List | ast.Tuple) else []
        pieces = written if len(written) == len(value) else [node] * len(value)
        for piece, part in zip(pieces, value, strict=True):
            yield from _layers(source, piece, part, before)
    elif isinstance(value, Sequential):
        if value.own_open is not None:
            raise _open_error(source, node, value.own_open)
        if before and any(isinstance(part, Tensor) for part in value.own_items[:1]):
            yield value
            return
        for part in value.own_items:
            yield from _layers(source, node, part, before)
    elif isinstance(value, Layer) and not isinstance(value, Model):
        if value.own_layer is not None:
            _check_open(source, node, value.own_layer)
        yield value
    elif isinstance(value, Tensor) and isinstance(value.maker, graph.InputTensor):
        yield value
    elif isinstance(value, Open):
        raise _open_error(source, node, value)
    else:
        raise _no_layer(source, node, value)


def _check_open(source: Source, node: ast.expr, layer: graph.Layer) -> None:
    """Nothing but a name, and what follows from one, may be open in an expression."""
    found: list[tuple[Unknown, Place | None]] = [(layer.unread, None)] if layer.unread else []
    # The inner ones know where it stands.
    for call in () if found else reversed([*calls_within(layer.call)]):
        defaults = signature(call.name).defaults
        for name, value in call.left_open:
            text = str(value)
            if isinstance(defaults.get(text), bool) > isinstance(defaults[name], bool):
                why = f"{text} is an argument of {call.name}: write {text}=..."
                raise QueryError(why, call.places.get(name))
        for name, value in call.arguments:
            found += [(unknown, call.places.get(name)) for unknown in unknowns_in(value)]
    for unknown, place in found:
        if unknown.reason or any("(" in name for name in unknown.asked):
            why = unknown.reason or f"{unknown.name} is not known here: write its value"
            raise QueryError(why, place or source.place(node))


def _open_error(source: Source, node: ast.expr, value: Open) -> QueryError:
    """What is said of a text that is open as a whole."""
    made, inner = value.node if isinstance(value.node, ast.expr) else node, node
    while isinstance(inner, ast.Attribute | ast.Subscript):
        inner = inner.value
    made = node if made is inner else made  # `some.thing`, not `some`
    place = source.place(made.func if isinstance(made, ast.Call) else made)
    root = (value.roots or (value,))[0].label
    word = root.partition("(")[0].rpartition(".")[2]
    if root.partition(".")[0] in OF_OTHERS:
        near = nearest(word, LAYERS)
        write = f": write {near}(...)" if near else ""
        text = f"{word} of PyTorch is not answered, only Keras' layers are{write}"
        return QueryError(text, place)
    if value.reason:
        return QueryError(value.reason, place)
    if word in LAYERS:
        module = root.partition(f".{word}")[0]
        return QueryError(f"{module} is not known here: write {word}(...)", place)
    hint = near_layer(word)
    if isinstance(node, ast.Call):
        return QueryError(f"Keras has no layer {word}{hint}", place)
    if "." in root and root == source.text and not hint:
        return QueryError(f"there is no file {root}, and no Keras layer of that name")
    hint = hint or ": give a Keras layer, such as LSTM(64), or a file"
    return QueryError(f"{word} is not known{hint}", place)


def _no_layer(source: Source, node: ast.expr, value: object) -> QueryError:
    if isinstance(value, type) and issubclass(value, Layer):
        name = value.own_keras_name or ast.unparse(node).rpartition(".")[2]
        return source.error(node, f"{name} is a layer's class: make one of it, {name}(...)")
    setting = own(value, "own_name", "")
    what = f"{setting} is" if setting and module_of(setting) else "this is"
    return source.error(node, f"{what} not a Keras layer")
