"""A useful part of Python, followed over its syntax tree. It knows no Keras, and runs no code.

A piece of code is worth what Python's own function makes of the worth of its parts; it is open
where one of them is, or where Python refuses. So `a + b` is `operator.add(a, b)`, a function of
the code is a Python function whose body is followed, a class of the code is a Python class, and
what stands for a library is an ordinary object. `allowed` lists what code can name, `evaluator`
has the three ways in which anything is done to a value, and the other modules have a function for
each kind of node.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.expressions import EXPRESSIONS
from rnnshape.reading.python.functions import lambda_
from rnnshape.reading.python.open import IsOpenError, Open, opens_in
from rnnshape.reading.python.stand_in import Module, StandIn, hook
from rnnshape.reading.python.statements import STATEMENTS

__all__ = ["Evaluator", "IsOpenError", "Module", "Open", "StandIn", "hook", "opens_in", "python"]


def python(
    modules: Mapping[str, object],
    names: Mapping[str, object],
    let: Mapping[str, object] | None = None,
    array: Callable[[Any], object] = lambda shape: None,
    find_module: Callable[[Evaluator, str], object] = lambda evaluator, path: None,
    why_unknown: Callable[[str], str] = lambda name: "",
) -> Evaluator:
    """What follows code that may name these modules and names.

    >>> from rnnshape.expression import Source
    >>> code = python({}, {})
    >>> source = Source("n = sum(len(word) for word in 'to be'.split())")
    >>> code.read(source, source.statements(), code.module)
    >>> code.module.names["n"]
    4
    """
    expressions = {**EXPRESSIONS, ast.Lambda: lambda_}
    return Evaluator(expressions, STATEMENTS, modules, names, let, array, find_module, why_unknown)
