"""Asks the rule and Keras what an inspection wants to know, and has the views show it."""

from __future__ import annotations

from rnnshape import notices
from rnnshape.inspection import Format, Inspection, View
from rnnshape.report import Report

__all__ = ["answer"]

ANSWERED, FAILED = 0, 1


def answer(ask: Inspection) -> int:
    """Answers on standard output, and says all else on stderr. Returns the exit code.

    Raises:
        OSError: standard output could not be written.
    """
    for view in ask.left_out:
        notices.note(f"--{view} has no place in {ask.written}, and is left out")
    rule = [Report(spec) for spec in ask.specs]
    if not ask.dry_run:
        return _measured(ask, rule)
    if View.VALUES in ask.views:
        notices.note("--values come from model.predict: --dry-run has none")
    return _finish(ask, rule)


def _measured(ask: Inspection, rule: list[Report]) -> int:
    # None of this is needed for the rule alone, and half of it only once the child is under way.
    from rnnshape import memory
    from rnnshape.measurement import MeasurementError, Request
    from rnnshape.worker import Worker

    wanted, whole = View.VALUES in ask.views, ask.written is Format.JSON
    printed = wanted and (not whole or ask.export is not None)
    request = Request(ask.specs, ask.seed, text=printed, values=wanted and whole)
    begun = False
    try:
        memory.refuse_what_cannot_fit(ask.specs, values=request.values)
        with Worker(request) as worker:
            # TensorFlow is loading from here on: there is time to paint.
            from rnnshape.render import showing
            from rnnshape.render.screen import waiting

            begun = showing.begin(ask, rule)
            with waiting(begun) as line:
                measurements = worker.answer(line)
    except MeasurementError as failure:
        _finish(ask, rule, begun=begun)
        notices.error(f"not measured: {failure}", failure.last_words)
        return FAILED
    reports = [Report(*pair) for pair in zip(ask.specs, measurements, strict=True)]
    code = _finish(ask, reports, begun=begun)
    differences = [line for report in reports for line in report.differences]
    if differences:
        notices.error("Keras and the rule disagree", differences)
        return FAILED
    return code


def _finish(ask: Inspection, reports: list[Report], *, begun: bool = False) -> int:
    from rnnshape.render import showing

    showing.finish(ask, reports, begun=begun)
    if ask.export is None:
        return ANSWERED
    try:
        showing.export(ask, reports, ask.export)
    except OSError as problem:
        notices.error(f"--export {ask.export}: {problem.strerror or problem}")
        return FAILED
    notices.note(f"wrote {ask.export}")
    return ANSWERED
