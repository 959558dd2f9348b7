"""Keras text that was pasted: an expression, a chain with `->`, a `Sequential`, or a program."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import pairwise

from rnnshape.errors import Place, QueryError, did_you_mean
from rnnshape.expression import Call, NotLiteralError, Source, Value
from rnnshape.network import MOST_LAYERS, Dimensions, Network, chain, too_many_layers
from rnnshape.signatures import ALIASES, LAYERS, REFUSED, module_of

__all__ = ["read_text"]

CLOSING = {"(": ")", "[": "]", "{": "}"}


def read_text(
    text: str, dimensions: Dimensions | None = None, let: Mapping[str, Value] | None = None
) -> tuple[Network, ...]:
    """The networks that a text asks for, or a `QueryError` that shows what is wrong with it.

    >>> [network] = read_text("keras.layers.LSTM(64, return_sequences=True) -> Dense(1)")
    >>> print(network)
    LSTM(64, return_sequences=True) -> Dense(1)
    """
    if text[:1].isspace():  # it was copied from the middle of a program
        from textwrap import dedent

        text = dedent(text.replace("\r\n", "\n")).strip("\n")
        text = text if "\n" in text else text.lstrip()
    source = Source(text, "line " if "\n" in text.strip() else "")
    if not text.strip():
        raise QueryError("there is nothing to read: give a Keras layer, as LSTM(64)")
    marks = _arrows(source)
    if marks:
        nodes = source.between(marks)
    else:
        statements = source.statements()
        if not _is_chain(source, statements):
            return _program(text, dimensions, let or {})
        nodes = [one.value for one in statements if isinstance(one, ast.Expr)]
    try:
        return (_chain(source, nodes),)
    except NotLiteralError as wrong:
        return _as_code(source, marks, dimensions, let or {}, wrong)


def _as_code(
    source: Source,
    marks: list[int],
    dimensions: Dimensions | None,
    let: Mapping[str, Value],
    wrong: QueryError,
) -> tuple[Network, ...]:
    """The same layers by the reader of code, which knows names, sizes of data and more; raises
    what is `wrong` where it can't read them either."""
    from rnnshape.reading.code import read_code  # most texts are chains of literals

    ends = pairwise([-2, *marks, len(source.text)])
    layers = ", ".join(source.text[start + 2 : end].strip() for start, end in ends)
    reading = read_code(f"Sequential([{layers}])", let, dimensions=dimensions)
    asks = next((one for one in reading.messages if "--let" in one.message), None)
    if reading.messages or not reading.networks:
        raise QueryError(asks.message, wrong.place) if asks else wrong
    return reading.networks


def _chain(source: Source, nodes: list[ast.expr]) -> Network:
    layers: list[Call] = []
    for node in nodes:
        for layer in _layers(source, node):
            if layer.name == "Input" and layers:
                raise layer.error("Input says what the network is given: put it first")
            layers.append(layer)
            if len(layers) > MOST_LAYERS:
                raise too_many_layers()
    if all(layer.name == "Input" for layer in layers):
        raise QueryError("there is no layer here: give one, as LSTM(64)")
    return chain(layers)


def _layers(source: Source, node: ast.expr, depth: int = 0) -> Iterator[Call]:
    """The layers that an expression makes, one after the other."""
    match node:
        case ast.Call(func=func) if source.name(func) == "Sequential":
            if depth > 10:
                raise source.error(node, "this is nested too deeply to be read")
            for one in _layers_of_sequential(source, node):
                yield from _layers(source, one, depth + 1)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for one in elements:
                yield from _layers(source, one, depth + 1)
        case ast.BinOp() | ast.ListComp():
            value = source.value(node)
            for layer in value if isinstance(value, tuple) else (value,):
                yield _layer(source, node, layer)
        case ast.Name() | ast.Attribute():
            raise _bare(source, node)
        case _:
            yield _layer(source, node, source.value(node))


def _layers_of_sequential(source: Source, node: ast.Call) -> list[ast.expr]:
    given = list(node.args[:1])
    for keyword in node.keywords:
        if keyword.arg == "layers":
            given.append(keyword.value)
        elif keyword.arg not in ("name", "trainable"):
            raise source.error(keyword.value, "Sequential takes layers, name and trainable")
    if len(node.args) > 1 and not isinstance(node.args[1], ast.Constant):
        raise source.error(node.args[1], "Sequential takes its layers in one list")
    return given


