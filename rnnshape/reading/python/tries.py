"""What is done where code may fail: `try`, and `with`, whose `__exit__` is told of an error."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from types import MethodType
from typing import Any

from rnnshape.errors import NotReadError, QueryError
from rnnshape.nest import within
from rnnshape.reading.python.allowed import EXCEPTIONS
from rnnshape.reading.python.branches import both_ways
from rnnshape.reading.python.doubts import tried
from rnnshape.reading.python.evaluator import Evaluator, written
from rnnshape.reading.python.limits import TOO_MUCH, ExitError
from rnnshape.reading.python.objects import is_instance, known
from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.reached import Reached, change_by_call, may_change
from rnnshape.reading.python.scope import Doubt, Scope, Signal, body_of, named_in, own_nodes
from rnnshape.reading.python.stand_in import StandIn, is_of_code
from rnnshape.reading.python.streams import Managed
from rnnshape.reading.python.targets import assign

# What a `with` is like whose `__exit__` may catch an error.
WITH = ast.Try([], [ast.ExceptHandler(None, None, [ast.Raise()])], [], [])
ENDS = {"KeyboardInterrupt", "SystemExit", "GeneratorExit"}  # of a program, and no errors of it
EXITS = {"BaseException", "SystemExit"}
PLAIN = ast.Name | ast.Attribute | ast.Tuple | ast.Constant | ast.expr_context
NO_MANAGERS = (bool, int, float, str, list, tuple, dict, set, type(None))
OF_PYTHON = "what Python says of it is not known"


def follow_with(evaluator: Evaluator, node: ast.With | ast.AsyncWith, scope: Scope) -> None:
    item, *others = node.items
    entered = context = evaluator.worth(item.context_expr, scope)
    leave: Any = None
    if not isinstance(context, Open) and hasattr(type(context), "__enter__"):
        entered = evaluator.really(evaluator.attribute(context, "__enter__"))
        leave = evaluator.attribute(context, "__exit__")
    elif isinstance(node, ast.With) and _is_no_manager(context):
        name = type(context).__name__
        raise TypeError(f"'{name}' object does not support the context manager protocol")
    for word in ("__enter__", "__exit__") if isinstance(context, Open) else ():
        change_by_call(evaluator, item.context_expr, scope, context.part(f".{word}"))
    if item.optional_vars:
        assign(evaluator, item.optional_vars, entered, scope)
    more = ast.copy_location(type(node)(others, node.body), node)
    inner: list[ast.stmt] = [more] if others else node.body
    if isinstance(context, contextlib.suppress):
        kinds = ast.Constant(context._exceptions)  # type: ignore[attr-defined]
        passed = ast.ExceptHandler(kinds, None, [ast.Pass()])
        whole = ast.copy_location(ast.Try(inner, [passed], [], []), node)
        follow_try(evaluator, ast.fix_missing_locations(whole), scope)
    elif leave is None:
        evaluator.block(inner, scope)
    else:
        _left_by(evaluator, leave, inner, scope)


def _is_no_manager(context: object) -> bool:
    """Whether Python surely knows it for none, as a class of the code says, or its own."""
    is_of_class = is_of_code(type(context)) and not isinstance(context, StandIn)
    return is_of_class or isinstance(context, NO_MANAGERS)


def _left_by(evaluator: Evaluator, leave: Any, body: list[ast.stmt], scope: Scope) -> None:
    """Follows the body of a `with`, and what its `__exit__` does then."""
    is_managed = isinstance(leave, MethodType) and isinstance(leave.__self__, Managed)
    may_stop = leave.__self__.catches if is_managed else _may_stop(leave)
    start = len(evaluator.doubted)

    def well(signal: Signal | None = None) -> None:
        evaluator.really(leave, None, None, None)
        if signal is not None:
            raise signal

    def stopped() -> None:
        because = evaluator.open("with", "it may have ended with an error")
        called = leave.__self__.called if is_managed else [leave]
        may_change(evaluator, scope, because, Reached(called, {"__call__"}))

    def left(signal: Signal | None = None) -> None:
        doubts = evaluator.doubted[start:] if may_stop else []
        if not evaluator.trying:
            del evaluator.doubted[start:]
        _doubted(evaluator, scope, doubts, partial(well, signal), [stopped])

    try:
        with tried(evaluator, WITH if may_stop else None):
            evaluator.block(body, scope)
    except (IsOpenError, NotReadError, *TOO_MUCH):
        raise
    except Exception as wrong:
        stops = evaluator.really(leave, type(wrong), wrong, evaluator.open("traceback"))
        if not evaluator.known(bool, stops):
            raise
    except Signal as signal:
        left(signal)
    else:
        left()


def _may_stop(leave: Any) -> bool:
    """Whether an `__exit__` of the code may return that no error goes on."""
    nodes = own_nodes(body_of(leave) or ())
    return any(isinstance(node, ast.Return) and node.value for node in nodes)


def follow_try(evaluator: Evaluator, node: ast.Try | ast.TryStar, scope: Scope) -> None:
    start = len(evaluator.doubted)

    def well(signal: Signal | None = None) -> None:
        if signal is not None:
            raise signal
        evaluator.block(node.orelse, scope)

    def left(signal: Signal | None = None) -> None:
        if not (doubts := evaluator.doubted[start:]):
            well(signal)
            return
        kinds = [_kinds(evaluator, one, scope) for one in node.handlers]
        evaluator.doubted[start:] = _passed_on(evaluator, kinds, doubts)
        caught = [one for one in doubts if any(_may_catch(each, one) for each in kinds)]
        ways = [
            partial(_after, evaluator, handler, caught[0], scope)
            for handler, each in zip(node.handlers, kinds, strict=True)
            if any(_may_catch(each, one) for one in caught)
        ]
        _doubted(evaluator, scope, caught, partial(well, signal), ways)

    catches_exit = any(not one.type or named_in([one.type]) & EXITS for one in node.handlers)
    try:
        with tried(evaluator, node if _catches_errors(node) else None, catches_exit):
            evaluator.block(node.body, scope)
    except (IsOpenError, NotReadError, *TOO_MUCH):
        del evaluator.doubted[start:]
        raise
    except Exception as wrong:
        if doubts := evaluator.doubted[start:]:
            kinds = [_kinds(evaluator, one, scope) for one in node.handlers]
            evaluator.doubted[start:] = _passed_on(evaluator, kinds, doubts)
        _handled(evaluator, node, wrong, scope)
    except Signal as signal:
        left(signal)
    else:
        left()
    finally:
        evaluator.block(node.finalbody, scope)


def _catches_errors(node: ast.Try | ast.TryStar) -> bool:
    kinds = (written(one.type) if one.type else "" for one in node.handlers)
    return not all({*kind.strip("()").split(", ")} <= ENDS for kind in kinds)


def _kinds(evaluator: Evaluator, handler: ast.ExceptHandler, scope: Scope) -> tuple[Any, ...]:
    """The classes of errors that an `except` catches; none where these are not known."""
    if handler.type is None:
        return (BaseException,)
    is_plain = all(isinstance(part, PLAIN) for part in ast.walk(handler.type))
    found = evaluator.worth(handler.type, scope) if is_plain else None
    each = found if isinstance(found, tuple) else (found,)
    return each if all(isinstance(kind, type) for kind in each) else ()


def _may_catch(kinds: Iterable[type], doubt: Doubt) -> bool:
    """Whether what may have failed is of these kinds, as far as anybody knows."""
    return not kinds or any(
        issubclass(doubt.kind, kind) or issubclass(kind, doubt.kind) for kind in kinds
    )


def _passed_on(
    evaluator: Evaluator, kinds: Iterable[tuple[Any, ...]], doubts: Sequence[Doubt]
) -> list[Doubt]:
    """What may have failed and is not surely caught here, where something around may catch it."""
    caught = tuple(chain.from_iterable(kinds))
    left = [one for one in doubts if evaluator.trying and not issubclass(one.kind, caught)]
    return [replace(one, undo=doubts[0].undo) for one in left]


def _doubted(
    evaluator: Evaluator,
    scope: Scope,
    doubts: Sequence[Doubt],
    well: Callable[[], None],
    ways: Sequence[Callable[[], None]],
) -> None:
    """Follows what is done where nothing fails; where that is not known, what is done then, too, in
    one of some ways."""
    if not doubts:
        well()
        return
    because = doubts[0].because

    def failed(ways: Sequence[Callable[[], None]]) -> None:
        first, *others = ways
        if others:
            text = f"{because.label} fails"
            both_ways(evaluator, because, text, scope, first, partial(failed, others))
        else:
            first()

    def undone() -> None:
        doubts[0].undo()
        failed(ways)

    both_ways(evaluator, because, because.label, scope, well, undone)


def _after(evaluator: Evaluator, handler: ast.ExceptHandler, doubt: Doubt, scope: Scope) -> None:
    """What an `except` does with an error that there may be."""
    kind: Any = doubt.kind if doubt.kind in EXCEPTIONS.values() else Exception
    named = evaluator.open(handler.name or "", OF_PYTHON)
    _follow_handler(evaluator, handler, kind.__new__(kind), named, scope)


def _handled(
    evaluator: Evaluator, node: ast.Try | ast.TryStar, wrong: Exception, scope: Scope
) -> None:
    if isinstance(node, ast.TryStar):
        _handled_in_parts(evaluator, node, wrong, scope)
        return
    asked = SystemExit() if isinstance(wrong, ExitError) else wrong
    for handler in node.handlers:
        kinds = evaluator.worth(handler.type, scope) if handler.type else BaseException
        if evaluator.really(is_instance, asked, kinds) is True:
            unread = evaluator.open(handler.name or "", OF_PYTHON)
            unread.stands_for = wrong
            is_raised_by_code = evaluator.raised.get(id(wrong)) is wrong
            evaluator.caught += [wrong] if isinstance(wrong, QueryError) else []
            named = wrong if is_raised_by_code else unread
            _follow_handler(evaluator, handler, wrong, named, scope)
            return
    raise wrong


def _handled_in_parts(
    evaluator: Evaluator, node: ast.TryStar, wrong: Exception, scope: Scope
) -> None:
    """Each `except*` takes the errors of its kinds out of a group."""
    left: Any = wrong if isinstance(wrong, ExceptionGroup) else ExceptionGroup("", [wrong])
    for handler in node.handlers:
        asked: Any = evaluator.worth(handler.type or ast.Constant(None), scope)
        kinds = tuple(known(kind) for kind in within([asked]))
        taken, left = left.split(kinds) if left is not None else (None, None)
        if taken is not None:
            _follow_handler(evaluator, handler, taken, taken, scope)
    if left is not None:
        raise left if isinstance(wrong, ExceptionGroup) else wrong


def _follow_handler(
    evaluator: Evaluator, handler: ast.ExceptHandler, wrong: Exception, named: object, scope: Scope
) -> None:
    """Follows an `except`, which may name the error that it has caught."""
    if handler.name:
        scope.names[handler.name] = named
    evaluator.handled.append(wrong)
    try:
        evaluator.block(handler.body, scope)
    finally:
        evaluator.handled.pop()
    scope.names.pop(handler.name or "", None)
