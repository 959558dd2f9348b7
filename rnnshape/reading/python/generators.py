"""What has a `yield` in it: a statement is followed once the code asks for what comes after it."""

from __future__ import annotations

import ast
from collections.abc import Generator, Iterator, Sequence

from rnnshape.errors import NotReadError
from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.limits import TOO_MUCH
from rnnshape.reading.python.managed import has_yield
from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.scope import BrokenSignal, ContinuedSignal, Scope
from rnnshape.reading.python.targets import assign
from rnnshape.source import Source

WRONG = "<wrong>"  # a name that no code has


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
                yield self._worth(given) if given else None
                return
            case ast.If():
                truth = self._truth(node.test)
                if not isinstance(truth, Open):
                    yield from self.of_block(node.body if truth else node.orelse)
                    return
            case ast.While(orelse=[]):
                truth = self._truth(node.test)
                if not isinstance(truth, Open):
                    yield from self._while(node, truth)
                    return
            case ast.For(orelse=[]):
                over = self._worth(node.iter)
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
        with self.evaluator.within(self.source):
            self.evaluator.follow(rest, self.scope)

    def _while(self, node: ast.While, truth: object) -> Iterator[object]:
        while truth and (yield from self._round(node.body)):
            truth = self._truth(node.test)
            if isinstance(truth, Open):
                raise IsOpenError(truth)

    def _for(self, node: ast.For, over: object) -> Iterator[object]:
        for item in self.evaluator.known(iter, over):
            with self.evaluator.within(self.source):
                assign(self.evaluator, node.target, item, self.scope)
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
        with self.evaluator.within(self.source):
            self.evaluator.follow(node, self.scope)
        if isinstance(self.scope.yields, Open):
            raise IsOpenError(self.scope.yields)
        yield from self.scope.yields

    def _worth(self, node: ast.expr) -> object:
        with self.evaluator.within(self.source):
            return self.evaluator.worth(node, self.scope)

    def _truth(self, node: ast.expr) -> object:
        with self.evaluator.within(self.source):
            return self.evaluator.truth(node, self.scope)
