"""What stands for something of a library, and what code reaches and sets of that and of any other
value: nothing of what follows it."""

from __future__ import annotations

import enum
import functools
import itertools
import re
import types
from collections.abc import Callable, Collection, Mapping, MutableMapping
from typing import Any

from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.scope import body_of
from rnnshape.reading.python.streams import Stream


class StandIn:
    """The base of all stand-ins. Code reaches what they define, but for names that begin with
    `own_` or `_`; what it has set itself; and what its own subclasses define.

    Where a subclass has `own_is_assigned(name, in_module)`, it is called when the code gives it a
    name.

    Attributes:
        own_is_data: whether what an unknown function makes of it is data, too.
        own_has_class: whether code can name its class.
        own_is_part: whether a network is made of it, so that what may be it is no data.
        own_is_input: whether that is what it takes.
        own_told: names under which there is nothing, and what reaches for it is told so.
    """

    own_is_data = own_has_class = own_is_part = own_is_input = False
    own_told: tuple[str, ...] = ()

    def own_lacks(self, name: str) -> bool:
        """Whether what it stands for surely has nothing under a name."""
        return False

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
    raises a `KeyError`. `from it import *` gives those that are `listed`. Code may change the names
    of a module of its own, which are `held`."""

    held: MutableMapping[str, Any] | None = None

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


def is_of_code(kind: object) -> bool:
    """Whether it is a class that the code which is read defines."""
    return isinstance(kind, type) and kind.__module__ == "__main__"


def hook(value: object, name: str) -> Any:
    """A function of what a stand-in is asked; None of what is none, whatever the code calls so."""
    return getattr(type(value), name, None) if isinstance(value, StandIn) else None


def own(value: object, name: str, usual: Any = None) -> Any:
    """What a stand-in keeps under a name of ours; of what is none, whatever it answers to,
    `usual`."""
    return getattr(value, name, usual) if isinstance(value, StandIn) else usual


NUMBERS = {int, float, bool, str, type(None)}


def may_be_in(values: object) -> tuple[Any, ...]:
    """The tensors in a nest of lists, tuples and dictionaries, and those that what is open in it
    may be."""
    found, waiting, met = dict[int, Any](), [values], set[int]()
    while waiting:  # there may be very many numbers
        part = waiting.pop()
        if isinstance(part, list | tuple | set | frozenset | dict):
            if id(part) not in met:
                met.add(id(part))
                items = part.values() if isinstance(part, dict) else part
                waiting += [one for one in items if not _holds_none(one)][::-1]
            continue
        several = part.may_be if isinstance(part, Open) else (part,)
        found |= {id(one): one for one in several if isinstance(one, StandIn) and one.own_is_part}
    return (*found.values(),)


def _holds_none(value: object) -> bool:
    return type(value) in NUMBERS or (type(value) is Open and not value.may_be)


# What code reaches of plain values: their methods, but for those that reach into others.
PLAIN = (str, list, dict, set, frozenset, tuple, range, bool, int, float, complex, slice)
REACHING = {"format_map", "maketrans", "translate"}
METHODS: dict[type, frozenset[str]] = {
    kind: frozenset(name for name in dir(kind) if name[0] != "_" and name not in REACHING)
    for kind in PLAIN
}
METHODS[Stream] = frozenset({"close", "send", "throw"})
METHODS |= dict.fromkeys(
    (type(None), types.BuiltinFunctionType, types.GeneratorType, functools.partial),
    frozenset[str](),
)
METHODS |= dict.fromkeys((types.FunctionType, types.MethodType), frozenset({"__name__"}))
METHODS[bytes] = frozenset({"decode"})
METHODS[re.Match] = frozenset({"end", "group", "groupdict", "groups", "span", "start"})
SPECIAL = """
    init call name class post_init getitem setitem delitem contains iter len enter exit repr str eq
    add mul
