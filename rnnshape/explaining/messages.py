"""The table of messages, `messages.txt`: what each is found by, what it means, what mends it.

An entry is some lines, behind a blank one; a line that begins with two spaces goes on:

    / Shapes <y:SHAPE> and <output:SHAPE> are incompatible      what Keras says, one or several
    labels: y is {y}, and the output {output}.                  where the fault lies: what it means
    > y = y[:, :{output:last}]                                  what mends it, likelier first

Where what is said depends on the numbers, `labels = pair` names a function instead. The changes
that functions choose from are entries too, with a name: `= one column` and lines with `>`.

A pattern is a regular expression with `SHAPE`, `LIST`, `SIZES`, `WORD`, `N` and `LAYER` for what
differs between messages. A change that needs a part which the message leaves out is left out too.
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
from rnnshape.signatures import LAYERS

Shape = tuple[int | None, ...]

# `(None, 5, 3)`, `[16,5]`, `(?, 3)`, `TensorShape([None, 3])`, `(Dimension(5), Dimension(None))`
SHAPE = r"(?:TensorShape)?\(?[(\[](?:Dimension\(\w{1,9}\)|[^()\[\]]){0,80}[)\]]\)?"
# The axes of a tensor that goes into a layer, by their number.
AXES = {
    1: "(batch,)",
    2: "(batch, features)",
    3: "(batch, timesteps, features)",
    4: "(batch, rows, columns, channels)",
    5: "(batch, timesteps, rows, columns, channels)",
}

_SIZE = re.compile(r"\d+|None|\?|<unknown>")
_CLASSES = {name.lower(): name for name in LAYERS}

# No pattern has a repetition within a repetition: the time to search grows with the text alone.
_PARTS = {
    "SHAPE": SHAPE,
    "LIST": r"\[[^\]]{0,300}\]",
    "SIZES": r"\d[\d, ]{0,80}(?<=\d)",
    "WORD": r"[^\s\"'`:,;()]{0,79}[^\s\"'`:,;().]",
    "N": r"-?\d{1,15}",
}
# The layer before an "expected": `Input 0 of layer "lstm_1" is incompatible with the layer: `
_LAYER = (
    r"Input \d+(?: with name \S{1,60})?(?: of layer <of:WORD>)? is incompatible with (?:the )?"
    r"layer(?: <layer:WORD>)?:(?: :)? "
)
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

    @property
    def start(self) -> int:
        """Where the message begins; a pattern that needs what stands before it says where."""
        return self.match.start("said" if "said" in self.match.re.groupindex else 0)

    def number(self, name: str) -> int:
        return int(self[name])

    def shape(self, name: str) -> Shape | None:
        return shape_of(self[name])


class KnownMessage(NamedTuple):
    """A message: where its fault lies, what finds it, and its texts or the name of a function."""

    kind: Kind
    patterns: tuple[re.Pattern[str], ...]
    explanation: str
    remedies: tuple[str, ...]
    function: str

    def advice(self, said: Said) -> Advice:
        """The texts, filled with the parts of the message."""
        parts = _parts(said.match.groupdict())
        return Advice(self.explanation.format_map(parts), _filled(self.remedies, parts))


class _Part(str):
    """A part of a message: as it is, or in the form that a text asks for: `{shape:axes}` with its
    axes named, `{shape:last}` its last size, `{name:class}` the class of a layer, `{number:next}`
    and `{number:before}`; `{x:came}`, `{y:and}` and `{y:instead}` may be missing."""

    def __format__(self, form: str) -> str:
        forms: dict[str, Callable[[], str]] = {
            "axes": lambda: written(shape_of(self)),
            "last": lambda: str((shape_of(self) or (None,))[-1] or "n"),
            "class": lambda: class_of(self),
            "next": lambda: str(int(self) + 1),
            "before": lambda: str(int(self) - 1),
            "came": lambda: f": {self}" if self else "",
            "and": lambda: f" and {self}" if self else "",
            "instead": lambda: f" instead of {self}" if self else "",
        }
        return forms[form]() if form else str(self)


def _parts(parts: Mapping[str, object]) -> Mapping[str, _Part]:
    return defaultdict(_Part, {k: _Part("" if v is None else v) for k, v in parts.items()})


def _filled(texts: tuple[str, ...], parts: Mapping[str, _Part]) -> tuple[str, ...]:
    """The texts, without those that need a part that is not there."""
    return tuple(
        text.format_map(parts)
        for text in texts
        if all(parts[name] for _, name, _, _ in Formatter().parse(text) if name)
    )


def changes(name: str, /, **parts: object) -> tuple[str, ...]:
    """The changes that stand in the table under a name, if it is there; a size of None is any."""
    return _filled(_table()[1].get(name, ()), _parts(parts))


def known_messages() -> tuple[KnownMessage, ...]:
    """All messages, in the order in which they are tried."""
    return _table()[0]


@cache
def _table() -> tuple[tuple[KnownMessage, ...], Mapping[str, tuple[str, ...]]]:
    text = Path(__file__).with_name("messages.txt").read_text(encoding="utf-8")
    text = re.sub(r"\n  (?=\S)", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    found, named = [], {}
    for block in re.split(r"\n{2,}", text.strip()):
        lines: dict[str, list[str]] = defaultdict(list)
        for line in block.splitlines():
            mark, _, rest = line.partition(" ")
            lines[mark if mark in "/>=" else ""].append(line if mark not in "/>=" else rest)
        remedies = tuple(lines[">"])
        if lines["="]:
            named[lines["="][0]] = remedies
            continue
        kind, sign, said = re.split(r"(: | = )", lines[""][0], maxsplit=1)
        patterns = tuple(re.compile(_expression(pattern)) for pattern in lines["/"])
        function = said if sign == " = " else ""
        told = "" if function else said
        found.append(KnownMessage(cast(Kind, kind), patterns, told, remedies, function))
    return tuple(found), named


def _expression(pattern: str) -> str:
    def named(found: re.Match[str]) -> str:
        expression = f"(?P<{found[1]}>{_PARTS[found[2]]})"
        quoted = found[2] in ("SHAPE", "WORD")
        return f"[\"'`]?{expression}[\"'`]?" if quoted else expression

    return _NAMED.sub(named, pattern.replace("LAYER: ", _LAYER)).replace("SHAPE", SHAPE)


def found_in(text: str) -> Iterator[tuple[KnownMessage, Said]]:
    """The known messages that are in the text, which is one line."""
    for entry in known_messages():
        for pattern in entry.patterns:
            match = pattern.search(text)
            if match:
                yield entry, Said(match, text)
                break


# Shapes and layers as messages write them


def shape_of(text: str | None) -> Shape | None:
    """The shape that a message writes.

    >>> shape_of("(None, 5, 3)"), shape_of("[?,4]"), shape_of("")
    ((None, 5, 3), (None, 4), None)
    """
    if not text:
        return None
    sizes = _SIZE.findall(text.replace("Dimension", ""))
    return tuple(int(size) if size.isdigit() else None for size in sizes)


def written(shape: Shape | None, last: str = "features", axes: str | None = None) -> str:
    """A shape and the names of its axes.

    >>> written((None, 5, 3), "units")
    '(None, 5, 3) = (batch, timesteps, units)'
    """
    if shape is None:
        return "a shape that the message leaves out"
    named = axes or AXES.get(len(shape), "").replace("features", last)
    return f"{shape} = {named}" if named else str(shape)


def same(these: Shape, those: Shape) -> bool:
    """Can both be one shape? None stands for any size."""
    return len(these) == len(those) and all(
        a is None or b is None or a == b for a, b in zip(these, those, strict=True)
    )


def class_of(name: str) -> str:
    """The class of an automatic name; a name that the user gave stays.

    >>> class_of("lstm_12"), class_of("conv_lstm2d"), class_of("my_model")
    ('LSTM', 'ConvLSTM2D', 'my_model')
    """
    stem = re.sub(r"_\d+$", "", name.lower()).replace("_", "")
    return _CLASSES.get(stem, name or "The layer")


def is_model(name: str) -> bool:
    return re.match(r"$|sequential|functional|model", name, re.IGNORECASE) is not None


def number_of(name: str) -> int:
    """The number that Keras gave the layer: 0 of `lstm`, 2 of `lstm_2`."""
    number = re.search(r"_(\d+)$", name)
    return int(number[1]) if number else 0
