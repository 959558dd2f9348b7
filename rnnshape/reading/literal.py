"""Whether a text is so plain that reading it can neither take long nor much: calls of Keras' names
with literal arguments."""

from __future__ import annotations

import ast
from functools import lru_cache

__all__ = ["is_literal"]

LONGEST, DEEPEST = 4_000, 40  # characters, and brackets within each other
LARGEST = 2**64
PLAIN = (
    ast.Module, ast.Expr, ast.Call, ast.Name, ast.Attribute, ast.Constant, ast.Tuple, ast.List,
    ast.keyword, ast.UnaryOp, ast.USub, ast.Load,
)  # fmt: skip


@lru_cache(maxsize=16)  # of one question it is asked more than once
def is_literal(text: str) -> bool:
    """Whether a text is calls with literal arguments, a chain or a list of them, and is short.

    >>> is_literal("keras.layers.LSTM(64, name='a') -> Dense(-1)"), is_literal("Dense(9 ** 9)")
    (True, False)
    >>> is_literal("max([1, 2])")  # only what begins with a capital can be a layer
    False
    """
    if len(text) > LONGEST or _depth(text) > DEEPEST:
        return False
    joined = text.replace("→", ",").replace("->", ",")
    try:
        tree = ast.parse(joined.strip())
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return all(isinstance(node, PLAIN) and _is_small(node) for node in ast.walk(tree))


def _depth(text: str) -> int:
    """How many brackets may stand within each other; those in strings are counted too."""
    depth = deepest = 0
    for mark in text:
        depth += (mark in "([{") - (mark in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _is_small(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=int() as number):
            return abs(number) < LARGEST
        case ast.Constant(value=value):
            return value is None or isinstance(value, float | str)
        case ast.Attribute(value=inner):
            return isinstance(inner, ast.Name | ast.Attribute)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name[:1].isupper()
    return True
