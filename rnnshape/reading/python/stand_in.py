"""What stands for something of a library: an ordinary object, of which a part is ours."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from rnnshape.reading.python.open import IsOpenError, Open


class StandIn:
    """The base of all stand-ins. Code reaches what they define, but for names that begin with
    `own_` or `_`; what it has set itself; and what its own subclasses define.

    Two methods are called where a subclass has them: `own_is_assigned(name, in_module)` when the
    code gives it a name, and `own_is_lost(because)` when nobody knows whether the code changes it.
    """

    def own_merged(self, name: str, one: Any, other: Any, because: Open) -> Any:
        """What is under one of its own names where two sides of a condition differ in it."""
        return other

    def own_reaches(self, name: str) -> bool:
        """Whether code reaches a name that it does not define."""
        return False

    def _text(self, *_: object) -> Any:  # else the length of it would be taken for a size
        raise IsOpenError(Open("text", f"the text of a {type(self).__name__} is not known"))

    __str__ = __repr__ = __format__ = _text


class Module(StandIn):
    """What stands for a module: names and what they stand for, or a function of the name that
    raises a `KeyError`. `from it import *` gives those that are `listed`."""

    def __init__(self, path: str, names: Mapping[str, object] | Callable[[str], object]) -> None:
        self.path = path
        self.listed: Collection[str] = names if isinstance(names, Mapping) else ()
        self._found = names.__getitem__ if isinstance(names, Mapping) else names

    def _is_no_value(self, *_: object) -> Any:
        """A name that is a module here is something else in code that goes over it."""
        raise IsOpenError(Open(self.path.rpartition(".")[2]))

    __iter__ = __len__ = __bool__ = __getitem__ = _is_no_value

    def under(self, name: str) -> object:
        """What the module has under a name; open where that is not known."""
        try:
            return self._found(name)
        except KeyError:
            return Open(f"{self.path}.{name}")


def is_of_code(kind: type) -> bool:
    """Whether a class is one that the code which is read defines."""
    return kind.__module__ == "__main__"


def hook(value: object, name: str) -> Any:
    """A function of what a stand-in is asked; None of what is none, whatever the code calls so."""
    return getattr(type(value), name, None) if isinstance(value, StandIn) else None
