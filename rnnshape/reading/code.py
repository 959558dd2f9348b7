"""Keras code, followed without running it: which layers it makes, and what it calls them with.

The reader knows plain values, layers and tensors; whatever else there is, is open, which means
that it depends on data, or unread. It is one `match` over statements and one over expressions.
What Keras' own functions mean is in `keras_code`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from warnings import catch_warnings, simplefilter

from rnnshape.errors import QueryError
from rnnshape.expression import Source, Value
from rnnshape.network import Dimensions, Network
from rnnshape.reading import Reading, plain
from rnnshape.reading.graph import Layer, LayerCall, Tensor, tensors_in
from rnnshape.reading.keras_code import KerasReader, means_keras
from rnnshape.reading.values import (
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
    is_scalar,
)

__all__ = ["LONGEST_CODE", "read_code", "read_sources"]

LONGEST_CODE = 400_000  # characters
STEPS_OF_LOOP = 50_000  # pieces of code that one loop may take
DEEPEST_EXPRESSION = 60
DEEPEST_CALL = 12  # functions that call each other
USUAL_ALIASES = {"np": "numpy", "tf": "tensorflow"}  # of what pasted code does not import
BROKEN_LINES = 20  # that are left out of a text, one after the other, until the rest can be read


def read_code(
    text: str,
    let: Mapping[str, Value],
    where: str = "",
    dimensions: Dimensions | None = None,
) -> Reading:
    """The networks that a text in Python makes.

    Args:
        text: the code.
        let: values of what it takes from data, by their names: `vocab_size`, `X_train.shape[2]`.
        where: the file that it is from.
        dimensions: the sizes that its inputs take from data.

    >>> reading = read_code("x = Input((5, 2)); y = LSTM(3)(x); m = Model(x, y)", {})
    >>> [(network.name, *network.layers) for network in reading.networks]
    [('m', <Call LSTM(3)>)]
    """
    line = f"{where}, line " if where else "line " if "\n" in text.strip() else ""
    return read_sources([Source(text, line, LONGEST_CODE)], let, dimensions)


def read_sources(
    sources: Iterable[Source], let: Mapping[str, Value], dimensions: Dimensions | None = None
) -> Reading:
    """The same of several texts, each of which knows the names of those before."""
    reader = _Reader(let, dimensions or Dimensions())
    for source in sources:
        reader.read(source)
    networks = reader.networks()
    return Reading(tuple(networks), tuple(reader.messages), names_used=frozenset(reader.names_used))


@dataclass(frozen=True, slots=True)
class _Signal:
    """How a block of statements ends before its last one."""

    kind: Literal["return", "break", "continue"]
    value: object = None


class _TooManyStepsError(Exception):
    """The code takes more steps than are followed."""


class _Reader(KerasReader):
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
        except _TooManyStepsError:
            self.tell(QueryError("this code takes too many steps to be read"))

    def networks(self) -> list[Network]:
        try:
            if not (self.models or self.calls or self.messages):
                self._call_what_is_not_called()
            self.most_steps += self.most_steps
            return self.finished()
        except _TooManyStepsError:
            self.tell(QueryError("this code takes too many steps to be read"))
        return []

    def _call_what_is_not_called(self) -> None:
        """Where nothing is made, but functions are there that would: with what is asked for."""
        for name, value in list(self.module.names.items()):
            if isinstance(value, Function) and value.node.name == name and self.matters([value]):
                self.source = value.source
                self.called(value, value.node, [], {}, 0)

    def _what_is_left(self, source: Source, wrong: QueryError) -> tuple[Source, list[ast.stmt]]:
        """The statements of a text in which some lines are not Python of today."""
        if len(source.text) > source.longest:
            self.tell(wrong)
            return source, []
        lines, said = list(source.lines), False
        before: int | None = None
        for _ in range(BROKEN_LINES):
            number = _broken_line("\n".join(lines))
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

    # Statements

    def count(self, steps: int = 1) -> None:
        self.steps += steps
        if self.steps > self.most_steps:
            raise _TooManyStepsError

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
                        self.assign(item.optional_vars, self._opened(entered, node), scope)
                return self.block(body, scope)
            case ast.Try(body=body, orelse=after, finalbody=last):
                return self.block([*body, *after, *last], scope)
            case ast.FunctionDef():
                self.assign_name(node.name, self._function(node, scope), scope)
            case ast.ClassDef():
                self.assign_name(node.name, self._class(node), scope)
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
                match one:
                    case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="add")):
                        model = self.looked_up(name, scope)
                        if value and isinstance(model, Stack):
                            model.causes += value.causes

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

    def _class(self, node: ast.ClassDef) -> object:
        """A class of the code is not read; that is said at once where it is a model."""
        bases = [self.source.name(base) for base in node.bases]
        name = ast.Name(node.name)
        ast.copy_location(name, node)
        name.end_lineno, name.end_col_offset = node.lineno, len(self.source.lines[node.lineno - 1])
        if "Model" in bases or "Sequential" in bases:
            message = f"{node.name} is a subclassed model: what it does when called is not read"
            return Unread((self.tell(self.source.error(name, message)),))
        message = f"{node.name} is a class of this code: what it does when called is not read"
        error = self.source.error(name, message)
        if "Layer" not in bases and self.matters(node.body):
            self.tell(self.source.error(name, f"{node.name} is a class: its layers are not read"))
        return Unread((error,))

    # Names

    def assign(self, target: ast.expr, value: object, scope: Scope) -> None:
        match target:
            case ast.Name(id=name):
                if isinstance(value, Open):
                    value = Open((Root(self.source, target, name),))
                self.assign_name(name, value, scope)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                self._unpack(targets, value, scope)
            case ast.Subscript(value=container, slice=index):
                _set_item(self.value(container, scope), self.value(index, scope), value)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                scope.names[f"{name}.{attribute}"] = value

    def _unpack(self, targets: Sequence[ast.expr], value: object, scope: Scope) -> None:
        if isinstance(value, Tensor) and len(targets) == 1:
            value = [value]
        items = plain.items_of(value)
        star = next((n for n, one in enumerate(targets) if isinstance(one, ast.Starred)), None)
        after = 0 if star is None else len(targets) - star - 1
        few = items is None or len(items) < len(targets) - (star is not None)
        if few or (star is None and len(items or ()) != len(targets)):
            if isinstance(value, Tensor) or (items is not None and any(tensors_in(items))):
                number = 1 if items is None else len(items)
                message = f"{len(targets)} tensors are unpacked here, but there are {number}"
                value = Unread((self.tell(self.source.error(targets[0], message)),))
            for target in targets:
                one = target.value if isinstance(target, ast.Starred) else target
                self.assign(one, self._opened(value, one), scope)
            return
        assert items is not None
        for index, target in enumerate(targets):
            if isinstance(target, ast.Starred):
                self.assign(target.value, items[index : len(items) - after], scope)
            else:
                place = index if star is None or index < star else index - len(targets)
                self.assign(target, items[place], scope)

    def _opened(self, value: object, node: ast.expr | ast.stmt) -> object:
        """What is taken from a value, piece by piece, where the pieces are not known."""
        return value if isinstance(value, Unread) else Open((Root(self.source, node),))

    def assign_name(self, name: str, value: object, scope: Scope) -> None:
        if isinstance(value, Open) and name in self.let:
            value = self.let_value(name)
        if isinstance(value, Tensor) and name.strip("_"):
            if isinstance(value.maker, LayerCall):
                value.maker.names.setdefault(value.output, name)
            elif not value.maker.name:
                value.maker.name = name
        elif isinstance(value, Data):
            value.name = value.name or name
        elif isinstance(value, Model) and not value.is_of_module:
            value.variable, value.is_of_module = name, scope is self.module
        (self.module if name in scope.of_module else scope).names[name] = value

    def looked_up(self, name: str, scope: Scope) -> object:
        above: Scope | None = scope
        while above is not None:
            if name in above.names:
                return above.names[name]
            above = above.above
        if name in self.let:
            return self.let_value(name)
        if name in ("__name__", "__debug__"):
            return "__main__" if name == "__name__" else True
        if name in plain.FUNCTIONS:
            return Named(f"builtins.{name}", False)
        return Named(USUAL_ALIASES[name]) if name in USUAL_ALIASES else Named(name, False)

    # Expressions

    def value(self, node: ast.expr, scope: Scope, depth: int = 0) -> object:
        self.count()
        if depth > DEEPEST_EXPRESSION:
            raise self.source.error(node, "this is nested too deeply to be read")
        known = self._value(node, scope, depth + 1)
        if self.long_names and isinstance(known, Named) and known.path in self.long_names:
            return self.let_value(known.path)
        is_short = (node.end_col_offset or 0) - node.col_offset < 100
        if self.long_names and isinstance(known, Open) and is_short:
            label = ast.unparse(node)
            if label in self.long_names:
                return self.let_value(label)
        return known

    def data(self, node: ast.expr, scope: Scope, depth: int = 0) -> object:
        """The value of an expression that is plain, or open: a name that nobody has given a value
        is one that depends on data."""
        known = self.value(node, scope, depth)
        if isinstance(known, Named):
            return Open((Root(self.source, node, known.path),))
        return self.open(node) if isinstance(known, Data) else known

    def _value(self, node: ast.expr, scope: Scope, depth: int) -> object:
        match node:
            case ast.Constant(value=value):
                return value if is_scalar(value) else self.open(node)
            case ast.Name(id=name):
                return self.looked_up(name, scope)
            case ast.Attribute(value=inner, attr=attribute):
                owner = self.value(inner, scope, depth)
                known = self._member(node, owner, scope)
                return self.attribute(node, owner, attribute) if known is None else known
            case ast.Call():
                return self._call(node, scope, depth)
            case ast.Tuple(elts=elements):
                return tuple(self._elements(elements, scope, depth))
            case ast.List(elts=elements):
                return list(self._elements(elements, scope, depth))
            case ast.Dict():
                return self._dict(node, scope, depth)
            case ast.Subscript(value=container, slice=index):
                known = self.value(container, scope, depth)
                return self._item(node, known, self.value(index, scope, depth))
            case ast.Slice(lower=lower, upper=upper, step=step):
                ends = [
                    self.value(one, scope, depth) if one else None for one in (lower, upper, step)
                ]
                whole = all(one is None or isinstance(one, int) for one in ends)
                return slice(*ends) if whole else self.open(node, *ends)
            case ast.BinOp(left=left, op=op, right=right):
                both = self.data(left, scope, depth), self.data(right, scope, depth)
                return self._operated(node, both[0], op, both[1])
            case ast.UnaryOp(op=op, operand=operand):
                return self._unary(node, op, self.data(operand, scope, depth))
            case ast.BoolOp(op=op, values=values):
                for one in values:
                    known = self.data(one, scope, depth)
                    if isinstance(known, Open | Unread):
                        return known
                    if bool(known) == isinstance(op, ast.Or):
                        return known
                return known
            case ast.Compare(left=left, ops=operations, comparators=others):
                return self._compared(node, [left, *others], operations, scope, depth)
            case ast.IfExp(test=test, body=body, orelse=other):
                known = self.data(test, scope, depth)
                if isinstance(known, Open | Unread):
                    return known
                return self.value(body if known else other, scope, depth)
            case ast.JoinedStr(values=parts):
                texts = [self.value(one, scope, depth) for one in parts]
                known = "".join(one for one in texts if isinstance(one, str))
                self.count(len(known) // 16)
                whole = all(isinstance(one, str) for one in texts) and len(known) < plain.MOST_ITEMS
                return known if whole else self.open(node, *texts)
            case ast.FormattedValue(value=inner, format_spec=specification):
                known = self.value(inner, scope, depth)
                how = self.value(specification, scope, depth) if specification else ""
                return self.or_open(node, plain.formatted(known, str(how)), known)
            case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
                return self._comprehended(node, [element], node.generators, scope, depth)
            case ast.DictComp(key=key, value=inner):
                pairs = self._comprehended(node, [key, inner], node.generators, scope, depth)
                if isinstance(pairs, list) and all(is_scalar(one[0]) for one in pairs):
                    return dict(pairs)
                return self.open(node)
            case ast.NamedExpr(target=target, value=inner):
                known = self.value(inner, scope, depth)
                self.assign(target, known, scope)
                return known
            case ast.Starred(value=inner):
                return self.value(inner, scope, depth)
            case ast.Lambda(body=body):
                if self.matters([body], scope):
                    wrong = self.source.error(node, "a lambda around layers is not read")
                    return Unread((self.tell(wrong),))
        return self.open(node)

    def _elements(self, nodes: Sequence[ast.expr], scope: Scope, depth: int) -> Iterator[object]:
        for node in nodes:
            known = self.value(node, scope, depth)
            items = plain.items_of(known) if isinstance(node, ast.Starred) else None
            if items is None:
                yield known
            else:
                self.count(len(items))
                yield from items

    def _dict(self, node: ast.Dict, scope: Scope, depth: int) -> object:
        known: dict[object, object] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            inner = self.value(value, scope, depth)
            word = self.value(key, scope, depth) if key else None
            if key is None and isinstance(inner, dict):
                known |= inner
            elif key is None or not is_scalar(word):
                return self.open(node)
            else:
                known[word] = inner
        return known

    def _item(self, node: ast.Subscript, container: object, index: object) -> object:
        if isinstance(container, Tensor):
            wrong = self.source.error(
                node, "a part of a tensor is not read: no Keras layer takes it"
            )
            return Unread((wrong,))
        if isinstance(container, Unread):
            return container
        try:
            if isinstance(container, list | tuple | str | range) and isinstance(index, int | slice):
                return container[index]
            if isinstance(container, dict) and is_scalar(index):
                return container[index]
        except (IndexError, KeyError, ValueError):
            pass
        return self.open(node)

    def _operated(self, node: ast.BinOp, left: object, op: ast.operator, right: object) -> object:
        if isinstance(left, Tensor) or isinstance(right, Tensor):
            return self.tensors_operated(node, left, op, right)
        if isinstance(left, Open | Unread) or isinstance(right, Open | Unread):
            return self.open(node, left, right)
        if isinstance(left, str) and isinstance(op, ast.Mod):
            values = right if isinstance(right, tuple) else (right,)
            return self.or_open(node, _percent(left, values))
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if numbers:
            try:
                return self.source.operated(node, left, op, right)  # type: ignore[arg-type]
            except QueryError:  # too large, or divided by nothing
                return self.open(node)
        return self._joined(node, left, op, right)

    def _joined(self, node: ast.BinOp, left: object, op: ast.operator, right: object) -> object:
        """Lists and texts, one after the other or repeated."""
        if isinstance(op, ast.Mult) and isinstance(left, int):
            left, right = right, left
        if not isinstance(left, list | tuple | str):
            return self.open(node)
        if isinstance(op, ast.Mult) and isinstance(right, int):
            length = len(left) * right
        elif isinstance(op, ast.Add) and type(left) is type(right):
            length = len(left) + len(right)
        else:
            return self.open(node)
        if length > plain.MOST_ITEMS:
            if any(isinstance(one, Layer) for one in (left if isinstance(left, list) else ())):
                raise self.source.error(node, "this makes too many layers to be read")
            return self.open(node)
        self.count(max(0, length))
        return left * right if isinstance(op, ast.Mult) else left + right  # type: ignore[operator]

    def _unary(self, node: ast.UnaryOp, op: ast.unaryop, value: object) -> object:
        if isinstance(value, Open | Unread):
            return value
        if isinstance(op, ast.Not):
            return not value
        if isinstance(value, int | float) and isinstance(op, ast.USub | ast.UAdd):
            return -value if isinstance(op, ast.USub) else value
        if isinstance(value, Tensor) and isinstance(op, ast.USub):
            return self.tensors_operated(node, value, ast.Mult(), -1)
        return self.open(node)

    def _compared(
        self,
        node: ast.expr,
        nodes: Sequence[ast.expr],
        operations: Sequence[ast.cmpop],
        scope: Scope,
        depth: int,
    ) -> object:
        if isinstance(nodes[-1], ast.Constant) and nodes[-1].value is None and len(nodes) == 2:
            known = self.value(nodes[0], scope, depth)
            if isinstance(known, Named) and known.is_imported:  # a module that is there
                return isinstance(operations[0], ast.IsNot | ast.NotEq)
        left = self.data(nodes[0], scope, depth)
        for one, operation in zip(nodes[1:], operations, strict=True):
            right = self.data(one, scope, depth)
            if isinstance(left, Open | Unread) or isinstance(right, Open | Unread):
                return self.open(node, left, right)
            known = plain.compared(left, type(operation).__name__, right)
            if known is plain.NOT_KNOWN:
                return self.open(node)
            if not known:
                return False
            left = right
        return True

    def _comprehended(
        self,
        node: ast.expr,
        elements: Sequence[ast.expr],
        generators: Sequence[ast.comprehension],
        scope: Scope,
        depth: int,
    ) -> object:
        inner = Scope(scope)
        made: list[object] = []
        end = self.steps + STEPS_OF_LOOP // 2

        def run(rest: Sequence[ast.comprehension]) -> object | None:
            """Adds to what is made; returns what is not known, if something isn't."""
            if not rest:
                values = [self.value(one, inner, depth) for one in elements]
                made.append(values[0] if len(values) == 1 else tuple(values))
                return None
            over = self.data(rest[0].iter, inner, depth)
            items = plain.items_of(over)
            if items is None:
                return self.open(node, over)
            for item in items:
                if self.steps > end:
                    return self.open(node)
                self.assign(rest[0].target, item, inner)
                tests = [self.data(test, inner, depth) for test in rest[0].ifs]
                if any(isinstance(test, Open | Unread) for test in tests):
                    return self.open(node, *tests)
                problem = run(rest[1:]) if all(tests) else None
                if problem is not None:
                    return problem
            return None

        return run(generators) or made

    def _call(self, node: ast.Call, scope: Scope, depth: int) -> object:
        function = node.func
        owner: object = None
        if isinstance(function, ast.Attribute):
            owner = self.value(function.value, scope, depth)
            known = self._member(function, owner, scope)
        else:
            known = self.value(function, scope, depth)
        positional = list(self._elements(node.args, scope, depth))
        named: dict[str, object] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value, scope, depth)
            if keyword.arg is not None:
                named[keyword.arg] = value
            elif isinstance(value, dict):
                named |= {str(name): one for name, one in value.items()}
            else:
                named["**"] = value
        if any(plain.size(one) > plain.MOST_ITEMS for one in (*positional, *named.values())):
            return self.open(node)
        if isinstance(function, ast.Attribute) and known is None:
            return self.method(node, owner, function.attr, positional, named)
        return self.called(known, node, positional, named, depth)

    def _member(self, node: ast.Attribute, owner: object, scope: Scope) -> object:
        """What a module has under a name, or what the code has put there; None of all else."""
        if isinstance(owner, Named):
            return Named(f"{owner.path}.{node.attr}", owner.is_imported)
        if isinstance(node.value, ast.Name):
            return scope.names.get(f"{node.value.id}.{node.attr}")
        return None

    def called(
        self,
        function: object,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
        depth: int,
    ) -> object:
        if isinstance(function, Function):
            return self._function_called(function, node, positional, named)
        plainly = isinstance(function, Named) and function.root in ("builtins", "math")
        if isinstance(function, Named) and plainly and function.word in plain.FUNCTIONS:
            known = plain.function(function.word, positional, named)
            self.count(plain.size(known) if known is not plain.NOT_KNOWN else 1)
            numeric = function.word in plain.NUMERIC
            because = [one for one in positional if numeric or isinstance(one, Unread)]
            return self.or_open(node, known, *because)
        return self.keras_called(function, node, positional, named)

    def _function_called(
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

    def matters(self, nodes: Sequence[object], scope: Scope | None = None) -> bool:
        """Whether layers or models are made in pieces of code, or in functions that these call."""
        waiting: list[object] = list(nodes)
        seen: set[int] = set()
        while waiting:
            node = waiting.pop()
            if isinstance(node, Function):
                if id(node) not in seen:
                    seen.add(id(node))
                    waiting += node.node.body
                continue
            for steps, one in enumerate(ast.walk(node) if isinstance(node, ast.AST) else ()):
                self.count(steps % 20 == 0)
                if not isinstance(one, ast.Call):
                    continue
                if isinstance(one.func, ast.Name):
                    known = self.looked_up(one.func.id, scope or self.module)
                    if isinstance(known, Function):
                        waiting.append(known)
                        continue
                    if isinstance(known, Layer) or (
                        isinstance(known, Named) and means_keras(known)
                    ):
                        return True
                elif isinstance(one.func, ast.Attribute):
                    owner = one.func.value
                    known = (
                        self.looked_up(owner.id, scope or self.module)
                        if isinstance(owner, ast.Name)
                        else None
                    )
                    if isinstance(known, Stack) and one.func.attr in ("add", "pop"):
                        return True
                    path = _path(one.func)
                    root = (
                        self.looked_up(path.partition(".")[0], scope or self.module)
                        if path
                        else None
                    )
                    if isinstance(root, Named) and means_keras(
                        Named(f"{root.path}.{path.partition('.')[2]}", root.is_imported)
                    ):
                        return True
        return False


def _path(node: ast.expr) -> str:
    """`tf.keras.layers.LSTM`, where it is only names; else nothing."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    return ".".join([node.id, *words[::-1]]) if isinstance(node, ast.Name) else ""


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


def _set_item(container: object, key: object, value: object) -> None:
    if isinstance(container, dict) and is_scalar(key):
        container[key] = value
    if isinstance(container, list) and isinstance(key, int) and -1 < key < len(container):
        container[key] = value


def _percent(text: str, values: tuple[object, ...]) -> object:
    import re

    if len(text) > 1_000 or re.search(r"\d{3}|%[^%]*\*", text) or not all(map(is_scalar, values)):
        return plain.NOT_KNOWN
    try:
        return text % values
    except (TypeError, ValueError):
        return plain.NOT_KNOWN


def _as_name(argument: ast.arg) -> ast.Name:
    return ast.copy_location(ast.Name(argument.arg), argument)
