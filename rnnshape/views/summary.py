"""The end of an answer: what holds between the tensors, and who says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rnnshape.report import Report
from rnnshape.views.blocks import Block, Grid, Lines
from rnnshape.views.page import Page
from rnnshape.views.text import Style, Text, styled, whole

if TYPE_CHECKING:
    from rnnshape.cli.query import Query

__all__ = ["summary"]


def summary(
    query: Query, reports: Sequence[Report], page: Page, *, pending: bool = False
) -> Iterator[Block]:
    """What holds between outputs, each said once; then whether Keras measured all this, which is
    not said yet while the measurement is `pending`."""
    claims = _claims(query, reports)
    width = len(page.check)
    lines: list[Text] = []
    if query.compare and claims:
        rows = tuple(
            (styled(page.mark(holds), f" {claim}"), styled((where or "none", Style.QUIET)))
            for (claim, where), holds in claims.items()
        )
        yield Grid((" " * width + " What holds", "With these flags alone"), rows, folds=1)
    else:
        lines += (
            styled(page.mark(holds), f" {where}: {claim}" if where else f" {claim}")
            for (claim, where), holds in claims.items()
        )
    if any(claim.relation.names_units for report in reports for claim in report.claims):
        lines.append(styled((" " * width + " where U is units", Style.QUIET)))
    if not pending:
        lines += _verdict(query, reports, page)
    if lines:
        yield Lines(tuple(lines), indent=width + 1)


def _verdict(query: Query, reports: Sequence[Report], page: Page) -> Iterator[Text]:
    measurements = [report.measurement for report in reports if report.measurement]
    if not measurements:
        yield styled(page.mark(None), (" by the rule, not measured", Style.PENDING))
        return
    if "weights" in query.views:
        counted = all(
            layer.parameters == measured.parameters
            for report, one in zip(reports, measurements, strict=True)
            for layer, measured in zip(report.layers, one.layers, strict=True)
            if layer.facts
        )
        total = f"{reports[0].parameters:,}" if len(reports) == 1 else "all"
        yield styled(page.mark(counted), f" {total} parameters by layer.count_params()")
    agreed = not any(report.differences for report in reports)
    words = "measured by model.predict" if agreed else "Keras and the rule disagree"
    versions = f"Keras {measurements[0].keras}", f"TensorFlow {measurements[0].tensorflow}"
    more = "".join(f" {whole(f'{page.dot} {version}')}" for version in versions)
    yield styled(page.mark(agreed), f" {words}", (more, Style.QUIET))


def _claims(query: Query, reports: Sequence[Report]) -> dict[tuple[str, str], bool | None]:
    """Each claim once with where it holds, in order; whether it did, as far as is known."""
    claims: dict[tuple[str, str], bool | None] = {}
    for number, report in enumerate(reports):
        for claim in report.claims:
            where = ""
            if query.compare:
                flags = query.flags[number]
                where = ", ".join(flag for flag in query.compare if flags[flag])
            elif len(reports) > 1:
                where = str(report.layers[claim.layer - 1].call)
            elif len(report.layers) > 1:
                where = f"layer {claim.layer}"
            key = claim.relation.claim, where
            claims[key] = claim.holds if claims.get(key, True) else False
    return claims
