"""What a view has to draw on: its width, and the characters that it can show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rnnshape.errors import as_tuple
from rnnshape.rules.facts import Axis, Tensor
from rnnshape.training.data import shown
from rnnshape.views.text import Style, Text, styled, whole

MOST_AXES_NAMED = 20  # of one tensor


class Page(NamedTuple):
    """A screen, a file or a document, as far as a view needs to know it.

    Attributes:
        width: in columns.
        unicode: whether more than ASCII can be written.
        folds: whether what reads it folds tables by itself, as browsers do: then none is too wide.
    """

    width: int = 80
    unicode: bool = True
    folds: bool = False

    def fits(self, width: int) -> bool:
        """Whether a table of this width can be shown."""
        return self.folds or width <= self.width

    def pick(self, fine: str, plain: str) -> str:
        """`fine` where Unicode can be written, else `plain`."""
        return fine if self.unicode else plain

    @property
    def check(self) -> str:
        return self.pick("✓", "ok")

    @property
    def dot(self) -> str:
        return self.pick("·", "-")

    @property
    def returned(self) -> str:
        """What marks a tensor that the model returns."""
        return self.pick("→", "->")

    def bytes(self, weights: Sequence[Tensor]) -> str:
        """What they take, as Keras writes it: `242.63 KB`; `? B` if that is not known."""
        if not all(weight.itemsize for weight in weights):
            return "? B"
        size = sum(weight.size * weight.itemsize for weight in weights)
        power = min(5, max(0, size.bit_length() - 1) // 10)
        unit = ("B", "KB", "MB", "GB", "TB", "PB")[power]
        return whole(f"{size / 1024**power:.2f} {unit}")

    @property
    def times(self) -> str:
        return self.pick("·", "*")

    def mark(self, holds: bool | None) -> Text:
        """Whether something holds; as wide as any other mark."""
        width = len(self.check)
        if holds is None:
            return styled((self.dot.ljust(width), Style.PENDING))
        return styled((self.check, Style.GOOD) if holds else (self.pick("✗", "NO"), Style.BAD))

    def pending(self, words: str, reasons: Sequence[str]) -> Iterator[Text]:
        """What nobody has confirmed, and why: on the same line, or a line each."""
        first = f": {reasons[0]}" if len(reasons) == 1 else ":"
        yield styled(self.mark(None), (f" {words}{first}", Style.PENDING))
        for reason in reasons if len(reasons) > 1 else ():
            yield styled((f"- {reason}", Style.PENDING))

    def axes(self, axes: Iterable[Axis]) -> str:
        """`(batch, 2·units)`"""
        names = [axis.label for axis in axes]
        if len(names) > MOST_AXES_NAMED:
            names[2:-1] = ["..."]
        names = [*map(self.product, names)]
        return whole(as_tuple(names)) if names else ""

    def product(self, text: str) -> str:
        """`3·units`"""
        return re.sub(r"(?<=\d)\*(?=\w)", self.times, text)

    def shape(self, shape: Sequence[int | None] | None) -> str:
        """`(2, 6)`, with question marks for what is not known."""
        return "?" if shape is None else whole(shown(shape))

    def expression(self, text: str) -> str:
        return text.replace("->", self.pick("→", "->"))

    def number(self, value: int | None) -> Text:
        """`41,472`, or a question mark where no one knows yet."""
        return styled((f"{value:,}" if value is not None else "?", Style.SHAPE))
