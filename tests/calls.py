"""Calls from their texts: layers as they are read, and operations, which no expression writes."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from rnnshape import reading
from rnnshape.errors import Place
from rnnshape.expression import Call, Value, bind
from rnnshape.rules.facts import Axis, Tensor
from rnnshape.rules.inputs import Given
from rnnshape.rules.registry import axes_of_rank
from rnnshape.signatures import is_operation


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


def called(
    text: str, shapes: Mapping[str, tuple[int, ...]]
) -> tuple[Call, list[Given], dict[str, Given]]:
    """`Attention()([q, v], return_attention_scores=True)`: tensors are letters, of these shapes
    without their batch, and `q` has a mask."""
    node = ast.parse(text, mode="eval").body
    assert isinstance(node, ast.Call)

    def given(one: ast.expr) -> Given:
        if isinstance(one, ast.List):
            return tuple(map(given, one.elts))
        if isinstance(one, ast.Constant):
            return bool(one.value)
        assert isinstance(one, ast.Name)
        names = axes_of_rank(len(shapes[one.id]) + 1)
        axes = zip(names, (2, *shapes[one.id]), strict=True)
        shape = tuple(Axis(name, size) for name, size in axes)
        return Tensor(one.id, shape, mask=shape[:2] if one.id == "q" else None)

    keywords = {str(one.arg): given(one.value) for one in node.keywords}
    return parse(ast.unparse(node.func)), list(map(given, node.args)), keywords
