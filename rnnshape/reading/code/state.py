"""What the reader of code knows by now, and what it would have to be told."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Mapping, Sequence

from rnnshape.errors import Place, QueryError
from rnnshape.expression import Source, Value
from rnnshape.network import Dimensions
from rnnshape.reading.code import plain
from rnnshape.reading.code.values import (
    Cause,
    Model,
    Open,
    Root,
    Scope,
    Unread,
    causes_in,
    causes_of_unread,
)
from rnnshape.reading.graph import Entry, Layer, LayerCall, Tensor, tensors_in

__all__ = ["OpenNamesError", "State", "TooManyStepsError"]

MOST_MESSAGES = 50
MOST_NAMES = 20  # that are asked for in one message
MOST_STEPS = 500_000  # pieces of code that are followed


class OpenNamesError(QueryError):
    """What code takes from data, and has to be told."""

    def __init__(self, roots: Sequence[Root]) -> None:
        self.places: dict[str, Place] = {}
        for root in roots:
            self.places.setdefault(root.label, root.place)
        shown = list(self.places)[:MOST_NAMES]
        asked = " ".join(f"--let {_quoted(label)}" for label in shown)
        more = f" and {len(self.places) - len(shown)} more" if len(self.places) > len(shown) else ""
        one = len(self.places) == 1
        what = "a value that depends" if one else f"{len(self.places)} values that depend"
        message = f"the code has {what} on data: give {'it' if one else 'them'} by {asked}{more}"
        super().__init__(message, next(iter(self.places.values())))

    @property
    def details(self) -> tuple[str, ...]:
        """The line of each."""
        shown: list[str] = []
        for place in list(self.places.values())[:MOST_NAMES]:
            shown += ([f"{place.where}:"] if place.where else []) + list(place.shown)
        return tuple(shown)


class TooManyStepsError(Exception):
    """The code takes more steps than are followed."""


class State:
    """The names of the code, and the layers, tensors and models that it has made.

    Attributes:
        module: the names of the code and their values.
        models: those that were made, in order.
        calls: of layers.
        messages: what could not be read.
    """

    def __init__(self, let: Mapping[str, Value], dimensions: Dimensions) -> None:
        self.let, self.dimensions = dict(let), dimensions
        self.long_names = {name for name in self.let if not name.isidentifier()}
        self.names_used: set[str] = set()
        self.module = Scope()
        self.models: list[Model] = []
        self.calls: list[LayerCall] = []
        self.layers: dict[int, Layer] = {}  # those that no other layer or model has taken
        self.messages: list[QueryError] = []
        self.asked: dict[int, Root] = {}
        self.missed: list[Cause] = []  # why layers were not read
        self.functions: list[Root] = []  # those that are being called
        self.settings: set[str] = set()  # classes of plain values
        self.source = Source("")
        self.steps, self.most_steps = 0, MOST_STEPS
        self.number = 0
        self._told: set[tuple[str, Place | None]] = set()
        self._hints: dict[str, str] = {}
        self._entries: dict[object, Entry] = {}
        self._flows: dict[tuple[int, int], tuple[Tensor, object]] = {}

    def count(self, steps: int = 1) -> None:
        self.steps += steps
        if self.steps > self.most_steps:
            raise TooManyStepsError

    def tell(self, wrong: QueryError) -> QueryError:
        if (wrong.message, wrong.place) not in self._told and len(self._told) < MOST_MESSAGES:
            self._told.add((wrong.message, wrong.place))
            self.messages.append(wrong)
        return wrong

    def ask(self, causes: Sequence[Cause]) -> None:
        """Notes what must be known, or why it can't be."""
        for cause in causes:
            if isinstance(cause, QueryError):
                self.tell(cause)
            else:
                self.asked[id(cause)] = cause

    def open(self, node: ast.expr | ast.stmt, *because_of: object) -> Open | Unread:
        """A value that depends on data: on that of others, where these are open themselves."""
        if causes := causes_of_unread(because_of):
            return Unread(causes)
        roots = [one for one in causes_in(because_of) if isinstance(one, Root)]
        return Open(tuple(roots) or (Root(self.source, node),))

    def or_open(self, node: ast.expr | ast.stmt, known: object, *because_of: object) -> object:
        return self.open(node, *because_of) if known is plain.NOT_KNOWN else known

    def let_value(self, name: str) -> object:
        self.names_used.add(name)
        return self.let[name]

    def unknown_result(self, node: ast.expr | ast.stmt, name: str, *given: object) -> object:
        """What something returns that nothing is known about."""
        if causes := causes_of_unread(given):
            return Unread(causes)
        if any(tensors_in(list(given))):
            return self.not_read(
                node, f"{name} is not known: what it makes of a tensor is not read"
            )
        return Open((Root(self.source, node),))

    def not_read(self, node: ast.expr | ast.stmt, message: str) -> Unread:
        """A layer that is not read. Where no model is made of layers, each of them counts."""
        where = node.func if isinstance(node, ast.Call) else node
        wrong = self.source.error(where, message)
        self.missed.append(wrong)
        return Unread((wrong,))


def _quoted(label: str) -> str:
    """The option's value as a shell takes it."""
    text = f"{label}=..."
    if "'" in text and not any(mark in text for mark in '"$`\\!'):
        return f'"{text}"'
    return text if label.isidentifier() else shlex.quote(text)
