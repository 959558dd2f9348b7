"""Comprehensions: their loops are followed as those of statements are."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.generators import Steps
from rnnshape.reading.python.open import Open
from rnnshape.reading.python.scope import ClassNames, Scope
from rnnshape.reading.python.streams import Stream

MADE: dict[type, Callable[[list[Any]], object]] = {
    ast.ListComp: list, ast.SetComp: set, ast.DictComp: dict,
}  # fmt: skip


def comprehended(evaluator: Evaluator, node: Any, around: Scope) -> object:
    """What a comprehension makes of what its loops yield."""
    scope = Scope(around, is_inner=True)
    if isinstance(node, ast.GeneratorExp):
        loops = _loops(evaluator, node, scope)
        return Stream(Steps(evaluator, evaluator.source, scope).of_block([loops]))

    def made() -> object:
        scope.yields = []  # one list, on both sides of what is not known
        evaluator.follow(_loops(evaluator, node, scope), scope)
        held = scope.yields
        return held if isinstance(held, Open) else MADE[type(node)](held)

    found = evaluator.really(made)
    if isinstance(node, ast.ListComp) and isinstance(found, Open):
        found.row = getattr(scope.yields, "row", None)  # as of a list in a loop
    return found


def _loops(evaluator: Evaluator, node: Any, scope: Any) -> ast.stmt:
    """Its loops, as statements. What the first goes over is known at once, also by a generator,
    and is all that it sees of a class around it."""

    def at_node(made: Any) -> Any:
        return ast.copy_location(made, node)

    is_of_pairs = isinstance(node, ast.DictComp)
    item = ast.Tuple([node.key, node.value], ast.Load()) if is_of_pairs else node.elt
    body = at_node(ast.Expr(at_node(ast.Yield(item))))
    iterated = [part.iter for part in node.generators]
    is_in_class = isinstance(scope.above.names, ClassNames)
    if is_in_class or isinstance(node, ast.GeneratorExp):
        scope.names["<over>"] = evaluator.worth(iterated[0], scope)
        iterated[0] = at_node(ast.Name("<over>", ast.Load()))
    if is_in_class:
        scope.above = scope.above.above
    for part, over in zip(reversed(node.generators), reversed(iterated), strict=True):
        for test in reversed(part.ifs):
            body = at_node(ast.If(test, [body], []))
        body = at_node(ast.For(part.target, over, [body], []))
    return body  # type: ignore[no-any-return]
