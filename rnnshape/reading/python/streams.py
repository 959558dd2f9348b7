"""Iterators and generators: what code goes over once, as it goes; and what `with` makes of one."""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from rnnshape.reading.python.limits import ENDLESS, MOST, check_text
from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.scope import body_of, own_nodes

KEEP_ROWS = ("generator", "cycle", "dropwhile", "filter", "islice", "takewhile")


class ClosedError(Exception):
    """What ends a generator that code closes where it stands."""


def cut() -> Exception:
    """What ends an iterator that is not followed to its end."""
    return IsOpenError(Open("a generator", "it gives more values than are read"))


class Stream:
    """What Python goes over once: generators, `zip`, `map`. It is followed as far as the code asks
    for it.

    Attributes:
        ends: what it ends with, if not as Python does.
        returned: what a generator returns once it has given all.
        kind: the name of its type.
        over: what it goes over, if that is known, or is made of, which may be what it gives.
        lose: notes that all is open which the rest of it may change, if it is not followed.
        has_end: whether a generator does something, by `finally`, where it is left early.
    """

    __slots__ = ("_items", "_many", "_rest", "ends", "has_end", "kind", "lose", "over", "returned")

    def __init__(
        self,
        items: Iterable[object] = (),
        kind: str = "generator",
        over: object = (),
        lose: Callable[[Open], None] | None = None,
        has_end: bool = False,
    ) -> None:
        self.kind, self.over, self.lose, self.has_end = kind, over, lose, has_end
        self._rest: Iterator[object] | None = iter(items)
        self._items: list[object] = []
        self._many = 0  # how many it has given
        self.ends: Exception | None = None
        self.returned: object = None

    def first(self, many: int) -> list[object]:
        """The first of what is left, the first of all last."""
        while self._rest is not None and len(self._items) < many:
            self._items[:0] = self._one()
        return self._items[-many:]

    @property
    def is_followed(self) -> bool:
        """Whether all that it gives has been followed."""
        return self._rest is None

    @property
    def state(self) -> dict[object, object]:
        """How far it is gone over, and what was followed and not taken yet."""
        return {"many": self._many, **dict(enumerate(self._items))}

    @state.setter
    def state(self, state: dict[object, object]) -> None:
        items = dict(state)
        many = items.pop("many", None)
        if isinstance(many, Open) or many != self._many:  # it can't be gone back
            self.throw_away()
        else:
            self._items[:] = items.values()

    def throw_away(self) -> None:
        """What comes next is not known."""
        self._rest, self.ends = None, cut()
        self._items.clear()

    def _one(self, step: Callable[[Any], object] = next) -> list[object]:
        """The next of those that are not followed yet, if there is one; or what else `step` makes
        it give."""
        rest, self._rest = self._rest, None
        try:
            check_text(item := step(rest or iter(())))
            self._rest, self._many = rest, self._many + 1
            if self._many > MOST:
                self._rest, self.ends = None, cut()
            return [bounded(item)]
        except StopIteration as end:
            self.returned = end.value
        except IsOpenError as wrong:
            row = self._row_of(wrong.value.row)
            self.ends = IsOpenError(replace(wrong.value, row=row, first=None))
        except Exception as wrong:
            self.ends = wrong
        return []

    def _row_of(self, row: object) -> object:
        """What each is like that comes from something of such rows, of which the length is open."""
        if self.kind == "enumerate" and row is not None:
            return (Open("a number", is_number=True), row)
        return row if self.kind in KEEP_ROWS else None

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> object:
        self._items = self._items or self._one()
        return self._given()

    def _given(self) -> object:
        if self._items:
            return self._items.pop()
        if self.lose is not None and isinstance(self.ends, IsOpenError):
            self.lose(self.ends.value)
        raise self.ends or StopIteration

    def send(self, value: object, *_: object) -> object:
        """What it gives from here on follows from what it is sent, or from an error that is raised
        where it stands: nobody follows that."""
        if value is not None:
            self.throw_away()
        return next(self)

    def throw(self, kind: object, *_: object) -> object:
        """An error is raised where a generator stands."""
        wrong = kind() if isinstance(kind, type) else kind
        if self._items or not (isinstance(self._rest, Generator) and isinstance(wrong, Exception)):
            self.throw_away()
            return next(self)
        self._items = self._one(lambda rest: rest.throw(wrong))
        return self._given()

    def ends_by(self, wrong: Exception) -> bool:
        """Whether a generator in which an error is raised where it stands ends as if all was well;
        else the error that it ends with is raised, if that is another."""
        try:
            self.throw(wrong)
        except StopIteration:
            return True
        except Exception as again:
            if again is not wrong:
                raise
            return False
        raise RuntimeError("generator didn't stop after throw()")

    def left(self) -> None:
        """A loop ends before it does: Python closes it where nothing else holds it."""
        if self.has_end and self.lose is not None and not self.is_followed:
            self.lose(Open("a generator", "whether it is closed here is not known"))

    def close(self) -> None:
        rest, self._rest, self.ends = self._rest, None, None
        self._items.clear()
        if isinstance(rest, Generator):
            with suppress(ClosedError, StopIteration):
                rest.throw(ClosedError())

    def __repr__(self) -> str:
        raise IsOpenError(Open("a generator"))


def bounded(value: object, over: object = ()) -> object:
    """An iterator of Python's as a `Stream`, which goes `over` something; any other as it is."""
    is_one = isinstance(value, Iterator) and type(value).__module__ in ENDLESS
    return Stream(value, type(value).__name__, over) if is_one else value  # type: ignore[arg-type]


class Managed:
    """What a generator makes of `with`, by `contextlib.contextmanager`.

    Attributes:
        catches: whether it may go on after an error.
        called: the function, and what it is called with.
    """

    def __init__(self, stream: Stream, catches: bool, called: Sequence[Any], again: Any) -> None:
        self.stream, self.catches, self.called, self.again = stream, catches, called, again

    def __call__(self, function: Callable[..., object]) -> Callable[..., object]:
        """As a decorator: each call of the function stands in a `with` of its own."""

        def inner(*given: object, **named: object) -> object:
            if self.catches:
                raise IsOpenError(Open("with", "what a decorator does with an error is not read"))
            with self.again():
                return function(*given, **named)

        vars(inner).update(vars(function))
        return inner

    def __enter__(self) -> object:
        return next(self.stream)

    def __exit__(self, kind: object, wrong: Any, *_: object) -> bool:
        if wrong is None:
            list(self.stream)
        return wrong is not None and self.stream.ends_by(wrong)


def managed(function: Callable[..., Any]) -> Callable[..., object]:
    nodes = own_nodes(body_of(function) or ())
    catches = any(isinstance(node, ast.Try) and node.handlers for node in nodes)

    def call(*given: object, **named: object) -> Any:
        made = function(*given, **named)
        called, again = (function, *given, *named.values()), partial(call, *given, **named)
        return Managed(made, catches, called, again) if isinstance(made, Stream) else made

    vars(call).update(vars(function))  # what it does is what that does
    return call
