"""What calls make, and what they change."""

from __future__ import annotations

import ast
import functools
import heapq
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, zip_longest
from types import BuiltinMethodType, FunctionType, MethodType, MethodWrapperType
from typing import Any

from rnnshape.errors import QueryError
from rnnshape.reading.python.allowed import enumerated, next_of
from rnnshape.reading.python.branches import change_copies, lose
from rnnshape.reading.python.contents import (
    changeable_in,
    each_of,
    held_items,
    held_rows,
    items_in,
)
from rnnshape.reading.python.doubts import awaited, doubt, failure_of
from rnnshape.reading.python.evaluator import Evaluator, shortened, written
from rnnshape.reading.python.functions import UNKNOWN, from_unknown
from rnnshape.reading.python.handed_on import (
    CHANGE_THE_FIRST,
    FILLING,
    KEEPING_ORDER,
    filled_in,
    functions_of,
    methods_named,
    owner_of,
)
from rnnshape.reading.python.in_common import one_of_held, put_in
from rnnshape.reading.python.limits import MOST, ExitError
from rnnshape.reading.python.objects import copy_of, deep_copy, delete_attribute, vars_of
from rnnshape.reading.python.one_of_several import call_of_each_model, each_called
from rnnshape.reading.python.open import IsOpenError, Open, opens_in
from rnnshape.reading.python.reached import (
    Reached,
    change_attribute,
    change_by_call,
    may_be_called,
    may_change,
)
from rnnshape.reading.python.scope import Scope, body_of, locals_of
from rnnshape.reading.python.stand_in import StandIn, hook, may_be_in, what_it_is
from rnnshape.reading.python.streams import Managed, Stream

# By position, by name, and what stands behind a `*` and behind `**` that is not known.
Arguments = tuple[list[object], dict[str, object], Open | None, Open | None]

# What gives one of the values that it is given, and what gives several in a list, or goes over it.
TAKING = (heapq.heappop, max, min, next_of)
HOLDING = (
    copy_of, dict, enumerated, filter, heapq.nlargest, heapq.nsmallest, iter, list, map, reversed,
    set, sorted, tuple, zip,
)  # fmt: skip
# What calls what it is given.
CALLING = (
    filter, map, functools.reduce, itertools.accumulate, itertools.starmap, itertools.takewhile,
)  # fmt: skip
# What methods of dictionaries and lists give: all that these hold, or rows of it.
OF_ALL: dict[str, Callable[[Iterable[Any]], tuple[Any, ...]]] = {
    "copy": held_items,
    "values": held_items,
    "items": held_rows,
}
EXITS = ("exit", "quit", "sys.exit")
LIBRARIES = "rnnshape.reading.names."  # the functions that stand for those of NumPy and others
LONGEST = 2**31  # numbers of a range that is an array
GIVE_NONE = FILLING - {"pop", "popitem", "setdefault"}
# What is not read and gives some of what it is given.
OF_GIVEN = ("random.choice", "random.choices", "random.sample", "random.permutation", "deque")
# Functions of Python's own, and how they fail.
FAILING = {**dict.fromkeys(("int", "float", "index", "remove"), ValueError), "pop": LookupError}
# And those that may, where the code awaits it.
AWAITED = {
    **dict.fromkeys(("chr", "log", "max", "min", "sqrt"), ValueError), "next_of": StopIteration,
}  # fmt: skip


def call(evaluator: Evaluator, node: ast.Call, scope: Scope) -> object:
    called = evaluator.worth(node.func, scope)
    given = parts, keywords, _, _ = _arguments(evaluator, node, scope)
    evaluator.node = node
    if evaluator.exits_caught and isinstance(called, Open) and called.label in EXITS:
        raise ExitError("SystemExit")
    if isinstance(node.func, ast.Name):
        evaluator.called[node.func.id] = parts, keywords
        if node.func.id == "super" and len(parts) < 2 and scope.owner:
            bound = evaluator.really(super, scope.owner[0], scope.first)
            return bound if not parts else evaluator.open(node, "it is bound to no object")
        if called is evaluator.given["globals"]:
            return scope.module.names
        if called is evaluator.given["locals"]:
            return evaluator.really(locals_of, scope)
    if isinstance(called, Open) and called.one_of:
        call = partial(_called, evaluator, node, scope, given)
        return each_called(evaluator, node, called, scope, call)
    if isinstance(called, Open) and called.as_called is not None:
        if kind := awaited(evaluator, TypeError):  # it may be None
            doubt(evaluator, scope, called, kind)
        called = called.as_called
    if isinstance(called, partial) and isinstance(called.func, Open):
        given = [*called.args, *parts], {**called.keywords, **keywords}, *given[2:]
        called = called.func
    return _called(evaluator, node, scope, given, called)


