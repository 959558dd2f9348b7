"""What has a `yield` in it, as the loops of comprehensions have: a statement is followed once the
code asks for what comes after it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from rnnshape.errors import NotReadError
from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.limits import TOO_MUCH
from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.scope import BrokenSignal, ContinuedSignal, Scope, has_yield
from rnnshape.reading.python.streams import ClosedError
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
                yield self._here(self.evaluator.worth, given) if given else None
                return
            case ast.Expr(value=ast.YieldFrom(value=inner)):
                over = self._here(self.evaluator.worth, inner)
                if not isinstance(over, Open):
                    for item in self.evaluator.known(iter, over):
                        yield item
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
                    for item in self.evaluator.known(iter, over):
                        self._here(assign, self.evaluator, node.target, item)
                        if not (yield from self._round(node.body)):
                            break
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
        except ClosedError:
            self._here(self.evaluator.block, node.finalbody)
            raise
        except Exception as wrong:
            self.scope.names[WRONG] = wrong
            raised = [ast.Raise(ast.Name(WRONG, ast.Load()))]
        handlers = node.handlers if raised else []
        rest = ast.Try(raised or node.orelse or [ast.Pass()], handlers, [], node.finalbody)
        for part in (rest, *raised):
            ast.fix_missing_locations(ast.copy_location(part, node))
        self._here(self.evaluator.follow, rest)

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
        try:
            yield from self.scope.yields  # an open one stops here
        except (ClosedError, IsOpenError, NotReadError, *TOO_MUCH):
            raise
        except Exception as wrong:  # from without: what comes first is not known
            raise IsOpenError(self.evaluator.open(node)) from wrong

    def _here(self, function: Callable[..., Any], *given: object) -> Any:
        """What a function does in this text, with these names."""
        with self.evaluator.within(self.source):
            return function(*given, self.scope)
