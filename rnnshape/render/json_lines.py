"""`--format json`: an object a layer or stack, one a line."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import rnnshape
from rnnshape.inspection import View
from rnnshape.render.code import program
from rnnshape.report import Output, Report
from rnnshape.rules import Axis

__all__ = ["json_line"]


def json_line(report: Report, views: Collection[View]) -> str:
    """All that is known of one report, as one line of JSON."""
    return json.dumps(_document(report, views)) + "\n"


def _document(report: Report, views: Collection[View]) -> dict[str, Any]:
    spec, measurement = report.spec, report.measurement
    source = report.layers[0].input
    document: dict[str, Any] = {
        "layer": report.expression,
        "cell": spec.cell,
        "units": spec.units,
        "bidirectional": spec.bidirectional,
        "merge_mode": report.layers[0].merge_mode,
        "return_sequences": spec.return_sequences,
        "return_state": spec.return_state,
        "input": {"name": source.name, "shape": source.shape, "axes": _names(source.axes)},
        "outputs": [_output(output) for output in report.outputs],
        "source": report.source,
    }
    if measurement:
        document["relations"] = [
            {"claim": relation.claim, "holds": held, "layer": layer.number}
            for layer in report.layers
            for relation, held in report.checked(layer)
        ]
    if View.WEIGHTS in views:
        document["weights"] = [
            {
                "name": weight.name,
                "layer": layer.number,
                "shape": weight.shape,
                "axes": _names(weight.axes),
                "parameters": weight.size,
            }
            for layer in report.layers
            for weight in layer.weights
        ]
        document["parameters"] = report.parameters
    if View.VALUES in views and measurement:
        document["input"]["values"] = measurement.input.values
        for one, output in zip(document["outputs"], report.outputs, strict=True):
            one["values"] = output.array.values if output.array else None
    if View.CODE in views:
        document["code"] = program(report)
    if report.differences:
        document["differences"] = report.differences
    document["versions"] = {
        "rnnshape": rnnshape.__version__,
        "keras": measurement.keras if measurement else None,
        "tensorflow": measurement.tensorflow if measurement else None,
    }
    return document


def _output(output: Output) -> dict[str, Any]:
    return {
        "name": output.name,
        "layer": output.layer,
        "shape": output.shape,
        "axes": _names(output.axes),
        "dtype": output.dtype,
        "meaning": output.meaning,
    }


def _names(axes: tuple[Axis, ...]) -> list[str]:
    return [axis.name for axis in axes]
