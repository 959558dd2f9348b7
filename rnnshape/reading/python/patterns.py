"""Whether a value fits a pattern of `match`, and the names that the pattern gives."""

from __future__ import annotations

import ast
import operator
from typing import Any

from rnnshape.reading.python.allowed import is_instance
from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.open import IsOpenError
from rnnshape.reading.python.scope import Scope
from rnnshape.reading.python.targets import give, shared_out

__all__ = ["fits"]


def fits(evaluator: Evaluator, pattern: ast.pattern | None, value: Any, scope: Scope) -> bool:
    """Whether a value fits; an `IsOpenError` where that is not known."""
    match pattern:
        case ast.MatchValue(value=node):
            other = evaluator.worth(node, scope)
            return bool(evaluator.known(bool, evaluator.really(operator.eq, value, other)))
        case ast.MatchSingleton(value=constant):
            return bool(evaluator.known(is_instance, value, object)) and value is constant
        case ast.MatchOr(patterns=several):
            return any(fits(evaluator, one, value, scope) for one in several)
        case ast.MatchAs(pattern=inner, name=name):
            matched = inner is None or fits(evaluator, inner, value, scope)
            if matched and name:
                give(evaluator, name, value, scope)
            return matched
        case ast.MatchStar(name=name):
            if name:
                give(evaluator, name, value, scope)
            return True
        case ast.MatchSequence(patterns=several):
            if not evaluator.known(is_instance, value, (list, tuple)):
                return False
            stars = [isinstance(one, ast.MatchStar) for one in several]
            parts = shared_out(list(value), stars)
            return parts is not None and all(
                fits(evaluator, one, part, scope) for one, part in zip(several, parts, strict=True)
            )
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


def _instance(evaluator: Evaluator, pattern: ast.MatchClass, value: Any, scope: Scope) -> bool:
    kind, several = evaluator.worth(pattern.cls, scope), pattern.patterns
    if not evaluator.known(is_instance, value, kind):
        return False
    values = [value]
    if several and not (kind in (int, float, str, bool) and len(several) == 1):
        names = getattr(kind, "__match_args__", getattr(kind, "__dataclass_fields__", None))
        if names is None or len(names) < len(several):
            raise IsOpenError(evaluator.open("this pattern", "this pattern is not read"))
        values = [evaluator.attribute(value, name) for name in names]
    values = values[: len(several)]
    values += [evaluator.attribute(value, word) for word in pattern.kwd_attrs]
    patterns = [*several, *pattern.kwd_patterns]
    return all(
        fits(evaluator, one, part, scope) for one, part in zip(patterns, values, strict=True)
    )
