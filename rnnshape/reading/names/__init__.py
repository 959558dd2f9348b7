"""What stands for the names that code imports: ordinary Python objects, in place of the library's.

Calling a `Layer` on a `Tensor` adds a step to the network, as in Keras. Nothing here knows how
code is followed, and what follows it knows no Keras.
"""

from __future__ import annotations

from rnnshape.reading.names.arguments import Setting, holds_tensors
from rnnshape.reading.names.arrays import array_of_shape
from rnnshape.reading.names.keras import MODULES, NAMES, why_unknown
from rnnshape.reading.names.layers import Layer
from rnnshape.reading.names.models import Model
from rnnshape.reading.names.sequential import Sequential
from rnnshape.reading.names.session import SESSION, Session, unknown_of
from rnnshape.reading.names.tensors import Tensor

__all__ = [
    "MODULES",
    "NAMES",
    "SESSION",
    "Layer",
    "Model",
    "Sequential",
    "Session",
    "Setting",
    "Tensor",
    "array_of_shape",
    "holds_tensors",
    "unknown_of",
    "why_unknown",
]
