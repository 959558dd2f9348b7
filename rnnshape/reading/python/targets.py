"""What gives names and places their values: targets of assignments, patterns of `match`."""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from rnnshape.errors import QueryError
from rnnshape.reading.python.branches import change_copies, lose
from rnnshape.reading.python.contents import items_in
from rnnshape.reading.python.doubts import awaited, doubt
from rnnshape.reading.python.evaluator import Evaluator, shortened, written
from rnnshape.reading.python.in_common import put_in
from rnnshape.reading.python.limits import is_in
from rnnshape.reading.python.objects import delete_attribute, is_instance
from rnnshape.reading.python.open import ITEM, IsOpenError, Open
from rnnshape.reading.python.progress import without_progress
from rnnshape.reading.python.reached import change_attribute, change_in_place, may_have_set
from rnnshape.reading.python.scope import ClassNames, Scope
from rnnshape.reading.python.stand_in import StandIn, hook, is_of_code

# What `case int(n)` names is the value itself; and what says which attributes others are of.
OF_ITSELF = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)
MATCH_ARGS = "__match_args__"


def item_of(evaluator: Evaluator, over: Open, iterated: ast.expr, scope: Scope) -> object:
    """A value of something open that code goes over; one of `range(...)` is a number, and of two
    the distance of their values is known: `zip(range(n), range(3, n + 3))`."""
    if is_alike(over.row):
        if isinstance(over.row, Open) and over.among:
            return replace(over.row, among=items_in(over.among))
        return over.row
    item = evaluator.part(over, ITEM)
    match item, without_progress(iterated):
        case Open(), ast.Call(func=ast.Name("range")):
            return replace(item, is_number=True)
        case Open(), ast.Call(func=ast.Name("zip"), args=[first, second]):
            begins = [_begin(evaluator, one, scope) for one in (first, second)]
            if all(type(begin) is int for begin in begins):
                number = replace(item, label=f"{item.label}[0]", is_number=True, start=None)
                label, distance = f"{item.label}[1]", begins[1] - begins[0]
                return number, replace(number, label=label, offset=distance, start=number.start)
    return item


def _begin(evaluator: Evaluator, ranged: ast.expr, scope: Scope) -> Any:
    """Where a `range(...)` of steps of one begins; None of all else."""
    match ranged:
        case ast.Call(func=ast.Name("range"), args=[_], keywords=[]):
            return 0
        case ast.Call(func=ast.Name("range"), args=[first, _], keywords=[]):
            return evaluator.worth(first, scope)
    return None


def first_item(loop: ast.For | ast.AsyncFor, item: Any) -> object:
    """The first value of `range(...)` and `enumerate(...)`, whose length may be open, where the
    loop asks whether it is that, as in `if i == 0`; else None."""
    tests = [part.test for part in ast.walk(loop) if isinstance(part, ast.If | ast.IfExp)]
    if not any(_is_of_index(test, loop.target) for test in tests):
        return None
    match without_progress(loop.iter):
        case ast.Call(func=ast.Name("range"), args=[_]):
            return 0
        case ast.Call(func=ast.Name("range"), args=[ast.Constant(int(start)), *_]):
            return start
        case ast.Call(func=ast.Name("enumerate"), args=[_], keywords=[]):
            return (0, item.part("[1]") if isinstance(item, Open) else item[1])
    return None


def _is_of_index(test: ast.expr, target: ast.expr) -> bool:
    number = target.elts[0] if isinstance(target, ast.Tuple) else target
    match test:
        case ast.Compare(left=asked, comparators=[ast.Constant()]) | ast.UnaryOp(operand=asked):
            return ast.unparse(asked) == ast.unparse(number)
    return ast.unparse(test) == ast.unparse(number)


def is_alike(row: object) -> bool:
    """Whether other values of a list are like this one: data of a shape, not a number or a list."""
    if isinstance(row, tuple | dict):
        return bool(row) and all(map(is_alike, row.values() if isinstance(row, dict) else row))
    return isinstance(row, StandIn | Open)


def assign(evaluator: Evaluator, target: ast.expr, value: object, scope: Scope) -> None:
    match target:
        case ast.Name(id=name):
            give(evaluator, name, value, scope)
        case ast.Attribute(value=inner, attr=name):
            owner = evaluator.worth(inner, scope)
            evaluator.node = target
            if isinstance(value, Open):
                value = evaluator.named_by_let(value, ast.unparse(target))
            try:
                evaluator.set_attribute(owner, name, value)
            except IsOpenError as wrong:
                lose(evaluator, scope, wrong.value, owner)
            if isinstance(owner, Open):
                change_attribute(evaluator, scope, owner, name, value)
            elif isinstance(value, Open) and name == "__dict__" and not isinstance(owner, Open):
                lose(evaluator, scope, value, evaluator.attribute(owner, name))
            told = hook(value, "own_is_assigned")
            if told is not None:
                told(value, name, False)
        case ast.Subscript(value=inner, slice=index):
            owner = evaluator.worth(inner, scope)
            if isinstance(owner, Open):
                put_in(owner, [value])
                if owner.among:
                    entry = shortened(written(inner)), evaluator.worth(index, scope), value
                    change_in_place(evaluator, scope, owner, entry=entry)
            else:
                place = evaluator.worth(index, scope)
                done = evaluator.really(operator.setitem, owner, place, value)
                change_copies(evaluator, scope, owner)
                name = shortened(written(inner))
                if isinstance(done, Open) and not may_have_set(owner, name, place, value, done):
                    lose(evaluator, scope, done, owner)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            _unpack(evaluator, targets, value, scope)
        case ast.Starred(value=inner):
            assign(evaluator, inner, value, scope)


