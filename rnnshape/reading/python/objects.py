"""What code asks of any object: whether it is of a class, its names, how it is made, and copies."""

from __future__ import annotations

import enum
import functools
import types
from collections.abc import MutableMapping, Sequence
from dataclasses import replace
from typing import Any

from rnnshape.nest import rebuilt, within
from rnnshape.reading.python.open import IsOpenError, Open, opens_in
from rnnshape.reading.python.stand_in import (
    Module,
    StandIn,
    hook,
    is_of_code,
    is_settable,
    is_visible,
    plain_type,
    stored_name,
)

HOLDING = (list, dict, set)


def is_instance(value: object, kinds: Any) -> bool:
    kinds = tuple(getattr(kind, "own_class", kind) for kind in within(known(kinds)))
    if not all(isinstance(kind, type | types.UnionType) for kind in kinds):
        raise TypeError("isinstance() is given what is no class")  # it would be given the value
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
    if hasattr(found, "own_body"):  # of a class of the code
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

    return found if hasattr(found, "own_body") else make


def delete_attribute(owner: Any, name: str) -> None:
    """`del owner.name`, of what code can set."""
    name = str.__str__(name)
    stored = stored_name(owner, name)
    is_held = stored in getattr(owner, "__dict__", {}) or not isinstance(owner, StandIn | type)
    if is_settable(owner, name) and is_held:
        delattr(owner, stored)


def copy_of(value: Any) -> Any:
    """Another object that holds the same; what can't be changed is itself."""
    kind = type(value)
    if isinstance(value, StandIn | enum.Enum):
        return value
    if not is_of_code(kind) and kind is not types.SimpleNamespace:
        return value.copy() if isinstance(value, HOLDING) else value
    if hasattr(kind, "__copy__") or hasattr(kind, "__deepcopy__"):
        raise _not_read()
    if plain_type(value) not in (None, *HOLDING):
        return value
    bases = (*HOLDING, types.SimpleNamespace, object)
    base: Any = next(one for one in bases if isinstance(value, one))
    made = base.__new__(kind)
    if base is list:
        list.extend(made, value)
    elif base in HOLDING:
        base.update(made, value)
    vars(made).update(vars(value))
    return made


def deep_copy(value: Any, memo: Any = None) -> Any:
    """The same of all that is in it, too, whatever stands there twice once."""
    known: dict[int, Any] = {} if memo is None else memo
    if id(value) not in known:
        known[id(value)] = made = copy_of(value)
        copied = hook(value, "own_copied")
        if copied is None and isinstance(value, StandIn) and callable(value):
            raise _not_read()
        if copied is not None:
            known[id(value)] = made = copied(value)
        elif isinstance(value, tuple) and not isinstance(value, enum.Enum):
            parts = [deep_copy(part, known) for part in value]
            known[id(value)] = made = tuple.__new__(type(value), parts)
        elif isinstance(made, list):
            list.__setitem__(made, slice(None), [deep_copy(part, known) for part in made])
        held = [made] if isinstance(made, dict) else []
        if made is not value and not isinstance(made, StandIn):
            held += [vars(made)] if hasattr(made, "__dict__") else []
        for names in held:
            for word in [*dict.keys(names)]:
                dict.__setitem__(names, word, deep_copy(dict.__getitem__(names, word), known))
    return known[id(value)]


def shuffle(values: list[Any], name: str, because: Open) -> None:
    """Leaves of each value what is so of all of them."""
    left = _of_all(values, because)
    labels = (f"{name}[{at}]" for at in range(len(values)))
    values[:] = [_labelled(left, because, label) for label in labels]


def _labelled(value: Any, because: Open, label: str) -> Any:
    return rebuilt(value, lambda leaf: replace(because, label=label) if leaf is because else leaf)


def _of_all(values: Sequence[Any], because: Open, deeper: int = 6) -> Any:
    """What is so of each of some values, where it is not known which one it is."""
    first, kinds = values[0], {*map(type, values)}
    if kinds in ({list}, {tuple}) and len({*map(len, values)}) == 1 and deeper:
        parts = zip(*values, strict=True)
        return type(first)(_of_all(part, because, deeper - 1) for part in parts)
    is_plain = len(kinds) == 1 and isinstance(first, int | float | str)
    return first if all(one is first or (is_plain and one == first) for one in values) else because


def _not_read() -> IsOpenError:
    return IsOpenError(Open("a copy", "a copy of this is not read"))
