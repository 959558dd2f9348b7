"""Calls of what is one of several, of which nobody knows which: of functions and classes, and of
the methods of models."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rnnshape.reading.python.branches import both_ways, made_by, sides_now
from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.handed_on import CHANGING
from rnnshape.reading.python.open import Open
from rnnshape.reading.python.scope import Scope

MOST_CALLED, DEEPEST_CHOICE = 6, 2  # functions of which one is called, and such calls in each other
OF_CHOICE, EQUALS = re.compile(r" is \w+$"), re.compile(r"([^=]+) == ('[^']*'|\d+)")
CHOSEN = ast.Try([], [ast.ExceptHandler(None, None, [ast.Pass()])], [], [])


def each_called(
    evaluator: Evaluator, node: ast.Call, which: Open, scope: Scope, call: Callable[[Any], object]
) -> object:
    """What a call makes of one of several functions or classes, as if a condition chose it. What
    one of them refuses is no error: it may be another."""
    if not _are_free(evaluator, which):
        return call(replace(which, as_called=None))
    because = which.roots[0] if which.roots else which

    def called(function: Any) -> object:
        around, doubted = evaluator.trying, len(evaluator.doubted)
        evaluator.trying = [*around, CHOSEN]
        try:
            return call(function)
        finally:
            evaluator.trying = around
            del evaluator.doubted[doubted:]

    def one_of(functions: Sequence[Any]) -> object:
        function, *others = functions
        if not others:
            return called(function)
        test = f"{which.label} is {function.__name__}"
        sides = functools.partial(called, function), functools.partial(one_of, others)
        return both_ways(evaluator, because, test, scope, *sides)

    made, own = one_of(which.as_called), evaluator.open(node)
    evaluator.node = node
    is_own = isinstance(made, Open) and made_by(evaluator, node, made, because) is not made
    return replace(own, may_be=made.may_be) if is_own and isinstance(made, Open) else made


def _are_free(evaluator: Evaluator, which: Open) -> bool:
    """Whether each of several functions may be called now: not where a condition around asks for
    what chooses it, nor where they are many, or are called by others of that kind."""
    asked = [why for _, why in evaluator.conditions] + [one.asked for one in sides_now(evaluator)]
    depth = evaluator.trying.count(CHOSEN)
    are_few = len(which.as_called) <= MOST_CALLED and depth < DEEPEST_CHOICE
    return are_few and all(_asked_by(which).isdisjoint(_asked_by(why)) for why in asked)


def call_of_each_model(
    evaluator: Evaluator,
    method: Open,
    parts: Sequence[object],
    keywords: Mapping[str, object],
    made: Open,
) -> None:
    """Calls a method of each of the models that are there; one that may be there, and may then be
    changed, is not known."""
    word = method.label.rpartition(".")[2]
    for model in method.alternatives:
        is_there = may_be_now(evaluator, model.own_conditions)
        if is_there:
            evaluator.really(evaluator.attribute(model, word), *parts, **keywords)
        elif is_there is None and word in CHANGING:
            model.own_open = made


def may_be_now(evaluator: Evaluator, conditions: Sequence[tuple[str, Open]]) -> bool | None:
    """Whether what was made under some conditions may be there under those of now; None where both
    ask for the same, and what chose a function says nothing of the other."""
    answers: list[bool | None] = [True]
    for now, asked in evaluator.conditions:
        for text, because in conditions:
            if now != text and not _asked_by(asked).isdisjoint(_asked_by(because)):
                is_chosen = OF_CHOICE.search(text) or OF_CHOICE.search(now)
                answers.append(None if is_chosen else not _exclude(now, text))
    return False if False in answers else None if None in answers else True


def _exclude(one: str, other: str) -> bool:
    """Whether two conditions do not hold together: `kind == 'a'` and what negates it, or asks for
    another text."""
    equals = [EQUALS.fullmatch(text) for text in (one, other)]
    pairs = [match.groups() for match in equals if match]
    is_other = len(pairs) == 2 and pairs[0][0] == pairs[1][0] and pairs[0][1] != pairs[1][1]
    return is_other or one == f"not {other}" or other == f"not {one}"


def _asked_by(because: Open) -> set[str]:
    return {root.label for root in because.roots or (because,)}