def give(
    evaluator: Evaluator, name: str, value: object, scope: Scope, *, is_argument: bool = False
) -> None:
    """Gives a name a value."""
    if isinstance(value, Open) and not is_argument:
        for model in value.alternatives:
            model.own_is_assigned(name, scope is evaluator.module)
        value = value.called(name)
    if not is_argument:
        value = evaluator.named_by_let(value, name)
    home = scope.elsewhere.get(name, scope)
    told = hook(value, "own_is_assigned")
    if told is not None and not is_argument and not isinstance(home.names, ClassNames):
        told(value, name, home is evaluator.module)
    home.names[name] = value
    evaluator.unsure.has_now(home.names, name)


def delete(evaluator: Evaluator, target: ast.expr, scope: Scope) -> None:
    match target:
        case ast.Name(id=name):
            scope.elsewhere.get(name, scope).names.pop(name, None)
        case ast.Attribute(value=inner, attr=name):
            owner = evaluator.worth(inner, scope)
            evaluator.really(delete_attribute, owner, name)
        case ast.Subscript(value=inner, slice=index):
            owner, place = evaluator.worth(inner, scope), evaluator.worth(index, scope)
            done = evaluator.really(operator.delitem, owner, place)
            change_copies(evaluator, scope, owner)
            if isinstance(owner, Open) and owner.among:
                change_in_place(evaluator, scope, owner)
            elif isinstance(done, Open):
                lose(evaluator, scope, done, owner)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            for part in targets:
                delete(evaluator, part, scope)


def _unpack(evaluator: Evaluator, targets: list[ast.expr], value: object, scope: Scope) -> None:
    if isinstance(value, Open) and value.is_number:
        words = "cannot unpack non-iterable float object"
        raise _miscounted(evaluator, value, value, words) or TypeError(words)
    apart = hook(value, "own_taken_apart")
    stars = [isinstance(target, ast.Starred) for target in targets]
    count = None if True in stars else len(targets)
    several = evaluator.really(*((apart, value, count) if apart else (list, value)))
    parts: Iterable[object]
    if isinstance(several, Open):
        if kind := awaited(evaluator, ValueError, TypeError):
            doubt(evaluator, scope, several, kind)
        first = stars.index(True) if True in stars else len(targets)
        places = [f"[{index}]" if index < first else "[...]" for index in range(len(targets))]
        parts = (several if several.reason else evaluator.part(several, place) for place in places)
    else:
        shared, found = _shared_out(several, stars), len(several)
        if shared is None:
            word = "not enough" if found < len(targets) else "too many"
            words = f"{word} values to unpack"
            for one in (value, next(iter(several), None)):
                if told := _miscounted(evaluator, one, several, words):
                    raise told
            raise ValueError(f"{words} (expected {len(targets)}, got {found})")
        parts = shared
    for target, part in zip(targets, parts, strict=True):
        assign(evaluator, target, part, scope)


def _miscounted(
    evaluator: Evaluator, value: object, several: object, words: str
) -> QueryError | None:
    """What is told where a value, or what it is a part of, is taken for another number of values;
    None where Python's own words say enough."""
    if evaluator.trying or not evaluator.is_sure:  # the code may know what to do
        return None
    value = value.stands_for if isinstance(value, Open) else value
    told = hook(value, "own_miscounted")
    message = told(value, several) if told else _of_shape(evaluator, value)
    return QueryError(f'{message} (Python: "{words}")', evaluator.place) if message else None


def taken_beyond(evaluator: Evaluator, value: object, place: object) -> QueryError | None:
    """What is told of `X.shape[2]` where there is none, of a part of one number, or of `x[:, -1]`
    of several tensors."""
    if isinstance(place, tuple) and isinstance(value, list | tuple) and value:
        words = f"{type(value).__name__} indices must be integers or slices, not tuple"
        return _miscounted(evaluator, value[0], value, words)
    if type(place) is not int:
        return None
    if isinstance(value, tuple) and place not in range(-len(value), len(value)):
        return _miscounted(evaluator, value, value, "tuple index out of range")
    if isinstance(value, Open) and value.is_number:
        return _miscounted(evaluator, value, value, "'float' object is not subscriptable")
    return None