def _layer(source: Source, node: ast.expr, value: object) -> Call:
    if not isinstance(value, Call) or module_of(value.name) != "layers":
        name = f"{value.name} is" if isinstance(value, Call) else "this is"
        raise source.error(node, f"{name} not a Keras layer")
    return value


def _is_chain(source: Source, statements: list[ast.stmt]) -> bool:
    """Whether the text is layers and nothing else: one expression, or the inside of a list."""
    if not statements:
        raise QueryError("there is no layer here: give one, as LSTM(64)")
    for statement in statements:
        match statement:
            case ast.Expr(value=ast.Tuple() | ast.List() | ast.BinOp() | ast.ListComp()):
                pass
            case ast.Expr(value=ast.Call(func=ast.Name() | ast.Attribute() as func)):
                name = source.name(func)
                if name in ("add", "Model") or statement is not statements[-1]:
                    return False
            case ast.Expr(value=ast.Call()):
                return False
            case ast.Expr() if len(statements) == 1:
                pass
            case _:
                return False
    return True


def _bare(source: Source, node: ast.expr) -> QueryError:
    """What is said of a name that makes no layer."""
    word = source.name(node) or "this"
    if ALIASES.get(word, word) in LAYERS:
        return source.error(node, f"{word} is a layer's class: make one of it, {word}(...)")
    if word in REFUSED:
        return source.error(node, f"{word} is not answered: {REFUSED[word]}")
    hint = did_you_mean(word, LAYERS) or ": give a Keras layer, as LSTM(64), or a file"
    return source.error(node, f"{word} is not known{hint}")


def _program(
    text: str, dimensions: Dimensions | None, let: Mapping[str, Value]
) -> tuple[Network, ...]:
    from rnnshape.reading.code import read_code  # most texts are chains

    reading = read_code(text, let, dimensions=dimensions)
    if reading.messages:
        raise reading.refused()
    if not reading.networks:
        raise QueryError("there is no Keras layer in this: give one, as LSTM(64)")
    return reading.networks


def _arrows(source: Source) -> list[int]:
    """Where `->` stands outside brackets and strings, or a `QueryError` for what is left open."""
    text = source.text
    if "->" not in text:
        return []
    if len(text) > source.longest:
        raise QueryError(f"this is too long to be read: {len(text):,} characters")
    found: list[int] = []
    commas: list[int] = []
    opened: list[int] = []
    for place, mark in _marks(source):
        if mark in CLOSING:
            opened.append(place)
        elif mark in ")]}":
            if not opened or CLOSING[text[opened.pop()]] != mark:
                raise QueryError(f"this {mark} closes nothing", _place(source, place))
        elif not opened:
            (found if mark == "->" else commas).append(place)
    if opened:
        raise QueryError(f"this {text[opened[-1]]} is never closed", _place(source, opened[-1]))
    if not found:
        return []
    if commas:
        raise QueryError("the layers of a chain are joined by ->", _place(source, commas[0]))
    for start, end in pairwise([-2, *found, len(text)]):
        if not text[start + 2 : end].strip():
            at = found[0] if start == -2 else start
            raise QueryError("a layer is missing beside this ->", _place(source, at, 2))
    return found


def _marks(source: Source) -> Iterator[tuple[int, str]]:
    """Every bracket, comma and `->` outside strings and comments, with its place."""
    text, place = source.text, 0
    while place < len(text):
        mark = text[place]
        if mark in "'\"":
            quote = mark * 3 if text.startswith(mark * 3, place) else mark
            end = place + len(quote)
            while end < len(text) and not text.startswith(quote, end):
                end += 2 if text[end] == "\\" else 1
            if end >= len(text):
                raise QueryError("this string is never closed", _place(source, place))
            place = end + len(quote)
        elif mark == "#":
            end = text.find("\n", place)
            place = end if end >= 0 else len(text)
        elif text.startswith("->", place):
            yield place, "->"
            place += 2
        else:
            if mark in "()[]{},":
                yield place, mark
            place += 1


def _place(source: Source, place: int, width: int = 1) -> Place:
    before = source.text[:place].replace("\r\n", "\n").replace("\r", "\n")
    number, start = before.count("\n"), len(before) - (before.rfind("\n") + 1)
    where = f"{source.where}{number + 1}" if source.where else ""
    return Place(source.lines[number], start, start + width, where)
