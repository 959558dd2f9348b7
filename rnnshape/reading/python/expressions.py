"""What each kind of expression is worth: what Python's own function makes of its parts."""

from __future__ import annotations

import ast
import builtins
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from rnnshape.reading.python.branches import either
from rnnshape.reading.python.calls import call
from rnnshape.reading.python.contents import anything_in, held_items
from rnnshape.reading.python.doubts import awaited, doubt
from rnnshape.reading.python.evaluator import Evaluator, shortened, written
from rnnshape.reading.python.functions import comprehended, function
from rnnshape.reading.python.handed_on import HELD
from rnnshape.reading.python.in_common import one_of_held
from rnnshape.reading.python.open import IsOpenError, Open, is_number
from rnnshape.reading.python.operators import (
    OPERATORS,
    any_or_all,
    compared,
    note_distance,
)
from rnnshape.reading.python.scope import Scope
from rnnshape.reading.python.stand_in import may_be_in
from rnnshape.reading.python.streams import Stream
from rnnshape.reading.python.targets import assign, taken_beyond

DISPLAYED: dict[type, type] = {ast.Tuple: tuple, ast.List: list, ast.Set: set}
CONVERTED: dict[int, Callable[[object], str]] = {ord("r"): repr, ord("s"): str, ord("a"): ascii}


def worth(evaluator: Evaluator, node: ast.expr, scope: Scope) -> object:
    """What an expression is worth; the kinds that code has most of come first."""
    match node:
        case ast.Name(id=name):
            return _looked_up(evaluator, name, scope)
        case ast.Constant(value=value):
            return value
        case ast.Call():
            return call(evaluator, node, scope)
        case ast.Attribute(value=inner, attr=name):
            owner = evaluator.worth(inner, scope)
            evaluator.node = node
            part = evaluator.attribute(owner, name)
            is_open = isinstance(owner, Open) and isinstance(part, Open)
            if is_open and (kind := awaited(evaluator, AttributeError)):
                doubt(evaluator, scope, part, kind)
            return part
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
                    if kind := awaited(evaluator, LookupError, TypeError):
                        doubt(evaluator, scope, part, kind)
                    return evaluator.known_of_open(owner, [place], part)
                return part
            made = evaluator.really(operator.getitem, owner, place)
            is_one = isinstance(place, Open) and isinstance(owner, list | tuple | dict)
            if isinstance(made, Open) and is_one:
                made = one_of_held(owner, made)
            elif isinstance(made, Open) and type(owner) in (list, tuple):  # of sizes none are
                among = held_items([owner]) if isinstance(place, slice) else made.among
                tensors = may_be_in(owner)
                made = replace(made, may_be=tensors, among=among) if tensors or among else made
            if type(owner) in (list, tuple, dict, str):
                doubt(evaluator, scope, made, LookupError)
            return made
        case ast.BinOp(left=left, op=op, right=right):
            both = evaluator.worth(left, scope), evaluator.worth(right, scope)
            evaluator.node = node
            made = evaluator.really(OPERATORS[type(op)], *both)
            note_distance(op, *both, made)
            if isinstance(made, Open) and isinstance(both[0], Open) and both[0].stands_for:
                method = both[0].part(f".{OPERATORS[type(op)].__name__}")
                made = evaluator.known_of_open(method, both[1:], made, {})
            if isinstance(made, Open):  # another list, of the same items
                made.among = held_items(one for one in both if type(one) in (*HELD, tuple, Open))
                are_lists = any(type(one) in (list, tuple) for one in both)
                made.may_be = may_be_in(both) if are_lists else made.may_be
            may_fail = isinstance(op, ast.FloorDiv | ast.Mod)
            may_fail |= isinstance(op, ast.Div) and bool(awaited(evaluator, ZeroDivisionError))
            if may_fail and isinstance(both[1], Open):
                doubt(evaluator, scope, made, ZeroDivisionError)
            return made
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
            _give(scope, [evaluator.worth(given, scope) if given else None])
            return None
        case ast.YieldFrom(value=inner):
            over = evaluator.worth(inner, scope)
            _give(scope, evaluator.known(list, over))
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
                _doubt(evaluator, scope, why, {"NameError"})
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
        _doubt(evaluator, scope, found, OF_NAMES)
    return evaluator.named_by_let(found)


def _doubt(evaluator: Evaluator, scope: Scope, because: Open, caught: set[str]) -> None:
    """A name may have no value, which the code catches."""
    for handler in evaluator.trying[-1].handlers:
        kinds = re.findall(r"\w+", written(handler.type) if handler.type else "Exception")
        if not caught.isdisjoint(kinds):
            doubt(evaluator, scope, because, NameError)


def _give(scope: Scope, values: Sequence[object]) -> None:
    """Adds what a generator gives to what it has given so far."""
    if isinstance(held := scope.yields, Open):
        scope.yields = replace(held, among=anything_in([held, *values]))
    else:
        held += values


def _dictionary(evaluator: Evaluator, node: ast.Dict, scope: Scope) -> object:
    made: dict[object, object] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:  # {**known}
            done = evaluator.really(made.update, evaluator.worth(value, scope))
        else:
            word = evaluator.worth(key, scope)
            done = evaluator.really(operator.setitem, made, word, evaluator.worth(value, scope))
        if isinstance(done, Open):
            return replace(done, among=held_items([made, done]))
    return made
