"""Calls of what is one of several, of which nobody knows which: of classes of a library, and of the
methods of models."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rnnshape.reading.python.branches import both_ways, made_by, sides_now
from rnnshape.reading.python.evaluator import Evaluator, written
from rnnshape.reading.python.open import Open
from rnnshape.reading.python.scope import Scope

MOST_CALLED, DEEPEST_CHOICE = 6, 2  # classes of which one is called, and such calls in each other
EQUALS = re.compile(r"([^=]+) == ('[^']*'|\d+)")
# What a `try` is like that catches all errors.
CAUGHT = ast.Try([], [ast.ExceptHandler(None, None, [ast.Pass()])], [], [])


def each_called(
    evaluator: Evaluator, node: ast.Call, which: Open, scope: Scope, call: Callable[[Any], object]
) -> object:
    """What a call makes of one of several classes, as if a condition chose it."""
    if not _are_free(evaluator, which):
        return call(replace(which, one_of=()))
    because = replace((*which.roots, which)[0], one_of=())

    def of_several(kinds: Sequence[Any]) -> object:
        kind, *others = kinds
        called = functools.partial(_called, evaluator, kind, call)
        if not others:
            return called()
        test = f"{written(node.func)} is {kind.__name__}"
        rest = functools.partial(of_several, others)
        return both_ways(evaluator, because, test, scope, called, rest)

    evaluator.choosing += 1
    try:
        made = of_several(which.one_of)
    finally:
        evaluator.choosing -= 1
    evaluator.node = node
    if isinstance(made, Open) and made_by(evaluator, node, made, because) is not made:
        return replace(evaluator.open(node), may_be=made.may_be)
    return made


def _called(evaluator: Evaluator, kind: Any, call: Callable[[Any], object]) -> object:
    """What one of them makes. That it does not take what it is called with is no error, as another
    one may be meant."""
    around, doubted = evaluator.trying, len(evaluator.doubted)
    evaluator.trying = [*around, CAUGHT]
    try:
        return call(kind)
    finally:
        evaluator.trying = around
        del evaluator.doubted[doubted:]


def _are_free(evaluator: Evaluator, which: Open) -> bool:
    """Whether each of several classes may be called now: not where a condition around asks for
    what chooses it, nor where they are many, or are called by others of that kind."""
    asked = [why for _, why in evaluator.conditions] + [one.asked for one in sides_now(evaluator)]
    are_few = len(which.one_of) <= MOST_CALLED and evaluator.choosing < DEEPEST_CHOICE
    return are_few and all(_asked_by(which).isdisjoint(_asked_by(why)) for why in asked)


def call_of_each_model(
    evaluator: Evaluator, method: Open, parts: Sequence[object], keywords: Mapping[str, object]
) -> None:
    """Calls a method of each of the models that may be there under the conditions of now."""
    word = method.label.rpartition(".")[2]
    for model in method.alternatives:
        pairs = [(now, made) for now in evaluator.conditions for made in model.own_conditions]
        if not any(_exclude(*pair) for pair in pairs):
            evaluator.really(evaluator.attribute(model, word), *parts, **keywords)


def _exclude(one: tuple[str, Open], other: tuple[str, Open]) -> bool:
    """Whether two conditions do not hold together: `kind == 'a'` and what negates it, or asks for
    another text."""
    texts, equals = (one[0], other[0]), [EQUALS.fullmatch(text) for text, _ in (one, other)]
    pairs = [match.groups() for match in equals if match]
    is_other = len(pairs) == 2 and pairs[0][0] == pairs[1][0] and pairs[0][1] != pairs[1][1]
    is_negated = texts[0] == f"not {texts[1]}" or texts[1] == f"not {texts[0]}"
    return (is_other or is_negated) and not _asked_by(one[1]).isdisjoint(_asked_by(other[1]))


def _asked_by(because: Open) -> set[object]:
    """What is not known: a name may be given to something else, what is under `args.model` less."""
    roots = because.roots or (because,)
    return {id(root) if root.is_named or "." not in root.label else root.label for root in roots}
