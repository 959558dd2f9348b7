"""What each kind of statement does."""

from __future__ import annotations

import ast
from copy import copy
from dataclasses import replace
from inspect import signature
from typing import Any

from rnnshape.reading.python.allowed import field
from rnnshape.reading.python.branches import both_ways, change_copies, either, lose
from rnnshape.reading.python.doubts import doubt
from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.functions import class_, function, let_all_be_given
from rnnshape.reading.python.in_common import put_in
from rnnshape.reading.python.limits import ExitError
from rnnshape.reading.python.loops import follow_for, follow_while
from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.operators import ACTING, IN_PLACE
from rnnshape.reading.python.reached import change_by_call, change_in_place
from rnnshape.reading.python.scope import (
    BrokenSignal,
    ClassNames,
    ContinuedSignal,
    ReturnedSignal,
    Scope,
    body_of,
    named_in,
)
from rnnshape.reading.python.stand_in import own
from rnnshape.reading.python.targets import assign, delete, fits, give
from rnnshape.reading.python.tries import follow_try, follow_with


def follow(evaluator: Evaluator, node: ast.stmt, scope: Scope) -> None:
    """Does what a statement does; the kinds that code has most of come first."""
    match node:
        case ast.Expr(value=value):
            evaluator.worth(value, scope)
        case ast.Assign(targets=targets, value=value):
            known = evaluator.worth(value, scope)
            for target in targets:
                assign(evaluator, target, known, scope)
        case ast.If():
            either(evaluator, node, scope, evaluator.block)
        case ast.Return(value=returned):
            raise ReturnedSignal(evaluator.worth(returned, scope) if returned else None)
        case ast.AugAssign(target=target, op=op, value=value):
            change, target = IN_PLACE[type(op)], _once(evaluator, target, scope)
            before, more = evaluator.worth(target, scope), evaluator.worth(value, scope)
            evaluator.node = node
            made = evaluator.really(change, before, more)
            change_copies(evaluator, scope, before)
            if isinstance(made, Open) and isinstance(more, list | tuple):
                put_in(made, more)
            if isinstance(made, Open) and isinstance(before, list | set | dict):
                lose(evaluator, scope, made, before)  # by its other names, too
            elif isinstance(before, Open) and before.among:
                is_added = isinstance(op, ast.Add) and isinstance(more, list)
                change_in_place(evaluator, scope, before, more if is_added else ())
            assign(evaluator, target, made, scope)
        case ast.AnnAssign(target=target, annotation=annotation, value=given):
            if isinstance(target, ast.Name) and isinstance(scope.names, ClassNames):
                fields = scope.names.get("__annotations__", {})
                scope.names["__annotations__"] = {**fields, **field(target.id, annotation)}
            if given:
                assign(evaluator, target, evaluator.worth(given, scope), scope)
        case ast.For() | ast.AsyncFor():
            follow_for(evaluator, node, scope)
        case ast.While():
            follow_while(evaluator, node, scope)
        case ast.Break():
            raise BrokenSignal
        case ast.Continue():
            raise ContinuedSignal
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            if isinstance(node, ast.ClassDef):
                made = class_(evaluator, node, scope)
            else:
                made = function(evaluator, node.name, node.args, node.body, scope)
            decorators = [evaluator.worth(each, scope) for each in node.decorator_list]
            each = zip(reversed(node.decorator_list), reversed(decorators), strict=True)
            for named, decorator in each:  # where nothing is known, it is left as is
                if isinstance(decorator, Open) and not all(map(_hands_on, decorator.among)):
                    change_by_call(evaluator, named, scope, decorator, [made])
                    among = (made, *decorator.among)
                    made = replace(decorator, label=node.name, among=among)
                elif isinstance(decorator, Open):
                    let_all_be_given(evaluator, made)
                elif not isinstance(made, Open):
                    made = evaluator.really(decorator, made)
            give(evaluator, node.name, made, scope)
        case ast.Import(names=names):
            for alias in names:
                whole = imported(evaluator, alias.name)  # what is read for its effects too
                _doubt(evaluator, scope, whole, f"No module named {alias.name!r}")
                first = alias.name.partition(".")[0]
                value = whole if alias.asname or first == alias.name else imported(evaluator, first)
                give(evaluator, alias.asname or first, value, scope, is_argument=True)
        case ast.ImportFrom():
            _import_from(evaluator, node, scope)
        case ast.With() | ast.AsyncWith():
            follow_with(evaluator, node, scope)
        case ast.Try() | ast.TryStar():
            follow_try(evaluator, node, scope)
        case ast.Raise(exc=exception):
            again = [RuntimeError("No active exception to reraise"), *evaluator.handled]
            made = evaluator.worth(exception, scope) if exception else again[-1]
            if isinstance(made, Open):
                made = made.stands_for  # if it was caught
            elif exception:
                made = evaluator.really(made) if isinstance(made, type) else made
                evaluator.raised[id(made)] = made
            if isinstance(made, Exception):
                raise made
            is_exit = "SystemExit" in ast.unparse(exception or node)
            raise ExitError("SystemExit") if is_exit else RuntimeError("an exception")
        case ast.Assert(test=test):
            truth = evaluator.truth(test, scope)
            if truth is False:
                raise AssertionError(ast.unparse(test)[:100])
            doubt(evaluator, scope, truth, AssertionError)
        case ast.Global(names=words):
            scope.elsewhere |= dict.fromkeys(words, scope.module)
        case ast.Nonlocal(names=words):
            for word in words:
                home = next((one for one in [*scope.around()][1:] if word in one.names), None)
                scope.elsewhere |= {word: home} if home else {}
        case ast.Delete(targets=targets):
            for target in targets:
                delete(evaluator, target, scope)
        case ast.Match():
            _cases(evaluator, node, evaluator.worth(node.subject, scope), scope)


