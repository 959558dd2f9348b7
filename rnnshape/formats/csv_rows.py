"""`--format csv`: a header, then one line per output."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Sequence

from rnnshape.report import Report

HEADER = ("question", "layer", "expression", "output", "shape", "axes", "dtype", "source")


def csv_lines(
    reports: Sequence[Report], views: Collection[str], *, header: bool = True
) -> Iterator[str]:
    """Lists are parted by blanks or `x`, and a field that does not apply or is not known is empty.

    With the weights each line ends in the parameters of the layer that returns the output.
    """
    weights = "weights" in views
    if header:
        yield _line([*HEADER, "parameters"] if weights else HEADER)
    for report in reports:
        for layer in report.layers:
            parameters = [report.parameters_of(layer)] if weights else []
            for output in report.outputs_of(layer):
                yield _line(
                    [
                        report.expression,
                        layer.number,
                        layer.call,
                        output.name,
                        "x".join("?" if size is None else str(size) for size in output.shape or ()),
                        " ".join(axis.label.replace(" ", "") for axis in output.axes),
                        output.dtype,
                        report.source if output.is_measured else "rule",
                        *parameters,
                    ]
                )


def _line(fields: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(fields)
    return text.getvalue()
