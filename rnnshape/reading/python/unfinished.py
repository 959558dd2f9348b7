"""What a statement may change that is not followed to its end."""

from __future__ import annotations

import ast
from types import FunctionType
from typing import Any

from rnnshape.reading.python.branches import PLAIN, lose, within
from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.open import Open
from rnnshape.reading.python.scope import Scope
from rnnshape.reading.python.stand_in import StandIn, is_of_code


def unfinished(
    evaluator: Evaluator, node: ast.AST, scope: Scope, because: Open, goes_on: bool
) -> None:
    """The names that a statement gives are open; so is, where Python would go on with it, what is
    held by all that its names reach, and those of the functions that it may call."""
    code: list[tuple[list[ast.AST], Scope]] = [([node], scope)] if goes_on else []
    found: dict[int, Any] = {}
    while code:
        nodes, inner = code.pop()
        words = {part.id for one in nodes for part in ast.walk(one) if isinstance(part, ast.Name)}
        known = [around.names for around in inner.around()]
        waiting = [names[word] for names in known for word in words & names.keys()]
        while waiting:
            value = waiting.pop()
            if id(value) in found or isinstance(value, PLAIN):
                continue
            found[id(value)] = value
            if not isinstance(value, FunctionType):
                waiting += within(value)
            elif body := getattr(value, "own_body", None):
                code.append((body, value.own_scope))  # type: ignore[attr-defined]
    lost = [one for one in found.values() if isinstance(one, list | set | dict) or is_of_code(one)]
    objects = (one for one in found.values() if not isinstance(one, StandIn))
    lose(evaluator, scope, because, *lost, *(vars(one) for one in objects if is_of_code(type(one))))
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            made = Open(part.id, because.reason, because.source, because.node)
            made.roots = (because,) if because.label else ()
            scope.names[part.id] = made
