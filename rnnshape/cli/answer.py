"""Asks the rule and Keras what a query wants to know, and has the answer shown."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from rnnshape.cli import ExitCode, messages
from rnnshape.cli.pasted import show
from rnnshape.errors import NotReadError
from rnnshape.interruption import received_signal
from rnnshape.query import Format, Query
from rnnshape.report import Report
from rnnshape.terminal.answer_writer import AnswerWriter
from rnnshape.terminal.environment import Environment
from rnnshape.views import left_out

if TYPE_CHECKING:  # the rule alone needs none of it
    from rnnshape.explaining import Explanation
    from rnnshape.measuring.messages import MeasurementError


def answer(parts: Sequence[Query | Explanation], environment: Environment, form: Format) -> int:
    """Answers what was asked, in order, on standard output, and says all else on stderr; a
    `QueryError` where Keras would refuse one of the questions, and nothing is answered. Returns the
    exit code; `form` is the format of explanations."""
    described = [describe_all(part) if isinstance(part, Query) else [] for part in parts]
    code = 0
    for number, (part, reports) in enumerate(zip(parts, described, strict=True)):
        query = part if isinstance(part, Query) else Query(format=form)
        shown = AnswerWriter(query, environment, follows=number > 0)
        if isinstance(part, Query):
            say_what_is_left_out(query, environment)
            say_messages(query, environment)
            code = max(code, _answered(shown, reports))
        else:
            code = max(code, show(part, shown))
    return code


def describe_all(query: Query) -> list[Report]:
    """What the rule says of each question; a `QueryError` where Keras would refuse one, or where
    the rule alone is asked and there is none for a layer."""
    reports = [*map(Report, query.questions)]
    layers = [layer for report in reports for layer in report.layers]
    says_something = any(layer.facts or layer.unread for layer in layers)
    if query.dry_run and not says_something and not any(report.open for report in reports):
        for layer in layers:
            raise layer.call.error(
                f"there is no rule for {layer.without_rule}, only Keras can tell: leave out "
                "--dry-run"
            )
    return reports


def say_what_is_left_out(query: Query, environment: Environment) -> None:
    """Notes on what was asked for and will not be shown."""
    for view in left_out(query.views, query.format):
        where = f"and is in {query.export} alone" if query.export else "and is left out"
        messages.note(environment, f"--{view} has no place in {query.format}, {where}")
    for name, asked in (("values", "values" in query.views), ("seed", query.seed is not None)):
        if query.dry_run and asked:
            messages.note(environment, f"--{name} is for model.predict: --dry-run has none of it")


def say_messages(query: Query, environment: Environment, where: str = "") -> None:
    """What else is said of a text: what is wrong with a part of it, or was not read."""
    for words in query.remarks:
        messages.note(environment, f"{where}{words}")
    for message in query.messages:
        tell = messages.note if isinstance(message, NotReadError) else messages.error
        tell(environment, f"{where}{message.message}", place=message.place)


def not_measured(environment: Environment, failure: MeasurementError, place: str = "") -> None:
    """Says why there is no measurement."""
    messages.error(environment, f"{place}not measured: {failure}", failure.stderr_tail)


def _answered(shown: AnswerWriter, reports: Sequence[Report]) -> ExitCode:
    """Shows what the rule says, and what Keras does where it is asked."""
    query, environment = shown.query, shown.environment
    questions = tuple(report.question for report in reports if report.can_be_measured)
    if query.dry_run or not questions:
        return _finished(shown, reports)
    from rnnshape.measuring.messages import Measurement, MeasurementError, Request

    request = Request(questions, query.seed, values="values" in query.views, is_last=True)
    with environment.measurer() as measurer:
        try:
            shown.begin(reports)  # TensorFlow is loading by now: there is time to paint
            from rnnshape.terminal.progress import waiting_line

            with waiting_line(environment, painted=shown.begun) as tell:
                results = list(measurer.answers(request, tell))
            failures = {
                str(result): result for result in results if isinstance(result, MeasurementError)
            }
            left = iter(results)
            measured = [
                report.measured(result)
                if report.can_be_measured and isinstance(result := next(left), Measurement)
                else report
                for report in reports
            ]
            # Shown before the child has gone: a large one takes its time.
            code = _finished(shown, measured, failed=bool(failures))
        except BaseException as problem:
            interrupted = not isinstance(problem, Exception) or received_signal() is not None
            if interrupted and shown.begun:  # it must not look as if it had been measured
                shown.finish(reports)
            raise
    for failure in failures.values():
        not_measured(environment, failure)
    return code


def _finished(shown: AnswerWriter, reports: Sequence[Report], *, failed: bool = False) -> ExitCode:
    query, environment = shown.query, shown.environment
    with suppress(BrokenPipeError):  # the reader has all it wants; the verdict stands
        shown.finish(reports)
    say_problems(shown, reports)
    code = verdict(query, reports, environment, failed=failed)
    if query.export is not None and failed:
        messages.note(
            environment, f"--export {query.export}: not written, as the measurement failed"
        )
    elif query.export is not None:
        try:
            messages.note(environment, shown.export(reports, query.export))
        except OSError as problem:
            messages.error(environment, f"--export {query.export}: {problem.strerror or problem}")
            return ExitCode.FAILED
    return code


def say_problems(shown: AnswerWriter, reports: Sequence[Report], where: str = "") -> None:
    """What does not fit, where the format has no place for it."""
    problems = dict.fromkeys(problem for report in reports for problem in report.problems)
    for problem in () if shown.shows_problems else problems:
        line = f"{problem.file}, line {problem.line}" if problem.file else ""
        messages.error(shown.environment, f"{where}{problem.message}", [line] if line else ())


def verdict(
    query: Query,
    reports: Sequence[Report],
    environment: Environment,
    where: str = "",
    *,
    failed: bool = False,
) -> ExitCode:
    """Says where Keras and the rule disagree; returns how well the questions were answered."""
    differences = [line for report in reports for line in report.differences]
    if differences:
        messages.error(environment, f"{where}Keras and the rule disagree", differences)
    refused = any(not isinstance(message, NotReadError) for message in query.messages)
    if refused or any(report.problems for report in reports):
        return ExitCode.WRONG
    in_part = query.messages or any(is_in_part(report, query.dry_run) for report in reports)
    return ExitCode.FAILED if failed or differences or in_part else ExitCode.ANSWERED


def is_in_part(report: Report, dry_run: bool) -> bool:
    """Whether something of a question is not answered: it is open, or was left out."""
    if dry_run:
        without = any(layer.facts is None and layer.unread is None for layer in report.layers)
        return bool(report.open) or without
    return not report.can_be_measured or bool(report.left_out)