"""
DUNDERS = frozenset(f"__{name}__" for name in SPECIAL.split())
OF_ATTRIBUTES = {"__setattr__", "__delattr__", "__getattr__"}  # asked for whatever is ours, too
OTHERS: dict[type, tuple[str, ...]] = {
    property: ("setter", "getter", "deleter", "fget", "fset", "fdel"),
    BaseException: ("args",),
    enum.Enum: ("name", "value"),
}


def is_visible(owner: object, name: str) -> bool:
    """Whether code reaches what is under a name of a value; the name is as it is stored."""
    kind = _kind(owner)
    if name == "__subclasses__":
        return isinstance(owner, type) and is_of_code(owner)
    if _is_dunder(name):
        is_made = isinstance(owner, StandIn) and not is_of_code(kind)
        held = (vars(base).get(name) for base in kind.__mro__ if is_of_code(base))
        own = (one.__func__ if isinstance(one, staticmethod | classmethod) else one for one in held)
        is_method = any(map(body_of, own))  # such as `__build__`
        return (name in DUNDERS and not (is_made and name == "__init__")) or is_method
    if issubclass(kind, StandIn):
        return _is_visible_of_stand_in(owner, kind, name)
    of_plain = plain_type(owner)
    if of_plain is not None and (name.startswith("own_") or hasattr(of_plain, name)):
        return name in METHODS[of_plain]
    if isinstance(owner, enum.EnumMeta) and name in owner.__members__:
        return True
    if owner is itertools.chain:
        return name == "from_iterable"
    if any(isinstance(owner, other) and name in names for other, names in OTHERS.items()):
        return True
    is_of_others = of_plain is not None or isinstance(owner, types.SimpleNamespace)
    return _is_added(owner, kind, name) if is_of_code(kind) else is_of_others


def _is_added(owner: object, kind: type, name: str) -> bool:
    """Whether code has added a name to what its class derives from; Python's own of an `Enum` lead
    to whatever module they are told."""
    bases = list(kind.__mro__)
    if type(owner) is super:
        bases = bases[bases.index(owner.__thisclass__) + 1 :]  # type: ignore[attr-defined]
    elif isinstance(owner, type):
        bases += type.mro(type(owner))
    first = next((base for base in bases if name in vars(base)), None)
    of_enum = issubclass(kind, enum.Enum) and hasattr(enum.Enum, name)
    return not of_enum and (first is None or is_of_code(first))


def _is_visible_of_stand_in(owner: object, kind: type[StandIn], name: str) -> bool:
    """What it stands for, and what the code has made itself."""
    is_instance = not isinstance(owner, type | super)
    if is_instance and _hosts(kind)[0].own_lacks(owner, name):  # type: ignore[arg-type]
        return False
    if _is_of_library(kind, name):
        return True
    if is_instance and _hosts(kind)[0].own_reaches(owner, name):  # type: ignore[arg-type]
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
    is_ours = name.startswith("own_") or hasattr(_hosts(kind)[0], name)
    return f"code_{name}" if is_ours and not _is_of_library(kind, name) else name


FOR_READERS = "annotations doc module name qualname wrapped"  # of a function or class
OF_READERS = {f"__{word}__" for word in FOR_READERS.split()}


def is_settable(owner: object, name: str) -> bool:
    """Whether code can change what is under a name: of what it has made itself. An `IsOpenError`
    for a function or class of the code that would be another then."""
    kinds = type(owner).__mro__[:-1] if is_of_code(type(owner)) else ()
    if kinds and all("own_slots" in vars(kind) for kind in kinds):  # it has no others
        slots = {word for kind in kinds for word in vars(kind)["own_slots"]}
        if slots.isdisjoint((name, "__dict__")) and not any(name in vars(kind) for kind in kinds):
            raise AttributeError(f"'{type(owner).__name__}' object has no attribute '{name}'")
    if _is_settable(owner, name):
        return True
    if (is_of_code(owner) or body_of(owner) is not None) and name not in OF_READERS:
        raise IsOpenError(Open(name, f"what it is once {name} is set is not read"))
    return False


def _is_settable(owner: object, name: str) -> bool:
    if name == "__dict__":
        return is_of_code(type(owner)) and not isinstance(owner, StandIn | type | enum.Enum)
    if isinstance(owner, types.FunctionType):
        is_own = name.startswith("own_") or (_is_dunder(name) and name != "__name__")
        return body_of(owner) is not None and not is_own
    is_method = isinstance(owner, type) and name in DUNDERS - {"__class__", "__name__"}
    if (_is_dunder(name) and not is_method) or isinstance(owner, Module):
        return False
    if isinstance(owner, type):  # an `Enum` keeps under such names what it says of its members
        return is_of_code(owner) and is_free(owner, name) and not isinstance(owner, enum.EnumMeta)
    return isinstance(owner, StandIn | types.SimpleNamespace) or is_of_code(type(owner))


def is_free(kind: type, name: str) -> bool:
    """Whether no stand-in's class that derives from one of the code has something else of ours
    under a name."""
    below: list[type] = type.__subclasses__(kind)
    return all(stored_name(one, name) == stored_name(kind, name) for one in below) and all(
        is_free(one, name) for one in below
    )


def mixes_with(host: type, base: type) -> bool:
    """Whether a class of the code may have both as its bases: nothing that the other has or sets
    is ours."""
    for one in base.__mro__:
        if one is object or issubclass(one, StandIn) or one.__module__.startswith("rnnshape."):
            continue
        names = {*vars(one), *vars(one).get("__dataclass_fields__", ())}
        is_other = any(stored_name(host, name) != name for name in names)
        if is_other or OF_ATTRIBUTES & names or not is_of_code(one):
            return False
    return True


def lacks(owner: object, name: str) -> bool:
    """Whether nothing that the code has made is under a name of a value."""
    stored, bases = stored_name(owner, name), type(owner).__mro__
    made = [vars(base) for base in bases if is_of_code(base)]
    return not any(stored in names for names in (getattr(owner, "__dict__", {}), *made))


# What TensorFlow's shapes have, for which tuples stand, and `tf.shape(x)`.
OF_SHAPES = ("as_list", "dims", "is_fully_defined", "ndims", "num_elements", "numpy", "rank")


class UnreadBase:
    """A class that is not in the code, of which is known only that others derive from it."""

    def __init__(self, *_: object, **__: object) -> None:
        pass


def lacks_for_sure(owner: object, stored: str) -> bool:
    """Whether Python raises an `AttributeError` for a name, under which nothing was found."""
    plain = plain_type(owner)
    if plain is not None:  # a function may have more than is followed
        is_shape = plain in (tuple, list) and stored in OF_SHAPES
        return plain in (*PLAIN, type(None)) and not (is_shape or hasattr(plain, stored))
    if UnreadBase in _kind(owner).__mro__:
        return False
    whole: Any = owner.__self__ if type(owner) is super else owner  # type: ignore[attr-defined]
    if isinstance(whole, StandIn):
        return whole.own_lacks(stored)
    return is_visible(owner, stored)


def is_there(owner: object, name: str, found: object) -> object:
    """Whether a value has what was found under a name: open where nobody knows."""
    if isinstance(owner, Open):
        return found
    is_told = name in own(owner, "own_told", ())
    if not (is_told or isinstance(found, Open)) or not lacks(owner, name):
        return True
    if is_told:
        return False
    if isinstance(owner, UnreadBase) or (isinstance(owner, Module) and _may_be_there(owner, found)):
        return found
    is_argument, may_have = hook(owner, "own_is_argument"), hook(owner, "own_may_have")
    if is_argument and own(owner, "own_layer") is not None and is_argument(owner, name):
        return True  # of a layer, for which the code gives what is open
    return found if may_have and may_have(owner, name) else False


def _may_be_there(owner: Module, found: Any) -> bool:
    """Whether a library's module may have what is not known of it; of some names it says more."""
    return owner.held is None and (not found.reason or found.stands_for is not None)


