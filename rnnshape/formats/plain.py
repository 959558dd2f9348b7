"""`--format plain`: one line per output, its name and its dimensions, for `read` and `awk`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from rnnshape.report import Report


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
                yield _line(output.name, output.shape)
            if weights:
                yield f"# {heading}, weights\n"
                for weight in layer.weights:
                    yield _line(weight.name, weight.sizes)


def _line(name: str, shape: Sequence[int | None] | None) -> str:
    """What is not known of a shape is a question mark."""
    known: Sequence[int | None] = (None,) if shape is None else shape
    sizes = ("?" if size is None else str(size) for size in known)
    return " ".join([name, *sizes]) + "\n"
