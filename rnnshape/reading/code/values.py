"""What a piece of Keras code can be worth to the reader.

Numbers, texts, booleans, None, lists, tuples, dicts and ranges stand for themselves; layers and
tensors are those of `graph`; everything else is one of these.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from rnnshape.errors import Place, QueryError
from rnnshape.expression import Source
from rnnshape.reading.graph import Tensor

__all__ = [
    "Built",
    "Cause",
    "Data",
    "Function",
    "Model",
    "Named",
    "Open",
    "Root",
    "Scope",
    "Stack",
    "Unread",
    "causes_in",
    "causes_of_unread",
    "is_scalar",
]


@dataclass(frozen=True, eq=False, slots=True)
class Root:
    """Where the code takes a value from data.

    Attributes:
        source, node: the piece of code.
        name: of the variable that holds the value, if there is one.
    """

    source: Source
    node: ast.expr | ast.stmt
    name: str = ""

    @property
    def place(self) -> Place:
        return self.source.place(self.node)

    @property
    def label(self) -> str:
        """The name that it is asked for by: `vocab_size`, or `X_train.shape[2]`."""
        return self.name or ast.unparse(self.node)


Cause: TypeAlias = "QueryError | Root"


@dataclass(frozen=True, eq=False, slots=True)
class Open:
    """A value that depends on data: nobody knows it before the code runs."""

    roots: tuple[Root, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Unread:
    """A layer, tensor or model that is not read, and what it would take to read it."""

    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A module, or what a module has: `tensorflow.keras.layers.LSTM`.

    Attributes:
        path: its name with all its prefixes.
        is_imported: whether the code says where it comes from.
    """

    path: str
    is_imported: bool = True

    @property
    def word(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def root(self) -> str:
        return self.path.partition(".")[0]

    @property
    def is_keras(self) -> bool:
        """Whether it can be something of Keras: code that was pasted often lacks its imports."""
        return not self.is_imported or self.root in ("keras", "tensorflow", "tf_keras")


@dataclass(eq=False, slots=True)
class Scope:
    """Names and their values; those of the module around a function are above its own."""

    above: Scope | None = None
    names: dict[str, object] = field(default_factory=dict)
    of_module: set[str] = field(default_factory=set)  # `global x`


@dataclass(frozen=True, eq=False, slots=True)
class Function:
    """A function of the code. Its body is read anew with each call."""

    node: ast.FunctionDef
    source: Source
    scope: Scope
    defaults: dict[str, object]


@dataclass(eq=False, slots=True)
class Data:
    """An array of which the shape is known and no more."""

    shape: tuple[int, ...]
    name: str = ""


@dataclass(eq=False, slots=True)
class Model:
    """A model that the code makes.

    Attributes:
        given_name: its argument `name`.
        variable: the name of the variable that holds it.
        is_of_module: whether that variable is one of the module, and not of a function.
        made_in: the function call that it is made in, if it is.
        causes: why it can't be read, if it can't.
    """

    given_name: str = ""
    variable: str = ""
    is_of_module: bool = False
    made_in: Root | None = None
    causes: list[Cause] = field(default_factory=list)


@dataclass(eq=False, slots=True, kw_only=True)
class Stack(Model):
    """A `Sequential`, and the piece of code that makes it."""

    root: Root
    items: list[object] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Built(Model):
    """A `Model` of some inputs and outputs."""

    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()


def causes_in(values: Iterable[object]) -> tuple[Cause, ...]:
    """Why some values are not known, each reason once."""
    found: dict[int, Cause] = {}
    for value in _within(values):
        if isinstance(value, Unread):
            found |= {id(one): one for one in value.causes}
        elif isinstance(value, Open):
            found |= {id(one): one for one in value.roots}
    return tuple(found.values())


def causes_of_unread(values: Iterable[object]) -> tuple[Cause, ...]:
    """Why some values are not read; what is only open among them does not count."""
    return causes_in(value for value in _within(values) if isinstance(value, Unread))


def _within(values: Iterable[object]) -> Iterator[object]:
    """All that is in a nest of lists, in order, each list once: they may hold themselves."""
    seen: set[int] = set()
    waiting = list(values)[::-1]
    while waiting:
        value = waiting.pop()
        if not isinstance(value, list | tuple):
            yield value
        elif id(value) not in seen:
            seen.add(id(value))
            waiting += value[::-1]


def is_scalar(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str)
