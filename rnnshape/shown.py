"""The report as Python shows it: as a table, by Rich, as HTML in a notebook, and as plain data."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnshape import report

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions

    from rnnshape.views.text import Text


@dataclass(frozen=True, repr=False)
class Report(report.Report):
    """What `inspect` returns: what the rule says and, once measured, what Keras returned.

    `print` shows it as a table, as Rich does, and a notebook as HTML.

    Attributes:
        question: the network, and the sizes of what its inputs leave open.
        measurement: what Keras returned; None until it was asked.
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

    def save(self, path: str | os.PathLike[str], views: Collection[str] = ()) -> None:
        """Writes the table as a picture, a page or a text: `report.save("layer.svg")`.

        Args:
            path: a name that ends in `.svg`, `.html` or `.txt`.
            views: what to add: any of `"weights"`, `"diagram"`, `"code"` and, measured, `"values"`.

        Raises:
            ValueError: the name ends otherwise, or there is no such view.
            OSError: the file can't be written.

        >>> from rnnshape import inspect
        >>> inspect("LSTM(3)").save("layer.pdf")
        Traceback (most recent call last):
            ...
        ValueError: layer.pdf: the name must end in .svg, .html, .txt
        """
        from rnnshape.formats import SUFFIXES
        from rnnshape.formats.export import export
        from rnnshape.views import known_views
        from rnnshape.views.document import report_blocks

        file, named = Path(path), known_views(views)
        if file.suffix.lower() not in SUFFIXES:
            raise ValueError(f"{path}: the name must end in {', '.join(SUFFIXES)}")
        export(file, lambda page: report_blocks(self, named, page))

    def __str__(self) -> str:
        from rnnshape.terminal.environment import writes_unicode

        lines = self._lines(80, writes_unicode(sys.stdout))
        return "\n".join(line.plain.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        from rnnshape.formats.html import PAGE, fragment
        from rnnshape.views.document import report_blocks

        return fragment(report_blocks(self, (), PAGE))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        from rnnshape.views.text import dressed  # only who has Rich asks for it

        for line in self._lines(options.max_width, options.encoding.startswith("utf")):
            shown = dressed(line)
            shown.no_wrap, shown.overflow = True, "ignore"
            yield shown

    def _lines(self, width: int, unicode: bool) -> Iterator[Text]:
        from rnnshape.formats.layout import laid_out
        from rnnshape.views.document import report_blocks
        from rnnshape.views.page import Page

        page = Page(width, unicode)
        return laid_out(report_blocks(self, (), page), page)
