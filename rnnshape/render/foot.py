"""The foot of an answer: what holds between the tensors, and who says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from rnnshape.render.blocks import Lines
from rnnshape.render.page import BAD, GOOD, QUIET, Page
from rnnshape.report import Report
from rnnshape.rules import Relation

__all__ = ["foot"]


def foot(reports: Sequence[Report], page: Page, varying: Sequence[str], *, weights: bool) -> Lines:
    """The relations that were checked, then a line on whether Keras measured all this.

    `varying` are the flags by which the layers differ: a claim is shown with those that make it.
    """
    return Lines(tuple(_lines(reports, page, varying, weights)))


def _lines(
    reports: Sequence[Report], page: Page, varying: Sequence[str], weights: bool
) -> Iterator[Text]:
    measurements = [report.measurement for report in reports if report.measurement]
    if not measurements:
        yield Text(f"{page.dot} by the rule, not measured", style="yellow")
        return
    claims = _claims(reports, varying)
    widest = max((len(relation.claim) for relation, _ in claims), default=0)
    for (relation, flags), held in claims.items():
        yield _judged(relation.claim.ljust(widest if flags else 0), held, page, flags)
    if any(relation.names_units for relation, _ in claims):
        yield Text(f"{' ' * len(page.check)} where U is units", style=QUIET)
    if weights:
        counted = all(
            layer.parameters == measured.parameters
            for report, one in zip(reports, measurements, strict=True)
            for layer, measured in zip(report.layers, one.layers, strict=True)
        )
        total = f"{reports[0].parameters:,} parameters" if len(reports) == 1 else "all parameters"
        yield _judged(f"{total} by layer.count_params()", counted, page)
    agreed = not any(report.differences for report in reports)
    verdict = "measured by model.predict" if agreed else "Keras and the rule disagree"
    versions = ("", f"Keras {measurements[0].keras}", f"TensorFlow {measurements[0].tensorflow}")
    yield _judged(verdict, agreed, page, f" {page.dot} ".join(versions))


def _claims(reports: Sequence[Report], varying: Sequence[str]) -> dict[tuple[Relation, str], bool]:
    """Each relation once, in order, with the flags of the rows that have it; whether it held."""
    claims: dict[tuple[Relation, str], bool] = {}
    for report in reports:
        flags = ", ".join(flag for flag in varying if getattr(report.spec, flag))
        for layer in report.layers:
            for relation, held in report.checked(layer):
                key = relation, f"   {flags}" if flags else ""
                claims[key] = claims.get(key, True) and held
    return claims


def _judged(words: str, good: bool, page: Page, more: str = "") -> Text:
    mark = (page.check, GOOD) if good else (page.cross, BAD)
    return Text.assemble(mark, " ", words, (more, QUIET))
