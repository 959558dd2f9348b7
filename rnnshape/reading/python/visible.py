"""What code reaches of a value, and what it can set of one: nothing of what follows it."""

from __future__ import annotations

import enum
import types

from rnnshape.reading.python.allowed import DUNDERS, METHODS
from rnnshape.reading.python.stand_in import Module, StandIn, is_of_code

OTHERS: dict[type, tuple[str, ...]] = {
    property: ("setter", "getter", "deleter"),
    BaseException: ("args",),
    enum.Enum: ("name", "value"),
}


def is_visible(owner: object, name: str) -> bool:
    """Whether code reaches what is under a name of a value; the name is as it is stored."""
    if _is_dunder(name):
        return name in DUNDERS
    of_plain = plain_type(owner)
    if of_plain is not None:  # what a class of the code adds to it is the code's
        is_ours = name.startswith("own_") or hasattr(of_plain, name)
        return name in METHODS[of_plain] or not is_ours
    kind = _kind(owner)
    if issubclass(kind, StandIn):
        return _is_visible_of_stand_in(owner, kind, name)
    if isinstance(owner, enum.EnumMeta) and name in owner.__members__:
        return True
    if is_of_code(kind) or isinstance(owner, types.SimpleNamespace):
        return name != "mro"
    return any(isinstance(owner, other) and name in names for other, names in OTHERS.items())


def _is_visible_of_stand_in(owner: object, kind: type[StandIn], name: str) -> bool:
    """What it stands for, and what the code has made itself."""
    if _is_of_library(kind, name):
        return True
    is_instance = not isinstance(owner, type | super)
    if is_instance and _host(kind).own_reaches(owner, name):  # type: ignore[arg-type]
        return True
    if any(is_of_code(base) and name in vars(base) for base in kind.__mro__):
        return True
    return is_instance and not name.startswith("own_") and name in vars(owner)


def stored_name(owner: object, name: str) -> str:
    """The name under which a stand-in holds what code calls so. What has that name in the stand-in
    itself, and is ours, is another: code neither reaches nor replaces it.

    `owner` is a class that derives from one, or an instance."""
    kind = _kind(owner)
    if _is_dunder(name) or not issubclass(kind, StandIn):
        return name
    is_ours = name.startswith("own_") or hasattr(_host(kind), name)
    return f"code_{name}" if is_ours and not _is_of_library(kind, name) else name


def is_settable(owner: object, name: str) -> bool:
    """Whether code can change what is under a name: of what it has made itself."""
    if _is_dunder(name) or isinstance(owner, Module):
        return False
    if isinstance(owner, type):
        return is_of_code(owner)
    return isinstance(owner, StandIn | types.SimpleNamespace) or is_of_code(type(owner))


def plain_type(value: object) -> type | None:
    """The type in `METHODS` that a value is of, also by way of a class of the code's."""
    if type(value) is super:
        value = value.__self__  # type: ignore[attr-defined]
    if isinstance(value, type):
        return value if value in METHODS else None
    if type(value) in METHODS:
        return type(value)
    return next((kind for kind in METHODS if isinstance(value, kind)), None)


def _kind(owner: object) -> type:
    if type(owner) is super:
        owner = owner.__self__  # type: ignore[attr-defined]
    return owner if isinstance(owner, type) else type(owner)


def _host(kind: type[StandIn]) -> type[StandIn]:
    """The first class of it that the code has not made."""
    return next(base for base in kind.__mro__ if not is_of_code(base))


def _is_of_library(kind: type[StandIn], name: str) -> bool:
    """Whether a name is one that a stand-in has as the library's own object has it."""
    if name.startswith(("own_", "_")):
        return False
    bases = (base for base in _host(kind).__mro__ if issubclass(base, StandIn))
    return any(name in vars(base) for base in bases)


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")
