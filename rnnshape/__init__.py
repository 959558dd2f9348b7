"""What comes out of a Keras layer, in which order, and with which shape.

>>> import rnnshape
>>> report = rnnshape.inspect("Bidirectional(LSTM(64, return_state=True))", input=(32, 100, 16))
>>> for output in report.outputs:
...     print(output.name, output.shape, output.meaning)
o (32, 128) last output, forward and backward concatenated
h1 (32, 64) forward hidden state after the last timestep
c1 (32, 64) forward cell state after the last timestep
h2 (32, 64) backward hidden state after the first timestep
c2 (32, 64) backward cell state after the first timestep

`inspect` answers by the rule, at once; `report.measure()` has Keras compute the same in a child
process, and the report that it returns holds the two beside each other.
"""

from __future__ import annotations

from importlib import import_module

from rnnshape.version import __version__

TYPE_CHECKING = False  # as type checkers know it: to import `typing` takes a fifth of all
if TYPE_CHECKING:
    from rnnshape.api import inspect as inspect
    from rnnshape.api import inspect_all as inspect_all
    from rnnshape.errors import Place as Place
    from rnnshape.errors import QueryError as QueryError
    from rnnshape.explained import explain as explain
    from rnnshape.explaining import Explanation as Explanation
    from rnnshape.expression import Call as Call
    from rnnshape.measuring.messages import Array as Array
    from rnnshape.measuring.messages import Measurement as Measurement
    from rnnshape.measuring.messages import MeasurementError as MeasurementError
    from rnnshape.network import Network as Network
    from rnnshape.network import Question as Question
    from rnnshape.output import Output as Output
    from rnnshape.reading import parse as parse
    from rnnshape.shown import Report as Report

# Where each public name is defined: a module is imported when one of its names is first used.
_MODULES = {
    "api": ("inspect", "inspect_all"),
    "errors": ("Place", "QueryError"),
    "explained": ("explain",),
    "explaining": ("Explanation",),
    "expression": ("Call",),
    "reading": ("parse",),
    "measuring.messages": ("Array", "Measurement", "MeasurementError"),
    "network": ("Network", "Question"),
    "output": ("Output",),
    "shown": ("Report",),
}

__all__ = ["__version__", *(name for names in _MODULES.values() for name in names)]


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"rnnshape.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__


def load_ipython_extension(shell: object) -> None:
    """Adds the magic: `%load_ext rnnshape`, then `%rnnshape lstm --bidirectional`."""
    from rnnshape.magic import load

    load(shell)
