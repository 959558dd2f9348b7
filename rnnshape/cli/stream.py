"""`rnnshape -`: questions from standard input, answered one after the other by one process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TextIO

from rnnshape.cli import messages
from rnnshape.cli.answer import describe_all, not_measured, say_what_is_left_out
from rnnshape.cli.arguments import UsageError
from rnnshape.cli.environment import Environment, Measurer
from rnnshape.cli.options import Options
from rnnshape.cli.query import ExitCode
from rnnshape.cli.questions import query
from rnnshape.errors import QueryError
from rnnshape.formats import Format
from rnnshape.formats.answer import Answer
from rnnshape.measuring.messages import Failure, Measurement, MeasurementError, Request

__all__ = ["answer_stream"]

LONGEST_LINE = 100_000  # characters


def answer_stream(options: Options, environment: Environment) -> ExitCode:
    """Answers every line of standard input as soon as it is known, in order.

    Raises:
        OSError: standard output could not be written.
    """
    whole = query(options)
    say_what_is_left_out(whole, environment)
    code = ExitCode.ANSWERED
    shown = Answer(whole, environment)
    with ExitStack() as stack, suppress(BrokenPipeError):
        measurer = None if whole.dry_run else stack.enter_context(environment.measurer())
        for number, line in _lines(environment.stdin):
            if not _answered(number, line, options, shown, environment, measurer):
                code = ExitCode.FAILED
    return code


def _answered(
    number: int,
    line: str | None,
    options: Options,
    shown: Answer,
    environment: Environment,
    measurer: Measurer | None,
) -> bool:
    """Answers one line; whether that went well."""
    try:
        if line is None:
            raise UsageError(f"the line is longer than {LONGEST_LINE:,} characters")
        asked = query(options._replace(what=(line,)))
        if asked.reads_stdin:
            raise UsageError("-: a line can't ask for standard input")
        reports = describe_all(asked)
    except (QueryError, UsageError) as wrong:
        _say(number, line or "", wrong, options, shown, environment)
        return False
    good = True
    for question, report in zip(asked.questions, reports, strict=True):
        if measurer is None:
            shown.finish([report])
            continue
        result = _measured(measurer, Request((question,), asked.seed, "values" in asked.views))
        if isinstance(result, Measurement):
            measured = replace(report, measurement=result)
            shown.finish([measured])
            if measured.differences:
                words = f"line {number}: Keras and the rule disagree"
                messages.error(environment, words, measured.differences)
                good = False
            continue
        good = False
        if report.description.is_complete:
            shown.finish([report])
            not_measured(environment, result, f"line {number}: ")
        else:
            _say(
                number,
                line,
                UsageError(f"not measured: {result.reason}"),
                options,
                shown,
                environment,
            )
    return good


def _say(
    number: int,
    line: str,
    wrong: QueryError | UsageError,
    options: Options,
    shown: Answer,
    environment: Environment,
) -> None:
    """What is wrong with a line: an object among the others in JSON, else a message on stderr."""
    if options.format is Format.JSON:
        shown.write(json.dumps({"line": number, "question": line, "error": wrong.message}) + "\n")
    else:
        messages.error(environment, f"line {number}: {wrong.message}", wrong.details)


def _measured(measurer: Measurer, request: Request) -> Measurement | Failure | MeasurementError:
    """What Keras answers to a request of one question, or why it does not."""
    try:
        [result] = measurer.answers(request)
    except MeasurementError as problem:
        return problem
    return result


def _lines(stream: TextIO | None) -> Iterator[tuple[int, str | None]]:
    """The lines that hold a question, with their numbers; None in place of one that is too long."""
    number = 0
    while stream is not None and (line := stream.readline(LONGEST_LINE + 1)):
        number += 1
        if len(line) > LONGEST_LINE and not line.endswith("\n"):
            while line and not line.endswith("\n"):
                line = stream.readline(LONGEST_LINE)
            yield number, None
            continue
        question = line.strip()
        if question and not question.startswith("#"):
            yield number, question
