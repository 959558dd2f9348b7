"""The end of an answer: what holds between the tensors, and who says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rnnshape.expression import calls_within, reasons
from rnnshape.program import ANSWERED_WITHOUT
from rnnshape.query import Query
from rnnshape.report import Report
from rnnshape.views.blocks import Block, Lines
from rnnshape.views.outputs import options_of
from rnnshape.views.page import Page
from rnnshape.views.text import Style, Text, styled, whole


def summary(
    query: Query, reports: Sequence[Report], page: Page, *, pending: bool = False
) -> Iterator[Block]:
    """What holds between outputs, each said once; then whether Keras measured all this, which is
    not said yet while the measurement is `pending`."""
    claims = _claims(query, reports)
    width = len(page.check)
    lines = [
        styled(page.mark(holds), f" {where}: " if where else " ", whole(claim))
        for (claim, where), holds in claims.items()
    ]
    units = dict.fromkeys(_names_of_units(reports))
    if units:
        lines.append(styled((" " * width + f" where U is {' or '.join(units)}", Style.QUIET)))
    lines += _assumptions(reports)
    if not pending:
        lines += _verdict(query, reports, page)
    if lines:
        yield Lines(tuple(lines), indent=width + 1)


def _names_of_units(reports: Sequence[Report]) -> Iterator[str]:
    """What is counted along the axis that relations call `U`."""
    for report in reports:
        for claim in report.claims:
            facts = report.layers[claim.layer - 1].facts
            if "U" in claim.relation.claim and facts and facts.recurrence:
                yield facts.recurrence.units.name


def _assumptions(reports: Sequence[Report]) -> list[Text]:
    """What parameters with a star follow from, each said once."""
    said: dict[str, None] = {}
    for report in reports:
        if report.question.is_of_word or len(report.layers) == 1:
            continue
        axes = dict.fromkeys(axis for layer in report.layers for axis in report.assumes_of(layer))
        if axes:
            sizes = ", ".join(f"{axis}={report.question.dimensions[axis]}" for axis in axes)
            is_or_are = "is" if len(axes) == 1 else "are"
            options = options_of(axes)
            said[f"* for {sizes}, which {is_or_are} assumed{options}"] = None
    return [styled((line, Style.QUIET)) for line in said]


def _open(reports: Sequence[Report], page: Page, *, named: bool) -> Iterator[Text]:
    """What is not known, why, and how to give it; the file only where there are several. `named`
    says of which models, as others are measured."""
    unknowns = [unknown for report in reports for unknown in report.open]
    files = {unknown.file for unknown in unknowns if unknown.file}
    said = reasons(unknowns, names_files=len(files) > 1)
    names = dict.fromkeys(report.question.title or report.expression for report in reports)
    of = f"{', '.join(names)} " if named else ""
    yield from page.pending(f"{of}not measured", said)


def _verdict(query: Query, reports: Sequence[Report], page: Page) -> Iterator[Text]:
    measured = [(report, report.measurement) for report in reports if report.measurement]
    for problem in dict.fromkeys(problem for report in reports for problem in report.problems):
        if problem.call is None:  # what is wrong with data, each call tells
            where = f" (line {problem.line})" if problem.line and problem.file else ""
            yield styled(page.mark(False), f" {problem.message}{where}")
    unknown = [report for report in reports if report.open and not report.measurement]
    if unknown:
        yield from _open(unknown, page, named=bool(measured))
    if not measured:
        rows = [layer.unread for report in reports for layer in report.layers]
        unread = [row for row in rows if row]
        if not unknown and len(unread) == len(rows):  # there is nothing that Keras could run
            yield from page.pending("not measured", reasons(unread, names_files=False))
        elif not unknown:
            yield styled(page.mark(None), (" by the rule, not measured", Style.PENDING))
        return
    if "weights" in query.views:
        counted = all(
            layer.parameters == by_keras.parameters
            for report, measurement in measured
            for layer, by_keras in zip(report.layers, measurement.layers, strict=True)
            if layer.facts
        )
        first = reports[0]
        read = (first.parameters_of(layer) or 0 for layer in first.layers if not layer.unread)
        total = f"{sum(read):,}" if len(reports) == 1 else "all"
        yield styled(page.mark(counted), f" {total} parameters by layer.count_params()")
    agreed = not any(report.differences for report in reports)
    how = _how([report for report, _ in measured], has_values="values" in query.views)
    words = how if agreed else "Keras and the rule disagree"
    by = measured[0][1]
    versions = f"Keras {by.keras}", f"TensorFlow {by.tensorflow}"
    more = "".join(f" {whole(f'{page.dot} {version}')}" for version in versions)
    yield styled(page.mark(agreed), f" {words}", (more, Style.QUIET))
    for report in reports:
        if not report.measurement and report.can_be_measured:
            by_the_rule = "by the rule, " if report.description.is_complete else ""
            words = f" {report.expression} {by_the_rule}not measured"
            yield styled(page.mark(None), (words, Style.PENDING))


def _how(reports: Sequence[Report], *, has_values: bool) -> str:
    """How all this was measured, and what was not; numbers also depend on functions of the code."""
    words = "measured by model.predict"
    if all(report.question.is_of_code for report in reports):
        words += ", as it was read"
    without = [
        f"layer {layer.number}, {layer.call}" for report in reports for layer in report.left_out
    ]
    notes = (note for report in reports for note in report.question.notes)
    without += [one.removesuffix(ANSWERED_WITHOUT) for one in notes if ANSWERED_WITHOUT in one]
    layers = [layer for report in reports if has_values for layer in report.layers]
    without += [
        f"the {word} of layer {layer.number}"
        for layer in layers
        if layer.same_as is None
        for call in calls_within(layer.call)
        for word, _ in call.left_open
        if word.endswith(("activation", "initializer"))
    ]
    return f"{words} without {' and '.join(without)}" if without else words


def _claims(query: Query, reports: Sequence[Report]) -> dict[tuple[str, str], bool | None]:
    """Each claim once with where it holds, in order; whether it did, as far as is known."""
    claims: dict[tuple[str, str], bool | None] = {}
    for report in reports:
        for claim in report.claims:
            where = ""
            if query.compare:
                flags = report.question.flags or ()
                where = ", ".join(flag for flag in query.compare if flag in flags)
            elif len(reports) > 1:
                where = str(report.layers[claim.layer - 1].call)
            elif len(report.layers) > 1:
                where = f"layer {claim.layer}"
            key = claim.relation.claim, where
            before = claims.get(key, True)
            claims[key] = False if False in (before, claim.holds) else claim.holds
    return claims
