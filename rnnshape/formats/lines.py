"""`--format plain` and `--format csv`: one line per output, for `read` and `awk` and for tables.

What is not known of a shape is a question mark.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Sequence

from rnnshape.report import Report

HEADER = ("question", "layer", "expression", "output", "shape", "axes", "dtype", "source")


def plain_lines(
    reports: Sequence[Report], views: Collection[str], *, headed: bool = False
) -> Iterator[str]:
    """`o 2 6`; under a `# layer` line each, where there are several layers, or if `headed`."""
    weights = "weights" in views
    headed = headed or weights or sum(len(report.layers) for report in reports) > 1
    for report in reports:
        for layer in report.layers:
            number = f", layer {layer.number} of {len(report.layers)}"
            heading = f"{layer.call}{number if len(report.layers) > 1 else ''}"
            if headed:
                yield f"# {heading}\n"
            for output in report.outputs_of(layer):
                yield " ".join([output.name, *_sizes(output.shape, unknown="?")]) + "\n"
            if weights:
                yield f"# {heading}, weights\n"
                for weight in layer.weights:
                    yield " ".join([weight.name, *_sizes(weight.sizes, unknown="?")]) + "\n"


def csv_lines(
    reports: Sequence[Report], views: Collection[str], *, header: bool = True
) -> Iterator[str]:
    """Lists are parted by blanks or `x`, and a field that does not apply or is not known is empty.

    With the weights each line ends in the parameters of the layer that returns the output.
    """
    weights = "weights" in views
    if header:
        yield _csv([*HEADER, "parameters"] if weights else HEADER)
    for report in reports:
        for layer in report.layers:
            parameters = [report.parameters_of(layer)] if weights else []
            for output in report.outputs_of(layer):
                yield _csv(
                    [
                        report.expression,
                        layer.number,
                        layer.call,
                        output.name,
                        "x".join(_sizes(output.shape)),
                        " ".join(axis.label.replace(" ", "") for axis in output.axes),
                        output.dtype,
                        report.source if output.is_measured else "rule",
                        *parameters,
                    ]
                )


def _sizes(shape: Sequence[int | None] | None, unknown: str = "") -> list[str]:
    if shape is None:
        return [unknown]
    return ["?" if size is None else str(size) for size in shape]


def _csv(fields: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(fields)
    return text.getvalue()
