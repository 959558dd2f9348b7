"""`rnnshape -`: questions from standard input, answered one after the other by one process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from rnnshape.cli import ExitCode, messages
from rnnshape.cli.answer import (
    describe_all,
    not_measured,
    say_messages,
    say_problems,
    say_what_is_left_out,
    verdict,
)
from rnnshape.cli.arguments import UsageError
from rnnshape.cli.lines import LONGEST_LINE, Line, lines_at_hand
from rnnshape.cli.options import Options
from rnnshape.cli.pasted import error_text, explained, show
from rnnshape.cli.questions import query
from rnnshape.errors import QueryError
from rnnshape.measuring.messages import Answer, Measurement, MeasurementError, Request
from rnnshape.query import Format, Query
from rnnshape.report import Report
from rnnshape.terminal.answer_writer import AnswerWriter
from rnnshape.terminal.environment import Environment, Measurer, Reader

if TYPE_CHECKING:
    from rnnshape.explaining import Explanation

MOST_TOGETHER = 8  # questions of one request: a model and a `predict` for all of them is faster


@dataclass(frozen=True)
class _Asked:
    """One line: what it asks and what the rule says of it, or what is wrong with it."""

    number: int
    line: str
    query: Query = field(default_factory=Query)
    reports: tuple[Report, ...] = ()
    wrong: QueryError | UsageError | None = None
    explanation: Explanation | None = None


def answer_stream(options: Options, environment: Environment, lines: Iterator[Line]) -> ExitCode:
    """Answers every line of standard input as soon as it is known, in order.

    Raises:
        OSError: standard output could not be written.
    """
    code = ExitCode.ANSWERED
    with ExitStack() as stack, suppress(BrokenPipeError):
        reader = cache(lambda: stack.enter_context(environment.reader()))
        whole = query(options, reader)
        say_what_is_left_out(whole, environment)
        shown = AnswerWriter(whole, environment)
        measurer = None if whole.dry_run else stack.enter_context(environment.measurer())
        for together in lines_at_hand(lines, MOST_TOGETHER):
            asked = [
                _asked(number, line, options, reader, environment) for number, line in together
            ]
            results = _measured(asked, whole, measurer) if measurer else None
            for asked_line in asked:
                try:
                    is_well = _answered(asked_line, results, shown)
                except OSError:  # nothing more can be written
                    raise
                except Exception as bug:
                    is_well = False
                    words = messages.words_of_bug(bug, environment)
                    _say(asked_line, UsageError(words), shown)
                if not is_well:
                    code = ExitCode.FAILED
    return code


def _asked(
    number: int,
    line: str | None,
    options: Options,
    reader: Callable[[], Reader],
    environment: Environment,
) -> _Asked:
    """What a line asks. Whatever is wrong with it, the others are answered."""
    if line is None:
        too_long = UsageError(f"the line is longer than {LONGEST_LINE:,} characters")
        return _Asked(number, "", wrong=too_long)
    try:
        error = error_text(line)
        if error is not None:
            return _Asked(number, line, explanation=explained(error, options, reader))
        asked = query(options._replace(what=(line,)), reader)
        if asked.reads_stdin:
            raise UsageError("-: a line can't ask for standard input")
        return _Asked(number, line, asked, tuple(describe_all(asked)))
    except (QueryError, UsageError) as wrong:
        return _Asked(number, line, wrong=wrong)
    except Exception as bug:
        return _Asked(number, line, wrong=UsageError(messages.words_of_bug(bug, environment)))


def _measured(asked: list[_Asked], whole: Query, measurer: Measurer) -> Iterator[Answer]:
    """What Keras says of the questions of some lines that it can be asked, each as it is known."""
    reports = (report for line in asked for report in line.reports)
    questions = tuple(report.question for report in reports if report.can_be_measured)
    request = Request(questions, whole.seed, values="values" in whole.views)
    return measurer.answers(request) if questions else iter(())


def _answered(asked: _Asked, results: Iterator[Answer] | None, shown: AnswerWriter) -> bool:
    """Answers one line; whether that went well. There are no results where none are asked for."""
    where, environment = f"line {asked.number}: ", shown.environment
    if asked.wrong is not None:
        _say(asked, asked.wrong, shown)
        return False
    if asked.explanation is not None:
        return show(asked.explanation, shown, where) == ExitCode.ANSWERED
    say_messages(asked.query, environment, where)
    code = verdict(asked.query, (), environment)
    for report in asked.reports:
        result = next(results) if results and report.can_be_measured else None
        if isinstance(result, MeasurementError) and not report.description.is_complete:
            _say(asked, UsageError(f"not measured: {result.reason}"), shown)
            code = ExitCode.FAILED
            continue
        measured = report.measured(result) if isinstance(result, Measurement) else report
        shown.finish([measured])
        say_problems(shown, [measured], where)
        code = max(code, verdict(asked.query, [measured], environment, where))
        if isinstance(result, MeasurementError):
            not_measured(environment, result, where)
            code = ExitCode.FAILED
    return code == ExitCode.ANSWERED


def _say(asked: _Asked, wrong: QueryError | UsageError, shown: AnswerWriter) -> None:
    """What is wrong with a line: an object among the others in JSON, else a message on stderr."""
    if shown.query.format is Format.JSON:
        said = {"line": asked.number, "question": asked.line, "error": wrong.message}
        shown.write(json.dumps(said) + "\n")
    else:
        words = f"line {asked.number}: {wrong.message}"
        messages.error(shown.environment, words, place=wrong.place)
