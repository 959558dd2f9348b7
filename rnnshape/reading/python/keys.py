"""Dictionaries that have some of their keys only where a condition holds that is not known; and
objects that may have attributes of any name."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence, Set
from typing import Any

from rnnshape.reading.python.limits import is_in, is_not_in
from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.scope import body_of
from rnnshape.reading.python.stand_in import is_there

# Functions of Python and methods of a dictionary, by their names, that ask which keys there are.
ASKING = {
    "Counter", "OrderedDict", "all", "any", "enumerated", "eq", "filter", "frozenset", "iter",
    "len", "list", "map", "max", "min", "ne", "reversed", "set", "sorted", "sum", "tuple", "zip",
    "dumps", "join", "repr", "str",
}  # fmt: skip
FOR_ONE = {"get", "getitem", "pop", "setdefault"}  # which ask for one of them
METHODS = {"items", "keys", "popitem", "values"}
COPYING = {"copy", "copy_of", "deep_copy", "dict", "ior", "or_", "update"}  # and what copies them


class UnsureKeys:
    """Which dictionaries may lack which of their keys, and why.

    >>> keys, sizes = UnsureKeys(), {"a": 3, "b": 4}
    >>> keys.note(sizes, {"b"}, Open("args.more"))
    >>> keys.check(len, [sizes])
    Traceback (most recent call last):
    rnnshape.reading.python.open.IsOpenError: args.more
    """

    def __init__(self) -> None:
        self._found: dict[int, tuple[dict[Any, Any], frozenset[Any], Open]] = {}
        self._more: dict[int, tuple[Any, set[str] | None, Open]] = {}
        self._copies: dict[int, list[tuple[Any, Any, Open]]] = {}  # also once it is set back

    @property
    def state(self) -> dict[Any, Any]:
        """What is known now: what lacks something, and what has more."""
        found = {(False, place): known for place, known in self._found.items()}
        return found | {(True, place): known for place, known in self._more.items()}

    @state.setter
    def state(self, state: dict[Any, Any]) -> None:
        self._found = {place: known for (is_more, place), known in state.items() if not is_more}
        self._more = {place: known for (is_more, place), known in state.items() if is_more}

    def merge(self, one: dict[Any, Any], other: dict[Any, Any]) -> None:
        """What may lack or have something on either side of a condition may do so after it."""
        self.state = other
        for (is_more, _), (held, names, because) in one.items():
            if is_more:
                self.note_more(held, because, names)
            else:
                self.note(held, names, because)

    def note(self, held: Any, keys: Set[Any], because: Open) -> None:
        """A dictionary, or an object of which these are the names, may lack these."""
        known = self._found[id(held)][1] if id(held) in self._found else frozenset[Any]()
        if keys:
            self._found[id(held)] = held, known | keys, because

    def note_copy(self, held: Any, other: Any, because: Open) -> None:
        """Of two lists, sets or dictionaries nobody knows whether they are one, or a copy of it."""
        for one, its in ((held, other), (other, held)):
            self._copies.setdefault(id(one), []).append((one, its, because))

    def copies_of(self, changed: object) -> list[tuple[Any, Any, Open]]:
        """What may be one with something that is changed now: itself, the other, and why."""
        return self._copies.pop(id(changed), [])

    def note_more(self, held: Any, because: Open, names: set[str] | None = None) -> None:
        """An object, whose names are `held`, may have these too, or any."""
        known = self._more[id(held)][1] if id(held) in self._more else set[str]()
        both = None if names is None or known is None else known | names
        self._more[id(held)] = held, both, because

    def may_have(self, owner: Any, name: str) -> bool:
        """Whether an object may have a name that was not found."""
        held = vars(owner) if self._more and type(owner).__dictoffset__ else None
        return self._may_hold(held, name)

    def _may_hold(self, held: Any, name: object) -> bool:
        _, names, _ = self._more.get(id(held), (held, set[str](), None))
        return names is None or (isinstance(name, str) and name in names)

    def _copy(self, value: Any, into: Any) -> None:
        """The copy of an object may have what that may have, as what its names are added to."""
        sides = [vars(one) if type(one).__dictoffset__ else one for one in (value, into)]
        _, names, because = self._more.get(id(sides[0]), (None, set[str](), Open("")))
        if names != set():
            self.note_more(sides[1], because, names)

    def is_there(self, owner: Any, name: str, found: object) -> object:
        """Whether an object has what was found under a name; open where nobody knows."""
        known = is_there(owner, name, found)
        names = vars(owner) if self._found and type(owner).__dictoffset__ else None
        if known is True and (because := self.why_lacking(names, name)):
            return because
        return found if known is False and self.may_have(owner, name) else known

    def has_now(self, held: Any, key: str) -> None:
        """A dictionary is given a key for sure."""
        if id(held) in self._found:
            _, keys, because = self._found[id(held)]
            self._found[id(held)] = held, keys - {key}, because

    def why_lacking(self, held: Any, key: str) -> Open | None:
        """Why a dictionary may lack a key, if it may."""
        _, keys, because = self._found.get(id(held), ({}, frozenset[Any](), None))
        return because if key in keys else None

    def _unsure(self, values: Sequence[Any]) -> Iterator[tuple[Any, set[Any], Open]]:
        for value in values:
            held, keys, because = self._found.get(id(value), ({}, frozenset[Any](), Open("")))
            if there := {key for key in keys if key in held}:
                yield held, there, because

    def check(self, function: Any, parts: Sequence[Any]) -> None:
        """Raises where what a function makes of its parts depends on such keys."""
        if not (self._found or self._more) or body_of(function) is not None:
            return
        name, owner = getattr(function, "__name__", ""), getattr(function, "__self__", None)
        for held in [owner, *parts] if self._more else ():
            if id(held) not in self._more:
                continue
            is_one = name in FOR_ONE or function in (is_in, is_not_in)
            key = parts[0] if held is owner or name not in FOR_ONE else parts[-1]
            is_had = type(key) is str and (key in held or not self._may_hold(held, key))
            if not is_had if is_one else name in (METHODS if held is owner else ASKING):
                raise IsOpenError(self._more[id(held)][2])
        for held, keys, because in self._unsure([owner, *parts]):
            if held is owner:
                depends = name in METHODS or (name == "get" and parts[0] in keys)
            elif function in (is_in, is_not_in):
                depends = held is parts[1] and parts[0] in keys
            else:
                depends = name in ASKING or (name == "bool" and len(keys) == len(held))
            if depends:
                raise IsOpenError(because)

    def follow(self, function: Any, parts: Sequence[Any], made: object) -> None:
        """What a function has done: what it copies into another lacks the same keys, and what it
        sets is there."""
        if not (self._found or self._more) or body_of(function) is not None:
            return
        name, owner = getattr(function, "__name__", ""), getattr(function, "__self__", None)
        if self._more and name in COPYING and parts:
            self._copy(parts[0], owner if made is None else made)
        if function is operator.setitem:
            self.has_now(parts[0], parts[1])
        elif function is setattr and type(parts[0]).__dictoffset__:
            self.has_now(vars(parts[0]), parts[1])
        for held, keys, because in self._unsure([owner, *parts]) if name in COPYING else ():
            into = made if made is not None else owner
            if isinstance(into, dict) and into is not held:
                self.note(into, keys, because)
