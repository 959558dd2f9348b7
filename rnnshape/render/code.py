"""`--code`: the shortest complete Keras program that makes a layer and unpacks its outputs."""

from __future__ import annotations

from collections.abc import Sequence

from rnnshape.report import Report

__all__ = ["program", "programs"]


def program(report: Report) -> str:
    """Defines `inputs`, the outputs under our names, and `model`; ends with a newline.

    In a stack each `o` feeds the next layer, and `model` returns what the last layer does.
    """
    spec, last = report.spec, report.layers[-1]
    wrapper = ["Bidirectional"] if spec.bidirectional else []
    returned = f"[{last.names}]" if len(last.outputs) > 1 else last.names
    lines = [
        "from keras import Input, Model",
        f"from keras.layers import {', '.join([*wrapper, spec.cell.keras_name])}",
        "",
        f"inputs = Input(({spec.timesteps}, {spec.features}), batch_size={spec.batch})",
        *(f"{one.names} = {one.expression}({one.input.name})" for one in report.layers),
        f"model = Model(inputs, {returned})",
    ]
    return "\n".join(lines) + "\n"


def programs(reports: Sequence[Report]) -> str:
    """The program of each report; several are headed by the layer that each makes."""
    if len(reports) == 1:
        return program(reports[0])
    return "\n".join(f"# {report.expression}\n{program(report)}" for report in reports)
