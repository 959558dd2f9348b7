"""What comes out of a recurrent Keras layer, in which order, and with which shape.

>>> from rnnshape import Cell, LayerSpec, layers
>>> [layer] = layers(LayerSpec(Cell.LSTM, bidirectional=True, return_state=True))
>>> print(layer.expression)
Bidirectional(LSTM(3, return_state=True))
>>> for output in layer.outputs:
...     print(output.name, output.shape, output.meaning)
o (2, 6) last output, forward and backward concatenated
h1 (2, 3) forward hidden state after the last timestep
c1 (2, 3) forward cell state after the last timestep
h2 (2, 3) backward hidden state after the first timestep
c2 (2, 3) backward cell state after the first timestep

`layers` is the rule and answers at once; `measure` has Keras compute the same in a child process;
a `Report` holds the two beside each other.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnshape.measurement import Array as Array
    from rnnshape.measurement import MeasuredLayer as MeasuredLayer
    from rnnshape.measurement import Measurement as Measurement
    from rnnshape.measurement import MeasurementError as MeasurementError
    from rnnshape.report import Output as Output
    from rnnshape.report import Report as Report
    from rnnshape.rules import Axis as Axis
    from rnnshape.rules import Layer as Layer
    from rnnshape.rules import Relation as Relation
    from rnnshape.rules import Tensor as Tensor
    from rnnshape.rules import layers as layers
    from rnnshape.spec import Cell as Cell
    from rnnshape.spec import LayerSpec as LayerSpec
    from rnnshape.spec import MergeMode as MergeMode
    from rnnshape.spec import SpecError as SpecError
    from rnnshape.worker import measure as measure

__version__ = "0.1.0"

_ROOMS = {
    "spec": ("Cell", "LayerSpec", "MergeMode", "SpecError"),
    "rules": ("Axis", "Layer", "Relation", "Tensor", "layers"),
    "measurement": ("Array", "MeasuredLayer", "Measurement", "MeasurementError"),
    "worker": ("measure",),
    "report": ("Output", "Report"),
}

__all__ = ["__version__", *(name for names in _ROOMS.values() for name in names)]


def __getattr__(name: str) -> object:
    """Opens a room when it is first asked for: `rnnshape --version` opens none."""
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"rnnshape.{room}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
