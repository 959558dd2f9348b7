"""Asks the rule and Keras what is to be known, and has the answer shown: of a command line, or of
each line of standard input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from rnnshape.cli import ExitCode, messages
from rnnshape.cli.arguments import UsageError
from rnnshape.cli.pasted import error_text, explained, show
from rnnshape.cli.questions import query
from rnnshape.errors import NotReadError, QueryError
from rnnshape.expression import reasons
from rnnshape.interruption import received_signal
from rnnshape.measuring.messages import Answer, Measurement, MeasurementError, Request
from rnnshape.query import Format, Query
from rnnshape.report import Report
from rnnshape.terminal.answer_writer import AnswerWriter
from rnnshape.terminal.environment import Environment, Measurer, Reader
from rnnshape.views import left_out

if TYPE_CHECKING:  # few questions need any of it
    from rnnshape.cli.lines import Line
    from rnnshape.cli.options import Options
    from rnnshape.explaining import Explanation

MOST_TOGETHER = 8  # questions of one request: a model and a `predict` for all of them is faster


def answer(parts: Sequence[Query | Explanation], environment: Environment, form: Format) -> int:
    """Answers what was asked, in order, on standard output, and says all else on stderr; a
    `QueryError` where there is nothing to answer. Returns the exit code; `form` is the format of
    explanations."""
    described: list[tuple[Query | Explanation, list[Report]]] = []
    for part in parts:
        described.append(describe_all(part) if isinstance(part, Query) else (part, []))
    code = 0
    for number, (part, reports) in enumerate(described):
        query = part if isinstance(part, Query) else Query(format=form)
        shown = AnswerWriter(query, environment, follows=number > 0)
        if isinstance(part, Query):
            say_what_is_left_out(query, environment)
            say_messages(query, environment)
            code = max(code, _answered(shown, reports))
        else:
            code = max(code, show(part, shown))
    return code


def describe_all(query: Query) -> tuple[Query, list[Report]]:
    """What the rule says of each question, and the query with what Keras would refuse among its
    messages; a `QueryError` where it would refuse all or one of a comparison, or where the rule
    alone is asked and there is none for a layer."""
    reports, refused = list[Report](), list[QueryError]()
    for question in query.questions:
        try:
            reports.append(Report(question))
        except QueryError as wrong:
            refused.append(wrong)
    if refused and (query.compare or not reports):
        raise refused[0]
    query = query._replace(messages=(*query.messages, *refused))
    layers = [layer for report in reports for layer in report.layers]
    says_something = any(layer.facts or layer.unread for layer in layers)
    says_something |= any(report.question.network.kind for report in reports)  # it is a model
    if query.dry_run and not says_something and not any(report.open for report in reports):
        for layer in layers:
            raise layer.call.error(
                f"there is no rule for {layer.without_rule}, only Keras can tell: leave out "
                "--dry-run"
            )
    return query, reports


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
    """What does not fit and what is not known, where the format has no place for it."""
    if shown.shows_problems:
        return
    for problem in dict.fromkeys(problem for report in reports for problem in report.problems):
        line = f"{problem.file}, line {problem.line}" if problem.file else ""
        mends = (f"write {code}" for code in problem.remedies if code not in problem.message)
        details = [*filter(None, [line, next(mends, "")])]
        messages.error(shown.environment, f"{where}{problem.message}", details)
    for why in reasons([unknown for report in reports for unknown in report.open]):
        messages.note(shown.environment, f"{where}not known: {why}")


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


# Standard input


class _Asked(NamedTuple):
    """One line: what it asks and what the rule says of it, or what is wrong with it."""

    number: int
    line: str
    query: Query = Query()
    reports: tuple[Report, ...] = ()
    wrong: QueryError | UsageError | None = None
    explanation: Explanation | None = None


def answer_stream(options: Options, environment: Environment, lines: Iterator[Line]) -> ExitCode:
    """Answers every line of standard input as soon as it is known, in order.

    Raises:
        OSError: standard output could not be written.
    """
    from rnnshape.cli.lines import lines_at_hand

    code = ExitCode.ANSWERED
    with ExitStack() as stack, suppress(BrokenPipeError):
        reader = cache(lambda: stack.enter_context(environment.reader()))
        whole = query(options, reader)
        say_what_is_left_out(whole, environment)
        shown = AnswerWriter(whole, environment)
        measurer = None if whole.dry_run else stack.enter_context(environment.measurer())
        unused: dict[str, str] | None = None  # the options that no line has taken so far
        for together in lines_at_hand(lines, MOST_TOGETHER):
            asked = [
                _asked(number, line, options, reader, environment) for number, line in together
            ]
            results = _measured_lines(asked, whole, measurer) if measurer else None
            for asked_line in asked:
                try:
                    is_well = _answered_line(asked_line, results, shown)
                except OSError:  # nothing more can be written
                    raise
                except Exception as bug:
                    is_well = False
                    words = messages.words_of_bug(bug, environment)
                    _say(asked_line, UsageError(words), shown)
                if not is_well:
                    code = ExitCode.FAILED
                if asked_line.wrong is not None:  # it may be what takes them
                    unused = {}
                elif asked_line.query.questions:
                    by_line = dict(asked_line.query.unused)
                    before = by_line if unused is None else unused
                    both = [one for one in before if one in by_line]  # the hint of any line
                    unused = {one: min(before[one], by_line[one], key=_is_no_hint) for one in both}
        for words in (unused or {}).values():
            code = ExitCode.FAILED
            messages.error(environment, words)
    return code


def _is_no_hint(words: str) -> bool:
    return "did you mean" not in words


def _asked(
    number: int,
    line: str | None,
    options: Options,
    reader: Callable[[], Reader],
    environment: Environment,
) -> _Asked:
    """What a line asks. Whatever is wrong with it, the others are answered."""
    if line is None:
        from rnnshape.cli.lines import LONGEST_LINE

        too_long = UsageError(f"the line is longer than {LONGEST_LINE:,} characters")
        return _Asked(number, "", wrong=too_long)
    try:
        error = error_text(line)
        if error is not None:
            return _Asked(number, line, explanation=explained(error, options, reader))
        asked = query(options._replace(what=(line,)), reader, is_line=True)
        if asked.reads_stdin:
            raise UsageError("-: a line can't ask for standard input")
        asked, reports = describe_all(asked)
        return _Asked(number, line, asked, tuple(reports))
    except (QueryError, UsageError) as wrong:
        return _Asked(number, line, wrong=wrong)
    except Exception as bug:
        return _Asked(number, line, wrong=UsageError(messages.words_of_bug(bug, environment)))


def _measured_lines(asked: list[_Asked], whole: Query, measurer: Measurer) -> Iterator[Answer]:
    """What Keras says of the questions of some lines that it can be asked, each as it is known."""
    reports = (report for line in asked for report in line.reports)
    questions = tuple(report.question for report in reports if report.can_be_measured)
    request = Request(questions, whole.seed, values="values" in whole.views)
    return measurer.answers(request) if questions else iter(())


def _answered_line(asked: _Asked, results: Iterator[Answer] | None, shown: AnswerWriter) -> bool:
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
        import json

        said = {"line": asked.number, "question": asked.line, "error": wrong.message}
        shown.write(json.dumps(said) + "\n")
    else:
        words = f"line {asked.number}: {wrong.message}"
        messages.error(shown.environment, words, place=wrong.place)
