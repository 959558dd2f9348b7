"""What code hands to something that nobody knows, which may fill it, or call it: an empty list, a
method that changes a list, a function that changes what stands around it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, MutableMapping
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

from rnnshape.reading.python.scope import Scope, body_of, nodes_of
from rnnshape.reading.python.stand_in import is_of_code

CHANGING = {  # methods that change what a list, set or dictionary holds
    "add", "clear", "difference_update", "discard", "extend", "insert",
    "intersection_update", "pop", "popitem", "remove", "reverse", "rotate", "setdefault", "sort",
    "subtract", "symmetric_difference_update", "update",
}  # fmt: skip
FILLING = {*CHANGING, "append"}
HELD = (list, set, dict)
CHANGE_THE_FIRST = {  # functions that change the array that they are given
    "__iadd__", "__setitem__", "at", "copyto", "fill", "fill_diagonal", "iadd", "nditer", "place",
    "put", "put_along_axis", "putmask", "setitem", "shuffle",
}  # fmt: skip
KEEPING_ORDER = ("heap", "insort")  # how functions begin that add to a list, or take from it

Names = MutableMapping[str, Any]


def containers_in(given: Iterable[object]) -> Iterator[object]:
    """The lists, sets and dictionaries that may be changed."""
    for value in given:
        if isinstance(value, HELD) and not is_of_code(type(value)):
            if not value:
                yield value
        elif isinstance(value, BuiltinMethodType) and value.__name__ in FILLING:
            yield value.__self__
        for names, name in _changed_by(value):
            yield names.get(name)


def owner_of(called: Any) -> list[object]:
    """The list, set or dictionary that a method of it changes: no more than one."""
    is_method = isinstance(called, BuiltinMethodType | MethodType) and body_of(called) is None
    owner = called.__self__ if is_method and called.__name__ in CHANGING else None
    return [owner] if isinstance(owner, HELD) else []


def names_in(given: Iterable[object]) -> Iterator[tuple[Names, str]]:
    """The names that may be given other values: where they stand, and what they are called."""
    for value in given:
        for names, name in _changed_by(value):
            if not isinstance(names.get(name), HELD):
                yield names, name


def functions_of(value: object) -> list[object]:
    """The methods of an object of the code, as it has them."""
    kinds = [kind for kind in type(value).__mro__ if is_of_code(kind)]
    methods = (part for kind in kinds for part in vars(kind).values())
    return [MethodType(part, value) for part in methods if isinstance(part, FunctionType)]


def methods_named(value: object, names: Iterable[ast.expr]) -> list[Any]:
    """Those whose names may be what a text is worth: that of `"build_" + kind` begins so."""
    begins = ""
    for name in names:
        match name:
            case ast.BinOp(left=ast.Constant(str(text))):
                begins = text
            case ast.JoinedStr(values=[ast.Constant(str(text)), *_]):
                begins = text
    kinds = value.__mro__ if isinstance(value, type) else ()
    methods: list[Any] = functions_of(value)
    methods += [one for kind in kinds for one in vars(kind).values() if body_of(one) is not None]
    found = [method for method in methods if method.__name__.startswith(begins)]
    return [method for method in found if method.__name__[:2] != "__" or begins]


def _changed_by(value: object, known: set[object] | None = None) -> Iterator[tuple[Names, str]]:
    """What a function changes, and what those do that it names, each once."""
    known = set() if known is None else known
    function: Any = value.__func__ if isinstance(value, MethodType) else value
    owner = value.__self__ if isinstance(value, MethodType) else None
    made = vars(function) if isinstance(function, FunctionType) else {}
    if "own_scope" not in made or function in known:
        return
    known.add(function)
    scope: Scope = made["own_scope"]
    parameters, nodes = [*made["__signature__"].parameters], [*nodes_of(made["own_body"])]
    first = next(iter(parameters), "")
    outer = {
        name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names
    }
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in outer:
            yield from _of_name(scope, node.id)
        elif isinstance(node, ast.Name) and node.id not in parameters:
            for inner in [names[name] for names, name in _of_name(scope, node.id)]:
                yield from _changed_by(inner, known)
        held = changed_in(node)
        while isinstance(held, ast.Subscript):  # `groups[label].append(3)`
            held = held.value
        match held:
            case ast.Name(id=name) if name not in parameters:
                yield from _of_name(scope, name)
            case ast.Attribute(value=ast.Name(id=name), attr=word):
                around = (names[name] for names, _ in _of_name(scope, name))
                whose = owner if name == first else next(around, None)
                names = _names_of(whose)
                of_class = {} if isinstance(whose, type) else _names_of_classes(type(whose))
                if word in names or (word in of_class and not isinstance(of_class[word], HELD)):
                    yield names, word
                elif word in of_class:
                    yield of_class, word


class NamesOfClass(dict[str, Any]):
    """The names of a class, which change in the class itself."""

    def __init__(self, kind: type) -> None:
        super().__init__(vars(kind))
        self.kind = kind

    def __setitem__(self, name: str, value: object) -> None:
        type.__setattr__(self.kind, name, value)


def _names_of(owner: object) -> Names:
    """The names of an object or a class of the code, as Python keeps them."""
    if isinstance(owner, type):
        return NamesOfClass(owner) if is_of_code(owner) else {}
    return vars(owner) if is_of_code(type(owner)) and hasattr(owner, "__dict__") else {}


def _names_of_classes(kind: type) -> Names:
    """What objects of a class of the code have of it, and of those that it derives from."""
    kinds = (each for each in reversed(kind.__mro__) if is_of_code(each))
    return {name: value for each in kinds for name, value in vars(each).items()}


def changed_in(node: ast.AST) -> ast.expr | None:
    """What a piece of code changes: `words` of `words.add(one)` and of `words[one] = 2`."""
    match node:
        case ast.Call(func=ast.Attribute(value=held, attr=word)) if word in FILLING:
            return held
        case ast.Subscript(value=held, ctx=ast.Store() | ast.Del()):
            return held
        case ast.Attribute(ctx=ast.Store()):
            return node
    return None


def _of_name(scope: Scope, name: str) -> Iterator[tuple[Names, str]]:
    """Where a name stands around a function."""
    around = (one.names for one in scope.around() if name in one.names)
    if (names := next(around, None)) is not None:
        yield names, name
