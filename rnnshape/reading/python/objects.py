"""What code asks of any object: whether it is of a class, its names, how it is made, and copies."""

from __future__ import annotations

import enum
import functools
import types
from collections.abc import MutableMapping
from inspect import getattr_static
from typing import Any

from rnnshape.nest import within
from rnnshape.reading.python.open import IsOpenError, Open, opens_in
from rnnshape.reading.python.scope import body_of
from rnnshape.reading.python.stand_in import (
    Module,
    StandIn,
    hook,
    is_of_code,
    is_settable,
    is_visible,
    stored_name,
)

HOLDING = (list, dict, set)
NOT_COPIED = "a copy of this is not read"
SAY_HOW = {  # how an object is copied, beside its own `__copy__`
    "__getnewargs__", "__getnewargs_ex__", "__getstate__", "__reduce__", "__reduce_ex__",
    "__setstate__", "__slots__",
}  # fmt: skip


def is_instance(value: object, kinds: Any) -> bool:
    kinds = [getattr(kind, "own_class", kind) for kind in within(known(kinds))]
    if not all(isinstance(kind, type | types.UnionType) for kind in kinds):
        raise TypeError("isinstance() is given what is no class")  # it would be given the value
    is_own = is_of_code(type(value)) and not isinstance(value, tuple)
    none = () if is_own else getattr_static(type(value), "own_not_of", ())
    parts = (kind.__args__ if isinstance(kind, types.UnionType) else [kind] for kind in kinds)
    kinds = tuple(kind for part in parts for kind in part if kind not in none)
    return isinstance(known(value), kinds) or is_of_unknown_class(value)


def known(value: Any) -> Any:
    for found in opens_in([value]):
        raise IsOpenError(found)
    return value


def is_of_unknown_class(value: object) -> bool:
    """False; an `IsOpenError` for a stand-in of something that may be of any class."""
    unread = hook(value, "own_class_is_open")
    if unread is not None and (because := unread(value)) is not None:
        raise IsOpenError(because)
    return False


def vars_of(value: Any) -> MutableMapping[str, Any]:
    """The names of an object or module of the code, which it may change; of a stand-in a copy of
    those that it reaches."""
    kind = type(known(value))
    if isinstance(value, Module) and value.held is not None:
        return value.held
    if is_of_code(kind) and issubclass(kind, StandIn):
        return {name: part for name, part in vars(value).items() if is_visible(value, name)}
    if isinstance(value, types.SimpleNamespace) or is_of_code(kind):
        held: dict[str, object] = vars(value)
        return held
    raise IsOpenError(Open("names", "the names of this are not read"))


def setter_of(owner: Any) -> Any:
    """`object.__setattr__` and that of `super()`, which set what an object of the code has."""
    found: Any = getattr(known(owner), "__setattr__", None)
    if body_of(found) is not None:  # of a class of the code
        return found
    first = [getattr(owner, "__self__", None)] if type(owner) is super else []

    def set_(instance: object, name: str, value: object) -> None:
        name = str.__str__(name)
        is_plain = is_of_code(type(instance)) and not isinstance(instance, StandIn)
        if not (is_plain and is_settable(instance, name) and (first or owner is object)):
            raise IsOpenError(Open("an attribute", "how this is set is not read"))
        object.__setattr__(instance, name, value)

    return functools.partial(set_, first[0]) if first else set_


def maker_of(owner: Any) -> Any:
    """`super().__new__` and `object.__new__`, which make an object of a class of the code."""
    found: Any = getattr(known(owner), "__new__", None)

    def make(kind: Any, *given: object, **named: object) -> object:
        is_plain = found is object.__new__ and is_of_code(kind) and not issubclass(kind, StandIn)
        if not is_plain:
            raise IsOpenError(Open("an object", "how this is made is not read"))
        return object.__new__(kind, *given, **named)

    return found if body_of(found) is not None else make


def delete_attribute(owner: Any, name: str) -> None:
    """`del owner.name`, of what code can set."""
    name = str.__str__(name)
    stored = stored_name(owner, name)
    is_held = stored in getattr(owner, "__dict__", {}) or not isinstance(owner, StandIn | type)
    if is_settable(owner, name) and is_held:
        delattr(owner, stored)


def copy_of(value: Any) -> Any:
    """Another list, dictionary, set or object of the code that holds the same; what can't be
    changed is itself."""
    its_own = getattr(type(value), "__copy__", None)
    is_said = body_of(its_own) is not None or hook(value, "__copy__") is not None
    return value.__copy__() if is_said else _holding_the_same(value)


def _holding_the_same(value: Any) -> Any:
    if not _is_object(value):
        return value.copy() if isinstance(value, HOLDING) else value
    kind: Any = type(value)
    says_how = (SAY_HOW.intersection(vars(each)) for each in kind.__mro__ if is_of_code(each))
    if any(says_how) or kind.__new__ not in (object.__new__, types.SimpleNamespace.__new__):
        raise IsOpenError(Open("a copy", NOT_COPIED))
    made = kind.__new__(kind)
    vars(made).update(vars(value))
    return made


def _is_object(value: object) -> bool:
    """Whether it has names of its own that code gives it."""
    is_changed = is_of_code(type(value)) or isinstance(value, types.SimpleNamespace)
    return is_changed and not isinstance(value, StandIn | enum.Enum)


def deep_copy(value: Any, memo: Any = None) -> Any:
    """The same of all that is in it, too, whatever stands there twice once."""
    known: dict[int, Any] = {} if memo is None else memo
    if id(value) not in known:
        if body_of(getattr(type(value), "__deepcopy__", None)) is not None:
            known[id(value)] = value.__deepcopy__(known)
            return known[id(value)]
        known[id(value)] = made = _holding_the_same(value)
        copied = hook(value, "own_copied")
        if copied is None and isinstance(value, StandIn) and callable(value):
            raise IsOpenError(Open("a copy", NOT_COPIED))
        if copied is not None:
            known[id(value)] = copied(value)
        elif isinstance(value, types.MethodType):
            owner = deep_copy(value.__self__, known)
            known[id(value)] = types.MethodType(value.__func__, owner)
        elif type(value) is tuple:
            known[id(value)] = tuple(deep_copy(part, known) for part in value)
        elif isinstance(made, list):
            made[:] = [deep_copy(part, known) for part in made]
        elif isinstance(made, dict):
            made.update({key: deep_copy(part, known) for key, part in made.items()})
        elif _is_object(made):
            vars(made).update({name: deep_copy(part, known) for name, part in vars(made).items()})
    return known[id(value)]
