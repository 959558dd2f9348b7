"""`--format csv`: a header, then a line an output."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from rnnshape.report import Report

__all__ = ["csv_text"]

HEADER = (
    "cell",
    "units",
    "bidirectional",
    "merge_mode",
    "return_sequences",
    "return_state",
    "layer",
    "output",
    "shape",
    "axes",
    "dtype",
    "source",
)


def csv_text(reports: Sequence[Report], *, weights: bool) -> str:
    """Booleans as in JSON, lists parted by blanks, and a field that does not apply left empty.

    With `weights` each line ends in the parameters of the layer that returns the output.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow([*HEADER, "parameters"] if weights else HEADER)
    for report in reports:
        spec = report.spec
        described = (
            spec.cell,
            " ".join(map(str, spec.units)),
            _bool(spec.bidirectional),
            report.layers[0].merge_mode or "",
            _bool(spec.return_sequences),
            _bool(spec.return_state),
        )
        for output in report.outputs:
            row = (
                *described,
                output.layer,
                output.name,
                "x".join(map(str, output.shape)),
                " ".join(axis.name for axis in output.axes),
                output.dtype or "",
                report.source,
            )
            rows.writerow([*row, report.layers[output.layer - 1].parameters] if weights else row)
    return text.getvalue()


def _bool(value: bool) -> str:
    return str(value).lower()
