"""Calls from their texts: layers as they are read, and operations, which no expression writes."""

from __future__ import annotations

import ast

from rnnshape import reading
from rnnshape.errors import Place
from rnnshape.expression import Call, Value, bind
from rnnshape.signatures import is_operation

__all__ = ["parse"]


def parse(text: str) -> Call:
    """The call that a text writes: `sum(axis=1)` is an operation without its tensors."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return reading.parse(text)
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return reading.parse(text)
    if not is_operation(node.func.id):
        return reading.parse(text)
    words = {str(one.arg): _value(one.value) for one in node.keywords}
    starts = {"": 0, **{str(n): one.col_offset for n, one in enumerate(node.args)}}
    starts |= {str(one.arg): one.col_offset for one in node.keywords}
    lengths = {"": len(node.func.id), **{word: len(word) for word in words}}
    for number, one in enumerate(node.args):
        lengths[str(number)] = len(ast.get_source_segment(text, one) or "")
    places = {name: Place(text, start, start + lengths[name]) for name, start in starts.items()}
    return bind(node.func.id, [_value(one) for one in node.args], words, places)


def _value(node: ast.expr) -> Value:
    value = ast.literal_eval(node)
    return tuple(value) if isinstance(value, list) else value
