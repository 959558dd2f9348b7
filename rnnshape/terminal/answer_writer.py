"""An answer in the format that was asked for: in one go, or begun before it is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rnnshape.interruption import times_continued
from rnnshape.query import Format, Query
from rnnshape.terminal.environment import Environment, is_terminal, writes_unicode
from rnnshape.terminal.output import write

if TYPE_CHECKING:
    from rnnshape.errors import Place
    from rnnshape.explaining import Explanation
    from rnnshape.report import Report
    from rnnshape.terminal.screen import Screen
    from rnnshape.views.blocks import Block
    from rnnshape.views.page import Page
    from rnnshape.views.text import Text


class AnswerWriter:
    """One command's answer on standard output.

    Attributes:
        query, environment: what is asked, and the surroundings.
        begun: whether the rule's part of it stands there, and the rest does not yet.
    """

    def __init__(self, query: Query, environment: Environment, *, follows: bool = False) -> None:
        assert environment.stdout is not None
        self.query, self.environment = query, environment
        self._stream = environment.stdout
        self._painted: list[Text] = []
        self._continued = times_continued()  # when that was painted
        self._answered = int(follows)  # questions, also of an answer before this one
        self.begun = False

    def begin(self, reports: Sequence[Report]) -> None:
        """Paints what the rule knows, where a person reads it and can be shown more later."""
        if not self._is_table:
            return
        show = self.environment.show
        if show is not None and show(self.query, reports, True):
            self.begun = True
            return
        from rnnshape.formats.layout import laid_out
        from rnnshape.views.document import body, ending
        from rnnshape.views.text import Text

        screen = self._screen
        if not screen.is_live:
            return
        shown = list(body(self.query, reports, screen.page))
        held = list(ending(self.query, reports, screen.page, pending=True))
        # What is marked by the measurement must still be on the screen then.
        fits = len(list(laid_out(held, screen.page))) < screen.height - 3
        lines = list(laid_out([*shown, *held] if fits else shown, screen.page))
        self.begun = True  # from the first letter on: it may be interrupted right there
        screen.write([*[Text()] * bool(self._answered), *lines, Text()])
        self._painted = [*lines, Text()]

    def finish(self, reports: Sequence[Report]) -> None:
        """Shows the whole answer, or of one that has begun, the rest. Of questions from standard
        input, it is called for each as soon as it is answered."""
        show = self.environment.show
        if self._is_table and show and show(self.query, reports, False):
            self.begun = False
        elif self._is_table or self.query.format is Format.MARKDOWN:
            self._write_blocks(lambda page: self._whole(reports, page))
        else:
            write(self._stream, self._pieces(reports))
        self._answered += len(reports)

    @property
    def shows_problems(self) -> bool:
        """Whether what does not fit is in the answer; else it must be said beside it."""
        return self._is_table or self.query.format in (Format.JSON, Format.MARKDOWN)

    def explain(self, explanation: Explanation, line: Place | None) -> None:
        """Writes what an error means. Of one that is not known, only JSON has anything."""
        from rnnshape.views.explanation import blocks

        form = self.query.format
        if form is Format.JSON:
            import json

            write(self._stream, [json.dumps(explanation.to_dict()), "\n"])
        elif form is Format.PLAIN and explanation.is_known:
            write(self._stream, [f"{explanation}\n"])
        elif explanation.is_known:
            self._write_blocks(lambda page: blocks(explanation, line, page))
        self._answered += explanation.is_known

    def write(self, text: str) -> None:
        """Writes a line of another kind between the answers."""
        write(self._stream, [text])

    def export(self, reports: Sequence[Report], path: Path) -> str:
        """Writes the table's views to a file; returns what is to be said of that."""
        from rnnshape.formats.export import export

        replaced = export(path, lambda page: self._whole(reports, page))
        return f"replaced {path}" if replaced else f"wrote {path}"

    @property
    def _screen(self) -> Screen:
        from rnnshape.terminal.screen import Screen  # only what a person reads needs Rich

        beside = (self.environment.stderr, self.environment.stdin)
        return Screen(self._stream, self.environment.variables, beside)

    @property
    def _is_table(self) -> bool:
        """Whether it is not another format, nor the program that a pipe gets."""
        is_program = self.query.code_alone and not is_terminal(self._stream)
        return self.query.format is Format.TABLE and not is_program

    def _pieces(self, reports: Sequence[Report]) -> Iterator[str]:
        views, first = self.query.views, not self._answered
        match self.query.format:
            case Format.JSON:
                from rnnshape.formats.json_lines import json_pieces

                for report in reports:
                    yield from json_pieces(report, views)
            case Format.CSV:
                from rnnshape.formats.lines import csv_lines

                yield from csv_lines(reports, views, header=first)
            case Format.PLAIN:
                from rnnshape.formats.lines import plain_lines

                yield from plain_lines(reports, views, headed=self.query.reads_stdin)
            case Format.TABLE:
                from rnnshape.views.code import programs

                yield from [] if first else ["\n"]
                yield programs(reports)

    def _write_blocks(self, blocks: Callable[[Page], Iterable[Block]]) -> None:
        """Writes Markdown, or a table: of one that has begun, the rest."""
        if self.query.format is Format.MARKDOWN:
            from rnnshape.formats.markdown import markdown
            from rnnshape.views.page import Page

            text = markdown(blocks(Page(80, writes_unicode(self._stream), folds=True)))
            write(self._stream, ["\n" if self._answered else "", text])
            return
        from rnnshape.formats.layout import laid_out
        from rnnshape.views.text import Text

        screen = self._screen
        lines: Iterable[Text] = laid_out(blocks(screen.page), screen.page)
        if self._painted and self._continued == times_continued():
            screen.replace(self._painted, list(lines))
        else:  # nothing was painted, or not all of it, or others have written below it
            screen.write([Text(), *lines] if self._answered or self.begun else lines)
        self.begun, self._painted = False, []

    def _whole(self, reports: Sequence[Report], page: Page) -> Iterator[Block]:
        from rnnshape.views.document import whole

        return whole(self.query, reports, page)
