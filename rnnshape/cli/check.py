"""`--check`: only what is wrong, a line each, as compilers print it; by the rule alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, replace
from typing import NamedTuple

from rnnshape.cli import ExitCode, messages
from rnnshape.cli.arguments import UsageError
from rnnshape.cli.lines import is_question, lines_of, whole_text
from rnnshape.cli.options import Options, refuse
from rnnshape.cli.questions import (
    check_flags,
    check_text,
    questions_by_word,
    questions_of,
    unused_options,
)
from rnnshape.errors import NotReadError, Problem, QueryError, printable, shortened
from rnnshape.explained import problem_of, what_is_wrong
from rnnshape.network import Question
from rnnshape.query import Format
from rnnshape.reading.files import file_and_name
from rnnshape.reading.found import Reading
from rnnshape.source import NO_PYTHON, STOPS
from rnnshape.terminal.environment import Environment, Reader
from rnnshape.words import layer_of_word

EXPRESSION, STDIN = "<expression>", "<stdin>"


def check(options: Options, environment: Environment) -> ExitCode:
    """Writes what is wrong with each text or file on standard output. What is open or not read, and
    a file without a model, is no fault; what is no Python is one. Where code stops is noted."""
    why = "--check tells what is wrong, and nothing else"
    refuse(options, (*sorted(options.views), "compare", "seed", "export"), why)
    if options.format not in (None, Format.JSON, Format.PLAIN):
        raise UsageError(f"--format {options.format}: {why}")
    check_flags(options)
    if any(layer_of_word(what) is None for what in options.what):
        check_text(options)
    if not options.what:
        messages.note(environment, "--check: no file is named, so that nothing is checked")
    code, asked = ExitCode.ANSWERED, _Asked([], [], [])
    with ExitStack() as stack, suppress(BrokenPipeError):
        reader = stack.enter_context(environment.reader())
        for what in options.what:
            try:
                found = (
                    _of_stdin(options, environment, reader, asked)
                    if what == "-"
                    else _problems(what, options, reader, asked)
                )
                problems = sorted(dict.fromkeys(found), key=_place)
            except UsageError:
                raise
            except Exception as wrong:  # the others are checked all the same
                words = (
                    wrong.message
                    if isinstance(wrong, QueryError)
                    else f"{shortened(what)}: {messages.words_of_bug(wrong, environment)}"
                )
                messages.error(environment, words)
                code = max(code, ExitCode.FAILED)
                continue
            for problem in problems:
                code = ExitCode.WRONG
                print(_line(problem, options), file=environment.stdout, flush=True)
            while asked.stopped:
                messages.note(environment, _line(asked.stopped.pop(0), options))
        # A hook's options may be for files that have not changed.
        unused = unused_options(options, asked.questions, asked.readings)
        for words in () if code is ExitCode.FAILED else [*unused.values()][:1]:
            messages.note(environment, words)
    return code


class _Asked(NamedTuple):
    """What was read, the questions that were asked of it, and where the code of a file stops."""

    readings: list[Reading]
    questions: list[Question]
    stopped: list[Problem]

    def of(self, reading: Reading, options: Options) -> list[Question]:
        questions = [*questions_of(reading, options)]
        self.readings.append(reading)
        self.questions.extend(questions)
        return questions


def _of_stdin(
    options: Options, environment: Environment, reader: Reader, asked: _Asked
) -> Iterator[Problem]:
    """What is wrong with what comes from standard input: a program, or lines in Keras."""
    from rnnshape.reading.text import NO_LAYER

    lines = [*lines_of(environment.stdin)]
    text = whole_text(iter(lines))
    questions = [(line.number, (line.text or "").strip()) for line in lines if line.holds_something]
    if questions and all(is_question(line) for _, line in questions):
        for number, line in questions:
            for found in _problems(line, options, reader, asked):
                yield replace(found, file=STDIN, line=number)
        return
    try:
        yield from _problems(text, options, reader, asked, STDIN)
    except QueryError as wrong:
        if wrong.message != NO_LAYER:
            raise


def _problems(
    what: str, options: Options, reader: Reader, asked: _Asked, file: str = ""
) -> Iterator[Problem]:
    """What is wrong with one text or file; a `QueryError` for a file that can't be read."""
    file, before = file or file_and_name(what)[0], len(asked.readings)
    for found in _found(what, options, reader, asked):
        if isinstance(found, NotReadError) and not found.message.startswith(NO_PYTHON):
            stops = [problem_of(found)] if found.message.startswith(STOPS) else []
            asked.stopped.extend(replace(one, file=_path(file, one.file)) for one in stops)
            continue
        if isinstance(found, QueryError):
            is_read = len(asked.readings) > before
            if found.place is None and file and not is_read:
                raise found
            found = problem_of(found)
        yield replace(found, file=_path(file, found.file))


def _found(
    what: str, options: Options, reader: Reader, asked: _Asked
) -> Iterator[Problem | QueryError]:
    if (layer := layer_of_word(what)) is not None:
        of_word = tuple(questions_by_word(layer, options))
        asked.questions.extend(of_word)
        return what_is_wrong(lambda: Reading(of_word))
    return what_is_wrong(
        lambda: reader.read(what, options.let, options.dimensions),
        lambda reading: asked.of(reading, options),
    )


def _path(file: str, found: str | None) -> str:
    """The file as it was named, with the cell of a notebook; or a file beside it, that it
    imports."""
    if not file:
        return EXPRESSION
    name, _, cell = (found or "").partition(", cell ")
    if name and name != os.path.basename(file):
        file = os.path.join(os.path.dirname(file), name)
    return f"{file}:cell {cell}" if cell else file


def _line(problem: Problem, options: Options) -> str:
    """`train.py:31:1: y (100,) does not fit ...; y = keras.utils.to_categorical(y, 3)`"""
    if options.format is Format.JSON:
        return json.dumps(asdict(problem))
    text = problem.message
    if problem.remedies and problem.remedies[0] not in text:
        text += f"; {problem.remedies[0]}"
    file, line, column = _place(problem)
    return printable(f"{file}:{line}:{column}: {text}")


def _place(problem: Problem) -> tuple[str, int, int]:
    return problem.file or "", problem.line or 1, problem.column or 1
