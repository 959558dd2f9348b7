"""Whether a value fits a pattern of `match`, and the names that the pattern gives."""

from __future__ import annotations

import ast
import operator
from typing import Any

from rnnshape.reading.python.allowed import is_instance
from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.open import IsOpenError
from rnnshape.reading.python.scope import Scope
from rnnshape.reading.python.targets import give

__all__ = ["fits"]


def fits(evaluator: Evaluator, pattern: ast.pattern | None, value: Any, scope: Scope) -> bool:
    """Whether a value fits; an `IsOpenError` where that is not known."""
    match pattern:
        case ast.MatchValue(value=node):
            other = evaluator.worth(node, scope)
            return bool(evaluator.known(bool, evaluator.really(operator.eq, value, other)))
        case ast.MatchSingleton(value=constant):
            return (
                evaluator.known(bool, value) is constant
                if value is constant
                else (evaluator.known(is_instance, value, object) and value is constant)
            )
        case ast.MatchOr(patterns=several):
            return any(fits(evaluator, one, value, scope) for one in several)
        case ast.MatchAs(pattern=inner, name=name):
            matched = inner is None or fits(evaluator, inner, value, scope)
            if matched and name:
                give(evaluator, name, value, scope)
            return matched
        case ast.MatchSequence(patterns=several):
            return _sequence(evaluator, several, value, scope)
        case ast.MatchMapping(keys=keys, patterns=several, rest=rest):
            words = [evaluator.worth(key, scope) for key in keys]
            if not evaluator.known(is_instance, value, dict):
                return False
            matched = all(
                word in value and fits(evaluator, one, value[word], scope)
                for word, one in zip(words, several, strict=True)
            )
            if matched and rest:
                others = {key: item for key, item in value.items() if key not in words}
                give(evaluator, rest, others, scope)
            return matched
        case ast.MatchClass():
            return _instance(evaluator, pattern, value, scope)
    raise IsOpenError(evaluator.open("this pattern", "this pattern is not read"))


def _sequence(evaluator: Evaluator, several: list[ast.pattern], value: Any, scope: Scope) -> bool:
    if not evaluator.known(is_instance, value, (list, tuple)):
        return False
    stars = [index for index, one in enumerate(several) if isinstance(one, ast.MatchStar)]
    if len(value) < len(several) - len(stars) or (not stars and len(value) != len(several)):
        return False
    extra = len(value) - len(several)
    for index, one in enumerate(several):
        if isinstance(one, ast.MatchStar):
            if one.name:
                give(evaluator, one.name, list(value[index : index + extra + 1]), scope)
        else:
            place = index + extra if stars and index > stars[0] else index
            if not fits(evaluator, one, value[place], scope):
                return False
    return True


def _instance(evaluator: Evaluator, pattern: ast.MatchClass, value: Any, scope: Scope) -> bool:
    kind = evaluator.worth(pattern.cls, scope)
    if not evaluator.known(is_instance, value, kind):
        return False
    if pattern.patterns and not (kind in (int, float, str, bool) and len(pattern.patterns) == 1):
        names = getattr(kind, "__match_args__", getattr(kind, "__dataclass_fields__", None))
        if names is None or len(names) < len(pattern.patterns):
            raise IsOpenError(evaluator.open("this pattern", "this pattern is not read"))
        values = [evaluator.attribute(value, name) for name in names]
    else:
        values = [value]
    words = [evaluator.attribute(value, word) for word in pattern.kwd_attrs]
    return all(
        fits(evaluator, one, part, scope)
        for one, part in zip(
            [*pattern.patterns, *pattern.kwd_patterns],
            [*values[: len(pattern.patterns)], *words],
            strict=True,
        )
    )
