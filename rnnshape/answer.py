"""Asks the rule and Keras what an inspection wants to know, and has the views show it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rnnshape import notices
from rnnshape.inspection import ExitCode, Inspection
from rnnshape.render.showing import Showing
from rnnshape.report import Report

__all__ = ["answer"]


def answer(ask: Inspection) -> ExitCode:
    """Answers on standard output, and says all else on stderr.

    Raises:
        OSError: standard output could not be written.
    """
    for view in ask.left_out:
        where = f"is in {ask.export} alone" if ask.export else "is left out"
        notices.note(f"--{view} has no place in {ask.format}, and {where}")
    rule = [Report(spec) for spec in ask.specs]
    showing = Showing(ask)
    if not ask.dry_run:
        return _measured(ask, showing, rule)
    if ask.printed_values or ask.whole_values:
        notices.note("--values come from model.predict: --dry-run has none")
    return _finished(ask, showing, rule)


def _measured(ask: Inspection, showing: Showing, rule: list[Report]) -> ExitCode:
    from rnnshape.measurement import MeasurementError, Request  # not needed for the rule alone
    from rnnshape.worker import Worker

    request = Request(ask.specs, ask.seed, text=ask.printed_values, values=ask.whole_values)
    try:
        with Worker(request) as worker, _honest_if_interrupted(showing, rule):
            showing.begin(rule)  # TensorFlow is loading by now: there is time to paint
            with showing.waiting() as watch:
                measurements = worker.answer(watch)
            # Shown before the child has gone: a large one takes its time.
            reports = [Report(*pair) for pair in zip(ask.specs, measurements, strict=True)]
            code = _finished(ask, showing, reports)
    except MeasurementError as failure:
        with suppress(BrokenPipeError):
            showing.finish(rule)
        notices.error(f"not measured: {failure}", failure.last_words)
        return ExitCode.FAILED
    differences = [line for report in reports for line in report.differences]
    if differences:
        notices.error("Keras and the rule disagree", differences)
        return ExitCode.FAILED
    return code


@contextmanager
def _honest_if_interrupted(showing: Showing, rule: list[Report]) -> Iterator[None]:
    """What is left on the screen must not look as if it had been measured."""
    try:
        yield
    except Exception:
        raise
    except BaseException:
        if showing.begun:
            showing.finish(rule)
        raise


def _finished(ask: Inspection, showing: Showing, reports: list[Report]) -> ExitCode:
    with suppress(BrokenPipeError):  # the reader has all it wants; the verdict stands
        showing.finish(reports)
    if ask.export is None:
        return ExitCode.ANSWERED
    try:
        showing.export(reports, ask.export)
    except OSError as problem:
        notices.error(f"--export {ask.export}: {problem.strerror or problem}")
        return ExitCode.FAILED
    notices.note(f"wrote {ask.export}")
    return ExitCode.ANSWERED
