"""Functions and classes that code defines and does not call: they are called with what is open; and
calls of layers whose result no model takes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from inspect import getattr_static, signature
from itertools import islice
from operator import attrgetter
from types import FunctionType
from typing import Any, NamedTuple

from rnnshape.errors import QueryError
from rnnshape.reading import graph
from rnnshape.reading.names.layers import Layer
from rnnshape.reading.names.session import SESSION, Session
from rnnshape.reading.open_calls import (
    Undo,
    body_in,
    call_openly,
    calls_of_bases,
    count_made,
    function_in,
    models_made,
)
from rnnshape.reading.python import Evaluator, IsOpenError, Open
from rnnshape.reading.python.limits import ExhaustedError
from rnnshape.reading.python.scope import body_of, named_in, nodes_of
from rnnshape.reading.python.stand_in import is_of_code
from rnnshape.reading.refused_calls import refusal_of

MOST_CHECKED = 100  # calls whose result no model takes


def call_what_is_not_called(evaluator: Evaluator) -> None:
    """Where nothing is made: the functions and classes of the code that nothing else in it uses
    are called, with arguments that are open; those whose bases are not known, as the code does."""
    without_base = {
        name: value.without_base
        for name, value in evaluator.module.names.items()
        if isinstance(value, Open) and value.without_base
    }
    own = without_base | {
        name: found
        for name, found in evaluator.module.names.items()
        if isinstance(found, FunctionType | type)
        and found.__module__ == "__main__"
        and found.__name__ == name
    }
    used = evaluator.called.keys() | {
        word for name, found in own.items() for word in named_in(body_in(found)) - {name}
    }
    for name, found in own.items():
        derived = [one for one in own.values() if found in getattr(one, "__mro__", ())[1:]]
        if (name in used and name not in without_base) or _is_abstract(found, derived):
            continue
        before = count_made()
        made = call_openly(evaluator, name, found, *evaluator.called.get(name, ()))
        if not isinstance(made, Layer) and count_made() == before:
            _call_methods(evaluator, name, found, made)
    call_if_it_makes_a_model(evaluator, [own[name] for name in own if name in used])


def call_if_it_makes_a_model(evaluator: Evaluator, functions: Iterable[Any]) -> None:
    """Functions of the code that it does not call itself: they stand where it did not come to, or
    are handed to others."""
    for found in [each for each in functions if isinstance(each, FunctionType)]:
        is_own = body_of(found) is not None and found.__name__.isidentifier()  # and no lambda
        with suppress(ExhaustedError):  # the rest is answered all the same
            if is_own and found not in evaluator.followed:
                before, undo = [*models_made()], Undo(evaluator)
                call_openly(evaluator, found.__name__, found)
                if made := [model for model in models_made() if model not in before]:
                    undo.keep_alone(made)
                else:
                    undo()


def _call_methods(evaluator: Evaluator, name: str, found: Any, made: object) -> None:
    """The methods of what a class makes, until one makes a model; then those that no other uses,
    as far as they make models, too."""
    begun, held = count_made(), SESSION.get()

    def call(method: Method, owner: object) -> None:
        owner = found if method.is_of_class else owner
        asked = partial(evaluator.attribute, owner, method.name)
        if not isinstance(owner, Open):
            function = asked if method.is_property else evaluator.really(asked)
            call_openly(evaluator, f"{name}.{method.name}", function)

    for method in _methods(found):
        before, is_begun, undo = count_made(), count_made() > begun, Undo(evaluator)
        if is_begun and method.is_used and method.function in evaluator.followed:
            continue
        if is_begun:  # the first of them have changed theirs
            known = _count_known()
            call(method, call_openly(evaluator, name, found))
            if _count_known() > known:
                continue
            undo()
            if method.is_used:
                continue
        loaded = len(held.loaded)
        call(method, made)
        if undo.is_refused():  # by what its `__init__` was not given, perhaps
            undo()
            made = call_openly(evaluator, name, found, nothing_is_open=True)
            call(method, made)
        if len(held.loaded) > loaded:  # its model is that of a file now
            made = call_openly(evaluator, name, found)
        if is_begun and count_made() == before:
            undo()


def _count_known() -> int:
    """How many of the models are not wholly open."""
    return sum(model.own_open is None for model in models_made())


class Method(NamedTuple):
    """A method, a function in a class or a property; `is_used` by another of them, or private."""

    name: str
    function: Any
    is_used: bool
    is_of_class: bool
    is_property: bool


def _methods(found: Any) -> list[Method]:
    """The methods of a class and of those that it derives from, where it says what they leave to
    it, or changes what they use; those last that are used."""
    says = {*getattr(found, "__dict__", ()), *_of_self(found, ast.Store)}
    if any(call.args or any(word.arg for word in call.keywords) for call in calls_of_bases(found)):
        says |= {name for base in found.__mro__[1:] for name in _of_self(base, ast.Store)}
    bases = [*filter(is_of_code, found.__mro__[:0:-1])] if isinstance(found, type) else []
    changed = (one for one in bases if _is_abstract(one, [found]) or says & _of_self(one, ast.Load))
    kinds = [*changed, found]
    names = dict.fromkeys(name for kind in kinds for name in getattr(kind, "__dict__", ()))
    parts = {name: getattr_static(found, name) for name in names}
    functions = {
        name: function
        for name, part in parts.items()
        if (function := function_in(part)) and not name.startswith("__")
    }
    used = {
        node.attr
        for name, function in functions.items()
        for node in nodes_of(body_in(function))
        if isinstance(node, ast.Attribute) and node.attr != name
    }
    methods, has_objects = [], _has_objects(found, functions.values())
    for name, function in functions.items():
        kind, is_used = type(parts[name]), name in used or name.startswith("_")
        takes_none = kind is FunctionType and not (has_objects and signature(function).parameters)
        is_of_class = takes_none or kind in (classmethod, staticmethod)
        methods.append(Method(name, function, is_used, is_of_class, kind is property))
    return sorted(methods, key=attrgetter("is_used"))


def _has_objects(found: Any, functions: Iterable[Any]) -> bool:
    """Whether the functions of a class take an object first, as far as names tell; else they are
    called by the name of the class."""
    first = {next(iter(signature(function).parameters), "") for function in functions}
    is_made = isinstance(getattr_static(found, "__init__", None), FunctionType)
    if is_made or "self" in first or getattr_static(found, "own_keras_name", None) is not None:
        return True
    kinds = [kind for kind in getattr(found, "__mro__", (found,)) if is_of_code(kind)]
    ways = (ast.Load, ast.Store, ast.Call)
    takes = {name for kind in kinds for way in ways for name in _of_self(kind, way)}
    return not takes.isdisjoint(dir(found)) or (len(first) == 1 and bool(takes))


def _is_abstract(found: Any, derived: Sequence[Any]) -> bool:
    """Whether it is a class that leaves methods to those that derive from it."""
    names = dir(found) if isinstance(found, type) else []
    parts = [*filter(None, (function_in(getattr_static(found, name)) for name in names))]
    lacks = _of_self(found, ast.Call) - {*dir(found)} - _of_self(found, ast.Store)
    return any(
        vars(part).get("__isabstractmethod__") is True or (derived and _is_left_to_others(part))
        for part in parts
    ) or any(lacks & {*vars(other)} for other in derived)


def _of_self(found: Any, way: type[ast.AST]) -> set[str]:
    """The attributes of an object that the methods of its class take, set or call; `__call__` where
    they call it itself."""
    names = set()
    for function in filter(None, map(function_in, getattr(found, "__dict__", {}).values())):
        own = next(iter(signature(function).parameters), "")
        for node in nodes_of(body_in(function)):
            match node:
                case ast.Attribute(ast.Name(name), word, ctx) if name == own:
                    names |= {word} if isinstance(ctx, way) else set()
                case ast.Call(ast.Attribute(ast.Name(name), word)) if name == own:
                    names |= {word} if way is ast.Call else set()
                case ast.Call(ast.Name(name)) if name == own and way is not ast.Store:
                    names.add("__call__")
    return names


def _is_left_to_others(method: Any) -> bool:
    """`raise NotImplementedError`, behind a docstring, is all of it."""
    match body_in(method):
        case [*before, ast.Raise(ast.Name(name) | ast.Call(ast.Name(name)))]:
            is_all = all(isinstance(getattr(one, "value", None), ast.Constant) for one in before)
            return is_all and name == "NotImplementedError"
    return False


def refused_aside(held: Session) -> Iterator[QueryError]:
    """What Keras refuses of calls whose result no model takes: the code stops there, too."""
    left = {*held.calls} - held.taken
    for call in islice((call for call in held.certain if call in left), MOST_CHECKED):
        with suppress(IsOpenError):
            are_known = None not in map(graph.shape_of, call.tensors)
            if are_known and (wrong := refusal_of(call)) is not None:
                wrong.place = wrong.place or call.layer.call.places.get("")
                yield wrong
