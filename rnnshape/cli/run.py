"""One command line, from its words to its exit code: read it, answer, and say what is wrong."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from functools import cache
from itertools import takewhile
from typing import Any, TextIO

from typer.exceptions import TyperException

from rnnshape.cli import ExitCode, messages
from rnnshape.cli.arguments import UsageError
from rnnshape.cli.options import Options, command, option_names
from rnnshape.errors import NotReadError, QueryError, did_you_mean, printable, shortened
from rnnshape.interruption import received_signal
from rnnshape.query import Format
from rnnshape.signatures import signature
from rnnshape.terminal.environment import Environment, size

RULE = "-----"
MODELS = (".ipynb", ".keras", ".h5")
# What an option may be taken for.
OTHER_NAMES = {
    "--x": ("--data", "--input", "--input-shape", "--shape"),
    "--y": ("--labels", "--target"),
    "--batch": ("--batch-size",),
    "--timesteps": ("--length", "--seq-len", "--sequence-length", "--steps"),
    "--features": ("--input-dim", "--input-size"),
    "--units": ("--hidden", "--hidden-size", "--layers"),
    "--export": ("--output", "--save"),
}
COMPLETION = "_RNNSHAPE_COMPLETE"  # by which a shell asks Typer for the words that may follow


def run(arguments: Sequence[str], environment: Environment | None = None) -> int:
    """Answers one command line, given without the program's name. Returns the exit code."""
    surroundings = environment or Environment()
    if surroundings.stdout is None:
        messages.error(surroundings, "standard output is closed: there is nowhere to answer")
        return ExitCode.FAILED
    try:
        return _answered(arguments, surroundings, surroundings.stdout)
    except (UsageError, QueryError) as wrong:
        messages.error(surroundings, wrong.message, place=wrong.place)
        for other in wrong.others:
            messages.note(surroundings, other.message, place=other.place)
        is_wrong = any(not isinstance(error, NotReadError) for error in (wrong, *wrong.others))
        return ExitCode.WRONG if is_wrong else ExitCode.FAILED
    except BrokenPipeError:  # the reader of the help has left
        return ExitCode.ANSWERED
    except OSError as problem:
        if received_signal() is not None:
            raise
        words = f"the answer can't be written: {problem.strerror or problem}"
        messages.error(surroundings, words)
    except Exception as bug:
        messages.error(surroundings, messages.words_of_bug(bug, surroundings))
    return ExitCode.FAILED


def _answered(arguments: Sequence[str], environment: Environment, stdout: TextIO) -> int:
    if not arguments and COMPLETION not in environment.variables:
        messages.say(environment, _how_to_begin())
        return ExitCode.WRONG
    try:
        with redirect_stdout(stdout):
            options = _parsed(arguments, environment)
            stdout.flush()
    except (TyperException, UsageError) as wrong:
        raise UsageError(_reworded(wrong, arguments)) from None
    except SystemExit:  # so Rich leaves when the reader of the help has left
        return ExitCode.ANSWERED
    except (LookupError, ValueError):
        if COMPLETION not in environment.variables:
            raise
        raise UsageError(f"{COMPLETION}: the shell does not say what is to be completed") from None
    if not isinstance(options, Options):
        return options
    options = options._replace(arrays=environment.arrays)
    if options.check:
        from rnnshape.cli.check import check

        return check(options, environment)
    if "-" in options.what:
        from rnnshape.cli.answer import answer_stream
        from rnnshape.cli.lines import lines_of, one_question

        lines = lines_of(environment.stdin)
        if options.what == ("-",) and not options.compare:
            whole, lines = one_question(lines)
            if whole is not None:
                options = options._replace(what=(whole,))
        if "-" in options.what:
            return answer_stream(options, environment, lines)
    from rnnshape.cli.answer import answer
    from rnnshape.cli.pasted import parts_of

    with ExitStack() as stack:  # a word needs no reader
        parts = parts_of(options, cache(lambda: stack.enter_context(environment.reader())))
    return answer(parts, environment, options.format or Format.TABLE)


def _how_to_begin() -> str:
    """What to type first: of a notebook or a model that is here, what asks about it."""
    here: list[str] = []
    with suppress(OSError):
        names = [name for name in sorted(os.listdir()) if name.lower().endswith(MODELS)]
        names = [name for name in names if not name.lower().endswith(".weights.h5")]
        here = [name for name in names if os.path.isfile(name) and name == printable(name)]
    file = shlex.quote(here[0]) if here else "train.py"
    return f"""\
What comes out of a Keras layer, in which order,
and with which shape?

  rnnshape lstm --bidirectional --return-state
  rnnshape 'LSTM(64, return_sequences=True) -> Dense(1)'
  rnnshape {file}

rnnshape --help tells the rest."""


def _parsed(arguments: Sequence[str], environment: Environment) -> Options | int:
    """What the arguments ask for, or how Typer has ended what it answers itself, as `--help`."""
    # A notebook's traceback begins with a rule, and no option does.
    arguments = [
        f"\n{argument}" if argument.startswith(RULE) and "\n" in argument else argument
        for argument in arguments
    ]
    known: dict[str, Any] = {"prog_name": "rnnshape", "standalone_mode": False}
    with ExitStack() as wide:
        if "-h" in arguments or "--help" in arguments:
            known["terminal_width"] = wide.enter_context(_bounded_width(environment))
        options = command()(list(arguments), **known)
    return options if isinstance(options, Options) else int(options or 0)


@contextmanager
def _bounded_width(environment: Environment) -> Iterator[int]:
    """The width for Typer's help, which takes whatever number the variables hold."""
    streams = (environment.stdout, environment.stderr, environment.stdin)
    width, before = size(streams, environment.variables)[0], dict(os.environ)
    os.environ["COLUMNS"] = str(width)
    os.environ.pop("TERMINAL_WIDTH", None)
    try:
        yield width
    finally:
        os.environ.clear()
        os.environ.update(before)


def _reworded(wrong: TyperException | UsageError, arguments: Sequence[str]) -> str:
    """A complaint in our form: the option, what is wrong with it, and what is right."""
    known = option_names()
    for argument in takewhile(lambda argument: argument != "--", arguments):
        option = argument.partition("=")[0]
        is_long = option.startswith("-") and f"-{option}" in known
        if is_long and option not in known:  # its letters were taken for options
            return f"{shortened(option)}: no such option; did you mean -{option}?"
    if isinstance(wrong, UsageError):
        return wrong.message
    option, words = getattr(wrong, "option_name", ""), wrong.message.rstrip(".")
    if words.startswith("No such option"):
        return f"{shortened(option)}: no such option{_hint(option, known)}"
    if words.endswith("does not take a value"):
        return f"{option}: it takes no value"
    return words[0].lower() + words[1:]


def _hint(option: str, known: Sequence[str]) -> str:
    """What may be meant by an option that there is not."""
    spelt = option.replace("_", "-")
    near = [name for name in known if name.startswith(option) or name == spelt]
    near = near or [name for name, others in OTHER_NAMES.items() if spelt in others]
    if near:
        return f"; did you mean {' or '.join(near)}?"
    argument = spelt[2:].replace("-", "_")
    if argument in signature("LSTM").names:
        return f": it is written into the text: LSTM(64, {argument}=...)"
    return did_you_mean(option, known, alike=0.8) or "; see rnnshape --help"