def _once(evaluator: Evaluator, target: ast.expr, scope: Scope) -> ast.expr:
    """The target of `units[next(order)] += 8`, whose parts are followed once, under names that no
    code has."""
    is_acting = any(isinstance(part, ACTING) for part in ast.walk(target))
    made = copy(target)
    for word in ("value", "slice") if is_acting else ():
        if part := getattr(target, word, None):
            scope.names[f"<{word}>"] = evaluator.worth(part, scope)
            setattr(made, word, ast.copy_location(ast.Name(f"<{word}>", ast.Load()), part))
    return made


def _import_from(evaluator: Evaluator, node: ast.ImportFrom, scope: Scope) -> None:
    path = scope.path_of(node)
    module = imported(evaluator, path)
    for alias in node.names:
        if alias.name == "*":
            listed = getattr(module, "listed", ())
            if isinstance(module, Open):  # it may give the numbers and texts that have names
                scope.module.may_have_more = True
                listed = [k for k, had in scope.names.items() if isinstance(had, int | float | str)]
            given = evaluator.attribute(module, "__all__") if "__all__" in listed else None
            if not isinstance(given, list | tuple):
                given = [name for name in listed if name[:1] != "_"]
            for name in (name for name in given if isinstance(name, str)):
                part = evaluator.attribute(module, name)
                scope.names[name] = evaluator.named_by_let(part, name)
            continue
        inner = f"{path}{alias.name}" if path.endswith(".") else f"{path}.{alias.name}"
        has_name = alias.name in (own(module, "held") or ())  # which it may give to anything
        is_module = inner in evaluator.modules and not has_name
        value = evaluator.modules[inner] if is_module else evaluator.attribute(module, alias.name)
        if isinstance(value, Open):
            found = (
                imported(evaluator, inner)
                if node.level
                else evaluator.find_module(evaluator, inner)
            )
            value = value if found is None else found
        if isinstance(value, Open):
            _doubt(evaluator, scope, value, f"cannot import name {alias.name!r}")
            value = evaluator.named_by_let(value, alias.asname or alias.name)
        give(evaluator, alias.asname or alias.name, value, scope, is_argument=True)


def _doubt(evaluator: Evaluator, scope: Scope, found: object, words: str) -> None:
    """What is imported in a `try` and known not to be there raises; what is not known may."""
    if evaluator.trying and isinstance(found, Open):
        if found.reason and not found.stands_for:
            raise ImportError(words)
        if not found.reason:
            doubt(evaluator, scope, found, ImportError)


def _hands_on(decorator: object) -> bool:
    """Whether a function returns what it is given, or what that makes, as it is: what is not the
    code's own is taken to."""
    if (body := body_of(decorator)) is None:
        return True
    nodes = [node for part in body for node in ast.walk(part)]
    takes = {*signature(decorator).parameters}  # type: ignore[arg-type]
    takes |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    made: list[ast.AST] = [
        node.value for node in nodes if isinstance(node, ast.Return) and node.value
    ]
    made += [node.body for node in nodes if isinstance(node, ast.Lambda)]
    returned = {node.id for node in made if isinstance(node, ast.Name)}
    for node in nodes:
        match node:
            case ast.Assign(targets=targets) if not returned.isdisjoint(named_in(targets)):
                made.append(node.value)
            case ast.AugAssign(target=ast.Name(name)) if name in returned:
                made.append(node)  # which hands on another value
    called = (one.func for one in made if isinstance(one, ast.Call))
    are_plain = all(isinstance(one, ast.Name | ast.Lambda | ast.Call) for one in made)
    return are_plain and all(isinstance(one, ast.Name) and one.id in takes for one in called)


def imported(evaluator: Evaluator, path: str) -> Any:
    """The module of a path; open where that is not read."""
    if path in evaluator.modules:
        return evaluator.modules[path]
    found = evaluator.find_module(evaluator, path)
    if found is not None:
        evaluator.modules[path] = found
        return found
    above, _, name = path.rpartition(".")
    if above.strip("."):
        return evaluator.attribute(imported(evaluator, above), name)
    return evaluator.open(path.lstrip(".") or path)  # `..n` is no name of Python


def _cases(
    evaluator: Evaluator, node: ast.Match, value: object, scope: Scope, first: int = 0
) -> None:
    for index, case in enumerate(node.cases[first:], start=first):
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
                lambda body=case.body: evaluator.block(body, scope),  # type: ignore[misc]
                lambda after=index + 1: _cases(evaluator, node, value, scope, after),  # type: ignore[misc]
            )
            return
        if matched:
            evaluator.block(case.body, scope)
            return
