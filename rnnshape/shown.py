"""The report as Python shows it: as a table, by Rich, as HTML in a notebook, and as plain data."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rnnshape import report

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.text import Text as RichText

    from rnnshape.views.text import Text

__all__ = ["Report"]


@dataclass(frozen=True, repr=False)
class Report(report.Report):
    """What `inspect` returns: what the rule says and, once measured, what Keras returned.

    `print` shows it as a table, as Rich does, and a notebook as HTML.

    Attributes:
        question: the network, and the sizes of what its inputs leave open.
        measurement: what Keras returned; None until it was asked.
        notes_before: what is said of the question itself, beside the rule's notes.
        description: what the rule says.

    >>> from rnnshape import inspect
    >>> print(inspect("SimpleRNN(3)"))
    SimpleRNN(3)
    inputs (2, 5, 1) = (batch, timesteps, features)
      assumed: batch, timesteps, features (-b, -t, -f)
    <BLANKLINE>
    Output  Shape   Axes            What it is
    ────────────────────────────────────────────────────────────────────
    o       (2, 3)  (batch, units)  last output, after the last timestep
    <BLANKLINE>
    o = layer(inputs)
    <BLANKLINE>
    · by the rule, not measured
    """

    def to_dict(self, views: Collection[str] = ()) -> dict[str, Any]:
        """The document that the command writes with `--json`, as plain data.

        Args:
            views: what to add: any of `"weights"`, `"code"` and, measured, `"values"`.

        Raises:
            ValueError: one of the views has no place in JSON.

        >>> from rnnshape import inspect
        >>> inspect("LSTM(3)").to_dict()["outputs"][0]["axes"]
        ['batch', 'units']
        """
        from rnnshape.formats.json_lines import document

        return document(self, views)

    def __str__(self) -> str:
        from rnnshape.terminal.environment import writes_unicode

        lines = self._lines(80, writes_unicode(sys.stdout))
        return "\n".join(line.plain.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        from rnnshape.formats.html import report_html

        return report_html(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RichText]:
        from rich.text import Text as RichText  # only who has Rich asks for it

        from rnnshape.views.palette import LOOKS

        for line in self._lines(options.max_width, options.encoding.startswith("utf")):
            pieces = ((piece, LOOKS[style].in_rich) for piece, style in line.pieces)
            yield RichText.assemble(*pieces, no_wrap=True, overflow="ignore")

    def _lines(self, width: int, unicode: bool) -> Iterator[Text]:
        from rnnshape.formats.layout import laid_out
        from rnnshape.views.document import report_blocks
        from rnnshape.views.page import Page

        page = Page(width, unicode)
        return laid_out(report_blocks(self, (), page), page)
