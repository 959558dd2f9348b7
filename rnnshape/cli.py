"""One command line, from its words to its exit code: parse, answer, and say what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from typing import Any

from typer.exceptions import TyperException

from rnnshape import notices
from rnnshape.inspection import ExitCode, Inspection
from rnnshape.options import app
from rnnshape.spec import Cell, SpecError

__all__ = ["run"]


def run(arguments: Sequence[str]) -> int:
    """Answers one command line, given without the program's name. Returns the exit code."""
    if sys.stdout is None:
        notices.error("standard output is closed: there is nowhere to answer")
        return ExitCode.FAILED
    try:
        return _answered(arguments)
    except SystemExit:  # so Typer and Rich leave when the reader of their help has left
        return ExitCode.ANSWERED
    except OSError as problem:
        notices.error(f"the answer can't be written: {problem.strerror or problem}")
    except Exception as bug:
        notices.error(f"a bug in rnnshape, please report it: {type(bug).__name__}: {bug}")
    return ExitCode.FAILED


def _answered(arguments: Sequence[str]) -> int:
    try:
        asked = _parsed(arguments)
    except SpecError as wrong:
        name = "CELL" if wrong.field == "cell" else f"--{wrong.field.replace('_', '-')}"
        notices.error(f"{name} {wrong.value}".strip() + f": {wrong.reason}")
        return ExitCode.WRONG
    except TyperException as wrong:
        if arguments:
            notices.error(_reworded(wrong))
        elif sys.stderr:
            with redirect_stdout(sys.stderr):
                _parsed(["--help"])
        return ExitCode.WRONG
    if not isinstance(asked, Inspection):
        with suppress(BrokenPipeError):
            sys.stdout.flush()
        return asked
    from rnnshape.answer import answer

    return answer(asked)


def _parsed(arguments: Sequence[str]) -> Inspection | int:
    """What the arguments ask for, or how Typer has ended what it answers itself, as `--help`."""
    asked = app(list(arguments), prog_name="rnnshape", standalone_mode=False)
    return asked if isinstance(asked, Inspection) else int(asked or 0)


def _reworded(wrong: TyperException) -> str:
    """Typer's complaint in our form: the option, what is wrong with it, and what is right."""
    option = getattr(wrong, "option_name", "")
    match type(wrong).__name__:  # the classes themselves are private to Typer
        case "MissingParameter":
            return f"CELL: name at least one: {', '.join(Cell)}"
        case "NoSuchOption":
            return f"{option}: no such option; {_hint(option, getattr(wrong, 'ctx', None))}"
        case "BadOptionUsage" if "requires an argument" in wrong.message:
            return f"{option}: a value is missing"
        case "BadOptionUsage":
            return f"{option}: it takes no value"
    return wrong.format_message()


def _hint(option: str, context: Any) -> str:
    """The options that a misspelt one may have meant: those that begin so, or the nearest."""
    from difflib import get_close_matches  # only a misspelt word needs it

    known = [name for one in context.command.params for name in one.opts] if context else []
    near = [name for name in known if name.startswith(option)]
    near = near or get_close_matches(option, known, n=1, cutoff=0.7)
    return f"did you mean {' or '.join(near)}?" if near else "see rnnshape --help"
