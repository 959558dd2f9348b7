"""Functions that yield: what they are, and `contextlib.contextmanager`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from rnnshape.reading.python.scope import own_nodes
from rnnshape.reading.python.streams import Stream, left

YIELDS = (ast.Yield, ast.YieldFrom)
AFTER = "<after>"  # a name that no code has


class Managed:
    """What a generator makes of `with`, by `contextlib.contextmanager`."""

    def __init__(self, value: object, after: Callable[[], object]) -> None:
        self.value, self.after = value, after

    def __enter__(self) -> object:
        return self.value

    def __exit__(self, *_: object) -> None:
        self.after()


def managed(function: Callable[..., Any]) -> Callable[..., object]:
    """A generator is followed to its `yield` where it is called, and from there where it is left;
    where that stands in a loop or the like, all of it where it is called."""
    body: Any = getattr(function, "own_body", [])
    halves = _halves(body)
    if halves is not None:
        body[:] = halves

    def call(*given: object, **named: object) -> Any:
        made = function(*given, **named)
        if not isinstance(made, Stream):
            return made
        if halves is None:
            return Managed(next(made), lambda: left(made))
        left(made)
        pair: Any = made.returned
        return Managed(*pair)

    return call


def _halves(body: Sequence[ast.stmt]) -> list[ast.stmt] | None:
    """Statements that return what is yielded, and a function that does what comes after it."""
    found = _split(body)
    if found is None:
        return None
    before, given, after = found
    words = [part for part in body if isinstance(part, ast.Global | ast.Nonlocal)]
    [made] = ast.parse("def after(): pass").body
    assert isinstance(made, ast.FunctionDef)
    made.name, made.body = AFTER, [*words, *(after or made.body)]
    pair = ast.Tuple([given or ast.Constant(None), ast.Name(AFTER, ast.Load())], ast.Load())
    last: list[ast.stmt] = [made, ast.Return(pair)]
    return [*before, *(ast.fix_missing_locations(ast.copy_location(one, body[0])) for one in last)]


def _split(
    body: Sequence[ast.stmt],
) -> tuple[list[ast.stmt], ast.expr | None, list[ast.stmt]] | None:
    """The statements before the one that yields, also in a `try`; what it yields; those after."""
    for index, node in enumerate(body):
        before, after = list(body[:index]), list(body[index + 1 :])
        match node:
            case ast.Expr(value=ast.Yield(value=given)) if not has_yield([*before, *after]):
                return before, given, after
            case ast.Try(body=tried, orelse=orelse, finalbody=final):
                inner = _split(tried)
                if inner is not None and not has_yield([*before, *orelse, *final, *after]):
                    return [*before, *inner[0]], inner[1], [*inner[2], *orelse, *final, *after]
    return None


def has_yield(body: Sequence[ast.AST]) -> bool:
    """Whether statements yield values of their own function, and not of one within."""
    return any(isinstance(node, YIELDS) for node in own_nodes(body))
