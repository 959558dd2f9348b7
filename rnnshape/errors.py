"""What can be wrong with a question, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

LONGEST_MESSAGE = 900  # characters
LONGEST_LINE = 100  # characters of a line that are shown around a place
NEAR = 500  # that are kept before and after the start of one


class Place(NamedTuple):
    """A stretch of one line of a text that was read.

    Attributes:
        line: the line's own text; of a long one, what is near.
        start, end: where in that text the stretch goes from and up to, from 0.
        where: what the line is found by: `"model.py, line 3"`; empty where there is one line only.
        cut: how many characters of the line stand before that text.

    >>> print(*Place("LSTM(64, retrun_state=True)", 9, 21).shown(), sep="\\n")
    LSTM(64, retrun_state=True)
             ^^^^^^^^^^^^
    """

    line: str
    start: int
    end: int
    where: str = ""
    cut: int = 0

    @classmethod
    def near(cls, line: str, start: int, end: int, where: str = "") -> Place:
        """The place in a line that may be long: a text of many calls has a place for each."""
        if len(line) <= 2 * NEAR:
            return cls(line, start, min(end, len(line)), where)
        cut = max(0, min(start - NEAR, len(line) - 2 * NEAR))
        kept = line[cut : cut + 2 * NEAR]
        return cls(kept, start - cut, min(end - cut, len(kept)), where, cut)

    @property
    def file(self) -> str:
        """The name of the file; empty of a text that was pasted."""
        return self.where.rpartition("line ")[0].rstrip(", ")

    @property
    def column(self) -> int:
        """Its first column, from 1."""
        return self.cut + self.start + 1

    @property
    def number(self) -> int:
        """The line's number, from 1."""
        number = self.where.rpartition("line ")[2]
        return int(number) if number.isdigit() else 1

    def shown(self, most: int = LONGEST_LINE) -> tuple[str, str]:
        """The line, or of a long one what is next to the place, and carets under the place."""
        wider = _columns(self.line) - len(self.line)  # characters of two columns
        most = max(most // 2, most - wider)
        first = max(0, min(self.start - most // 3, len(self.line) - most))
        last = min(first + most, len(self.line))
        parts = (first, self.start), (self.start, min(self.end, last)), (first, last)
        left, inside, line = (printable(self.line[a:b].replace("\t", " ")) for a, b in parts)
        before = "..." if first or self.cut else ""
        after = "..." if last < len(self.line) else ""
        carets = " " * _columns(before + left) + "^" * max(1, _columns(inside))
        return f"{before}{line}{after}", carets

    def details(self, most: int = LONGEST_LINE) -> tuple[str, ...]:
        """The same under what the line is found by."""
        where = (f"{self.where}:",) if self.where else ()
        return (*where, *self.shown(most))


def where_of(place: Place | None) -> tuple[str | None, int | None, int | None]:
    """The file, the line and the column of a place; a text that was pasted has no file."""
    return (place.file or None, place.number, place.column) if place else (None, None, None)


class QueryError(ValueError):
    """A question that no Keras layer answers to.

    Attributes:
        message: what is wrong, what was given, what is allowed: one line.
        place: where it stands in the text that was read, if it was read from one.
        others: what else is wrong with the same text.
        remedies: what mends it, as code, where the message says that in words.
        unequal: what is wrong whatever the other sizes are, as data: the sizes that should be one
            and are not, a rank, an axis; empty where that is not known.

    >>> raise QueryError("LSTM takes no 'retrun_state'; did you mean return_state?")
    Traceback (most recent call last):
        ...
    rnnshape.errors.QueryError: LSTM takes no 'retrun_state'; did you mean return_state?
    """

    def __init__(
        self, message: str, place: Place | None = None, others: tuple[QueryError, ...] = ()
    ) -> None:
        self.message, self.place = printable(shortened(message, LONGEST_MESSAGE)), place
        self.others, self.remedies = others, tuple[str, ...]()
        self.unequal: frozenset[tuple[object, ...]] = frozenset()
        super().__init__(self.message)


class IncompleteError(QueryError, TypeError):
    """A layer that lacks arguments, or is called with too few tensors."""


class NotReadError(QueryError):
    """A part of a text that is not read; the others may be."""


def nearest(word: str, known: Iterable[str], *, alike: float = 0.75) -> str:
    """The known word that is likely meant; empty where none is.

    >>> nearest("sparse_crossentropy", ["binary_crossentropy", "sparse_categorical_crossentropy"])
    'sparse_categorical_crossentropy'
    """
    from difflib import get_close_matches  # only a misspelt word needs it

    spelt = {tensor.lower(): tensor for tensor in known}
    if word == "Linear" and "dense" in spelt:  # as PyTorch calls it
        return "Dense"
    near = get_close_matches(word.lower(), spelt, n=5, cutoff=alike)
    begun, parts = word.lower(), {*word.lower().split("_")}
    # Where all of its parts are in one, or it is how one begins; the rest are by likeness.
    near.sort(key=lambda found: not (parts <= {*found.split("_")} or found.startswith(begun)))
    return spelt[near[0]] if near else ""


def did_you_mean(word: str, known: Iterable[str], *, alike: float = 0.75) -> str:
    """`; did you mean LSTM?` where one of the known words is likely meant, else nothing.

    >>> did_you_mean("ltsm", ["LSTM", "GRU"]), did_you_mean("quiet", ["units"])
    ('; did you mean LSTM?', '')
    """
    near = nearest(word, known, alike=alike)
    return f"; did you mean {near}?" if near else ""


def shortened(text: str, most: int = 100) -> str:
    """What a message shows of a text: all of it, or `most` characters and dots at their end.

    >>> shortened("LSTM(64) -> LSTM(32)", 12)
    'LSTM(64) ...'
    """
    return text if len(text) <= most else f"{text[: most - 3]}..."


def written(value: object) -> str:
    """As Python writes a value; a number of more digits than it writes is `...`."""
    try:
        return repr(value)
    except ValueError:
        return "..."


def of_type(value: object) -> str:
    return f"of type {type(value).__name__}"


FLAGS = ("bool", "bool_")  # types of them, as Python, NumPy 1 and NumPy 2 call them


def flag(name: str, value: object) -> bool:
    """An argument that is True or False, also NumPy's; a `TypeError` for an array or a text."""
    if not isinstance(value, int) and type(value).__name__ not in FLAGS:
        raise TypeError(f"{name} is {of_type(value)}: give True or False")
    return bool(value)


def first_words(problem: Exception) -> str:
    """What Keras says in its first sentence or two, on one line.

    >>> first_words(ValueError("\\x1b[1mNo.\\x1b[0m\\n\\nBut:\\n why"))
    'No. But:'
    """
    text = re.sub(r"\x1b\[[\d;]*m", "", str(problem))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[:2]) or type(problem).__name__


def printable(text: str, kept: str = "") -> str:
    """Without what would break the line or move the cursor, but for some characters: much of what
    is shown others have written.

    >>> printable("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    rest = text
    for part in kept:
        rest = rest.replace(part, "")
    if rest.isprintable():
        return text
    letters = (part if part.isprintable() or part in kept else repr(part)[1:-1] for part in text)
    return "".join(letters)


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # few texts need it

    return cell_len(text)


def as_tuple(words: Iterable[str]) -> str:
    """Words in brackets, as Python writes a tuple.

    >>> as_tuple(["batch"]), as_tuple(["batch", "2*units"])
    ('(batch,)', '(batch, 2*units)')
    """
    inside = ", ".join(several := list(words))
    return f"({inside}{',' if len(several) == 1 else ''})"


def counted(number: int, word: str) -> str:
    """`1 input`, `2 inputs`"""
    return f"{number} {word}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong, where it stands, and what mends it. None where there is no value.

    Attributes:
        kind: `"data"` of X, `"labels"` of y, the loss, metrics and class weights, `"samples"` of
            their numbers, `"chain"` between layers, `"keras"` of what this Keras does not have.
        call: the method that is called: `"fit"`.
        file, line, column: where; lines and columns count from 1.
        name, shape: the array that does not fit.
        tensor, expected: the input or output, and the shape that is expected of the array.
        message: one sentence.
        remedies: code that mends it, the likelier first.
        silent: whether Keras trains without an error.
    """

    kind: str
    message: str
    call: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    name: str | None = None
    shape: tuple[int | None, ...] | None = None
    tensor: str | None = None
    expected: tuple[int | None, ...] | None = None
    loss: str | None = None
    remedies: tuple[str, ...] = ()
    silent: bool = False

    def __post_init__(self) -> None:
        # The names in it are of the code, of a file or of a live object.
        object.__setattr__(self, "message", printable(self.message))
        object.__setattr__(self, "remedies", tuple(map(printable, self.remedies)))
