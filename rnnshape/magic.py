"""The command in a notebook: `%load_ext rnnshape`, then `%rnnshape lstm --bidirectional`."""

from __future__ import annotations

import io
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass, field
from typing import Any

from rnnshape.cli.messages import error
from rnnshape.cli.run import run
from rnnshape.measuring.messages import Failure, Measurement, Progress, Request
from rnnshape.query import Format
from rnnshape.reading.child import reader_of_process
from rnnshape.terminal.environment import Environment, Measurer, Reader

__all__ = ["load"]


def load(shell: Any) -> None:
    """Adds the magic to IPython, for a line and for a whole cell."""

    def rnnshape(line: str, cell: str | None = None) -> None:
        """What comes out of a Keras layer: the command `rnnshape`, answered in the cell.

        `%rnnshape --help` tells its options. `%%rnnshape` asks about the Keras code in the cell;
        with `-` among its options, about each line of it.
        """
        in_notebook = hasattr(shell, "kernel")
        _answer(line, cell, _display if in_notebook else None)

    shell.register_magic_function(rnnshape, "line_cell", "rnnshape")


Display = Callable[[str, str], None]


@dataclass
class _Recorder:
    """Has a child process measure, as for the command, and keeps what it answers."""

    answers_given: list[Measurement | Failure] = field(default_factory=list)

    @contextmanager
    def start(self) -> Iterator[Measurer]:
        from rnnshape.measuring.process import KerasProcess

        with KerasProcess() as self._process:
            yield self

    def answers(
        self, request: Request, tell: Callable[[Progress], None] | None = None
    ) -> Iterator[Measurement | Failure]:
        for answer in self._process.answers(request, tell):
            self.answers_given.append(answer)
            yield answer


def _reader() -> AbstractContextManager[Reader]:
    """Whoever reads for all of Python in this process; it is kept."""
    return nullcontext(reader_of_process(os.getpid()))


def _answer(line: str, cell: str | None, display: Display | None) -> None:
    """Answers as the command does, on the cell's streams; a table as HTML, if it can be shown."""
    # A kernel asks for colours, but what is kept in a notebook should be plain.
    variables = os.environ if display is None else {**os.environ, "NO_COLOR": "1"}
    try:
        arguments = shlex.split(line)
    except ValueError as wrong:
        error(Environment(variables=variables), f"the line can't be read: {wrong}")
        return
    stdin = io.StringIO(cell) if cell is not None and "-" in arguments else None
    if cell is not None and stdin is None:
        arguments.append(cell.strip())
    if display is None:
        run(arguments, Environment(stdin=stdin, reader=_reader))
        return
    recorder, written = _Recorder(), io.StringIO()
    run(arguments, Environment(stdin, written, sys.stderr, variables, recorder.start, _reader))
    text = written.getvalue()
    if not text.strip():  # an error, or help that Rich has shown in its own way
        return
    html = _html(arguments, recorder.answers_given) if stdin is None else None
    if html is None:
        sys.stdout.write(text)
    else:
        display(text, html)


def _html(arguments: list[str], answers: list[Measurement | Failure]) -> str | None:
    """The table that was written, as HTML; None where something else was."""
    from rnnshape.cli.answer import describe_all, with_answers
    from rnnshape.cli.options import Options, app
    from rnnshape.cli.pasted import error_text
    from rnnshape.cli.questions import query
    from rnnshape.formats.html import PAGE, fragment
    from rnnshape.views.document import body, ending

    with redirect_stdout(io.StringIO()):  # what is answered by the parser was written before
        options = app(arguments, prog_name="rnnshape", standalone_mode=False)
    if not isinstance(options, Options) or options.format not in (None, Format.TABLE):
        return None
    if any(error_text(what) is not None for what in options.what):
        return None
    with _reader() as reader:
        asked = query(options, lambda: reader)
    if asked.code_alone:
        return None
    reports = with_answers(describe_all(asked), answers)
    return fragment((*body(asked, reports, PAGE), *ending(asked, reports, PAGE)))


def _display(text: str, html: str) -> None:
    from IPython.display import display

    display({"text/plain": text, "text/html": html}, raw=True)  # type: ignore[no-untyped-call]
