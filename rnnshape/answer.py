"""Asks the rule and Keras what an inspection wants to know, and has the views show it."""

from __future__ import annotations

from rnnshape import memory, notices
from rnnshape.inspection import Format, Inspection, View
from rnnshape.measurement import Answer, Measurement, Request
from rnnshape.report import Report
from rnnshape.worker import MeasurementError, Worker

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
    if ask.dry_run:
        if View.VALUES in ask.views:
            notices.note("--values come from model.predict: --dry-run has none")
        return _finish(ask, rule, begun=False)
    begun = False
    try:
        _refuse_what_cannot_fit(ask)
        with Worker(_request(ask)) as worker:
            # TensorFlow is loading from here on: there is time to paint, and to import what paints.
            from rnnshape.render import showing

            begun = showing.begin(ask, rule)
            measurements = _awaited(worker)
    except MeasurementError as failure:
        _finish(ask, rule, begun=begun)
        remedy = f"; {failure.remedy}" if failure.remedy else ""
        notices.error(f"not measured: {failure.reason}{remedy}", failure.last_words)
        return FAILED
    reports = [
        Report(spec, measurement) for spec, measurement in zip(ask.specs, measurements, strict=True)
    ]
    code = _finish(ask, reports, begun=begun)
    differences = [line for report in reports for line in report.differences]
    if differences:
        notices.error("Keras and the rule disagree", differences)
        return FAILED
    return code


def _finish(ask: Inspection, reports: list[Report], *, begun: bool) -> int:
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


def _request(ask: Inspection) -> Request:
    wanted = View.VALUES in ask.views
    whole = ask.written is Format.JSON
    return Request(
        ask.specs,
        ask.seed,
        text=wanted and (not whole or ask.export is not None),
        values=wanted and whole,
    )


def _refuse_what_cannot_fit(ask: Inspection) -> None:
    needed = memory.needed(ask.specs, values=_request(ask).values)
    available = memory.available()
    if available is not None and needed > available:
        raise MeasurementError(
            f"this takes about {memory.readable(needed)} of memory, "
            f"and {memory.readable(available)} are there",
            "--dry-run answers without it",
        )


def _awaited(worker: Worker) -> tuple[Measurement, ...]:
    from rnnshape.render.screen import waiting

    with waiting() as line:
        for message in worker.messages():
            if isinstance(message, Answer):
                return message.measurements
            if line:
                line.show(message)
    raise AssertionError("messages() ends with an answer or an error")
