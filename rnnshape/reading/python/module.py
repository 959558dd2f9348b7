"""A module of the code: its statements one after the other, whatever becomes of one of them."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from rnnshape.errors import NotReadError, QueryError
from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.limits import BOUNDS, OURS, ExhaustedError, ExitError, words_of
from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.reached import unfinished
from rnnshape.reading.python.scope import OUTSIDE_LOOP, ReturnedSignal, Scope, Signal
from rnnshape.source import STOPS, Source

NO_ERRORS = (IsOpenError, Signal, MemoryError, *OURS)  # of the code


def follow_module(
    evaluator: Evaluator, source: Source, statements: Sequence[ast.stmt], scope: Scope
) -> None:
    """Follows the statements of a module; one that can't be followed does not end it, nor does an
    error, unless the code that imports it may catch that."""
    is_caught = bool(evaluator.trying)
    before = evaluator.calls, evaluator.trying, evaluator.limit, evaluator.most
    evaluator.most = evaluator.limit  # what the statement may take that imports it
    try:
        with evaluator.within(source):
            for node in statements:
                evaluator.calls, evaluator.trying = [], []
                evaluator.begin_statement()
                try:
                    evaluator.follow(node, scope)
                except ReturnedSignal:  # code that was copied out of a function
                    continue
                except ExitError:
                    break
                except (Exception, Signal, ExhaustedError) as wrong:
                    if is_caught and not isinstance(wrong, NO_ERRORS):
                        raise
                    _stops(evaluator, node, scope, wrong)
    finally:
        evaluator.calls, evaluator.trying, evaluator.limit, evaluator.most = before


def _stops(evaluator: Evaluator, node: ast.stmt, scope: Scope, wrong: BaseException) -> None:
    """What a statement gives is open where it could not be followed to its end."""
    if isinstance(wrong, MemoryError):
        raise wrong
    wrong = SyntaxError(OUTSIDE_LOOP) if isinstance(wrong, Signal) else wrong
    place = evaluator.source.place(node)
    if isinstance(wrong, IsOpenError):
        because = wrong.value
    else:
        because = Open("", words := words_of(wrong), evaluator.source, node)
        if isinstance(wrong, OURS):
            evaluator.tell(wrong if isinstance(wrong, QueryError) else NotReadError(words, place))
        elif not evaluator.is_sure:
            evaluator.tell(NotReadError(f"{STOPS}{words}", place))
        elif evaluator.ended is None:
            evaluator.ended = Open("the code stops", words, evaluator.source, node)
    spent, evaluator.steps = evaluator.steps, 0  # what this takes is not counted
    unfinished(evaluator, node, scope, because, isinstance(wrong, (IsOpenError, *BOUNDS)))
    evaluator.steps = spent
