"""Shows an answer in the format that was asked for: in one go, or begun before it is measured."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from rnnshape.inspection import Format, Inspection, View

if TYPE_CHECKING:  # whatever imports Rich is imported late: the child process starts before that
    from rnnshape.measurement import Progress
    from rnnshape.render.blocks import Block
    from rnnshape.render.page import Page
    from rnnshape.report import Report

__all__ = ["Showing"]


class Showing:
    """One answer on standard output. `begun` is whether the rule's part of it stands there, and
    the rest does not yet."""

    def __init__(self, ask: Inspection) -> None:
        self._ask = ask
        self.begun = False

    def begin(self, rule: Sequence[Report]) -> None:
        """Paints what the rule knows, if a person is watching."""
        if self._ask.format is not Format.TABLE:
            return
        from rnnshape.render.document import body
        from rnnshape.render.screen import Screen

        screen = Screen(sys.stdout)
        if screen.live:
            text = screen.drawn(body(self._ask, rule, screen.page))
            self.begun = True  # from the first letter on: it may be interrupted right there
            screen.write(f"{text}\n")

    def waiting(self) -> AbstractContextManager[Callable[[Progress], None] | None]:
        """A line on the terminal that says what is going on, as long as the block lasts."""
        from rnnshape.render.screen import waiting

        return waiting(self.begun)

    def finish(self, reports: Sequence[Report]) -> None:
        """Shows the whole answer, or of one that has begun, the rest."""
        weights = View.WEIGHTS in self._ask.views
        match self._ask.format:
            case Format.PLAIN:
                from rnnshape.render.plain import plain_lines

                _write("".join(plain_lines(reports, weights=weights)))
            case Format.CSV:
                from rnnshape.render.csv_rows import csv_text

                _write(csv_text(reports, weights=weights))
            case Format.JSON:
                from rnnshape.render.json_lines import json_line

                _write("".join(json_line(report, self._ask.views) for report in reports))
            case Format.MARKDOWN:
                from rnnshape.render.markdown import markdown
                from rnnshape.render.page import standard_page

                _write(markdown(self._whole(reports, standard_page(sys.stdout))))
            case Format.TABLE if self._ask.code_alone and not sys.stdout.isatty():
                from rnnshape.render.code import programs

                _write(programs(reports))
            case Format.TABLE:
                self._finish_table(reports)

    def export(self, reports: Sequence[Report], path: Path) -> None:
        """Writes the table's views to a file; an `OSError` if it can't be written."""
        from rnnshape.render.export import export
        from rnnshape.render.page import standard_page

        page = standard_page()
        export(path, list(self._whole(reports, page)), page, title="rnnshape")

    def _finish_table(self, reports: Sequence[Report]) -> None:
        from rnnshape.render.document import ending
        from rnnshape.render.screen import Screen

        screen = Screen(sys.stdout)
        # What was painted by the rule stands, unless Keras says otherwise.
        stands = self.begun and not any(report.differences for report in reports)
        rest = ending(self._ask, reports, screen.page)
        screen.write(screen.drawn(rest if stands else self._whole(reports, screen.page)))
        self.begun = False

    def _whole(self, reports: Sequence[Report], page: Page) -> chain[Block]:
        from rnnshape.render.document import body, ending

        return chain(body(self._ask, reports, page), ending(self._ask, reports, page))


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