def _called(
    evaluator: Evaluator, node: ast.Call, scope: Scope, given: Arguments, called: Any
) -> object:
    """What a call makes with these arguments."""
    evaluator.node = node
    parts, keywords, spread, named = given
    if isinstance(called, Open):
        handed = parts if spread is None else [*parts, spread]
        keywords = keywords | ({} if named is None else {UNKNOWN: named})
        made = _of_open(evaluator, node, called, handed, keywords)
        return _with_changes(evaluator, node, (called, handed, keywords), made, scope)
    if spread is not None or named is not None:
        from_there = from_unknown(evaluator, called, parts, spread, named)
        if from_there is None:
            return _of_unknown(evaluator, node, (called, parts, keywords), (spread, named), scope)
        keywords = from_there | keywords
    evaluator.calls.append(node)
    try:
        made = evaluator.really(called, *_in_arrays(evaluator, called, parts), **keywords)
    finally:
        evaluator.calls.pop()
    is_of_open = isinstance(made, Open) and isinstance(next(iter(parts), None), Open)
    if is_of_open and getattr(called, "__name__", "") == "get":
        held = getattr(called, "__self__", None)  # a dictionary, and perhaps a default
        made = one_of_held(held, made, *parts[1:]) if type(held) is dict else made
    match parts:
        case [Open() as owner, str(name), value] if called is evaluator.given["setattr"]:
            change_attribute(evaluator, scope, owner, name, value)
    if isinstance(made, Open):
        among = _among_of(evaluator, node, called, parts, made)
        made = made if among is made.among else replace(made, among=among)
    if isinstance(called, MethodWrapperType) and isinstance(made, Open):
        if called.__name__ == "__setattr__":
            lose(evaluator, scope, made, evaluator.really(vars_of, called.__self__))
        raise IsOpenError(made)  # of Python's own `__init__`, by `super()`
    return _with_changes(evaluator, node, (called, parts, keywords), made, scope)


def _in_arrays(evaluator: Evaluator, called: object, parts: Sequence[object]) -> Sequence[object]:
    """What a function is called with: a library makes an array of a range, and of a long one not
    all numbers are kept."""
    if not (isinstance(called, FunctionType) and called.__module__.startswith(LIBRARIES)):
        return parts

    def in_array(part: object) -> object:
        if isinstance(part, range) and part[MOST:] and not part[LONGEST:]:
            return evaluator.array((len(part),), "int64")
        return part

    return [*map(in_array, parts)]


def _among_of(
    evaluator: Evaluator, node: ast.Call, called: Any, parts: Sequence[object], made: Open
) -> tuple[Any, ...]:
    """Among what it is that a function of Python's own makes, or what it holds."""
    if called is deep_copy:
        return ()
    if any(called is one for one in TAKING):
        each = parts if called in (max, min) and len(parts) > 1 else parts[1:]
        return (*items_in(parts[:1]), *changeable_in(each))
    if any(called is one for one in HOLDING):
        return (held_rows if called in (enumerated, zip) else held_items)(parts)
    if isinstance(called, BuiltinMethodType) and called.__name__ in ("pop", "popleft"):
        return items_in([called.__self__])
    if isinstance(called, BuiltinMethodType) and called.__name__ in OF_ALL:
        return OF_ALL[called.__name__]([called.__self__])
    match parts:
        case [owner, Open(), *_] if called is evaluator.given["getattr"]:
            return (*methods_named(owner, node.args[1:]), *made.among)
    return made.among


