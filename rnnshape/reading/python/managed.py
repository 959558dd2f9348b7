"""Functions that yield: what they are, and `contextlib.contextmanager`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from rnnshape.reading.python.scope import own_nodes
from rnnshape.reading.python.streams import Stream, left

YIELDS = (ast.Yield, ast.YieldFrom)


class Managed:
    """What a generator makes of `with`, by `contextlib.contextmanager`."""

    def __init__(self, stream: Stream, *, may_stop: bool) -> None:
        self.stream, self.may_stop = stream, may_stop

    def __enter__(self) -> object:
        return next(self.stream)

    def __exit__(self, kind: object, wrong: Any, *_: object) -> bool:
        """Whether an error ends there."""
        if wrong is None:
            left(self.stream)
            return False
        try:
            self.stream.throw(wrong)
        except StopIteration:
            return True
        except Exception as again:
            if again is not wrong:
                raise
        return False


def managed(function: Callable[..., Any]) -> Callable[..., object]:
    nodes = own_nodes(getattr(function, "own_body", ()))
    may_stop = any(isinstance(node, ast.Try) and node.handlers for node in nodes)

    def call(*given: object, **named: object) -> Any:
        made = function(*given, **named)
        return Managed(made, may_stop=may_stop) if isinstance(made, Stream) else made

    return call


def has_yield(body: Sequence[ast.AST]) -> bool:
    """Whether statements yield values of their own function, and not of one within."""
    return any(isinstance(node, YIELDS) for node in own_nodes(body))
