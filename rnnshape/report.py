"""The rule and the measurement side by side: what every view shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING

from rnnshape.rules import Axis, Layer, Relation, layers
from rnnshape.spec import LayerSpec

if TYPE_CHECKING:
    from rnnshape.measurement import Array, MeasuredLayer, Measurement

__all__ = ["Output", "Report"]

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Output:
    """A tensor that a layer returns, by the rule and by Keras; None where one knows of none.

    >>> from rnnshape import Cell, LayerSpec, Report
    >>> [output] = Report(LayerSpec(Cell.LSTM)).outputs
    >>> output.name, output.shape, output.keras, output.agreed
    ('o', (2, 3), None, True)
    """

    layer: int
    name: str
    axes: tuple[Axis, ...]
    meaning: str
    rule: Shape | None
    measured: bool
    array: Array | None

    @property
    def keras(self) -> Shape | None:
        return self.array.shape if self.array else None

    @property
    def dtype(self) -> str | None:
        return self.array.dtype if self.array else None

    @property
    def shape(self) -> Shape:
        """What Keras measured, and before it has, what the rule says."""
        return self.keras or self.rule or ()

    @property
    def agreed(self) -> bool:
        """Whether Keras says what the rule says, or has not been asked."""
        return not self.measured or self.rule == self.keras


@dataclass(frozen=True, slots=True)
class Report:
    """A spec, what the rule says of it and, once there is one, the measurement.

    >>> from rnnshape import Cell, LayerSpec, Report
    >>> report = Report(LayerSpec(Cell.SIMPLERNN, return_sequences=True))
    >>> report.source, [output.shape for output in report.outputs]
    ('rule', [(2, 5, 3)])
    """

    spec: LayerSpec
    measurement: Measurement | None = None
    layers: tuple[Layer, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", layers(self.spec))
        measured = self.measurement.layers if self.measurement else ()
        checked = [len(layer.holds) for layer in measured]
        if measured and checked != [len(layer.relations) for layer in self.layers]:
            raise ValueError("the measurement is of another layer than the spec")

    @property
    def source(self) -> str:
        return "predict" if self.measurement else "rule"

    @property
    def expression(self) -> str:
        """The Keras expressions of its layers: `LSTM(64, return_sequences=True) -> LSTM(32)`."""
        return " -> ".join(layer.expression for layer in self.layers)

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    @property
    def outputs(self) -> tuple[Output, ...]:
        """Every layer's outputs, first layer first."""
        return tuple(output for layer in self.layers for output in self.outputs_of(layer))

    def place(self, layer: Layer) -> str:
        """`layer 1 of 2`, for one of a stack; empty where there is only one."""
        height = len(self.layers)
        return f"layer {layer.number} of {height}" if height > 1 else ""

    def outputs_of(self, layer: Layer) -> tuple[Output, ...]:
        measured = self._measured(layer)
        arrays = measured.outputs if measured else ()
        return tuple(
            Output(
                layer=layer.number,
                name=tensor.name if tensor else "?",
                axes=tensor.axes if tensor else (),
                meaning=tensor.meaning if tensor else "unknown to the rule",
                rule=tensor.shape if tensor else None,
                measured=measured is not None,
                array=array,
            )
            for tensor, array in zip_longest(layer.outputs, arrays)
        )

    def checked(self, layer: Layer) -> tuple[tuple[Relation, bool], ...]:
        """Each relation between the layer's outputs, and whether it held; none if not measured."""
        measured = self._measured(layer)
        return tuple(zip(layer.relations, measured.holds, strict=True)) if measured else ()

    @property
    def differences(self) -> tuple[str, ...]:
        """Where Keras and the rule part, a line each; empty when they agree."""
        return tuple(line for layer in self.layers for line in self._differences_of(layer))

    def _differences_of(self, layer: Layer) -> list[str]:
        measured = self._measured(layer)
        if measured is None:
            return []
        pairs: list[tuple[str, object, object]] = [
            (output.name, output.rule, output.keras)
            for output in self.outputs_of(layer)
            if not output.agreed
        ]
        weights = tuple(weight.shape for weight in layer.weights)
        if weights != measured.weights:
            pairs.append(("weights", weights, measured.weights))
        if layer.parameters != measured.parameters:
            pairs.append(("parameters", layer.parameters, measured.parameters))
        lines = [f"{name}: the rule says {rule}, Keras {keras}" for name, rule, keras in pairs]
        lines += [f"{one.claim}: does not hold" for one, held in self.checked(layer) if not held]
        number = f"layer {layer.number}, " if len(self.layers) > 1 else ""
        return [f"{layer.expression}: {number}{line}" for line in lines]

    def _measured(self, layer: Layer) -> MeasuredLayer | None:
        return self.measurement.layers[layer.number - 1] if self.measurement else None
