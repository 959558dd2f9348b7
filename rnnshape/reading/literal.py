"""Texts so plain that reading them can neither take long nor much: calls of Keras' names with
literal arguments. Nearly all of them are bound here, without what follows code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from math import isfinite

from rnnshape.chains import chain, may_be_of_several
from rnnshape.errors import QueryError
from rnnshape.expression import LARGEST, Call, Value, bind
from rnnshape.network import Network
from rnnshape.signatures import ARGUMENT_OBJECTS, LAYERS, module_of, signature
from rnnshape.source import Source, with_plain_arrows

LONGEST = 4_000  # characters
MODULES = ("layers", "keras.layers", "tf.keras.layers")
KINDS = ("layers", *ARGUMENT_OBJECTS)


class _MoreError(Exception):
    """There is more in a text than is bound here."""


def is_literal(text: str) -> bool:
    """Whether a text is calls with literal arguments, a chain or a list of them, and is short.

    >>> is_literal("keras.layers.LSTM(64, name='a') -> Dense(-1)"), is_literal("Dense(9 ** 9)")
    (True, False)
    >>> is_literal("max([1, 2])")  # only what begins with a capital can be a layer
    False
    """
    return _statements(with_plain_arrows(text)) is not None


@lru_cache(maxsize=16)
def literal_network(text: str) -> Network | None:
    """The network of a literal text as whoever follows code reads it; None where that has more to
    say: of what is wrong or open, or is not of this Keras.

    >>> print(literal_network("keras.layers.LSTM(64) -> Dense(units=1)"))
    LSTM(64) -> Dense(1)
    >>> literal_network("LSTM(64, retrun_state=True)")
    """
    text = with_plain_arrows(text)
    source = Source(text, "line " if "\n" in text.strip() else "")
    try:
        layers = _bound_layers(source)
        if "Sequential" in text and any(map(may_be_of_several, layers)):
            return None  # a chain and a Sequential make another use of these
        return chain(layers)
    except (QueryError, RecursionError, _MoreError):
        return None


@lru_cache(maxsize=16)  # of one question it is asked more than once
def _statements(text: str) -> list[ast.stmt] | None:
    """The statements of a text, with commas for arrows; None where it is not literal."""
    if len(text) > LONGEST:
        return None
    try:
        statements = ast.parse(text.replace("->", " ,").strip()).body
        return statements if all(map(_is_plain, statements)) else None
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _is_plain(node: ast.AST) -> bool:
    """Whether a piece of the tree is cheap to follow; what is called begins with a capital."""
    match node:
        case ast.Constant(value=int() as number):
            return abs(number) <= LARGEST
        case ast.Constant(value=float() as number):
            return isfinite(number)
        case ast.Constant(value=value):
            return value is None or isinstance(value, str)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            parts = (node.func, *node.args, *node.keywords)
            return name[:1].isupper() and all(map(_is_plain, parts))
        case ast.keyword(value=part) | ast.Expr(value=part) | ast.UnaryOp(ast.USub(), part):
            return _is_plain(part)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(map(_is_plain, parts))
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


# Binding


def _bound_layers(source: Source) -> list[Call]:
    """The layers of an expression, a chain or a list of layers; the first may be an `Input`."""
    arrows, has_arrow = source.arrows(), "->" in source.text  # perhaps in brackets
    match _statements(source.text):
        case [ast.Expr(value=node)] if bool(arrows) == has_arrow and not source.text[:1].isspace():
            parts = source.between(arrows) if arrows else [node]
        case _:
            raise _MoreError
    nodes = [layer for part in parts for layer in _layers(part)]
    layers = [_bound(source, node, may_be_input=node is nodes[0]) for node in nodes]
    others = layers[1:] if layers and layers[0].name == "Input" else layers
    if not others or any(other.name not in LAYERS for other in others):
        raise _MoreError
    return layers


def _layers(node: ast.expr) -> Iterator[ast.Call]:
    match node:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _layers(part)
        case ast.Call(func=ast.Name(id="Sequential"), args=[ast.List() as parts], keywords=[]):
            yield from _layers(parts)
        case ast.Call():
            yield node
        case _:
            raise _MoreError


def _bound(source: Source, node: ast.Call, may_be_input: bool = False) -> Call:
    """A layer, or what a layer's argument may be, with its arguments."""
    match node.func:
        case ast.Name(id=name):
            kinds = KINDS
        case ast.Attribute(attr=name, value=module) if ast.unparse(module) in MODULES:
            kinds = KINDS[:1]
        case _:
            raise _MoreError
    words = [keyword.arg for keyword in node.keywords]
    if module_of(name) not in kinds or (name == "Input" and not may_be_input):
        raise _MoreError
    if len({*words}) < len(words) or not {*words} <= {*signature(name).names}:  # as in Keras 2
        raise _MoreError
    given = [_value(source, arg) for arg in node.args]
    named = {str(keyword.arg): _value(source, keyword.value) for keyword in node.keywords}
    return bind(name, given, named, source.places_of_call(node))


def _value(source: Source, node: ast.expr) -> Value:
    match node:
        case ast.Constant(value=value):
            return value  # type: ignore[return-value]
        case ast.UnaryOp(operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return tuple(_value(source, part) for part in parts)
        case ast.Call():
            return _bound(source, node)
    raise _MoreError
