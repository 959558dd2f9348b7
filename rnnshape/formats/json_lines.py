"""`--format json`: one object per question, one per line, in pieces: large ones are never whole."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict
from itertools import zip_longest
from math import isfinite
from operator import attrgetter
from typing import Any

from rnnshape.layer_names import class_of
from rnnshape.measuring.messages import Array
from rnnshape.nest import rebuilt
from rnnshape.output import Output
from rnnshape.query import Format
from rnnshape.report import Report
from rnnshape.rules.facts import Tensor
from rnnshape.version import __version__
from rnnshape.views import VIEWS, known_views


def json_pieces(report: Report, views: Collection[str]) -> Iterator[str]:
    """All that is known of one report, as one line of JSON, in pieces to be written in order."""
    encoder, found = json.JSONEncoder(default=plain_numbers), _document(report, views)
    yield from encoder.iterencode(found) if "values" in views else [encoder.encode(found)]
    yield "\n"


def plain_numbers(part: Any) -> object:
    """An array, which the encoder takes row by row; what is no number in JSON is null."""
    if isinstance(part, Array):
        return part.data
    return [*part] if part.ndim > 1 else rebuilt(part.tolist(), _number)


def _number(value: float | str) -> float | str | None:
    return value if not isinstance(value, float) or isfinite(value) else None


def document(report: Report, views: Collection[str] = ()) -> dict[str, Any]:
    """All that is known of one report, as plain data: what `json.loads` makes of its JSON.

    Raises:
        ValueError: one of the views has no place in JSON.
    """
    named = known_views(views, Format.JSON)
    result: dict[str, Any] = json.loads("".join(json_pieces(report, named)))
    return result


def _document(report: Report, views: Collection[str]) -> dict[str, Any]:
    """The same, with Keras' arrays as they are."""
    measurement = report.measurement
    values = "values" in views and measurement is not None
    inputs = measurement.inputs if measurement else ()
    network = report.question.network
    of_file = {"file": report.question.file} if report.question.file else {}
    result: dict[str, Any] = of_file | {
        "model": network.name or None,
        "layer": report.expression,
        "inputs": [
            {"name": tensor.name, "shape": tensor.sizes, "axes": _axes(tensor)}
            | _values(array, values)
            for tensor, array in zip_longest(report.inputs, inputs[: len(report.inputs)])
        ],
        "assumed": report.assumed,
        "open": [
            {"name": name, "file": file or None, "line": line, "reason": reason}
            for name, file, line, reason in dict.fromkeys(
                (name, unknown.file, unknown.line, unknown.reason or "it comes from data")
                for unknown in report.open
                for name in unknown.asked or (unknown.name,)
            )
        ],
        "layers": [
            {
                "layer": layer.number,
                "name": name or None,
                "expression": str(layer.call),
                "class": class_of(layer.call),
                "inputs": [tensor.name if tensor else None for tensor in layer.inputs],
                "returns": rebuilt(layer.facts.returns, attrgetter("name"), list)
                if layer.facts
                else None,
                "parameters": report.parameters_of(layer),
                "within": list(filter(None, layer.step.group.split("/"))),
                "assumes": report.assumes_of(layer),
                "mask": layer.mask and {"arrives": layer.mask.arrives, "leaves": layer.mask.leaves},
                "cudnn": layer.facts.cudnn if layer.facts else None,
            }
            for layer, name in zip(report.layers, report.names, strict=True)
        ],
        "outputs": [_output(output) | _values(output.array, values) for output in report.outputs],
        "relations": [
            {"claim": claim.relation.claim, "layer": claim.layer, "holds": claim.holds}
            for claim in report.claims
        ],
        "notes": [note.text for note in report.notes],
        "problems": [asdict(problem) for problem in report.problems],
        "source": report.source,
    }
    for view in VIEWS:
        if view.name in views:
            result |= view.fields(report)
    if report.differences:
        result["differences"] = report.differences
    result["versions"] = {
        "rnnshape": __version__,
        "keras": measurement.keras if measurement else None,
        "tensorflow": measurement.tensorflow if measurement else None,
    }
    return result


def _output(output: Output) -> dict[str, Any]:
    return {
        "name": output.name,
        "layer": output.layer,
        "shape": output.shape,
        "axes": _axes(output.tensor),
        "dtype": output.dtype,
        "meaning": output.meaning,
    }


def _axes(tensor: Tensor | None) -> list[str] | None:
    return [axis.label for axis in tensor.axes] if tensor and tensor.has_rank else None


def _values(array: Array | None, wanted: bool) -> dict[str, Any]:
    return {"values": array} if wanted else {}
