"""What is said of an error: plain data, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Kind = Literal["data", "labels", "samples", "chain", "keras", "unknown"]


class FileLine(NamedTuple):
    """A line of the user's own file, or of a cell of a notebook; lines count from 1."""

    file: str
    line: int


@dataclass(frozen=True)
class Explanation:
    """What an error of Keras means, and what mends it.

    Attributes:
        kind: where the fault lies: `data` (X does not fit the model), `labels` (y, the loss or a
            metric), `samples` (arrays of different lengths), `chain` (between layers), `keras`
            (this Keras has no such name or argument), `unknown`.
        message: the line that Keras says, without what stands around it.
        remedies: a line of Python each, likelier first.
        place: the line of the user's own code, if a traceback names it.

    >>> from rnnshape import explain
    >>> explain("ValueError: Shapes (None, 1) and (None, 10) are incompatible").kind
    'labels'
    """

    kind: Kind
    message: str
    explanation: str
    remedies: tuple[str, ...] = ()
    place: FileLine | None = None

    def __str__(self) -> str:
        """The explanation, then the changes, a line each."""
        return "\n".join((self.explanation, *self.remedies))

    def _repr_html_(self) -> str:
        """The same, as a notebook shows it."""
        from html import escape  # a terminal has no use for it

        return f"<pre>{escape(str(self))}</pre>"

    @property
    def is_known(self) -> bool:
        """Whether the message is one of those that are known here."""
        return self.kind != "unknown"

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it: `kind`, `explanation`, `remedies` and `place`."""
        return {
            "kind": self.kind,
            "explanation": self.explanation,
            "remedies": list(self.remedies),
            "place": self.place and self.place._asdict(),
        }
