"""Conditions that are not known: both sides are followed, and what they agree on is kept."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rnnshape.reading.python.allowed import Stream
from rnnshape.reading.python.evaluator import Evaluator, shortened
from rnnshape.reading.python.limits import TooLargeError
from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.scope import (
    BrokenSignal,
    ContinuedSignal,
    Log,
    ReturnedSignal,
    Scope,
)
from rnnshape.reading.python.stand_in import Module, StandIn, hook, is_of_code

__all__ = ["both_ways", "finish", "lose"]

MOST_OBJECTS = 20_000
MOST_CONDITIONS = 6  # that are not known, within each other
MISSING = object()
PLAIN = (bool, int, float, complex, str, bytes, type(None), range, slice)


class Snapshot:
    """What is in every list, dictionary, object and scope that the code can reach."""

    def __init__(self, evaluator: Evaluator, scope: Scope) -> None:
        self.held: dict[int, Any] = {}
        waiting: list[Any] = [around.names for around in scope.around()]
        waiting += [evaluator.module.names, evaluator.parts, *evaluator.roots]
        while waiting:
            value = waiting.pop()
            if id(value) in self.held or isinstance(value, PLAIN):
                continue
            if isinstance(value, tuple | frozenset):
                waiting += value
                continue
            inner = list(_within(value))
            if inner or _is_changeable(value):
                self.held[id(value)] = value
                waiting += inner
            if len(self.held) > MOST_OBJECTS:
                raise TooLargeError("this condition changes too much to be read")
        evaluator.spend(len(self.held) // 20)
        self.before = self.now()

    def now(self) -> dict[int, Any]:
        return {key: _content(value) for key, value in self.held.items() if _is_changeable(value)}

    def set(self, contents: dict[int, Any]) -> None:
        for key, content in contents.items():
            _set_content(self.held[key], content)

    def merge(self, first: dict[int, Any], second: dict[int, Any], because: Open) -> None:
        """Keeps what both contents agree on. Lists of other lengths are open everywhere."""
        lost = {
            key
            for key, one in first.items()
            if isinstance(self.held[key], list | set | Stream)
            and not isinstance(self.held[key], Log)
            and len(one) != len(second[key])
        }
        for key, one in first.items():
            other, value = second[key], self.held[key]
            content = other
            if key not in lost and not _same(one, other):
                content = _merged_content(value, one, other, because)
            if lost:
                content = _without(content, lost, because)
            _set_content(value, content)


@dataclass(frozen=True)
class Early:
    """How a function or loop may have ended already."""

    because: Open
    snapshot: Snapshot
    contents: dict[int, Any]
    value: object = None


Outcome = tuple[BaseException | None, object, dict[int, Any]]


def both_ways(
    evaluator: Evaluator,
    because: Open,
    test: str,
    scope: Scope,
    first: Callable[[], object],
    second: Callable[[], object],
) -> object:
    """Follows both sides of a condition that is not known, and keeps what they agree on."""
    condition = shortened(test)
    if condition in evaluator.conditions or len(evaluator.conditions) > MOST_CONDITIONS:
        return because  # a function that calls itself
    snapshot = Snapshot(evaluator, scope)
    one = _followed(evaluator, condition, snapshot, first)
    snapshot.set(snapshot.before)
    other = _followed(evaluator, f"not {condition}", snapshot, second)
    if isinstance(one[0], Exception) or isinstance(other[0], Exception):
        # The program ends where it raises: the other side is what goes on.
        goes_on = other if isinstance(one[0], Exception) else one
        snapshot.set(goes_on[2])
        if goes_on[0] is not None:
            raise goes_on[0]
        return goes_on[1]
    if type(one[0]) is type(other[0]):
        snapshot.merge(one[2], other[2], because)
        if isinstance(one[0], ReturnedSignal) and isinstance(other[0], ReturnedSignal):
            raise ReturnedSignal(_merged(one[0].value, other[0].value, because))
        if one[0] is not None:
            raise one[0]
        return _merged(one[1], other[1], because)
    ends, goes_on = (one, other) if one[0] is not None else (other, one)
    if ends[0] is not None and goes_on[0] is not None:  # one returns, and the other breaks
        raise IsOpenError(because)
    snapshot.set(goes_on[2])
    value = ends[0].value if isinstance(ends[0], ReturnedSignal) else None
    early = Early(because, snapshot, ends[2], value)
    if isinstance(ends[0], ReturnedSignal):
        _scope_of_function(scope).returns.append(early)
    elif isinstance(ends[0], BrokenSignal):
        scope.breaks[-1].append(early)
    else:
        scope.continues[-1].append(early)
    return goes_on[1]


def finish(early: list[Early], value: object = None) -> object:
    """What comes of all the ways in which something may have ended, this one last."""
    while early:
        one = early.pop()
        one.snapshot.merge(one.contents, one.snapshot.now(), one.because)
        value = _merged(one.value, value, one.because)
    return value


def lose(evaluator: Evaluator, scope: Scope, value: object, because: Open) -> None:
    """Nobody knows what a list, set or dictionary holds: it is open wherever it stands."""
    snapshot = Snapshot(evaluator, scope)
    for key, content in snapshot.before.items():
        changed = _without(content, {id(value)}, because)
        if changed is not content:
            _set_content(snapshot.held[key], changed)


def _followed(
    evaluator: Evaluator, condition: str, snapshot: Snapshot, run: Callable[[], object]
) -> Outcome:
    evaluator.conditions.append(condition)
    depth, calls = evaluator.depth, len(evaluator.calls)
    try:
        value = run()
    except IsOpenError:
        raise
    except (Exception, ReturnedSignal, BrokenSignal, ContinuedSignal) as signal:
        evaluator.depth = depth
        del evaluator.calls[calls:]
        return signal, None, snapshot.now()
    finally:
        evaluator.conditions.pop()
    return None, value, snapshot.now()


def _scope_of_function(scope: Scope) -> Scope:
    while scope.is_inner and scope.above is not None:
        scope = scope.above
    return scope


def _within(value: Any) -> Iterator[Any]:
    """What is in a value; nothing of what Python can't change."""
    if isinstance(value, list | set):
        yield from value
    elif isinstance(value, Stream):
        yield from value.items
    elif isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, types.FunctionType):
        scope = getattr(value, "own_scope", None)
        for around in scope.around() if isinstance(scope, Scope) else ():
            yield around.names
    elif isinstance(value, types.MethodType):
        yield value.__self__
    elif isinstance(value, functools.partial):
        yield from (value.func, value.args, value.keywords)
    elif isinstance(value, type):
        if is_of_code(value):
            yield from (part for part in vars(value).values() if not isinstance(part, property))
    elif _is_object(value):
        yield from vars(value).values()
        if is_of_code(type(value)):
            yield type(value)


