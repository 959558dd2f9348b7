"""What is not known: a value that Python itself can ask, and that answers that it is open."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from rnnshape.errors import Place
from rnnshape.source import Source

LONGEST_LABEL = 100  # characters
ITEM = "[...]"  # in the label of what a loop goes over
# What makes another value of one that is open; all else is the same value, or a part of it.
MAKING = ast.BinOp | ast.UnaryOp | ast.Call | ast.IfExp | ast.AugAssign | ast.JoinedStr
DEEPEST = 10  # lists within each other that are searched


@dataclass(eq=False, repr=False, slots=True)
class Open:
    """A value that nobody knows before the code runs. What is made of it is open too, and what has
    to know it stops with `IsOpenError`.

    Attributes:
        label: what it is asked for by: `vocab_size`, `X.shape[2]`.
        reason: why it is not read; empty where it comes from data.
        source, node: the piece of code that makes it.
        is_named: whether the code has given it a name, which is its label then.
        is_undefined: whether it is a name that the code never gives a value.
        roots: what it follows from; empty where it is the first that is not known.
        alternatives: the models of which it is one, where a condition is not known.
        is_number: whether it is known to be one number.
        start, offset: the number that it is a known distance from, as `i + 3` is from `i`.
        stands_for: what it is known to be, or to be a part of, though its value is not; a name that
            code imports may know what to do with that.
        without_base: a class as far as the code has it, where what it derives from is not known.
        row: what each value is like, where it is a list of which only the length is not known.
        first: the first of these, where more is known of it.
        may_lack: whether a dictionary that has it under a key may not have that key.
        made: of what is made of other values, which may be others another time, the step at which.
        may_be: the tensors among which it is, or which it holds.
        as_called: what does for it where it is called.
        one_of: the classes of a library of which it is one.
        among: what the code can change, or call, among which it is, or in which it stands.
        by_key: whether it is one of them by a key or place that is not known.
        owner: what it is a part or a method of.
    """

    label: str
    reason: str = ""
    source: Source | None = None
    node: ast.AST | None = None
    is_named: bool = False
    is_undefined: bool = False
    roots: tuple[Open, ...] = ()
    alternatives: tuple[Any, ...] = ()
    is_number: bool = False
    start: Any = None
    offset: int = 0
    stands_for: object = None
    without_base: Any = None
    row: object = None
    first: object = None
    may_lack: bool = False
    made: int = 0
    may_be: tuple[Any, ...] = ()
    as_called: Any = None
    one_of: tuple[Any, ...] = ()
    among: tuple[Any, ...] = ()
    by_key: bool = False
    owner: Any = None

    def __post_init__(self) -> None:
        self.start = self if self.start is None else self.start

    @property
    def place(self) -> Place | None:
        """Where the piece of code stands that makes it; of a call, the name of what is called."""
        node = self.node.func if isinstance(self.node, ast.Call) else self.node
        if self.source is None or not isinstance(node, ast.expr | ast.stmt):
            return None
        return self.source.place(node)

    def part(self, text: str) -> Open:
        """What is under a name of it, or at a place in it."""
        if len(self.label) > LONGEST_LABEL:
            return self
        label, known = self.label + text, self.alternatives
        of_shape = self.label.endswith(".shape") and text[1:-1].lstrip("-").isdigit()
        part = Open(label, self.reason, self.source, self.node, alternatives=known)
        part.is_number, part.stands_for, part.made = of_shape, self.stands_for, self.made
        part.may_be, part.among, part.by_key = self.may_be, self.among, self.by_key
        part.owner = self
        if isinstance(self.stands_for, bool):  # what a true value has need not be true
            part.stands_for = None
        return part

    def called(self, name: str) -> Open:
        """The same under the name that the code gives it."""
        if self.is_named or not name.strip("_"):
            return self
        roots = self.roots if any(root.is_named for root in self.roots) else ()
        if self.one_of:  # nobody can give a class, but what chooses it
            roots = self.roots or (self,)
        return replace(self, label=name, is_named=True, is_undefined=False, roots=roots)

    def derived(self, label: str, source: Source, node: ast.AST, made: int = 0) -> Open:
        """What follows from it."""
        if len(label) > LONGEST_LABEL:
            return self
        roots = self.roots or (self,)
        found = Open(label, self.reason, source, node, roots=roots, made=made, may_be=self.may_be)
        found.as_called, found.among = self.as_called, self.among
        return found


class Side(NamedTuple):
    """A side of a condition that is not known.

    Attributes:
        asked: what is not known; text: the condition, as it is written.
        holds: whether it is the side on which it holds.
    """

    asked: Open
    text: str
    holds: bool

    @property
    def said(self) -> str:
        """What holds on it."""
        return self.text if self.holds else f"not {self.text}".removeprefix("not not ")

    @property
    def key(self) -> tuple[int, str, bool]:
        """What is the same of the same sides."""
        return id(self.asked), self.text, self.holds


def side_of(asked: Open, text: str) -> Side:
    """The side on which a condition holds; that of `not late` is one of `late`."""
    match asked.node, asked.roots:
        case ast.UnaryOp(op=ast.Not()), [root] if text == f"not {root.label}":
            return Side(root, root.label, False)
    return Side(asked, text, True)


class IsOpenError(Exception):
    """Something had to know a value that is open; or made a number that is."""

    def __init__(self, value: Open, *, is_made: bool = False) -> None:
        self.value, self.is_made = value, is_made and value.is_number
        super().__init__(value.label)


def is_number(value: object) -> bool:
    """Whether it is one number, known or not."""
    return value.is_number if isinstance(value, Open) else isinstance(value, int | float)


def _stays_open(self: Open, *_: object, **__: object) -> Open:
    return self


def _stays_open_or_is_operand(self: Open, other: object) -> Open:
    """A stand-in that stands behind it knows what it is beside something open."""
    return NotImplemented if hasattr(type(other), "own_is_data") else self


def _compared(self: Open, *_: object) -> Open:
    """Whether it is something else is open, and nothing that it stands for."""
    return self if self.stands_for is None else replace(self, stands_for=None)


def _stops(self: Open, *_: object) -> Any:
    raise IsOpenError(self)


def _may_contain(self: Open, *_: object) -> Any:
    raise IsOpenError(_compared(self))


BINARY = "add sub mul truediv floordiv mod pow matmul lshift rshift and or xor divmod"
COMPARING = "eq ne lt le gt ge"
OTHERS = "neg pos invert abs round trunc floor ceil call"
NEED_TO_KNOW = "bool len iter next index int float complex hash str repr format"
TURNED = " ".join(f"r{word}" for word in BINARY.split())
for _words, _made in (
    (BINARY, _stays_open_or_is_operand),
    (f"{TURNED} {OTHERS}", _stays_open),
    (COMPARING, _compared),
    ("contains", _may_contain),
    (NEED_TO_KNOW, _stops),
):
    for _word in _words.split():
        setattr(Open, f"__{_word}__", _made)


def leaves_in(value: object, depth: int = 0) -> Iterator[object]:
    """Whatever stands in a nest of lists, tuples, sets and dictionaries, and is none of these."""
    if not isinstance(value, list | tuple | set | frozenset | dict):
        yield value
    elif depth < DEEPEST:
        for item in list(value.values() if isinstance(value, dict) else value):
            yield from leaves_in(item, depth + 1)


def opens_in(value: object) -> Iterator[Open]:
    """Every open value in a nest of lists, tuples and dictionaries."""
    return (leaf for leaf in leaves_in(value) if isinstance(leaf, Open))


def numbers_between(start: Any, stop: Any = None, step: Any = 1) -> int | None:
    """How many numbers `range(i - 10, i, 2)` has, where nobody knows `i`."""
    if not (isinstance(start, Open) and isinstance(stop, Open) and start.start is stop.start):
        return None
    return len(range(start.offset, stop.offset, step)) if type(step) is int and step else None