def _arguments(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Arguments:
    """What a function is called with."""
    spread, named = None, None  # type: tuple[Open | None, Open | None]
    parts: list[object] = []
    try:
        for part in node.args:
            parts += evaluator.worth_of_all([part], scope)
    except IsOpenError as wrong:
        spread = wrong.value
    keywords: dict[str, object] = {}
    for keyword in node.keywords:
        value = evaluator.worth(keyword.value, scope)
        more = {keyword.arg: value} if keyword.arg else evaluator.really(dict, value)
        if isinstance(more, Open):
            named = more
            continue
        for word, part in more.items():
            if not isinstance(word, str):
                raise QueryError("keywords must be strings", evaluator.source.place(keyword.value))
            if word in keywords:
                text = f"{shortened(written(node.func))} is given {str.__str__(word)} twice"
                if evaluator.trying:  # the code itself may know what to do
                    raise TypeError(text)
                raise QueryError(text, evaluator.source.place_of_keyword(keyword))
            keywords[str.__str__(word)] = part
    return parts, keywords, spread, named


def _of_unknown(
    evaluator: Evaluator,
    node: ast.Call,
    given: Sequence[Any],
    unknown: tuple[Open | None, Open | None],
    scope: Scope,
) -> object:
    """What a function that is not the code's own makes of what stands behind a star and is not
    known."""
    (called, parts, keywords), (spread, named) = given, unknown
    because: Any = named if spread is None else spread
    is_init = isinstance(called, MethodType) and called.__name__ == "__init__"
    is_layers = is_init and hook(called.__self__, "own___init___takes") is not None
    if is_layers or isinstance(called, MethodWrapperType):
        raise IsOpenError(because)  # what is being made is not known
    made = _of_open(evaluator, node, because, parts or [because], keywords)
    if isinstance(made, Open):
        made.roots = because.roots or (because,)
        lose(evaluator, scope, made, *owner_of(called))
    return made


def _with_changes(
    evaluator: Evaluator, node: ast.Call, given: Sequence[Any], made: object, scope: Scope
) -> object:
    """What a call makes; where that is not known, nor is what it changes."""
    called, parts, keywords = given
    is_unread = isinstance(called, Open) and isinstance(made, Open)
    if kind := failure_of(node, evaluator.trying, is_unread, bool(evaluator.rounds)):
        doubt(evaluator, scope, evaluator.open(node), kind)
    word = called.label.rpartition(".")[2] if isinstance(called, Open) else ""
    if isinstance(called, BuiltinMethodType) and called.__name__ in FILLING:
        change_copies(evaluator, scope, called.__self__)
    if word == "enter_context":  # of a stack of these, which is not read
        managed = [one.called if isinstance(one, Managed) else (one,) for one in parts]
        reached = Reached(chain(*managed), {"__call__", "__enter__", "__exit__"})
        may_change(evaluator, scope, evaluator.open(node), reached)
    out = None if body_of(called) is not None else keywords.get("out")
    for part in (*parts[: word in CHANGE_THE_FIRST], out):
        if fill := hook(part, "fill"):
            fill(part)
    handed: list[Any] = []
    if any(called is one for one in CALLING):
        handed += [one for one in (*parts, keywords.get("key")) if isinstance(one, Open)]
    callbacks = keywords.get("callbacks")
    for one in callbacks if isinstance(callbacks, list | tuple) else [callbacks]:
        handed += functions_of(one)
    if isinstance(called, Open) and called.without_base:  # of which nobody knows who calls what
        handed += vars(called.without_base).values()
        if type(made) is Open:
            kind, among = called.without_base, changeable_in([*parts, *keywords.values()])
            made = replace(made, stands_for=kind, among=(kind, *among))
    if isinstance(made, Open) and body_of(called) is None:
        values = [*parts, *keywords.values()]
        for stream in (one for one in each_of(values) if isinstance(one, Stream)):
            if not (stream.is_followed or called is str or called is repr):
                stream.throw_away()
                if stream.lose:
                    stream.lose(made)
        handed += values
        functions = [part for part in handed if isinstance(part, FunctionType)]
        evaluator.handed |= dict.fromkeys(functions)
        for part in handed:
            if may_fill := hook(part, "own_handed_to"):
                may_fill(part, made)
    if handed:
        reason = made.reason if isinstance(made, Open) else ""
        may_be_called(evaluator, scope, evaluator.open(node, reason), handed)
    if word in FILLING and called.owner is not None and not called.alternatives:
        put_in(called.owner, parts, _without_new(node, parts))
    if isinstance(called, Open) and called.among and not called.alternatives:
        change_by_call(evaluator, node, scope, called, [*parts, *keywords.values()])
    if not isinstance(made, Open):
        lost = [*filled_in(handed)]
        if lost:
            lose(evaluator, scope, evaluator.open(node), *lost)
        return made
    word, lost = word or getattr(called, "__name__", ""), [*filled_in(handed)]
    for part in parts if word == "shuffle" else ():
        if type(part) is list:
            name = shortened(written(node.args[0]))
            items = items_in([part])
            part[:] = [
                replace(made, label=f"{name}[{place}]", among=items) for place in range(len(part))
            ]
    if parts and (called is evaluator.given["setattr"] or called is delete_attribute):
        names = evaluator.really(vars_of, parts[0])  # any of them, as it is not known which
        lost.append(parts[0] if isinstance(names, Open) else names)
    if word.startswith(KEEPING_ORDER):
        lost += [part for part in parts[:1] if isinstance(part, list)]
    is_pythons = isinstance(called, type | BuiltinMethodType) and word in FAILING
    kind = FAILING.get(word) or AWAITED.get(word)
    if kind and (is_pythons or awaited(evaluator, kind)):
        doubt(evaluator, scope, made, kind)
    is_open = any(True for _ in opens_in([parts, keywords]))
    if is_open or word == "sort" or any(isinstance(part, Stream) for part in parts):
        lost += owner_of(called)
    if lost:
        lose(evaluator, scope, made, *lost)
    return made


def _without_new(node: ast.Call, parts: Sequence[object]) -> list[object]:
    """What a call is given, of lists that are made there only what stands in them: nothing else
    comes by these."""
    new = (ast.List, ast.Set, ast.ListComp, ast.SetComp)
    are_new = [isinstance(one, new) for one in node.args] if len(node.args) == len(parts) else []
    found = list[object]()
    for part, is_new in zip_longest(parts, are_new):
        found += part if is_new and isinstance(part, list | set) else [part]
    return found


def _of_open(
    evaluator: Evaluator,
    node: ast.Call,
    called: Open,
    parts: Sequence[object],
    keywords: Mapping[str, object],
) -> object:
    """What a function makes that nobody knows: of data it makes data; of what stands for something
    of a library, who knows."""
    is_nowhere = called.is_undefined and not evaluator.module.may_have_more
    reason = evaluator.why_unknown(called.label) if is_nowhere else ""
    made = evaluator.open(node, called.reason or reason)
    made.may_be = may_be_in([called, *parts, *keywords.values()])
    if called.label.endswith(OF_GIVEN):
        made.among = (items_in if called.label.endswith("choice") else held_items)(parts)
    elif called.among and called.label.rpartition(".")[2] not in GIVE_NONE:
        among = changeable_in([*parts, *keywords.values()])
        holding = OF_ALL.get(called.label.rpartition(".")[2], items_in)
        made.among = (*holding(called.among), *among)
    if reason:
        evaluator.refuse(made)
    if called.alternatives:  # a method of each of the models that it may be
        call_of_each_model(evaluator, called, parts, keywords)
        return made
    given = [*parts, *keywords.values()]
    listed = [item for part in given if isinstance(part, list | tuple) for item in part]
    name = shortened(written(node.func))
    for value in [*given, *listed]:
        if isinstance(value, StandIn) and not (made.reason or value.own_is_data):
            made.reason = f"what {name} makes of {what_it_is(value)} is not known"
        maker = hook(value, "own_made_by_unknown")
        if maker is not None:
            return evaluator.really(maker, f"{name}(...)", list(given), made, called.label)
    return evaluator.known_of_open(called, parts, made, keywords)
