"""What is said of models that the code does not make itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from types import FunctionType

from rnnshape.errors import NotReadError
from rnnshape.expression import reasons
from rnnshape.reading.names.layers import Layer
from rnnshape.reading.names.session import SESSION, unknown_of
from rnnshape.reading.python import Evaluator, Open
from rnnshape.reading.python.contents import each_of
from rnnshape.reading.python.evaluator import shortened
from rnnshape.reading.python.stand_in import is_of_code

# `model.compile("adam", ...)`, or with a name that is of Keras alone.
COMPILED = re.compile(
    r"""\b(\w{1,80})\.compile\((?:["']\w{1,20}["'],|[^()]{0,200}?\b(?:loss|optimizer)\s{0,9}=)"""
)


def note_compiled(text: str) -> None:
    """Notes the names that a text compiles as Keras' models."""
    SESSION.get().compiled.update(found[1] for found in COMPILED.finditer(text))


def tell_of_unread(evaluator: Evaluator, made: Collection[str] = ()) -> None:
    """Models that are loaded from files or made by what is not read, beside those that the code
    makes: of those in files that have no name where it makes none."""
    held = SESSION.get()
    loaded = {id(found.node): found for found in held.loaded}
    unnamed = {} if held.models or held.calls or held.unused else {**loaded}
    for name, value in evaluator.module.names.items():
        if isinstance(value, Open) and name not in made:
            if name in held.compiled and (why := _why_unread(evaluator, value)):
                value = replace(value, reason=why)
                tell_open(evaluator, name, value)
            if id(value.node) in loaded:
                tell_open(evaluator, name, value)
                unnamed.pop(id(value.node), None)
    for found in unnamed.values():
        tell_open(evaluator, "", found)


def _why_unread(evaluator: Evaluator, value: Open) -> str:
    """Why a model is not known that is made by what is imported from elsewhere, or by one of some
    functions."""
    makes = value.node.func if isinstance(value.node, ast.Call) else None
    first = makes
    while isinstance(first, ast.Attribute):
        first = first.value
    found = evaluator.module.names.get(first.id) if isinstance(first, ast.Name) else None
    is_imported = isinstance(found, Open) and isinstance(found.node, ast.Import | ast.ImportFrom)
    if makes is None or value.reason:
        return ""
    among = each_of(value.among)
    if among and all(isinstance(one, FunctionType) for one in among):
        are_answered = not evaluator.followed.isdisjoint(among)
        return "" if are_answered else "which function makes it is not known"
    return f"it is made by {shortened(ast.unparse(makes))}, which is not read" * is_imported


def tell_open(evaluator: Evaluator, name: str, value: Open) -> None:
    """Says of a model that its layers are not known, and why; of one that Keras refuses, it was
    said already."""
    if any(message.message == value.reason for message in evaluator.messages):
        return
    [why] = reasons([unknown_of(value)])
    evaluator.tell(NotReadError(f"{name or 'a model'} is not read: {why}", value.place))


def tell_of_layers_never_called(evaluator: Evaluator) -> None:
    """Layers of the code's own, where it calls no layer at all."""
    names = evaluator.module.names.items()
    classes = ((name, found) for name, found in names if isinstance(found, type))
    own = [name for name, found in classes if is_of_code(found) and issubclass(found, Layer)]
    if own:
        usage = f"x = {own[0]}(...)(keras.Input((timesteps, features)))"
        text = f"this code defines {first_of(own)}, and calls none: add a line such as {usage}"
        evaluator.tell(NotReadError(text))
    for name, found in names if not own else ():
        if isinstance(found, Open) and found.without_base:
            tell_open(evaluator, name, found)


def first_of(names: Sequence[object]) -> str:
    """The first of some names, and whether there are more."""
    return f"{', '.join(map(str, names[:3]))}{', ...' if len(names) > 3 else ''}"
