"""What operators make: the functions that they stand for, comparisons, `and` and `or`."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from rnnshape.reading.python.branches import both_ways
from rnnshape.reading.python.contents import changeable_in
from rnnshape.reading.python.evaluator import Evaluator, shortened, written
from rnnshape.reading.python.limits import is_in, is_not_in
from rnnshape.reading.python.open import Open, is_number
from rnnshape.reading.python.scope import Scope
from rnnshape.reading.python.stand_in import StandIn, own

ACTING = (ast.Call, ast.NamedExpr)  # what may change something

OPERATORS: dict[type, Callable[..., object]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Pow: operator.pow,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.LShift: operator.lshift, ast.RShift: operator.rshift, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.MatMult: operator.matmul,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Not: operator.not_, ast.USub: operator.neg,
    ast.UAdd: operator.pos, ast.Invert: operator.invert,
    ast.In: is_in, ast.NotIn: is_not_in,
}  # fmt: skip
IN_PLACE: dict[type, Callable[..., object]] = {
    sign: getattr(operator, f"i{function.__name__.strip('_')}", function)
    for sign, function in OPERATORS.items()
}


def note_distance(op: ast.operator, left: object, right: object, made: object) -> None:
    """What is made of two numbers is one; `i + 3` is a known distance from `i`."""
    if isinstance(made, Open) and made is not left and made is not right:
        made.is_number = all(map(is_number, (left, right)))
    if isinstance(op, ast.Add) and isinstance(right, Open):
        left, right = right, left
    if not (isinstance(left, Open) and left.is_number and isinstance(made, Open)):
        return
    if type(right) is int and made is not left and isinstance(op, ast.Add | ast.Sub):
        by = right if isinstance(op, ast.Add) else -right
        made.is_number, made.start, made.offset = True, left.start, left.offset + by


PLAIN = (bool, int, float, str, type(None))


def any_or_all(evaluator: Evaluator, node: ast.BoolOp, scope: Scope) -> object:
    is_or = isinstance(node.op, ast.Or)
    last = node.values[-1]
    unknown: Open | None = None

    def worth_of(part: ast.expr) -> object:
        """What a part is worth, which is asked only if those before it do not decide."""
        may_fail = (*ACTING, ast.Subscript)
        if unknown is None or not any(isinstance(inner, may_fail) for inner in ast.walk(part)):
            return evaluator.worth(part, scope)
        found: list[object] = [unknown]
        sides = [lambda: found.append(evaluator.worth(part, scope)), lambda: None]
        both_ways(evaluator, unknown, unknown.label, scope, *sides[:: -1 if is_or else 1])
        return found[-1]

    opens, each = list[Open](), list[object]()
    for part in node.values:
        known = worth_of(part)
        each.append(known)
        truth = known if part is last else evaluator.really(bool, known)
        if isinstance(truth, Open):
            opens.append(truth)
            unknown = truth if unknown is None else unknown  # a later part may still decide it
        elif truth is is_or:
            break
    if unknown is None:
        return known
    words, truth = [one.label for one in opens], None
    if isinstance(known, PLAIN):  # nothing else is asked for its truth, where it stands last
        decides = bool(known) is is_or
        truth = is_or if decides else None
        # `A or 8` is another value than `A`; `A or None` and `A and True` are as true as that.
        words += [repr(known)] if decides or not (is_or or known is True) else []
    among = changeable_in(each)
    if len(words) < 2:
        is_plain = isinstance(known, (*PLAIN, Open))
        return unknown if is_plain else replace(unknown, as_called=None, one_of=(), among=among)
    text = f" {'or' if is_or else 'and'} ".join(words)
    both = unknown.derived(shortened(text), evaluator.source, node, evaluator.steps)
    if both is not unknown:  # which has a label that is too long
        both.stands_for, both.among = truth, among  # where it is known, a flag is as good as that
        both.roots = tuple(
            {id(root): root for one in opens for root in one.roots or (one,)}.values()
        )
    return both


def _may_be_one(left: object, right: object) -> bool:
    """Whether one of two objects stands for one of several, which may be the other."""
    are_ours = isinstance(left, StandIn) and isinstance(right, StandIn) and left is not right
    return are_ours and any(own(one, "own_is_either") for one in (left, right))


def compared(evaluator: Evaluator, node: ast.Compare, scope: Scope) -> object:
    left, known = evaluator.worth(node.left, scope), None
    for number, (op, other) in enumerate(zip(node.ops, node.comparators, strict=True), 1):
        right = evaluator.worth(other, scope)
        if not isinstance(op, ast.Is | ast.IsNot):
            known = evaluator.really(OPERATORS[type(op)], left, right)
        elif isinstance(left, Open) or isinstance(right, Open):
            known = left if isinstance(left, Open) else right
        elif _may_be_one(left, right):
            known = evaluator.open(node)
        else:
            known = (left is right) == isinstance(op, ast.Is)
        if isinstance(known, Open):  # what it is follows from what both are worth this time
            sides = (ast.Name(_label(*side)) for side in ((left, node.left), (right, other)))
            text = written(ast.Compare(next(sides), [op], [*sides]))
            known = known.derived(shortened(text), evaluator.source, node, evaluator.steps)
        if len(node.ops) > 1:
            truth = evaluator.really(bool, known)
            if isinstance(truth, Open):  # what stands behind it may be asked
                rest = node.comparators[number:]
                asked = partial(evaluator.worth_of_all, rest, scope)
                if any(isinstance(part, ACTING) for one in rest for part in ast.walk(one)):
                    both_ways(evaluator, truth, truth.label, scope, asked, lambda: None)
                return truth
            if not truth:
                return known
        left = right
    return known


def _label(value: object, node: ast.expr) -> str:
    if isinstance(value, Open):
        return value.label
    return repr(value) if type(value) in (bool, int, float, str) else written(node)
