"""The value of every expression that is followed: one `match` over their kinds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from rnnshape.errors import QueryError
from rnnshape.reading.code import plain
from rnnshape.reading.code.layers import written
from rnnshape.reading.code.names import Names, path_of
from rnnshape.reading.code.values import (
    Data,
    Function,
    Model,
    Named,
    Open,
    Root,
    Scope,
    Unread,
    causes_in,
    is_scalar,
)
from rnnshape.reading.graph import Layer, Tensor, tensors_in

__all__ = ["STEPS_OF_LOOP", "Expressions"]

STEPS_OF_LOOP = 50_000  # pieces of code that one loop may take
DEEPEST_EXPRESSION = 60


class Expressions(Names):
    """Follows expressions, and gives their values to what is assigned."""

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
                is_new = known is plain.NOT_KNOWN
                return self.attribute(node, owner, attribute) if is_new else known
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
                return self._item(node, known, self.data(index, scope, depth))
            case ast.Slice(lower=lower, upper=upper, step=step):
                ends = [
                    self.data(one, scope, depth) if one else None for one in (lower, upper, step)
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
                    self.ask_if_it_matters([body, other], known, scope)
                    return known
                return self.value(body if known else other, scope, depth)
            case ast.JoinedStr(values=parts):
                texts = [self.value(one, scope, depth) for one in parts]
                known = "".join(one for one in texts if isinstance(one, str))
                self.count(len(known) // 16)
                whole = all(isinstance(one, str) for one in texts) and len(known) < plain.MOST_ITEMS
                return known if whole else self.open(node, *texts)
            case ast.FormattedValue(value=inner, conversion=conversion, format_spec=specification):
                if conversion not in (-1, ord("s")):  # {n!r}
                    return self.open(node)
                known = self.data(inner, scope, depth)
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
        if isinstance(container, list | tuple | str | range | dict) and isinstance(index, Open):
            return index
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
                self.ask_if_it_matters(elements, over, scope)
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

    def assign(self, target: ast.expr, value: object, scope: Scope) -> None:
        match target:
            case ast.Name(id=name):
                if isinstance(value, Open):
                    value = Open((Root(self.source, target, name),))
                self.assign_name(name, value, scope)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                self._unpack(targets, value, scope)
            case ast.Subscript(value=inner, slice=index):
                container = self.value(inner, scope)
                if not _set_item(container, self.data(index, scope), value):
                    self.lose(container, inner, scope)
            case ast.Attribute() if path := path_of(target):
                if isinstance(value, Model):
                    self.assign_name(path, value, scope)
                else:
                    scope.names[path] = value

    def lose(self, container: object, node: ast.expr, scope: Scope) -> None:
        """What a list or dict holds is not known any more."""
        if isinstance(container, list | dict):
            self.assign(node, self.open(node), scope)

    def _unpack(self, targets: Sequence[ast.expr], value: object, scope: Scope) -> None:
        if isinstance(value, Tensor) and len(targets) == 1:
            value = [value]
        items = plain.items_of(value)
        star = next((n for n, one in enumerate(targets) if isinstance(one, ast.Starred)), None)
        after = 0 if star is None else len(targets) - star - 1
        few = items is None or len(items) < len(targets) - (star is not None)
        if few or (star is None and len(items or ()) != len(targets)):
            of_tensors = isinstance(value, Tensor) or any(tensors_in(items))
            if of_tensors and targets:  # `[] = x` is Python, too
                number = 1 if items is None else len(items)
                message = f"{len(targets)} tensors are unpacked here, but there are {number}"
                value = Unread((self.tell(self.source.error(targets[0], message)),))
            for target in targets:
                one = target.value if isinstance(target, ast.Starred) else target
                self.assign(one, self.opened(value, one), scope)
            return
        assert items is not None
        for index, target in enumerate(targets):
            if isinstance(target, ast.Starred):
                self.assign(target.value, items[index : len(items) - after], scope)
            else:
                place = index if star is None or index < star else index - len(targets)
                self.assign(target, items[place], scope)

    def opened(self, value: object, node: ast.expr | ast.stmt) -> object:
        """What is taken from a value, piece by piece, where the pieces are not known."""
        return value if isinstance(value, Unread) else Open((Root(self.source, node),))

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
        if isinstance(function, ast.Attribute) and known is plain.NOT_KNOWN:
            known = plain.method(owner, function.attr, positional, named)
            if known is not plain.NOT_KNOWN:
                self.count(plain.size(known))
                return known
            self.lose(owner, function.value, scope)
            return self.method(node, owner, function.attr, positional, named)
        return self.called(known, node, positional, named, depth)

    def _member(self, node: ast.Attribute, owner: object, scope: Scope) -> object:
        """What the code has put under a name of an object, or what a module has under it."""
        path = f"{owner.path}.{node.attr}" if isinstance(owner, Named) else path_of(node)
        known = self.assigned(path, scope)
        if known is plain.NOT_KNOWN and isinstance(owner, Named):
            return Named(path, owner.is_imported)
        return known

    def ask_if_it_matters(self, nodes: Sequence[ast.expr], known: object, scope: Scope) -> None:
        """Asks for a value on which it depends whether layers or models are made."""
        if self.matters(nodes, scope):
            self.ask(causes_in([known]))

    def called(
        self,
        function: object,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
        depth: int,
    ) -> object:
        if isinstance(function, Function):
            return self.function_called(function, node, positional, named)
        plainly = isinstance(function, Named) and function.root in ("builtins", "math")
        if isinstance(function, Named) and plainly and function.word in plain.FUNCTIONS:
            known = plain.function(function.word, positional, named)
            self.count(plain.size(known) if known is not plain.NOT_KNOWN else 1)
            numeric = function.word in plain.NUMERIC
            because = [
                Open((Root(self.source, written(node, index, ""), one.path),))
                if isinstance(one, Named)
                else one
                for index, one in enumerate(positional)
                if numeric or isinstance(one, Unread)
            ]
            return self.or_open(node, known, *because)
        return self.keras_called(function, node, positional, named)

    def function_called(
        self,
        function: Function,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        """What a function of the code returns: its statements are followed, see `statements`."""
        raise NotImplementedError


def _set_item(container: object, key: object, value: object) -> bool:
    """Whether it is known which item of a list or dict gets the value."""
    try:
        if isinstance(key, slice) or not plain.has_places(container, key):
            return False
        container[key] = value  # type: ignore[index]
    except IndexError:
        return False
    return True


def _percent(text: str, values: tuple[object, ...]) -> object:
    if len(text) > 1_000 or re.search(r"\d{3}|%[^%]*\*", text) or not all(map(is_scalar, values)):
        return plain.NOT_KNOWN
    try:
        return text % values
    except (TypeError, ValueError):
        return plain.NOT_KNOWN
