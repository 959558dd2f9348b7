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
from rnnshape.reading.python.doubts import tried
from rnnshape.reading.python.evaluator import Evaluator, written
from rnnshape.reading.python.open import Open, Side
from rnnshape.reading.python.scope import Scope
from rnnshape.reading.python.stand_in import hook

MOST_CALLED, DEEPEST_CHOICE = 6, 2  # classes of which one is called, and such calls in each other
PATH = re.compile(r"\w+(?:\.\w+|\[['\"\w]+\])+")  # `args.model`, `config["model"]`
# A condition that asks whether a value is true, is some text or number, or is among some.
ASKS = re.compile(r"([\w.\[\]'\"]+)(?: == ('[^']*'|\d+)| in [(\[](['\w, -]*)[)\]])?")
KNOWN = re.compile(r"'[^']*'|\d+")
TRUE = "true"
CHANGING_LAYERS = {"add", "pop"}  # methods of a model
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
    start = len(evaluator.doubted)
    try:
        with tried(evaluator, CAUGHT):
            return call(kind)
    finally:
        del evaluator.doubted[start:]


def _are_free(evaluator: Evaluator, which: Open) -> bool:
    """Whether each of several classes may be called now: not where a condition around asks for
    what chooses it, nor where they are many, or are called by others of that kind."""
    asked = [one.asked for one in sides_now(evaluator)]
    are_few = len(which.one_of) <= MOST_CALLED and evaluator.choosing < DEEPEST_CHOICE
    known = {_known_by(root) for root in which.roots or (which,)}
    return are_few and known.isdisjoint(
        _known_by(root) for why in asked for root in why.roots or (why,)
    )


def call_of_each_model(
    evaluator: Evaluator, method: Open, parts: Sequence[object], keywords: Mapping[str, object]
) -> None:
    """Calls a method of each of the models that may be there under the conditions of now; of one of
    which that is not clear it is not said whether it takes what it is given."""
    word = method.label.rpartition(".")[2]
    now, before = sides_now(evaluator), evaluator.is_of_several
    for model in method.alternatives:
        is_there = {side.key for side in model.own_sides} <= {side.key for side in now}
        if word in CHANGING_LAYERS and is_there:
            hook(model, "own_may_be_changed")(model, {word}, method)  # also where another is meant
            continue
        meet = [_may_meet(one, other) for one in now for other in model.own_sides]
        if False in meet:
            continue
        evaluator.is_of_several = before or None in meet
        try:
            evaluator.really(evaluator.attribute(model, word), *parts, **keywords)
        finally:
            evaluator.is_of_several = before


def _may_meet(one: Side, other: Side) -> bool | None:
    """Whether two sides of conditions may both be taken: not that of `kind == 'a'` and what negates
    it or asks for another text, by whatever name. None where that is not clear."""
    if one.asked is other.asked and one.text == other.text:
        return one.holds == other.holds
    (what, known, holds), (other_what, others, other_holds) = _asks(one), _asks(other)
    if what is None or other_what is None:
        return None
    if what != other_what:
        return None if _are_related(what, other_what) else True
    if (TRUE in known) != (TRUE in others):
        return None
    if holds and other_holds:
        return not known.isdisjoint(others)
    return not ((holds and known <= others) or (other_holds and others <= known))


def _asks(side: Side) -> tuple[str | None, frozenset[str], bool]:
    """What a side of a condition asks for, as it was before it was given a name, the values that it
    may be, and whether it is one of these. Nothing, where it asks something else."""
    text, asked, holds = side.text, side.asked, side.holds
    if asked.is_named and asked.start.roots:  # of a name, what the code has given it
        text, asked = asked.start.label, asked.start
    label = asked.label
    if " != " in text:
        text, label, holds = (*(one.replace(" != ", " == ") for one in (text, label)), not holds)
    as_text, found = ASKS.fullmatch(text), ASKS.fullmatch(label)
    root, *others = asked.roots or (asked,)
    if not (as_text and found) or others or found[1] != root.label:
        return None, frozenset(), holds
    if as_text.groups()[1:] != found.groups()[1:]:  # the label is of something else
        return None, frozenset(), holds
    compared = found[2] or found[3]
    known = frozenset(KNOWN.findall(compared)) if compared else frozenset([TRUE])
    return _known_by(root), known, holds


def _known_by(root: Open) -> str:
    """By what something is known that is not: a path such as `args.model` always, another name
    only until it is given to something else."""
    start = root.start
    return start.label if PATH.fullmatch(start.label) else f"{start.label} {id(start)}"


def _are_related(one: str, other: str) -> bool:
    """Whether what is not known may be the same, as `config["a"]` and `config.get("a")`, or made of
    the same: two paths are not, unless one goes on from the other."""
    if PATH.fullmatch(one) and PATH.fullmatch(other):
        return one.startswith(other) or other.startswith(one)
    words, others = ({*re.findall(r"[^\W\d]\w*", what)} for what in (one, other))
    return not words.isdisjoint(others)
