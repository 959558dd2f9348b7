"""`copy.copy` and `copy.deepcopy`, of what code makes and of stand-ins."""

from __future__ import annotations

import enum
import types
from typing import Any

from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.stand_in import StandIn, hook, is_of_code, plain_type

HOLDING = (list, dict, set)


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


def _not_read() -> IsOpenError:
    return IsOpenError(Open("a copy", "a copy of this is not read"))
