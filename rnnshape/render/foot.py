"""The foot of an answer: what holds between the tensors, and who says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from rnnshape.render.blocks import Lines
from rnnshape.render.page import BAD, GOOD, QUIET, Page
from rnnshape.report import Report

__all__ = ["foot"]


def foot(reports: Sequence[Report], page: Page, *, weights: bool) -> Lines:
    """The relations that were checked, then a line on whether Keras measured all this."""
    return Lines(tuple(_lines(reports, page, weights)))


def _lines(reports: Sequence[Report], page: Page, weights: bool) -> Iterator[Text]:
    measurements = [report.measurement for report in reports if report.measurement]
    if not measurements:
        yield Text(f"{page.dot} by the rule, not measured", style="yellow")
        return
    claims = _claims(reports)
    for claim, held in claims.items():
        yield _judged(claim, held, page)
    if any("U" in claim for claim in claims):
        yield Text(f"{' ' * len(page.check)} where U is units", style=QUIET)
    if weights:
        rule = sum(report.parameters for report in reports)
        counted = sum(layer.parameters for one in measurements for layer in one.layers)
        yield _judged(f"{counted:,} parameters by layer.count_params()", counted == rule, page)
    if any(report.differences for report in reports):
        yield Text(f"{page.cross} Keras and the rule disagree", style=BAD)
        return
    versions = (f"Keras {measurements[0].keras}", f"TensorFlow {measurements[0].tensorflow}")
    yield Text.assemble(
        (f"{page.check} ", GOOD),
        "measured by model.predict",
        (f" {page.dot} ".join(("", *versions)), QUIET),
    )


def _claims(reports: Sequence[Report]) -> dict[str, bool]:
    """Each claim once, in order, and whether it held wherever it was made."""
    claims: dict[str, bool] = {}
    for report in reports:
        for layer in report.layers:
            for claim, held in report.claims_of(layer):
                claims[claim] = claims.get(claim, True) and bool(held)
    return claims


def _judged(words: str, good: bool, page: Page) -> Text:
    mark = (page.check, GOOD) if good else (page.cross, BAD)
    return Text.assemble(mark, " ", words)
