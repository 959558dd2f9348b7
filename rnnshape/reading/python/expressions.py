"""What each kind of expression is worth: what Python's own function makes of its parts."""

from __future__ import annotations

import ast
import builtins
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import BuiltinMethodType, FunctionType, MethodType, MethodWrapperType
from typing import Any

from rnnshape.errors import QueryError
from rnnshape.reading.python.branches import Snapshot, either, lose
from rnnshape.reading.python.contents import changeable_in
from rnnshape.reading.python.evaluator import Evaluator, shortened, written
from rnnshape.reading.python.functions import UNKNOWN, comprehended, from_unknown, function
from rnnshape.reading.python.handed_on import (
    CHANGE_THE_FIRST,
    containers_in,
    functions_of,
    methods_named,
    names_in,
    owner_of,
)
from rnnshape.reading.python.in_common import one_of_held
from rnnshape.reading.python.objects import vars_of
from rnnshape.reading.python.one_of_several import call_of_each_model, each_called
from rnnshape.reading.python.open import IsOpenError, Open, is_number, opens_in
from rnnshape.reading.python.operators import (
    OPERATORS,
    any_or_all,
    compared,
    note_distance,
)
from rnnshape.reading.python.reached import change_by_call
from rnnshape.reading.python.scope import Doubt, Scope, body_of, locals_of, may_fail
from rnnshape.reading.python.stand_in import StandIn, hook, may_be_in, what_it_is
from rnnshape.reading.python.streams import Stream
from rnnshape.reading.python.targets import assign, taken_beyond

DISPLAYED: dict[type, type] = {ast.Tuple: tuple, ast.List: list, ast.Set: set}
CONVERTED: dict[int, Callable[[object], str]] = {ord("r"): repr, ord("s"): str, ord("a"): ascii}
# By position, by name, and what stands behind a `*` and behind `**` that is not known.
Arguments = tuple[list[object], dict[str, object], Open | None, Open | None]


def worth(evaluator: Evaluator, node: ast.expr, scope: Scope) -> object:
    """What an expression is worth; the kinds that code has most of come first."""
    match node:
        case ast.Name(id=name):
            return _looked_up(evaluator, name, scope)
        case ast.Constant(value=value):
            return value
        case ast.Call():
            return _call(evaluator, node, scope)
        case ast.Attribute(value=inner, attr=name):
            owner = evaluator.worth(inner, scope)
            evaluator.node = node
            return evaluator.attribute(owner, name)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            try:
                return evaluator.really(DISPLAYED[type(node)], evaluator.worth_of_all(parts, scope))
            except IsOpenError as wrong:  # it is not known how many there are
                return wrong.value
        case ast.Subscript(value=inner, slice=index):
            owner, place = evaluator.worth(inner, scope), evaluator.worth(index, scope)
            evaluator.node = node
            if told := taken_beyond(evaluator, owner, place):
                return evaluator.told(told, shortened(written(node)))
            is_plain = isinstance(owner, Open) and owner.is_number and not owner.stands_for
            owner = 0.0 if is_plain and type(place) is int else owner  # no number has entries
            if isinstance(owner, Open):
                text = written(index)
                if isinstance(index, ast.Tuple) and index.elts:  # `[:, 0]` has no brackets within
                    text = text[1:-1]
                part = evaluator.part(owner, f"[{shortened(text)}]")
                if isinstance(part, Open):
                    return evaluator.known_of_open(owner, [place], part)
                return part
            made = evaluator.really(operator.getitem, owner, place)
            is_one = isinstance(place, Open) and isinstance(owner, list | tuple | dict)
            if isinstance(made, Open) and is_one:
                made = one_of_held(owner, made)
            elif isinstance(made, Open) and isinstance(owner, list | tuple):
                made = replace(made, may_be=may_be_in(owner), among=changeable_in(owner))
            is_pythons = type(owner) in (list, tuple, dict, str)
            return _may_fail(evaluator, made, scope) if is_pythons else made
        case ast.BinOp(left=left, op=op, right=right):
            both = evaluator.worth(left, scope), evaluator.worth(right, scope)
            evaluator.node = node
            made = evaluator.really(OPERATORS[type(op)], *both)
            note_distance(op, *both, made)
            if isinstance(made, Open) and isinstance(both[0], Open) and both[0].stands_for:
                method = both[0].part(f".{OPERATORS[type(op)].__name__}")
                made = evaluator.known_of_open(method, both[1:], made, {})
            is_divided = isinstance(op, ast.FloorDiv | ast.Mod) and isinstance(both[1], Open)
            return _may_fail(evaluator, made, scope) if is_divided else made
        case ast.UnaryOp(op=op, operand=inner):
            known = evaluator.worth(inner, scope)
            evaluator.node = node
            made = evaluator.really(OPERATORS[type(op)], known)
            if isinstance(made, Open) and made is not known:
                made.is_number = is_number(known)  # `-n`
            return made
        case ast.Compare():
            return compared(evaluator, node, scope)
        case ast.BoolOp():
            return any_or_all(evaluator, node, scope)
        case ast.Slice(lower=lower, upper=upper, step=step):
            return slice(*(end and evaluator.worth(end, scope) for end in (lower, upper, step)))
        case ast.JoinedStr(values=parts):
            words = [evaluator.worth(part, scope) for part in parts]
            evaluator.node = node
            return evaluator.really("".join, words)
        case ast.FormattedValue(value=inner, conversion=conversion, format_spec=spec):
            known = evaluator.worth(inner, scope)
            if conversion in CONVERTED:
                known = evaluator.really(CONVERTED[conversion], known)
            return evaluator.really(format, known, evaluator.worth(spec, scope) if spec else "")
        case ast.Dict():
            return _dictionary(evaluator, node, scope)
        case ast.IfExp():
            return either(evaluator, node, scope, evaluator.worth)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return comprehended(evaluator, node, scope)
        case ast.Lambda(args=arguments, body=body):
            returned = ast.copy_location(ast.Return(body), body)
            return function(evaluator, "<lambda>", arguments, [returned], scope)
        case ast.NamedExpr(target=target, value=inner):
            known = evaluator.worth(inner, scope)
            assign(evaluator, target, known, scope.home)
            return known
        case ast.Yield(value=given):
            scope.yields += [evaluator.worth(given, scope) if given else None]
            return None
        case ast.YieldFrom(value=inner):
            over = evaluator.worth(inner, scope)
            scope.yields += evaluator.known(list, over)
            return over.returned if isinstance(over, Stream) else None
        case ast.Await(value=inner):
            return evaluator.worth(inner, scope)
    return evaluator.open(node, "this expression is not read")


