"""Where views are painted: wide or narrow, coloured or not; and the line that says: wait."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich.console import Console

from rnnshape.render.blocks import Block, show
from rnnshape.render.page import Page, writes_unicode

if TYPE_CHECKING:
    from rnnshape.measurement import Progress

__all__ = ["Screen", "waiting"]

NARROWEST = 20  # columns


class _Steady(Console):
    """It never hides the cursor: whoever stops or kills us finds the terminal as it was."""

    def show_cursor(self, show: bool = True) -> bool:
        return False


def _console(stream: TextIO) -> Console:
    console = _Steady(file=stream, highlight=False, emoji=False)
    if console.width < NARROWEST:  # whatever COLUMNS says, shapes must be readable
        console.width = NARROWEST
    return console


class Screen:
    """A text stream that views are painted on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._console = _console(stream)
        self.page = Page(self._console.width, writes_unicode(stream))

    @property
    def live(self) -> bool:
        """Whether a person is watching: what is painted early can be completed later."""
        return self._stream.isatty() and not self._console.is_dumb_terminal

    def drawn(self, blocks: Iterable[Block]) -> str:
        """What is to be written to show blocks, a blank line between them."""
        with self._console.capture() as capture:
            show(blocks, self._console, self.page)
        text = capture.get().rstrip("\n")
        if not self._console.is_terminal:
            text = "\n".join(line.rstrip() for line in text.split("\n"))
        return f"{text}\n"

    def write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


@contextmanager
def waiting(painted: bool) -> Iterator[Callable[[Progress], None] | None]:
    """A line that says what is going on, with a bar once there is something to count; `painted`
    is whether the rule's answer stands above it.

    Yields what is to be told of progress, or None where no one watches. The line is drawn on
    stderr, or on stdout if only that is a terminal; when the block ends it is gone again.
    """
    stream = next((one for one in (sys.stderr, sys.stdout) if one and one.isatty()), None)
    console = _console(stream) if stream else None
    if stream is None or console is None or console.is_dumb_terminal:
        yield None
        return
    console.width -= len("^C ")  # which the terminal writes behind it, and must not wrap
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn

    from rnnshape.render.counted import Counted

    state = "by the rule, not yet measured" if painted else "not yet measured"
    unicode = writes_unicode(stream)
    dot = "·" if unicode else "-"
    bar = Bar(
        SpinnerColumn("dots" if unicode else "line", style="yellow"),
        TextColumn(f"[yellow]{state}[/] [dim]{dot} {{task.description}}"),
        Counted(),
        TextColumn("[dim]{task.elapsed:.0f} s"),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    task = bar.add_task("starting", total=None)

    def show(progress: Progress) -> None:
        bar.update(
            task,
            description=progress.doing,
            completed=progress.done,
            total=progress.total or None,
        )

    try:  # not `with bar`: interrupted while it is entered, that would leave the line
        bar.start()
        yield show
    finally:
        bar.stop()
