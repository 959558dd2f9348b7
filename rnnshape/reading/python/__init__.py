"""A useful part of Python, followed over its syntax tree. It knows no Keras, and runs no code.

A piece of code is worth what Python's own function makes of the worth of its parts; it is open
where one of them is, or where Python refuses. So `a + b` is `operator.add(a, b)`, a function of
the code is a Python function whose body is followed, a class of the code is a Python class, and
what stands for a library is an ordinary object. `allowed` lists what code can name, `evaluator`
has the three ways in which anything is done to a value, `expressions` and `statements` follow each
kind of node; `functions` and `streams` go no further than the code asks.

>>> from rnnshape.source import Source
>>> code = python({}, {})
>>> source = Source("n = sum(len(word) for word in 'to be'.split())")
>>> follow_module(code, source, source.statements(), code.module)
>>> code.module.names["n"]
4
"""

from functools import partial

from rnnshape.reading.python.branches import sides_now
from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.expressions import worth
from rnnshape.reading.python.functions import outermost_call
from rnnshape.reading.python.module import follow_module
from rnnshape.reading.python.open import ITEM, IsOpenError, Open, opens_in
from rnnshape.reading.python.scope import Doubt, body_of
from rnnshape.reading.python.stand_in import (
    Module,
    StandIn,
    exact,
    hook,
    is_of_code,
    own,
    what_it_is,
)
from rnnshape.reading.python.statements import follow

__all__ = [
    "ITEM",
    "Doubt",
    "Evaluator",
    "IsOpenError",
    "Module",
    "Open",
    "StandIn",
    "body_of",
    "exact",
    "follow_module",
    "hook",
    "is_of_code",
    "opens_in",
    "outermost_call",
    "own",
    "python",
    "sides_now",
    "what_it_is",
]

# An `Evaluator` of its further arguments: the modules and names that code may use, and more.
python = partial(Evaluator, worth, follow)
