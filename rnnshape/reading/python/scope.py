"""Names, and how a block of statements can end."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from types import FunctionType, MethodDescriptorType, MethodType, WrapperDescriptorType
from typing import Any

from rnnshape.reading.python.open import IsOpenError, Open

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class Scope:
    """Names and their values, and the scope of the code around them.

    Attributes:
        elsewhere: the scopes of `global` and `nonlocal` names.
        owner: the class around a function, for `super()`; a list, as it is made last.
        first: the first argument of the function, its `self`.
        body: the statements of the function.
        own: the names that are the function's own, also before they have a value.
        is_inner: whether it is that of a comprehension.
        may_have_more: whether names may come of a module that is not read: `from utils import *`.
        early: how the function, its loops and their rounds may have ended already, where a
            condition is not known; of the innermost loop last.
    """

    def __init__(
        self, above: Scope | None = None, names: Any = None, *, is_inner: bool = False
    ) -> None:
        self.above = above
        self.names: MutableMapping[str, Any] = {} if names is None else names
        self.elsewhere: dict[str, Scope] = {}
        self.owner: list[type] = above.owner if above else []
        self.first: object = above.first if above else None
        self.body: Sequence[ast.AST] = ()
        self.own: frozenset[str] = frozenset()
        self.is_inner = is_inner
        self.early: list[Any] = []
        self.may_have_more = False

    @property
    def yields(self) -> Any:
        """What a generator has given so far: a list, or open; under no name that code has."""
        return self.names.setdefault("<yields>", [])

    @yields.setter
    def yields(self, values: Any) -> None:
        self.names["<yields>"] = values

    def around(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.above

    @property
    def home(self) -> Scope:
        """Where `:=` gives a name, also in a comprehension."""
        return next(scope for scope in self.around() if not scope.is_inner)

    @property
    def module(self) -> Scope:
        """That of the module in which the code stands."""
        return [*self.around()][-1]

    def path_of(self, node: ast.ImportFrom) -> str:
        """The path of a module that code here imports from: of one below the folder of the code
        `.package.name`, whichever module asks for it; of one above, two dots or more."""
        package = self.module.names.get("__package__")
        parts = package.split(".") if isinstance(package, str) and package else []
        above = len(parts) - node.level + 1
        if node.level == 0 or above < 0:
            return "." * node.level + (node.module or "")
        return "." + ".".join([*parts[:above], *filter(None, [node.module])])


def locals_of(scope: Scope) -> dict[str, Any]:
    """`locals()`; open in a function within another, which may have names of that one, too."""
    names = {name: value for name, value in scope.names.items() if name.isidentifier()}
    if scope.above is None:
        return names
    if scope.above.above is not None or not scope.body:
        raise IsOpenError(Open("locals()", "which names are here is not known"))
    has_class = scope.owner and named_in(scope.body) & {"super", "__class__"}
    return names | ({"__class__": scope.owner[0]} if has_class else {})


def nodes_of(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All that code consists of, also what is in functions and classes in it."""
    return (node for part in body for node in ast.walk(part))


def named_in(body: Iterable[ast.AST]) -> set[str]:
    """The names that stand in code."""
    return {node.id for node in nodes_of(body) if isinstance(node, ast.Name)}


def own_nodes(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a function, without those of functions and classes in it."""
    waiting = list(body)
    while waiting:
        yield (node := waiting.pop())
        if not isinstance(node, FUNCTIONS):
            waiting += ast.iter_child_nodes(node)


def has_yield(body: Sequence[ast.AST]) -> bool:
    """Whether statements yield values of their own function, and not of one within."""
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(body))


def own_names(body: Sequence[ast.AST]) -> frozenset[str]:
    """The names that are a function's own wherever they stand in it: it gives them values."""
    nodes = [*own_nodes(body)]
    inside = [node.target for node in nodes if isinstance(node, ast.comprehension)]
    of_comprehensions = {id(part) for target in inside for part in ast.walk(target)}
    others = (node.names for node in nodes if isinstance(node, ast.Global | ast.Nonlocal))
    names = (
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        if id(node) not in of_comprehensions
    )
    return frozenset(names).difference(*others)


class Log(list[Any]):
    """A list of what was made: what either side of a condition has made stays in it."""


class Counts(dict[str, Any]):
    """How many of each kind were made: what each round of a loop adds is no reason for more."""


@dataclass(frozen=True)
class Doubt:
    """Why what is tried may fail, the class of error that it would be, and what takes back what
    would not have been done then."""

    because: Open
    kind: type[BaseException] = Exception
    undo: Callable[[], object] = lambda: None


OUTSIDE_LOOP = "'break' or 'continue' outside loop"


class Signal(BaseException):
    """A block of statements ends before its last one."""


class ReturnedSignal(Signal):
    """A function returns."""

    def __init__(self, value: object) -> None:
        self.value = value


class BrokenSignal(Signal):
    """A loop is left."""


class ContinuedSignal(Signal):
    """A loop goes on with its next round."""


# What Python asks of any object; where code says it, that need not be so.
WORDS = "class dict getattribute module mro_entries name self signature thisclass"
UNREAD = {f"__{name}__" for name in WORDS.split()}


class ClassNames(dict[str, Any]):
    """The names of a class body, handed on to Python's own; functions in it do not see them. Of
    those that Python itself asks for, only methods are: it trusts the others, and so do libraries.
    """

    def __init__(self, names: Any, stored_name: Callable[[str], str]) -> None:
        super().__init__()
        self.target, self.stored_name = names, stored_name

    def __setitem__(self, name: str, value: object) -> None:
        if name in UNREAD:
            raise IsOpenError(Open("a class", f"a class with {name} is not read"))
        super().__setitem__(name, value)
        if name == "__slots__" and isinstance(value, str | list | tuple):
            self.target["own_slots"] = [value] if isinstance(value, str) else value
        held = value.__func__ if type(value) is staticmethod else value
        is_method = _is_method(held) and name != "__del__"  # nobody knows when
        if not name.startswith("__") or is_method or name in ("__annotations__", "__match_args__"):
            self.target[self.stored_name(name)] = value


def _is_method(held: object) -> bool:
    """Whether it is a function of the code, or one of a `dict`: `__getattr__ = dict.get`."""
    of_python = MethodDescriptorType | WrapperDescriptorType
    return isinstance(held, FunctionType) or (
        isinstance(held, of_python) and held.__objclass__ is dict
    )


def body_of(value: object) -> list[ast.stmt] | None:
    """What the code has in a function or method of its own; None of all else: an object of the code
    may answer to any name."""
    function = value.__func__ if isinstance(value, MethodType) else value
    return vars(function).get("own_body") if isinstance(function, FunctionType) else None
