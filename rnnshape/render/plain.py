"""`--format plain`: a line an output, its name and its dimensions, for `read` and `awk`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rnnshape.report import Report

__all__ = ["plain_lines"]


def plain_lines(reports: Sequence[Report], *, weights: bool) -> Iterator[str]:
    """`o 2 6`; a block a layer, headed by a `# layer` line where there are several."""
    headed = weights or sum(len(report.layers) for report in reports) > 1
    for report in reports:
        for layer in report.layers:
            heading = ", ".join(filter(None, (layer.expression, report.place(layer))))
            if headed:
                yield f"# {heading}\n"
            for output in report.outputs_of(layer):
                yield _line(output.name, output.shape)
            if weights:
                yield f"# {heading}, weights\n"
                for weight in layer.weights:
                    yield _line(weight.name, weight.shape)


def _line(name: str, shape: tuple[int, ...]) -> str:
    return " ".join([name, *map(str, shape)]) + "\n"