def _is_changeable(value: object) -> bool:
    if isinstance(value, type):
        return is_of_code(value)
    if isinstance(value, types.FunctionType | types.MethodType | functools.partial):
        return False
    return isinstance(value, list | set | dict | Stream) or _is_object(value)


def _is_object(value: object) -> bool:
    """Whether it is an object that code can change: one of its own classes, or a stand-in."""
    if isinstance(value, Module) or not hasattr(value, "__dict__"):
        return False
    return isinstance(value, StandIn | types.SimpleNamespace) or is_of_code(type(value))


def _content(value: Any) -> Any:
    if isinstance(value, list):
        return list(value)
    if isinstance(value, set):
        return set(value)
    if isinstance(value, Stream):
        return list(value.items)
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, type):
        return {name: part for name, part in vars(value).items() if not name.startswith("__")}
    return dict(vars(value))


def _set_content(value: Any, content: Any) -> None:
    if isinstance(value, list):
        value[:] = content
    elif isinstance(value, set):
        value.clear()
        value.update(content)
    elif isinstance(value, Stream):
        value.items[:] = content
    elif isinstance(value, dict):
        dict.clear(value)
        dict.update(value, content)
    elif isinstance(value, type):
        for name in [name for name in _content(value) if name not in content]:
            delattr(value, name)
        for name, part in content.items():
            if vars(value).get(name) is not part:
                setattr(value, name, part)
    else:
        vars(value).clear()
        vars(value).update(content)


def _merged_content(value: Any, one: Any, other: Any, because: Open) -> Any:
    if isinstance(value, StandIn):
        merged = dict(other)
        for name in one.keys() | other.keys():
            first, second = one.get(name, MISSING), other.get(name, MISSING)
            if not _same(first, second):
                own = name.startswith("own_")
                merged[name] = (
                    value.merged(name, first, second, because)
                    if own
                    else _merged(first, second, because)
                )
        return merged
    if isinstance(one, dict):
        names = [*one, *(name for name in other if name not in one)]
        return {
            name: _merged(one.get(name, MISSING), other.get(name, MISSING), because, name)
            for name in names
        }
    if isinstance(value, Log):
        return [*one, *(item for item in other if all(item is not kept for kept in one))]
    if isinstance(value, list | Stream):
        return [_merged(a, b, because) for a, b in zip(one, other, strict=True)]
    return other


def _without(content: Any, lost: set[int], because: Open) -> Any:
    """A content with what is open in place of lists that nobody knows."""
    if isinstance(content, dict):
        found = [name for name, part in content.items() if id(part) in lost]
        return {**content, **{name: _named(because, name) for name in found}} if found else content
    if isinstance(content, list) and any(id(part) in lost for part in content):
        return [because if id(part) in lost else part for part in content]
    return content


def _named(because: Open, name: object) -> Open:
    """Something open under the name that the code has for it."""
    if not (isinstance(name, str) and name.isidentifier() and because.source and because.node):
        return because
    found = because.derived(name, because.source, because.node)
    found.is_named = True
    return found


def _merged(one: object, other: object, because: Open, name: object = "") -> object:
    """What two sides agree on; of a model and something unread, the model."""
    if _same(one, other):
        return other
    for first, second in ((one, other), (other, one)):
        chosen = hook(first, "chosen_over")
        if chosen is not None:
            return chosen(first, None if second is MISSING else second, because)
    return _named(because, name)


def _same(one: Any, other: Any, depth: int = 0) -> bool:
    if one is other:
        return True
    if type(one) is not type(other) or depth > 20:
        return False
    if isinstance(one, PLAIN):
        return bool(one == other)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(
            _same(a, b, depth + 1) for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            _same(value, other[key], depth + 1) for key, value in one.items()
        )
    if isinstance(one, set | frozenset):
        return bool(one == other)
    same_as = hook(one, "same_as")
    return bool(same_as(one, other)) if same_as else False
