"""The table of messages, `messages.txt`: what each is found by, what it means, what mends it.

An entry is some lines, behind a blank one; a line that begins with two spaces goes on:

    / Shapes <y:SHAPE> and <output:SHAPE> are incompatible      what Keras says, one or several
    labels: y is {y}, and the output {output}.                  where the fault lies: what it means
    > y = y[:, :{output:last}]                                  what mends it, likelier first

or, where what is said depends on the numbers, `labels = pair`, the name of a function. A pattern
is a regular expression with `SHAPE`, `LIST`, `SIZES`, `WORD` and `N` for what differs between
messages. A remedy that needs a part which the message leaves out is left out too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import NamedTuple, cast

from rnnshape.explaining.explanation import Kind
from rnnshape.explaining.shapes import SHAPE, Shape, class_of, shape_of, written

__all__ = ["Advice", "Entry", "Said", "entries", "found_in"]

# No pattern has a repetition within a repetition: the time to search grows with the text alone.
_PARTS = {
    "SHAPE": SHAPE,
    "LIST": r"\[[^\]]{0,300}\]",
    "SIZES": r"\d[\d, ]{0,80}(?<=\d)",
    "WORD": r"[^\s\"'`:,;()]{1,80}",
    "N": r"-?\d{1,15}",
}
_SAID = re.compile(r"(?P<kind>[a-z]+)(?:: (?P<text>.+)| = (?P<function>\w+))$")
_NAMED = re.compile(r"<(\w+):(SHAPE|LIST|SIZES|WORD|N)>")


class Advice(NamedTuple):
    """What is said of a message. `kind` is that of the entry where it is None."""

    explanation: str
    remedies: tuple[str, ...]
    kind: Kind | None = None


@dataclass(frozen=True)
class Said:
    """A message in which a pattern was found, with all the text around it."""

    match: re.Match[str]
    text: str

    def __getitem__(self, name: str) -> str:
        """A named part; empty where the message leaves it out."""
        return self.match.groupdict().get(name) or ""

    def number(self, name: str) -> int:
        return int(self[name])

    def shape(self, name: str) -> Shape | None:
        return shape_of(self[name]) if self[name] else None


class Entry(NamedTuple):
    """A message: where its fault lies, what finds it, and its texts or the name of a function."""

    kind: Kind
    patterns: tuple[re.Pattern[str], ...]
    explanation: str
    remedies: tuple[str, ...]
    function: str

    def advice(self, said: Said) -> Advice:
        """The texts, filled with the parts of the message."""
        parts = defaultdict(_Part, {k: _Part(v or "") for k, v in said.match.groupdict().items()})
        remedies = (text.format_map(parts) for text in self.remedies if _has_all(text, parts))
        return Advice(self.explanation.format_map(parts), tuple(remedies))


class _Part(str):
    """A part of a message: as it is, or as `{shape:axes}` with its axes named, `{name:class}` the
    class of a layer, `{shape:last}` the last size; `{x:came}` and `{y:and}` may be missing."""

    def __format__(self, spec: str) -> str:
        shape = shape_of(self) or (None,)
        forms: dict[str, Callable[[], str]] = {
            "axes": lambda: written(shape),
            "class": lambda: class_of(self),
            "last": lambda: str(shape[-1] or "n"),
            "came": lambda: f": {self}" if self else "",
            "and": lambda: f" and {self}" if self else "",
            "columns": lambda: f"{self} columns" if self else "another shape",
        }
        return forms[spec]() if spec else str(self)


def _has_all(text: str, parts: Mapping[str, _Part]) -> bool:
    return all(parts[name] for _, name, _, _ in Formatter().parse(text) if name)


@cache
def entries() -> tuple[Entry, ...]:
    """All entries, in the order in which they are tried."""
    table = Path(__file__).with_name("messages.txt").read_text(encoding="utf-8")
    table = re.sub(r"\n  (?=\S)", " ", re.sub(r"^#.*\n", "", table, flags=re.MULTILINE))
    return tuple(_entry(lines.splitlines()) for lines in re.split(r"\n{2,}", table.strip()))


def _entry(lines: list[str]) -> Entry:
    said = next(filter(None, map(_SAID.match, lines)))
    return Entry(
        cast(Kind, said["kind"]),
        tuple(re.compile(_expression(line[2:])) for line in lines if line.startswith("/ ")),
        said["text"] or "",
        tuple(line[2:] for line in lines if line.startswith("> ")),
        said["function"] or "",
    )


def _expression(pattern: str) -> str:
    def named(found: re.Match[str]) -> str:
        expression = f"(?P<{found[1]}>{_PARTS[found[2]]})"
        quoted = found[2] in ("SHAPE", "WORD")
        return f"[\"'`]?{expression}[\"'`]?" if quoted else expression

    return _NAMED.sub(named, pattern).replace("SHAPE", SHAPE)


def found_in(text: str) -> Iterator[tuple[Entry, Said]]:
    """The entries whose message is in the text, which is one line."""
    for entry in entries():
        for pattern in entry.patterns:
            match = pattern.search(text)
            if match:
                yield entry, Said(match, text)
                break