def _of_shape(evaluator: Evaluator, value: object) -> str:
    """`n, t, f = X.shape`, or `input_shape[2]`, of another number of axes."""
    node = evaluator.node.value if isinstance(evaluator.node, ast.Subscript) else evaluator.node
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    if "shape" not in name or not isinstance(value, tuple):
        return ""
    if not all(isinstance(size, int | Open | None) for size in value):
        return ""
    sizes = ", ".join("?" if isinstance(size, Open) else str(size) for size in value)
    return f"{shortened(ast.unparse(node))} is ({sizes}{',' * (len(value) == 1)})"


def _shared_out(values: list[object], stars: list[bool]) -> list[object] | None:
    """One value for each place, and for that with a star a list of all that are left; None where
    there are too few or too many.

    >>> _shared_out([1, 2, 3, 4], [False, True, False])
    [1, [2, 3], 4]
    """
    if True not in stars:
        return values if len(values) == len(stars) else None
    first, more = stars.index(True), len(values) - len(stars) + 1
    if more < 0:
        return None
    return [*values[:first], values[first : first + more], *values[first + more :]]


def fits(evaluator: Evaluator, pattern: ast.pattern, value: Any, scope: Scope) -> bool:
    """Whether a value fits: only where all of it does, its parts get their names. An `IsOpenError`
    where that is not known, as then what has the names is not."""
    taken: dict[str, Any] = {}
    try:
        matched = _fits(evaluator, pattern, value, scope, taken)
    except IsOpenError as wrong:
        for part in ast.walk(pattern):
            name = getattr(part, "name", None) or getattr(part, "rest", None)
            if name:
                give(evaluator, name, taken.get(name, wrong.value), scope)
        raise
    for name, part in taken.items() if matched else ():
        give(evaluator, name, part, scope)
    return matched


def _fits(
    evaluator: Evaluator, pattern: ast.pattern, value: Any, scope: Scope, taken: dict[str, Any]
) -> bool:
    match pattern:
        case ast.MatchValue(value=node):
            other = evaluator.worth(node, scope)
            return bool(evaluator.known(bool, evaluator.really(operator.eq, value, other)))
        case ast.MatchSingleton(value=constant):
            return bool(evaluator.known(is_instance, value, object)) and value is constant
        case ast.MatchOr(patterns=several):
            return any(_fits(evaluator, part, value, scope, taken) for part in several)
        case ast.MatchAs(name=name) | ast.MatchStar(name=name):
            inner = getattr(pattern, "pattern", None)
            matched = inner is None or _fits(evaluator, inner, value, scope, taken)
            taken |= {name: value} if matched and name else {}
            return matched
        case ast.MatchSequence(patterns=several):
            if not evaluator.known(is_instance, value, (list, tuple, range)):
                return False
            parts = _shared_out(list(value), [isinstance(one, ast.MatchStar) for one in several])
            return parts is not None and all(
                _fits(evaluator, inner, part, scope, taken)
                for inner, part in zip(several, parts, strict=True)
            )
        case ast.MatchMapping(keys=nodes, patterns=several, rest=rest):
            if not evaluator.known(is_instance, value, dict):
                if isinstance(value, StandIn) and hasattr(type(value), "get"):
                    raise IsOpenError(evaluator.open("this pattern"))  # such as `os.environ`
                return False
            if is_of_code(type(value)):  # Python asks by its `get`
                raise IsOpenError(evaluator.open("this pattern"))
            keys = [evaluator.worth(node, scope) for node in nodes]
            held = evaluator.known(dict, value) if rest else {}
            for key, inner in zip(keys, several, strict=True):
                if not evaluator.known(is_in, key, value):
                    return False
                part = evaluator.really(operator.getitem, value, key)
                if not _fits(evaluator, inner, part, scope, taken):
                    return False
                held.pop(key, None)
            taken |= {rest: held} if rest else {}
            return True
        case ast.MatchClass(cls=node, patterns=several, kwd_attrs=words, kwd_patterns=named):
            kind = evaluator.worth(node, scope)
            if not evaluator.known(is_instance, value, kind):
                return False
            if several and any(kind is one for one in OF_ITSELF):
                return _fits(evaluator, several[0], value, scope, taken)
            names, evaluator.node = [*_match_args(kind, len(several)), *words], pattern
            for name, inner in zip(names, [*several, *named], strict=True):
                part = evaluator.attribute(value, name)
                is_there = evaluator.known(bool, evaluator.unsure.is_there(value, name, part))
                if not (is_there and _fits(evaluator, inner, part, scope, taken)):
                    return False
            return True
    raise IsOpenError(evaluator.open("this pattern", "this pattern is not read"))


def _match_args(kind: Any, many: int) -> Sequence[str]:
    """The attributes that the first patterns of `case Point(x, y)` are for."""
    bases = kind.__mro__ if is_of_code(kind) else ()
    found = next((held[MATCH_ARGS] for held in map(vars, bases) if MATCH_ARGS in held), ())
    if type(found) is not tuple or {*map(type, found)} - {str} or len(found) < many:
        raise IsOpenError(Open("this pattern", "what it takes by position is not known"))
    return found[:many]
