"""What has a `yield` in it: a statement is followed once the code asks for what comes after it.
The loops of comprehensions are such statements."""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from rnnshape.errors import NotReadError
from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.limits import TOO_MUCH
from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.scope import (
    BrokenSignal,
    ClassNames,
    ContinuedSignal,
    Scope,
    has_yield,
)
from rnnshape.reading.python.streams import Stream
from rnnshape.reading.python.targets import assign
from rnnshape.source import Source

WRONG = "<wrong>"  # a name that no code has
MADE: dict[type, Callable[[list[Any]], object]] = {
    ast.ListComp: list, ast.SetComp: set, ast.DictComp: dict,
}  # fmt: skip


class Steps:
    """The statements of one call of a function, or of a generator expression, in a text."""

    def __init__(self, evaluator: Evaluator, source: Source, scope: Scope) -> None:
        self.evaluator, self.source, self.scope = evaluator, source, scope

    def of_block(self, body: Sequence[ast.stmt]) -> Iterator[object]:
        for node in body:
            yield from self._of(node)
            for early in self.scope.early:  # nobody knows whether it has ended
                raise IsOpenError(early.because)

    def _of(self, node: ast.stmt) -> Iterator[object]:
        if not has_yield([node]):
            yield from self._at_once(node)
            return
        match node:
            case ast.Expr(value=ast.Yield(value=given)):
                yield self._here(self.evaluator.worth, given) if given else None
                return
            case ast.If():
                truth = self._here(self.evaluator.truth, node.test)
                if not isinstance(truth, Open):
                    yield from self.of_block(node.body if truth else node.orelse)
                    return
            case ast.While(orelse=[]):
                truth = self._here(self.evaluator.truth, node.test)
                if not isinstance(truth, Open):
                    while truth and (yield from self._round(node.body)):
                        truth = self._here(self.evaluator.truth, node.test)
                    return
            case ast.For(orelse=[]):
                over = self._here(self.evaluator.worth, node.iter)
                if not isinstance(over, Open):
                    yield from self._for(node, over)
                    return
            case ast.Try() if not has_yield([*node.handlers, *node.orelse, *node.finalbody]):
                yield from self._try(node)
                return
        yield from self._at_once(node)

    def _try(self, node: ast.Try) -> Iterator[object]:
        """What it does with an error is as if it stood there alone."""
        raised: list[ast.stmt] = []
        try:
            yield from self.of_block(node.body)
        except (IsOpenError, NotReadError, *TOO_MUCH):
            raise
        except Exception as wrong:
            self.scope.names[WRONG] = wrong
            raised = [ast.Raise(ast.Name(WRONG, ast.Load()))]
        handlers = node.handlers if raised else []
        rest = ast.Try(raised or node.orelse or [ast.Pass()], handlers, [], node.finalbody)
        for part in (rest, *raised):
            ast.fix_missing_locations(ast.copy_location(part, node))
        self._here(self.evaluator.follow, rest)

    def _for(self, node: ast.For, over: object) -> Iterator[object]:
        for item in self.evaluator.known(iter, over):
            self._here(assign, self.evaluator, node.target, item)
            if not (yield from self._round(node.body)):
                return

    def _round(self, body: Sequence[ast.stmt]) -> Generator[object, None, bool]:
        """One round of a loop; whether it goes on."""
        try:
            yield from self.of_block(body)
        except ContinuedSignal:
            pass
        except BrokenSignal:
            return False
        return True

    def _at_once(self, node: ast.stmt) -> Iterator[object]:
        """Of a statement in which it is not known what comes first, all that it gives."""
        self.scope.yields = []
        self._here(self.evaluator.follow, node)
        yield from self.scope.yields  # an open one stops here

    def _here(self, function: Callable[..., Any], *given: object) -> Any:
        """What a function does in this text, with these names."""
        with self.evaluator.within(self.source):
            return function(*given, self.scope)


def comprehended(evaluator: Evaluator, node: Any, around: Scope) -> object:
    """What a comprehension makes of what its loops yield."""
    scope = Scope(around, is_inner=True)
    if isinstance(node, ast.GeneratorExp):
        loops = _loops(evaluator, node, scope)
        return Stream(Steps(evaluator, evaluator.source, scope).of_block([loops]))

    def made() -> object:
        scope.yields = []  # one list, on both sides of what is not known
        evaluator.follow(_loops(evaluator, node, scope), scope)
        return MADE[type(node)](scope.yields)  # what is open stops there

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
