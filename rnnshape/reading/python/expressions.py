"""What each kind of expression is worth: what Python's own function makes of its parts."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rnnshape.errors import QueryError
from rnnshape.reading.python.allowed import Stream
from rnnshape.reading.python.branches import both_ways, lose
from rnnshape.reading.python.evaluator import Evaluator, Handler, shortened
from rnnshape.reading.python.limits import MOST, MOST_YIELDS, STEPS_OF_LOOP, TooLargeError
from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.scope import Scope
from rnnshape.reading.python.stand_in import StandIn, hook
from rnnshape.reading.python.targets import assign

__all__ = ["EXPRESSIONS", "IN_PLACE", "OPERATORS", "all_of", "looked_up"]

CHANGING = {  # methods that change what a list, set or dictionary holds
    "add", "clear", "difference_update", "discard", "extend", "insert", "intersection_update",
    "pop", "popitem", "remove", "setdefault", "sort", "symmetric_difference_update", "update",
}  # fmt: skip

OPERATORS: dict[type, Callable[..., object]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Pow: operator.pow,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.LShift: operator.lshift, ast.RShift: operator.rshift, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.MatMult: operator.matmul,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Not: operator.not_, ast.USub: operator.neg,
    ast.UAdd: operator.pos, ast.Invert: operator.invert,
    ast.In: lambda item, many: item in many, ast.NotIn: lambda item, many: item not in many,
}  # fmt: skip
IN_PLACE: dict[type, Callable[..., object]] = {
    ast.Add: operator.iadd, ast.Mult: operator.imul, ast.BitOr: operator.ior,
    ast.BitAnd: operator.iand, ast.Sub: operator.isub, ast.BitXor: operator.ixor,
}  # fmt: skip


def constant(evaluator: Evaluator, node: ast.Constant, scope: Scope) -> object:
    return node.value


def name(evaluator: Evaluator, node: ast.Name, scope: Scope) -> object:
    return looked_up(evaluator, node.id, scope)


def looked_up(evaluator: Evaluator, word: str, scope: Scope) -> object:
    """What a name stands for."""
    for around in [scope.elsewhere[word]] if word in scope.elsewhere else scope.around():
        if word in around.names:
            return around.names[word]
    if word in evaluator.let:
        evaluator.let_used.add(word)
        return evaluator.let[word]
    for given in (evaluator.given, evaluator.names):
        if word in given:
            return given[word]
    found = evaluator.open(word)
    found.is_named = found.is_undefined = True
    return evaluator.named_by_let(found)


def attribute(evaluator: Evaluator, node: ast.Attribute, scope: Scope) -> object:
    owner = evaluator.worth(node.value, scope)
    evaluator.node = node
    return evaluator.attribute(owner, node.attr)


def sequence(kind: Callable[[list[object]], object]) -> Handler:
    def made(evaluator: Evaluator, node: Any, scope: Scope) -> object:
        return evaluator.really(kind, all_of(evaluator, node.elts, scope))

    return made


def dictionary(evaluator: Evaluator, node: ast.Dict, scope: Scope) -> object:
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


def subscript(evaluator: Evaluator, node: ast.Subscript, scope: Scope) -> object:
    owner, place = evaluator.worth(node.value, scope), evaluator.worth(node.slice, scope)
    evaluator.node = node
    if isinstance(owner, Open):
        return evaluator.part(owner, f"[{shortened(ast.unparse(node.slice))}]")
    return evaluator.really(operator.getitem, owner, place)


def slice_of(evaluator: Evaluator, node: ast.Slice, scope: Scope) -> object:
    ends = (node.lower, node.upper, node.step)
    return slice(*(end and evaluator.worth(end, scope) for end in ends))


def binary(evaluator: Evaluator, node: ast.BinOp, scope: Scope) -> object:
    both = evaluator.worth(node.left, scope), evaluator.worth(node.right, scope)
    evaluator.node = node
    return evaluator.really(OPERATORS[type(node.op)], *both)


def unary(evaluator: Evaluator, node: ast.UnaryOp, scope: Scope) -> object:
    inner = evaluator.worth(node.operand, scope)
    evaluator.node = node
    return evaluator.really(OPERATORS[type(node.op)], inner)


def boolean(evaluator: Evaluator, node: ast.BoolOp, scope: Scope) -> object:
    is_or = isinstance(node.op, ast.Or)
    *first, last = node.values
    unknown: Open | None = None
    for part in first:
        known = evaluator.worth(part, scope)
        truth = evaluator.really(bool, known)
        if isinstance(truth, Open):
            unknown = unknown or truth  # a later part may still decide it
        elif truth is is_or:
            return known if unknown is None else unknown
    known = evaluator.worth(last, scope)
    return known if unknown is None else unknown


def compared(evaluator: Evaluator, node: ast.Compare, scope: Scope) -> object:
    left, known = evaluator.worth(node.left, scope), True  # type: tuple[Any, Any]
    for op, other in zip(node.ops, node.comparators, strict=True):
        right = evaluator.worth(other, scope)
        if isinstance(op, ast.Is | ast.IsNot):
            known = _is_same(left, right, isinstance(op, ast.Is))
        else:
            known = evaluator.really(OPERATORS[type(op)], left, right)
        if len(node.ops) > 1:
            truth = evaluator.really(bool, known)
            if isinstance(truth, Open) or not truth:
                return truth if isinstance(truth, Open) else known
        left = right
    return known


def _is_same(left: object, right: object, expected: bool) -> object:
    for side in (left, right):
        if isinstance(side, Open):
            return side
    return (left is right) == expected


def conditional(evaluator: Evaluator, node: ast.IfExp, scope: Scope) -> object:
    truth = evaluator.truth(node.test, scope)
    if isinstance(truth, Open):
        made = both_ways(
            evaluator,
            truth,
            ast.unparse(node.test),
            scope,
            lambda: evaluator.worth(node.body, scope),
            lambda: evaluator.worth(node.orelse, scope),
        )
        evaluator.node = node
        return evaluator.derived(made) if made is truth else made
    return evaluator.worth(node.body if truth else node.orelse, scope)


def joined(evaluator: Evaluator, node: ast.JoinedStr, scope: Scope) -> object:
    return evaluator.really("".join, [evaluator.worth(part, scope) for part in node.values])


def formatted(evaluator: Evaluator, node: ast.FormattedValue, scope: Scope) -> object:
    known = evaluator.worth(node.value, scope)
    convert: Any = {ord("r"): repr, ord("s"): str, ord("a"): ascii}.get(node.conversion)
    known = evaluator.really(convert, known) if convert else known
    text = evaluator.worth(node.format_spec, scope) if node.format_spec else ""
    return evaluator.really(format, known, text)


def comprehension(kind: Callable[[list[Any]], object]) -> Handler:
    def made(evaluator: Evaluator, node: Any, scope: Scope) -> object:
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        return _comprehended(evaluator, kind, parts, node.generators, scope)

    return made


def _comprehended(
    evaluator: Evaluator,
    kind: Callable[[list[Any]], object],
    parts: Sequence[ast.expr],
    generators: Sequence[ast.comprehension],
    scope: Scope,
) -> object:
    made: list[object] = []
    end = evaluator.steps + STEPS_OF_LOOP

    def run(rest: Sequence[ast.comprehension], inner: Scope) -> None:
        if not rest:
            values = [evaluator.worth(part, inner) for part in parts]
            made.append(values[0] if len(values) == 1 else tuple(values))
            return
        over = evaluator.worth(rest[0].iter, inner)
        if isinstance(over, Open):  # what is made for one item is seen all the same
            assign(evaluator, rest[0].target, evaluator.part(over, "[...]"), inner)
            run(rest[1:], inner)
            evaluator.node = rest[0].iter
            raise IsOpenError(over)
        for item in over if isinstance(over, range) else evaluator.known(list, over):
            assign(evaluator, rest[0].target, item, inner)
            if all(evaluator.known(bool, evaluator.worth(test, inner)) for test in rest[0].ifs):
                run(rest[1:], inner)
            if len(made) > MOST or evaluator.steps > end:
                raise TooLargeError("this loop takes too many steps to be read")

    def run_all() -> object:
        inner = Scope(scope)
        inner.is_inner = True
        run(generators, inner)
        return kind(made)

    return evaluator.really(run_all)


def named(evaluator: Evaluator, node: ast.NamedExpr, scope: Scope) -> object:
    known = evaluator.worth(node.value, scope)
    while scope.is_inner and scope.above is not None:
        scope = scope.above
    assign(evaluator, node.target, known, scope)
    return known


def yielded(evaluator: Evaluator, node: ast.Yield, scope: Scope) -> object:
    scope.yields.append(evaluator.worth(node.value, scope) if node.value else None)
    if len(scope.yields) > MOST_YIELDS:
        raise IsOpenError(evaluator.open("a generator", "it gives more values than are read"))
    return None


def yielded_from(evaluator: Evaluator, node: ast.YieldFrom, scope: Scope) -> object:
    items = evaluator.known(list, evaluator.worth(node.value, scope))
    scope.yields += items
    return None


def awaited(evaluator: Evaluator, node: ast.Await, scope: Scope) -> object:
    return evaluator.worth(node.value, scope)


def all_of(evaluator: Evaluator, nodes: Sequence[ast.expr], scope: Scope) -> list[object]:
    """What several expressions are worth, those with a star spread out."""
    found: list[object] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            items = evaluator.really(list, evaluator.worth(node.value, scope))
            if isinstance(items, Open):
                raise IsOpenError(items)
            found += items
        else:
            found.append(evaluator.worth(node, scope))
    return found


def call(evaluator: Evaluator, node: ast.Call, scope: Scope) -> object:
    function = evaluator.worth(node.func, scope)
    because: Open | None = None  # it is not known with what the function is called
    try:
        parts = all_of(evaluator, node.args, scope)
    except IsOpenError as wrong:
        parts, because = [wrong.value], wrong.value
    keywords: dict[str, object] = {}
    for keyword in node.keywords:
        value = evaluator.worth(keyword.value, scope)
        if keyword.arg in keywords:
            text = f"{shortened(ast.unparse(node.func))} is given {keyword.arg} twice"
            raise QueryError(text, evaluator.source.place_of_keyword(keyword))
        more = {keyword.arg: value} if keyword.arg else evaluator.really(dict, value)
        if isinstance(more, Open):
            why = more.reason or "what ** gives is not known: write the arguments themselves"
            because = because or Open(more.label, why, more.source, more.node)
        elif all(isinstance(word, str) for word in more):
            keywords |= more
        else:
            raise QueryError("keywords must be strings", evaluator.source.place(keyword.value))
    evaluator.node = node
    if isinstance(node.func, ast.Name):
        evaluator.called.add(node.func.id)
        if node.func.id == "super" and not parts and scope.owner:
            return evaluator.really(super, scope.owner[0], scope.first)
    if isinstance(function, Open):
        return _of_open(evaluator, node, function, parts, keywords)
    if because is not None:
        made = _of_open(evaluator, node, because, parts, keywords)
        if isinstance(made, Open):
            made.roots = because.roots or (because,)
        return made
    evaluator.calls.append(node)
    try:
        made = evaluator.really(function, *parts, **keywords)
    finally:
        evaluator.calls.pop()
    owner = getattr(function, "__self__", None)
    if isinstance(made, Open) and isinstance(owner, list | set | dict):
        given = any(isinstance(part, Open) for part in parts)
        if function.__name__ in CHANGING and (given or function.__name__ == "sort"):
            lose(evaluator, scope, owner, made)
    return made


def _of_open(
    evaluator: Evaluator,
    node: ast.Call,
    function: Open,
    parts: Sequence[object],
    keywords: Mapping[str, object],
) -> object:
    """What a function makes that nobody knows: of data it makes data; of what stands for something
    of a library, who knows."""
    reason = evaluator.why_unknown(function.label) if function.is_undefined else ""
    made = evaluator.open(node, function.reason or reason)
    if reason:
        evaluator.refuse(made)
    if function.alternatives:  # a method of each of the models that it may be
        word = function.label.rpartition(".")[2]
        for model in function.alternatives:
            evaluator.really(evaluator.attribute(model, word), *parts, **keywords)
        return made
    given = [*parts, *keywords.values()]
    for value in [
        *given,
        *(one for part in given if isinstance(part, list | tuple) for one in part),
    ]:
        if isinstance(value, StandIn) and not made.reason:
            made.reason = _why_unknown(node, value)
        maker = hook(value, "made_by_unknown")
        if maker is not None:
            text = f"{shortened(ast.unparse(node.func))}(...)"
            return evaluator.really(maker, text, list(given), made)
    return made


def _why_unknown(node: ast.Call, value: StandIn) -> str:
    given = getattr(value, "what", f"a {type(value).__name__}")
    return f"what {shortened(ast.unparse(node.func))} makes of {given} is not known"


EXPRESSIONS: dict[type, Handler] = {
    ast.Constant: constant,
    ast.Name: name,
    ast.Attribute: attribute,
    ast.Tuple: sequence(tuple),
    ast.List: sequence(list),
    ast.Set: sequence(set),
    ast.Dict: dictionary,
    ast.Subscript: subscript,
    ast.Slice: slice_of,
    ast.BinOp: binary,
    ast.UnaryOp: unary,
    ast.BoolOp: boolean,
    ast.Compare: compared,
    ast.IfExp: conditional,
    ast.JoinedStr: joined,
    ast.FormattedValue: formatted,
    ast.ListComp: comprehension(list),
    ast.SetComp: comprehension(set),
    ast.DictComp: comprehension(dict),
    ast.GeneratorExp: comprehension(Stream),
    ast.NamedExpr: named,
    ast.Yield: yielded,
    ast.YieldFrom: yielded_from,
    ast.Await: awaited,
    ast.Call: call,
}