OF_NAMES = {"NameError", "Exception", "BaseException"}  # what catches that a name has no value


def _looked_up(evaluator: Evaluator, name: str, scope: Scope) -> object:
    for around in [scope.elsewhere[name]] if name in scope.elsewhere else scope.around():
        if name in around.names:
            why = evaluator.unsure.why_lacking(around.names, name) if evaluator.trying else None
            if why is not None and all(why is not side.asked for side in evaluator.under):
                _doubt(evaluator, why, {"NameError"})
            return around.names[name]
        if name in around.own:
            return evaluator.open(name, f"UnboundLocalError: {name} has no value here")
    if name in evaluator.let:
        evaluator.let_used.add(name)
        return evaluator.let[name]
    for given in (evaluator.given, evaluator.names):
        if name in given and not (isinstance(given[name], Open) and scope.module.may_have_more):
            return given[name]
    constant = name.capitalize()
    is_misspelt = constant in ("True", "False", "None")
    reason = f"Python has no {name}: write {constant}" if is_misspelt else ""
    found = evaluator.undefined.setdefault(name, evaluator.open(name, reason))
    found.is_named = found.is_undefined = True
    if evaluator.trying and not hasattr(builtins, name):
        _doubt(evaluator, found, OF_NAMES)
    return evaluator.named_by_let(found)


def _doubt(evaluator: Evaluator, because: Open, caught: set[str]) -> None:
    """A name may have no value, which the code catches."""
    for handler in evaluator.trying[-1].handlers:
        kinds = re.findall(r"\w+", written(handler.type) if handler.type else "Exception")
        if not caught.isdisjoint(kinds):
            evaluator.doubted.append(Doubt(because))


def _dictionary(evaluator: Evaluator, node: ast.Dict, scope: Scope) -> object:
    made: dict[object, object] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:  # {**known}
            done = evaluator.really(made.update, evaluator.worth(value, scope))
        else:
            word = evaluator.worth(key, scope)
            done = evaluator.really(operator.setitem, made, word, evaluator.worth(value, scope))
        if isinstance(done, Open):
            return done
    return made


