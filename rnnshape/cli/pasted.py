"""An error as a `WHAT`: pasted text or a file that holds it, explained among the other answers."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from rnnshape.cli import ExitCode, messages
from rnnshape.cli.arguments import UsageError
from rnnshape.cli.options import SIZES, Options, refuse
from rnnshape.cli.questions import query
from rnnshape.errors import Place, QueryError, shortened
from rnnshape.query import Format, Query
from rnnshape.terminal.environment import Reader
from rnnshape.words import Flags, layer_of_word

if TYPE_CHECKING:
    from rnnshape.explaining import Explanation
    from rnnshape.terminal.answer_writer import AnswerWriter


def error_text(what: str) -> str | None:
    """The text of the error that a WHAT is, or that its file holds; None of any other WHAT.

    >>> error_text("LSTM(64)"), error_text("KeyError: 'val_acc'")
    (None, "KeyError: 'val_acc'")
    >>> error_text("model.keras"), error_text("ValueError: File not found: filepath=model.keras")
    (None, 'ValueError: File not found: filepath=model.keras')
    """
    if layer_of_word(what) is not None or not any(blank in what for blank in " \n."):
        return None
    from rnnshape.reading.files import SUFFIXES, file_text, is_file
    from rnnshape.reading.literal import is_literal

    if what.lower().endswith(SUFFIXES):
        from rnnshape.explaining.text import has_error

        if not has_error(what):  # which may end in a file's name
            return None
    try:
        if is_file(what) and os.path.isfile(what):
            what = file_text(Path(what))
        elif is_literal(what):
            return None
    except (QueryError, OSError):  # it can't be read: whoever reads it next says so
        return None
    from rnnshape.explaining.text import is_error

    return what if is_error(what) else None


def explained(text: str, options: Options, reader: Callable[[], Reader]) -> Explanation:
    """What an error means; a `UsageError` where the options have no place for that."""
    from rnnshape.explained import explain

    if options.format is Format.CSV:
        raise UsageError("--format csv: an error has no place in it: take plain, json or markdown")
    if options.export is not None:
        raise UsageError(f"--export {options.export}: an error has no place in it")
    return explain(text, reader)


def parts_of(options: Options, reader: Callable[[], Reader]) -> list[Query | Explanation]:
    """What the WHATs ask, in order: those that are errors are explained, each by itself."""
    pairs = [(what, error_text(what)) for what in options.what]
    if pairs and all(text for _, text in pairs):
        names = ("units", "compare", "let", "x", "y", "loss", "seed", *Flags._fields)
        refuse(options, (*SIZES, *names, *options.views), "an error has no place for it")
    parts: list[Query | Explanation] = []
    for is_error, group in groupby(pairs, lambda pair: bool(pair[1])):
        if is_error:
            parts += [explained(text or "", options, reader) for _, text in group]
        else:
            parts.append(query(options._replace(what=tuple(what for what, _ in group)), reader))
    return parts or [query(options, reader)]


def show(explanation: Explanation, shown: AnswerWriter, where: str = "") -> ExitCode:
    """Writes an explanation, or says that there is none. Returns the exit code."""
    place = explanation.place
    line = place and _line(place.file, place.line)
    shown.explain(explanation, line or None)
    if explanation.is_known:
        return ExitCode.ANSWERED
    words = "not explained: no message of Keras or TensorFlow that is known here"
    details = line.shown() if line else ()
    said = f"{where}{words}: {shortened(explanation.message)}"
    messages.error(shown.environment, said, details)
    return ExitCode.FAILED


def _line(file: str, number: int) -> Place | None:
    """The line of a file of code, if it is there."""
    from rnnshape.reading.files import OF_CODE, file_text

    if not file.lower().endswith(OF_CODE):  # others have written its name
        return None
    try:
        line = file_text(Path(file)).splitlines()[number - 1]
    except (QueryError, IndexError, OSError, ValueError):
        return None
    code = line.strip()
    return Place(code, 0, len(code), f"{file}, line {number}") if code else None
