"""What code can change of a value: a copy of it, and how it is set back."""

from __future__ import annotations

import types
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from rnnshape.reading.python.keys import UnsureKeys
from rnnshape.reading.python.open import Open
from rnnshape.reading.python.scope import Log, Scope
from rnnshape.reading.python.stand_in import Module, StandIn, hook, is_of_code
from rnnshape.reading.python.streams import Stream

PLAIN = (bool, int, float, complex, str, bytes, type(None), range, slice)
HOLDING = (list, tuple, dict, set, frozenset, Stream, types.MethodType, partial)


def changeable_in(values: Iterable[Any]) -> tuple[Any, ...]:
    """Those that code can change or call, each once: not numbers, data, or what a network is made
    of."""
    return tuple({id(value): value for value in values if _is_changeable(value)}.values())


def each_of(values: Iterable[Any]) -> list[Any]:
    """The values, and those of which an open one is one, each once: it may be among others that
    are among the same."""
    waiting, found, each = [*values][::-1], dict[int, Any](), list[Any]()
    while waiting:
        value = waiting.pop()
        if id(value) in found:
            continue
        found[id(value)] = value
        if isinstance(value, Open):
            waiting += value.among[::-1]
        else:
            each.append(value)
    return each


def items_in(values: Iterable[Any]) -> tuple[Any, ...]:
    """What can be changed of what stands in lists, tuples, sets and dictionaries, also in those of
    which an open value is one; of other values each itself."""
    found = list[Any]()
    values = [*values]
    over = anything_in(one.over for one in values if isinstance(one, Stream))
    for value in each_of([*(one for one in values if not isinstance(one, Stream)), *over]):
        if isinstance(value, list | tuple | set | frozenset | dict):
            found += value.values() if isinstance(value, dict) else value
        else:
            found.append(value)
    return changeable_in(found)


def held_items(values: Iterable[Any]) -> tuple[Any, ...]:
    """The same, of a new list that has them."""
    items = items_in(values)
    return (items,) if items else ()


def held_rows(values: Iterable[Any]) -> tuple[Any, ...]:
    """The same, of what gives rows of them: `zip(a, b)`, `d.items()`."""
    items = items_in(values)
    return ([items],) if items else ()


class Inside(list[Any]):
    """What stands in something open, and nobody knows how deep: it stands in itself, too."""

    def __init__(self, items: Iterable[Any]) -> None:
        super().__init__()
        self.known = set[int]()
        self.put([*items, self])

    def put(self, items: Iterable[Any]) -> None:
        for item in items:
            if id(item) not in self.known:
                self.known.add(id(item))
                self.append(item)


def anything_in(values: Iterable[Any]) -> tuple[Any, ...]:
    """What code can change or call in values, however deep, for what is made of these."""
    waiting, found = [*values], dict[int, Any]()
    while waiting:
        value = waiting.pop()
        if id(value) in found or isinstance(value, PLAIN):
            continue
        found[id(value)] = value
        if isinstance(value, Open):
            waiting += value.among
        elif isinstance(value, Stream):
            waiting.append(value.over)
        elif isinstance(value, list | tuple | set | frozenset | dict):
            waiting += value.values() if isinstance(value, dict) else value
    items = [one for one in found.values() if not isinstance(one, Inside | Open | Stream | tuple)]
    return (Inside(several),) if (several := changeable_in(items)) else ()


def part_of(owner: Open, text: str) -> Open:
    """What is under a name or at a place of something open."""
    part = owner.part(text)
    if owner.among and part is not owner and text[:1] == "[":
        part.among = (held_items if ":" in text else items_in)(owner.among)
        part.by_key = True
    return part


def _is_changeable(value: Any) -> bool:
    if isinstance(value, Open):
        return bool(value.among)
    if isinstance(value, StandIn):
        return is_of_code(type(value)) or hook(value, "own_may_be_changed") is not None
    return not isinstance(value, (*PLAIN, type)) or is_of_code(value)


def held_by(value: Any) -> Any:
    """The list, set or dictionary in which a value has what code can change of it, or None."""
    if isinstance(value, list | set | dict | Stream | UnsureKeys):
        return value.state if isinstance(value, Stream | UnsureKeys) else value
    is_plain = isinstance(value, Module | type) or not hasattr(value, "__dict__")
    is_changed = isinstance(value, StandIn | types.SimpleNamespace) or is_of_code(type(value))
    return vars(value) if is_changed and not is_plain else None


def content_of(value: Any) -> dict[Any, Any] | None:
    """A copy of what code can change of a value, by names, places or members, or None."""
    if is_of_code(value):
        return {name: part for name, part in vars(value).items() if not name.startswith("__")}
    if isinstance(value, types.FunctionType):
        return _given(vars(value))
    held = held_by(value)
    if isinstance(held, Log):
        return {id(part): part for part in held}
    if isinstance(held, list):
        return dict(enumerate(held))
    return None if held is None else dict(held) if isinstance(held, dict) else dict.fromkeys(held)


def set_content(value: Any, content: dict[Any, Any]) -> None:
    held = held_by(value)
    if isinstance(value, Stream | UnsureKeys):
        value.state = content
    elif isinstance(held, list):
        held[:] = content.values()
    elif isinstance(held, set):
        held.clear()
        held.update(content)
    elif isinstance(held, OrderedDict):  # which keeps its order beside what a `dict` has
        OrderedDict.clear(held)
        for name, part in content.items():
            OrderedDict.__setitem__(held, name, part)
    elif isinstance(held, dict):
        dict.clear(held)
        dict.update(held, content)
    else:
        for name in [name for name in content_of(value) or () if name not in content]:
            delattr(value, name)
        for name, part in content.items():
            if vars(value).get(name) is not part:
                setattr(value, name, part)


def within(value: Any) -> Iterable[Any]:
    """What is in a value; nothing of what Python can't change."""
    if isinstance(value, types.FunctionType):
        names = vars(value)
        return () if "own_scope" not in names else (names["own_scope"], *_given(names).values())
    if isinstance(value, Scope):
        return (value.names, value.above)
    if isinstance(value, tuple | frozenset):
        return [*value]
    if isinstance(value, types.MethodType):
        return (value.__self__,)
    if isinstance(value, partial):
        return (value.func, value.args, value.keywords)
    if is_of_code(value):
        return [*vars(value).values()]
    held = held_by(value)
    parts: Iterable[Any] = held.values() if isinstance(held, dict) else held or ()
    if is_of_code(type(value)):
        return (*parts, type(value), vars(value) if held is value else None)  # a `dict` of the code
    return parts


def _given(names: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a function that the code has given it."""
    return {name: part for name, part in names.items() if name[:4] != "own_" and name[:2] != "__"}