FAILING = {"int", "float", "index", "remove", "pop"}  # functions of Python's own


def _may_fail(evaluator: Evaluator, made: object, scope: Scope) -> object:
    """What Python's own function makes, of which nobody knows in a `try` whether it raises; where
    it does, what comes after it is not done."""
    if evaluator.trying and isinstance(made, Open):
        undo = Doubt.undo
        if not evaluator.doubted:
            snapshot = Snapshot(evaluator, scope)
            undo = partial(snapshot.set, snapshot.before)
        evaluator.doubted.append(Doubt(made, undo))
    return made


def _call(evaluator: Evaluator, node: ast.Call, scope: Scope) -> object:
    called = evaluator.worth(node.func, scope)
    given = parts, keywords, _, _ = _arguments(evaluator, node, scope)
    evaluator.node = node
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
        called = called.as_called
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
        made = evaluator.really(called, *parts, **keywords)
    finally:
        evaluator.calls.pop()
    is_of_open = isinstance(made, Open) and isinstance(next(iter(parts), None), Open)
    if is_of_open and getattr(called, "__name__", "") == "get":
        held = getattr(called, "__self__", None)  # a dictionary, and perhaps a default
        made = one_of_held(held, made, *parts[1:]) if type(held) is dict else made
    if called is evaluator.given["getattr"] and isinstance(made, Open):
        named_so = methods_named(parts[0], node.args[1:]) if isinstance(parts[1], Open) else []
        made = replace(made, among=(*named_so, *made.among))
    if isinstance(called, MethodWrapperType) and isinstance(made, Open):
        raise IsOpenError(made)  # of Python's own `__init__`, by `super()`
    return _with_changes(evaluator, node, (called, parts, keywords), made, scope)


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
    if may_fail(node, evaluator.trying, isinstance(called, Open) and isinstance(made, Open)):
        _may_fail(evaluator, evaluator.open(node), scope)
    word = called.label.rpartition(".")[2] if isinstance(called, Open) else ""
    out = None if body_of(called) is not None else keywords.get("out")
    for part in (*parts[: word in CHANGE_THE_FIRST], out):
        if fill := hook(part, "fill"):
            fill(part)
    handed: list[Any] = []
    callbacks = keywords.get("callbacks")
    for one in callbacks if isinstance(callbacks, list | tuple) else [callbacks]:
        handed += functions_of(one)
    if isinstance(called, Open) and called.without_base:  # of which nobody knows who calls what
        handed += vars(called.without_base).values()
        if type(made) is Open:
            kind, among = called.without_base, changeable_in([*parts, *keywords.values()])
            made = replace(made, stands_for=kind, among=(kind, *among))
    if isinstance(made, Open) and body_of(called) is None:
        handed += [*parts, *keywords.values()]
        functions = [part for part in handed if isinstance(part, FunctionType)]
        evaluator.handed |= dict.fromkeys(functions)
        for part in handed:
            if may_fill := hook(part, "own_handed_to"):
                may_fill(part, made)
    for names, name in names_in(handed):
        names[name] = replace(evaluator.open(node), label=name, is_named=True)
    if isinstance(called, Open) and called.among and not called.alternatives:
        change_by_call(evaluator, node, scope, called, [*parts, *keywords.values()])
    if not isinstance(made, Open):
        lost = [*containers_in(handed)]
        if lost:
            lose(evaluator, scope, evaluator.open(node), *lost)
        return made
    word, lost = word or getattr(called, "__name__", ""), [*containers_in(handed)]
    for part in parts if word == "shuffle" else ():
        if type(part) is list:
            name = shortened(written(node.args[0]))
            part[:] = [replace(made, label=f"{name}[{place}]") for place in range(len(part))]
    if called is evaluator.given["setattr"] and parts:
        names = evaluator.really(vars_of, parts[0])  # any of them, as it is not known which
        lost.append(parts[0] if isinstance(names, Open) else names)
    if word.startswith(("heap", "insort")):
        lost += [part for part in parts[:1] if isinstance(part, list)]
    if isinstance(called, type | BuiltinMethodType) and word in FAILING:
        _may_fail(evaluator, made, scope)
    is_open = any(True for _ in opens_in([parts, keywords]))
    if is_open or word == "sort" or any(isinstance(part, Stream) for part in parts):
        lost += owner_of(called)
    if lost:
        lose(evaluator, scope, made, *lost)
    return made


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
