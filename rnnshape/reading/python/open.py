"""What is not known: a value that Python itself can ask, and that answers that it is open."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rnnshape.errors import Place

if TYPE_CHECKING:
    from rnnshape.expression import Source

LONGEST_LABEL = 100  # characters
DEEPEST = 6  # lists within each other that are searched


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
        stands_for: what it is known to be, though its value is not; a name that code imports may
            know what to do with that.
        without_base: a class as far as the code has it, where what it derives from is not known.
        row: what each value is like, where it is a list of which only the length is not known.
    """

    __slots__ = (
        "alternatives", "is_named", "is_number", "is_undefined", "label", "node", "offset",
        "reason", "roots", "row", "source", "stands_for", "start", "without_base",
    )  # fmt: skip

    def __init__(
        self,
        label: str,
        reason: str = "",
        source: Source | None = None,
        node: ast.AST | None = None,
    ) -> None:
        self.label, self.reason, self.source, self.node = label, reason, source, node
        self.is_named = self.is_undefined = self.is_number = False
        self.roots: tuple[Open, ...] = ()
        self.alternatives: tuple[Any, ...] = ()
        self.start, self.offset = self, 0
        self.row: object = None
        self.without_base: Any = None
        self.stands_for: object = None

    @property
    def place(self) -> Place | None:
        """Where the piece of code stands that makes it; of a call, the name of what is called."""
        node = self.node.func if isinstance(self.node, ast.Call) else self.node
        if self.source is None or not isinstance(node, ast.expr | ast.stmt):
            return None
        return self.source.place(node)

    def under(self, label: str, *kept: str) -> Open:
        """The same value under another label, of which these attributes are known, too."""
        found = Open(label, self.reason, self.source, self.node)
        for word in kept:
            setattr(found, word, getattr(self, word))
        return found

    def part(self, text: str) -> Open:
        """What is under a name of it, or at a place in it."""
        if len(self.label) > LONGEST_LABEL:
            return self
        return self.under(self.label + text, "alternatives")

    def with_row(self, row: object) -> Open:
        """The same, of which it is known what each of its values is like."""
        found = self.under(self.label, "is_named", "roots")
        found.row = row
        return found

    def called(self, name: str) -> Open:
        """The same under the name that the code gives it."""
        if self.is_named or not name.strip("_"):
            return self
        found = self.under(
            name,
            "alternatives",
            "is_number",
            "row",
            "stands_for",
            "start",
            "offset",
            "without_base",
        )
        found.is_named = True
        found.roots = self.roots if any(root.is_named for root in self.roots) else ()
        return found

    def derived(self, label: str, source: Source, node: ast.AST) -> Open:
        """What follows from it."""
        if len(label) > LONGEST_LABEL:
            return self
        found = Open(label, self.reason, source, node)
        found.roots = self.roots or (self,)
        return found

    def __call__(self, *_: object, **__: object) -> Open:
        return self


class IsOpenError(Exception):
    """Something had to know a value that is open."""

    def __init__(self, value: Open) -> None:
        self.value = value
        super().__init__(value.label)


def _stays_open(self: Open, *_: object) -> Open:
    return self


def _stops(self: Open, *_: object) -> Any:
    raise IsOpenError(self)


BINARY = "add sub mul truediv floordiv mod pow matmul lshift rshift and or xor divmod"
OTHERS = "eq ne lt le gt ge neg pos invert abs round trunc floor ceil"
NEED_TO_KNOW = "bool len iter next index int float complex hash str repr format contains"
for _word in (*BINARY.split(), *(f"r{word}" for word in BINARY.split()), *OTHERS.split()):
    setattr(Open, f"__{_word}__", _stays_open)
for _word in NEED_TO_KNOW.split():
    setattr(Open, f"__{_word}__", _stops)


def opens_in(value: object, depth: int = 0) -> Iterator[Open]:
    """Every open value in a nest of lists, tuples and dictionaries."""
    if isinstance(value, Open):
        yield value
    elif isinstance(value, list | tuple | set | frozenset | dict) and depth < DEEPEST:
        for item in list(value.values() if isinstance(value, dict) else value):
            yield from opens_in(item, depth + 1)
