"""Shows an answer in the format that was asked for: in one go, or begun before it is measured."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from rnnshape.inspection import Format, Inspection, View
from rnnshape.report import Report

__all__ = ["begin", "export", "finish"]


def begin(ask: Inspection, rule: Sequence[Report]) -> bool:
    """Paints what the rule knows, if a person is watching. Whether it did."""
    if ask.written is not Format.TABLE:
        return False
    from rnnshape.render.document import body
    from rnnshape.render.screen import Screen

    screen = Screen(sys.stdout)
    if screen.live:
        screen.paint(body(ask, rule, screen.page))
        screen.write("\n")
    return screen.live


def finish(ask: Inspection, reports: Sequence[Report], *, begun: bool) -> None:
    """Shows the whole answer, or of one that has begun, the rest."""
    weights = View.WEIGHTS in ask.views
    match ask.written:
        case Format.PLAIN:
            from rnnshape.render.plain import plain_lines

            _write("".join(plain_lines(reports, weights=weights)))
        case Format.CSV:
            from rnnshape.render.csv_rows import csv_text

            _write(csv_text(reports, weights=weights))
        case Format.JSON:
            from rnnshape.render.json_lines import json_line

            _write("".join(json_line(report, ask.views) for report in reports))
        case Format.MARKDOWN:
            from rnnshape.render.document import body, ending
            from rnnshape.render.export import PAGE
            from rnnshape.render.markdown import markdown

            _write(markdown(chain(body(ask, reports, PAGE), ending(ask, reports, PAGE))))
        case Format.TABLE:
            _finish_table(ask, reports, begun)


def export(ask: Inspection, reports: Sequence[Report], path: Path) -> None:
    """Writes the table's views to a file; an `OSError` if it can't be written."""
    from rnnshape.render import export
    from rnnshape.render.document import body, ending

    page = export.PAGE
    export.export(path, chain(body(ask, reports, page), ending(ask, reports, page)), "rnnshape")


def _finish_table(ask: Inspection, reports: Sequence[Report], begun: bool) -> None:
    if ask.code_alone and not begun and not sys.stdout.isatty():
        from rnnshape.render.code import programs

        _write(programs(reports))
        return
    from rnnshape.render.document import body, ending
    from rnnshape.render.screen import Screen

    screen = Screen(sys.stdout)
    first = () if begun else body(ask, reports, screen.page)
    screen.paint(chain(first, ending(ask, reports, screen.page)))


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
