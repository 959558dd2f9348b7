"""What each kind of statement does."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable
from typing import Any

from rnnshape.reading.python.allowed import is_instance
from rnnshape.reading.python.branches import both_ways, finish
from rnnshape.reading.python.evaluator import Evaluator, Handler
from rnnshape.reading.python.expressions import IN_PLACE, OPERATORS
from rnnshape.reading.python.functions import class_def, function_def
from rnnshape.reading.python.limits import STEPS_OF_LOOP, TooLargeError
from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.patterns import fits
from rnnshape.reading.python.scope import (
    BrokenSignal,
    ClassNames,
    ContinuedSignal,
    ReturnedSignal,
    Scope,
)
from rnnshape.reading.python.targets import assign, delete, give

__all__ = ["STATEMENTS"]


def expression(evaluator: Evaluator, node: ast.Expr, scope: Scope) -> None:
    evaluator.worth(node.value, scope)


def assignment(evaluator: Evaluator, node: ast.Assign, scope: Scope) -> None:
    known = evaluator.worth(node.value, scope)
    for target in node.targets:
        assign(evaluator, target, known, scope)


def annotated(evaluator: Evaluator, node: ast.AnnAssign, scope: Scope) -> None:
    if isinstance(node.target, ast.Name) and isinstance(scope.names, ClassNames):
        scope.names.setdefault("__annotations__", {})[node.target.id] = None
    if node.value:
        assign(evaluator, node.target, evaluator.worth(node.value, scope), scope)


def augmented(evaluator: Evaluator, node: ast.AugAssign, scope: Scope) -> None:
    place = ast.copy_location(_loaded(node.target), node.target)
    function = IN_PLACE.get(type(node.op), OPERATORS[type(node.op)])
    before, more = evaluator.worth(place, scope), evaluator.worth(node.value, scope)
    evaluator.node = node
    assign(evaluator, node.target, evaluator.really(function, before, more), scope)


def _loaded(node: ast.expr) -> Any:
    made = type(node)(**dict(ast.iter_fields(node)))
    made.ctx = ast.Load()  # type: ignore[attr-defined]
    return made


def returned(evaluator: Evaluator, node: ast.Return, scope: Scope) -> None:
    raise ReturnedSignal(evaluator.worth(node.value, scope) if node.value else None)


def condition(evaluator: Evaluator, node: ast.If, scope: Scope) -> None:
    truth = evaluator.truth(node.test, scope)
    if isinstance(truth, Open):
        both_ways(
            evaluator,
            truth,
            ast.unparse(node.test),
            scope,
            lambda: evaluator.block(node.body, scope),
            lambda: evaluator.block(node.orelse, scope),
        )
    else:
        evaluator.block(node.body if truth else node.orelse, scope)


def for_loop(evaluator: Evaluator, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
    over = evaluator.worth(node.iter, scope)
    items = over if isinstance(over, range) else evaluator.really(list, over)
    if isinstance(items, Open):
        _maybe_once(evaluator, node, scope, items, node.iter)
    else:
        _rounds(evaluator, node, items, scope)


def while_loop(evaluator: Evaluator, node: ast.While, scope: Scope) -> None:
    _rounds(evaluator, node, itertools.repeat(None), scope, node.test)


def _rounds(
    evaluator: Evaluator,
    node: Any,
    items: Iterable[object],
    scope: Scope,
    test: ast.expr | None = None,
) -> None:
    end = evaluator.steps + STEPS_OF_LOOP
    scope.breaks.append([])
    try:
        for item in items:
            if test is not None:
                truth = evaluator.truth(test, scope)
                if isinstance(truth, Open):
                    _maybe_once(evaluator, node, scope, truth, test)
                    return
                if not truth:
                    break
            if evaluator.steps > end:
                raise TooLargeError("this loop takes too many steps to be read")
            evaluator.spend(5)
            if test is None:
                assign(evaluator, node.target, item, scope)
            try:
                _round(evaluator, node, scope)
            except BrokenSignal:
                return
        evaluator.block(node.orelse, scope)
    finally:
        finish(scope.breaks.pop())


def _round(evaluator: Evaluator, node: Any, scope: Scope) -> None:
    scope.continues.append([])
    try:
        evaluator.block(node.body, scope)
    except ContinuedSignal:
        pass
    finally:
        finish(scope.continues.pop())


def _maybe_once(
    evaluator: Evaluator, node: Any, scope: Scope, because: Open, test: ast.expr
) -> None:
    """A loop of which nobody knows how often it is run: not at all, or at least once."""

    def once() -> None:
        if isinstance(node, ast.For | ast.AsyncFor):
            assign(evaluator, node.target, evaluator.part(because, "[...]"), scope)
        scope.breaks.append([])
        try:
            _round(evaluator, node, scope)
        except BrokenSignal:
            pass
        finally:
            finish(scope.breaks.pop())

    both_ways(evaluator, because, ast.unparse(test), scope, once, lambda: None)


def broken(evaluator: Evaluator, node: ast.Break, scope: Scope) -> None:
    raise BrokenSignal


def continued(evaluator: Evaluator, node: ast.Continue, scope: Scope) -> None:
    raise ContinuedSignal


def import_(evaluator: Evaluator, node: ast.Import, scope: Scope) -> None:
    for alias in node.names:
        whole = _module(evaluator, alias.name)  # one beside the code is read for its effects
        first = alias.name.partition(".")[0]
        value = whole if alias.asname or first == alias.name else _module(evaluator, first)
        give(evaluator, alias.asname or first, value, scope, is_argument=True)


def import_from(evaluator: Evaluator, node: ast.ImportFrom, scope: Scope) -> None:
    path = "." * node.level + (node.module or "")
    module = _module(evaluator, path)
    for alias in node.names:
        if alias.name == "*":
            for name, value in getattr(module, "listed", {}).items():
                if not name.startswith("_"):
                    scope.names[name] = value
            continue
        inner = f"{path}.{alias.name}".lstrip("." if node.level == 0 else "")
        value = evaluator.modules.get(inner) or evaluator.attribute(module, alias.name)
        if isinstance(value, Open) and node.level:
            value = _module(evaluator, inner)
        if isinstance(value, Open):
            if evaluator.trying and value.reason:
                raise ImportError(f"cannot import name {alias.name!r}")
            value = evaluator.named_by_let(value, alias.asname or alias.name)
        give(evaluator, alias.asname or alias.name, value, scope, is_argument=True)


def _module(evaluator: Evaluator, path: str) -> Any:
    if path in evaluator.modules:
        return evaluator.modules[path]
    found = evaluator.find_module(evaluator, path)
    if found is not None:
        evaluator.modules[path] = found
        return found
    above, _, name = path.rpartition(".")
    if above.strip("."):
        return evaluator.attribute(_module(evaluator, above), name)
    return evaluator.open(path)


def with_(evaluator: Evaluator, node: ast.With | ast.AsyncWith, scope: Scope) -> None:
    for item in node.items:
        context = evaluator.worth(item.context_expr, scope)
        enter = evaluator.attribute(context, "__enter__") if _is_ours(context) else None
        entered = evaluator.really(enter) if callable(enter) else context
        if item.optional_vars:
            assign(evaluator, item.optional_vars, entered, scope)
    evaluator.block(node.body, scope)


def _is_ours(context: object) -> bool:
    return not isinstance(context, Open) and hasattr(type(context), "__enter__")


def try_(evaluator: Evaluator, node: ast.Try, scope: Scope) -> None:
    evaluator.trying += 1
    is_inside = True
    depth, calls = evaluator.depth, len(evaluator.calls)
    try:
        try:
            evaluator.block(node.body, scope)
        finally:
            evaluator.trying -= 1
            is_inside = False
    except IsOpenError:
        raise
    except Exception as wrong:
        assert not is_inside
        evaluator.depth = depth
        del evaluator.calls[calls:]
        _handled(evaluator, node, wrong, scope)
    else:
        evaluator.block(node.orelse, scope)
    finally:
        evaluator.block(node.finalbody, scope)


def _handled(evaluator: Evaluator, node: ast.Try, wrong: Exception, scope: Scope) -> None:
    for handler in node.handlers:
        kinds = evaluator.worth(handler.type, scope) if handler.type else Exception
        caught = evaluator.really(is_instance, wrong, kinds)
        if caught is True:
            if handler.name:
                scope.names[handler.name] = wrong
            evaluator.block(handler.body, scope)
            scope.names.pop(handler.name or "", None)
            return
    raise wrong


def raise_(evaluator: Evaluator, node: ast.Raise, scope: Scope) -> None:
    made = evaluator.worth(node.exc, scope) if node.exc else RuntimeError("raised again")
    if isinstance(made, type):
        made = evaluator.really(made)
    raise made if isinstance(made, Exception) else RuntimeError("an exception")


def assert_(evaluator: Evaluator, node: ast.Assert, scope: Scope) -> None:
    if evaluator.truth(node.test, scope) is False:
        raise AssertionError(ast.unparse(node.test)[:100])


def global_(evaluator: Evaluator, node: ast.Global, scope: Scope) -> None:
    scope.elsewhere |= dict.fromkeys(node.names, evaluator.module)


def nonlocal_(evaluator: Evaluator, node: ast.Nonlocal, scope: Scope) -> None:
    for name in node.names:
        for around in [*scope.around()][1:]:
            if name in around.names:
                scope.elsewhere[name] = around
                break


def deletion(evaluator: Evaluator, node: ast.Delete, scope: Scope) -> None:
    for target in node.targets:
        delete(evaluator, target, scope)


def match(evaluator: Evaluator, node: ast.Match, scope: Scope) -> None:
    value = evaluator.worth(node.subject, scope)
    _cases(evaluator, node, value, scope, 0)


def _cases(evaluator: Evaluator, node: ast.Match, value: object, scope: Scope, first: int) -> None:
    for index in range(first, len(node.cases)):
        case = node.cases[index]
        try:
            matched = fits(evaluator, case.pattern, value, scope)
            if matched and case.guard:
                matched = evaluator.known(bool, evaluator.worth(case.guard, scope))
        except IsOpenError as wrong:
            both_ways(
                evaluator,
                wrong.value,
                f"{ast.unparse(node.subject)} is {ast.unparse(case.pattern)}",
                scope,
                lambda case=case: evaluator.block(case.body, scope),  # type: ignore[misc]
                lambda index=index: _cases(evaluator, node, value, scope, index + 1),  # type: ignore[misc]
            )
            return
        if matched:
            evaluator.block(case.body, scope)
            return


STATEMENTS: dict[type, Handler] = {
    ast.Expr: expression,
    ast.Assign: assignment,
    ast.AnnAssign: annotated,
    ast.AugAssign: augmented,
    ast.Return: returned,
    ast.If: condition,
    ast.For: for_loop,
    ast.AsyncFor: for_loop,
    ast.While: while_loop,
    ast.Break: broken,
    ast.Continue: continued,
    ast.Import: import_,
    ast.ImportFrom: import_from,
    ast.With: with_,
    ast.AsyncWith: with_,
    ast.Try: try_,
    ast.Raise: raise_,
    ast.Assert: assert_,
    ast.Global: global_,
    ast.Nonlocal: nonlocal_,
    ast.Delete: deletion,
    ast.Match: match,
    ast.FunctionDef: function_def,
    ast.AsyncFunctionDef: function_def,
    ast.ClassDef: class_def,
}
