"""What every statement does that is followed: one `match` over their kinds."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from warnings import catch_warnings, simplefilter

from rnnshape.errors import QueryError
from rnnshape.expression import Source
from rnnshape.network import Network
from rnnshape.reading.code import plain
from rnnshape.reading.code.expressions import STEPS_OF_LOOP, Expressions
from rnnshape.reading.code.names import path_of
from rnnshape.reading.code.state import TooManyStepsError
from rnnshape.reading.code.values import (
    Data,
    Function,
    Model,
    Named,
    Open,
    Root,
    Scope,
    Stack,
    Unread,
    causes_in,
)
from rnnshape.reading.graph import Tensor

__all__ = []

DEEPEST_CALL = 12  # functions that call each other
BROKEN_LINES = 20  # that are left out of a text, one after the other, until the rest can be read


@dataclass(frozen=True, slots=True)
class _Signal:
    """How a block of statements ends before its last one."""

    kind: Literal["return", "break", "continue"]
    value: object = None


class Statements(Expressions):
    """Follows the code, statement by statement."""

    def read(self, source: Source) -> None:
        if "\xa0" in source.text:  # a space that web pages have, and Python doesn't
            source = Source(source.text.replace("\xa0", " "), source.where, source.longest)
        self.source = source
        try:
            statements = source.statements()
        except QueryError as wrong:
            source, statements = self._what_is_left(source, wrong)
            self.source = source
        try:
            self.block(statements, self.module)
        except TooManyStepsError:
            self.tell(QueryError("this code takes too many steps to be read"))

    def networks(self) -> list[Network]:
        try:
            if not (self.models or self.calls):
                self._call_what_is_not_called()
            self.most_steps += self.most_steps
            return self.finished()
        except TooManyStepsError:
            self.tell(QueryError("this code takes too many steps to be read"))
        return []

    def _call_what_is_not_called(self) -> None:
        """Where nothing is made, but functions are there that would: those that no other calls,
        with arguments that are asked for."""
        functions = {
            name: value
            for name, value in self.module.names.items()
            if isinstance(value, Function) and value.node.name == name and self.matters([value])
        }
        used = {
            one.id
            for name, value in functions.items()
            for one in ast.walk(value.node)
            if isinstance(one, ast.Name) and one.id != name
        }
        for name, value in functions.items():
            if name not in used:
                self.source = value.source
                call = ast.Call(ast.Name(name), [], [])
                self.called(value, _at_header(call, value.node, self.source), [], {}, 0)

    def _what_is_left(self, source: Source, wrong: QueryError) -> tuple[Source, list[ast.stmt]]:
        """The statements of a text in which some lines are not Python of today."""
        if len(source.text) > source.longest:
            self.tell(wrong)
            return source, []
        rest, lines, said = source, list(source.lines), False
        before: int | None = None
        for _ in range(BROKEN_LINES):
            number = _broken_line(rest.text)
            if number is None or number > len(lines):
                break
            line = lines[number - 1]
            stripped = line.lstrip()
            if not said and not stripped.startswith(("print ", "exec ", "!", "%", "?")):
                self.tell(wrong)
                said = True
            indent = line[: len(line) - len(stripped)]
            lines[number - 1] = "" if number == before else f"{indent}pass"
            before = number
            rest = Source("\n".join(lines), source.where, source.longest)
            try:
                return rest, rest.statements()
            except QueryError as another:
                wrong = another
        if not said:
            self.tell(wrong)
        return source, []

    def block(self, statements: Sequence[ast.stmt], scope: Scope) -> _Signal | None:
        for statement in statements:
            self.count()
            try:
                signal = self.statement(statement, scope)
            except QueryError as wrong:
                self.forget([statement], scope, Unread((self.tell(wrong),)))
            except RecursionError:
                deep = self.source.error(statement, "this is nested too deeply to be read")
                self.forget([statement], scope, Unread((self.tell(deep),)))
            else:
                if signal is not None:
                    return signal
        return None

    def statement(self, node: ast.stmt, scope: Scope) -> _Signal | None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self._import(node, scope)
            case ast.Assign(targets=targets, value=value):
                known = self.value(value, scope)
                for target in targets:
                    self.assign(target, known, scope)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign(target, self.value(value, scope), scope)
            case ast.AugAssign(target=ast.Name() | ast.Attribute() | ast.Subscript() as target):
                operation = ast.copy_location(ast.BinOp(target, node.op, node.value), node)
                self.assign(target, self.value(operation, scope), scope)
            case ast.Expr(value=value):
                self.value(value, scope)
            case ast.If():
                return self._if(node, scope)
            case ast.For():
                return self._for(node, scope)
            case ast.While():
                self._skip(node, [node], scope, "a while loop is not read")
            case ast.With(body=body):
                for item in node.items:
                    entered = self.value(item.context_expr, scope)
                    if item.optional_vars is not None:
                        self.assign(item.optional_vars, self.opened(entered, node), scope)
                return self.block(body, scope)
            case ast.Try(body=body, orelse=after, finalbody=last):
                return self.block([*body, *after, *last], scope)
            case ast.FunctionDef():
                self.assign_name(node.name, self._function(node, scope), scope)
            case ast.ClassDef():
                self.assign_name(node.name, self._class(node, scope), scope)
            case ast.Delete(targets=targets):
                for target in targets:
                    self._delete(target, scope)
            case ast.Return(value=value):
                return _Signal("return", self.value(value, scope) if value else None)
            case ast.Raise():
                return _Signal("return", Open((Root(self.source, node),)))
            case ast.Break():
                return _Signal("break")
            case ast.Continue():
                return _Signal("continue")
            case ast.Global(names=names):
                scope.of_module.update(names)
            case ast.Match() | ast.AsyncFor() | ast.AsyncWith() | ast.TryStar():
                self._skip(node, [node], scope, "this statement is not read")
        return None

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                path = alias.name if alias.asname else alias.name.partition(".")[0]
                scope.names[alias.asname or path] = Named(path)
            elif alias.name != "*":
                scope.names[alias.asname or alias.name] = Named(f"{node.module}.{alias.name}")

    def _delete(self, target: ast.expr, scope: Scope) -> None:
        if isinstance(target, ast.Subscript):
            container, key = self.value(target.value, scope), self.data(target.slice, scope)
            try:
                if plain.has_places(container, key):
                    del container[key]  # type: ignore[attr-defined]
                    return
            except (IndexError, KeyError):
                pass
            self.lose(container, target.value, scope)

    def _if(self, node: ast.If, scope: Scope) -> _Signal | None:
        test = self.data(node.test, scope)
        if isinstance(test, Open | Unread):
            branches = [*node.body, *node.orelse]
            if self.matters(branches, scope):
                self.ask(causes_in([test]))
                self.forget(branches, scope, Unread(causes_in([test])))
            else:
                self.forget(branches, scope, None)
            return None
        return self.block(node.body if test else node.orelse, scope)

    def _for(self, node: ast.For, scope: Scope) -> _Signal | None:
        over = self.data(node.iter, scope)
        items: Iterable[object] | None = over if isinstance(over, range) else plain.items_of(over)
        whole = [*node.body, *node.orelse]
        matters = self.matters(whole, scope)
        if items is None or (not matters and len(over) > 100):  # type: ignore[arg-type]
            if matters and isinstance(over, Open | Unread):
                self.ask(causes_in([over]))
                self.forget([node], scope, Unread(causes_in([over])))
            else:
                self._skip(node, [node], scope, "what this loop goes over is not known")
            return None
        end = self.steps + STEPS_OF_LOOP
        for item in items:
            if self.steps > end:
                self._skip(node, [node], scope, "this loop takes too many steps to be read")
                return None
            self.assign(node.target, item, scope)
            signal = self.block(node.body, scope)
            if signal is not None and signal.kind == "return":
                return signal
            if signal is not None and signal.kind == "break":
                return None
        return self.block(node.orelse, scope)

    def _skip(
        self, node: ast.stmt, skipped: Sequence[ast.stmt], scope: Scope, message: str
    ) -> None:
        """Passes over statements, and says so where layers are in them."""
        if self.matters(skipped, scope):
            wrong = self.tell(self.source.error(node, message))
            self.forget(skipped, scope, Unread((wrong,)))
        else:
            self.forget(skipped, scope, None)

    def forget(self, nodes: Sequence[ast.stmt], scope: Scope, value: Unread | None) -> None:
        """What is left of names that statements would give a value, if they were read."""
        for statement in nodes:
            for steps, one in enumerate(ast.walk(statement)):
                self.count(steps % 10 == 0)
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
                    self.assign_name(one.id, value or Open((Root(self.source, one),)), scope)
                if value and isinstance(one, ast.Call):
                    for model in self._changed_by(one, scope):
                        model.causes += value.causes

    def _changed_by(self, node: ast.Call, scope: Scope) -> Iterator[Stack]:
        """The `Sequential`s to which a call may add layers."""
        pieces: list[ast.expr] = []
        match node.func:
            case ast.Attribute(value=owner, attr="add" | "pop"):
                pieces = [owner]
            case ast.Name(id=name) if isinstance(self.assigned(name, scope), Function):
                pieces = [*node.args, *(keyword.value for keyword in node.keywords)]
        for one in pieces:
            model = self.assigned(path_of(one), scope)
            if isinstance(model, Stack):
                yield model

    def _function(self, node: ast.FunctionDef, scope: Scope) -> object:
        arguments = node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        with_default = positional[len(positional) - len(arguments.defaults) :]
        defaults = {
            one.arg: self.value(value, scope)
            for one, value in (
                *zip(with_default, arguments.defaults, strict=True),
                *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
            )
            if value is not None
        }
        return Function(node, self.source, scope, defaults)

    def _class(self, node: ast.ClassDef, scope: Scope) -> object:
        """A class of the code is not read, but for plain values of its own, `class Config: units =
        3`; that is said at once where it is a model."""
        own = [one for one in node.body if isinstance(one, ast.Assign | ast.AnnAssign)]
        inner = Scope(scope)
        for statement in own:
            self.statement(statement, inner)
        scope.names |= {f"{node.name}.{name}": value for name, value in inner.names.items()}
        words = [one for one in node.body if isinstance(one, ast.Expr | ast.Pass)]
        if own and len(own) + len(words) == len(node.body) and not node.bases:
            self.settings.add(node.name)
            return Named(node.name, False)
        bases = [self.source.name(base) for base in node.bases]
        name = _at_header(ast.Name(node.name), node, self.source)
        if "Model" in bases or "Sequential" in bases:
            message = f"{node.name} is a subclassed model: what it does when called is not read"
            return Unread((self.tell(self.source.error(name, message)),))
        message = f"{node.name} is a class of this code: what it does when called is not read"
        error = self.source.error(name, message)
        if "Layer" not in bases and self.matters(node.body):
            self.tell(self.source.error(name, f"{node.name} is a class: its layers are not read"))
        return Unread((error,))

    def function_called(
        self,
        function: Function,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        """Reads a function's body anew, its arguments known."""
        if len(self.functions) >= DEEPEST_CALL:
            return self.open(node, *positional, *named.values())
        arguments = function.node.args
        names = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
        inner = Scope(function.scope)
        given = dict(zip(names, positional, strict=False))
        every = [*names, *(one.arg for one in arguments.kwonlyargs)]
        given |= {name: value for name, value in named.items() if name in every}
        outer, self.source = self.source, function.source
        root = Root(outer, node)
        self.functions.append(root)
        try:
            for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                unknown = Open((Root(self.source, _as_name(one), one.arg),))
                value = given.get(one.arg, function.defaults.get(one.arg, unknown))
                if isinstance(value, Tensor | Model | Data):
                    inner.names[one.arg] = value  # its name is the one that the caller has for it
                else:
                    self.assign_name(one.arg, value, inner)
            if arguments.vararg:
                inner.names[arguments.vararg.arg] = tuple(positional[len(names) :])
            if arguments.kwarg:
                surplus = {name: value for name, value in named.items() if name not in every}
                inner.names[arguments.kwarg.arg] = surplus
            signal = self.block(function.node.body, inner)
        finally:
            self.source = outer
            self.functions.pop()
        return signal.value if signal is not None else None


def _broken_line(text: str) -> int | None:
    """The line in which a text stops to be Python; None where that is not known."""
    try:
        with catch_warnings():
            simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as wrong:
        return wrong.lineno
    except (MemoryError, RecursionError, ValueError):
        pass
    return None


def _at_header(piece: ast.expr, node: ast.stmt, source: Source) -> ast.expr:
    """A piece of code that stands for a class or a function, and shows its first line."""
    ast.copy_location(piece, node)
    piece.end_lineno, piece.end_col_offset = node.lineno, len(source.lines[node.lineno - 1])
    return piece


def _as_name(argument: ast.arg) -> ast.Name:
    return ast.copy_location(ast.Name(argument.arg), argument)