def taken(owner: object, stored: str, found: Any) -> Any:
    """What code takes of a class: a method that is not its own, as a dataclass has one from Python,
    is for what is of that class alone. A property of ours it could change for whatever is read
    next."""
    for base in _kind(owner).__mro__ if isinstance(owner, type | super) else ():
        if vars(base).get(stored) is found:
            if isinstance(found, types.FunctionType) and body_of(found) is None:
                return _of_class(base, found)
            if isinstance(found, property) and not is_of_code(base):
                raise AttributeError(stored)
    return found


def _of_class(kind: type, method: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(method)
    def call(first: object, /, *given: object, **named: object) -> object:
        if not isinstance(first, kind):
            raise TypeError(f"{method.__name__} requires a {kind.__name__}")
        return method(first, *given, **named)

    return call


def exact(value: Any) -> Any:
    """Python's own number or text, in place of one of a class of the code."""
    match value:
        case bool():
            return value
        case int():
            return int.__int__(value)
        case float():
            return float.__float__(value)
    return str.__str__(value) if isinstance(value, str) else value


def plain_type(value: object) -> type | None:
    """The type in `METHODS` that a value is of, also by way of a class of the code's."""
    kind = _kind(value)
    return kind if kind in METHODS else next((of for of in METHODS if issubclass(kind, of)), None)


def what_it_is(value: object) -> str:
    """As a message calls a value: `"a layer"`, `"an object"`."""
    kind = getattr(type(value), "own_what", type(value).__name__)
    if isinstance(value, StandIn) and " " in kind:
        return str(kind)
    return f"{'an' if kind[:1] in 'aeiouAEIOU' else 'a'} {kind}"


def _kind(owner: object) -> type:
    if type(owner) is super:
        owner = owner.__self__  # type: ignore[attr-defined]
    return owner if isinstance(owner, type) else type(owner)


def _hosts(kind: type[StandIn]) -> list[type[StandIn]]:
    """The stand-ins of it that the code has not made."""
    return [base for base in kind.__mro__ if issubclass(base, StandIn) and not is_of_code(base)]


def _is_of_library(kind: type[StandIn], name: str) -> bool:
    """Whether a name is one that a stand-in has as the library's own object has it."""
    if name.startswith(("own_", "_")):
        return False
    return any(name in vars(base) for base in _hosts(kind))


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")
