"""`Call`: one Keras layer as it is written. It can be bound to Keras' arguments, and printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeGuard

from rnnshape.errors import (
    IncompleteError,
    Place,
    QueryError,
    counted,
    did_you_mean,
    of_type,
    printable,
)
from rnnshape.nest import rebuilt
from rnnshape.signatures import (
    ALIASES,
    INPUT_ARGUMENTS,
    LAYERS,
    REFUSED,
    defaults_of,
    module_of,
    signature,
)

Plain: TypeAlias = bool | int | float | str | None
Value: TypeAlias = "Plain | tuple[Value, ...] | Call | Unknown | SizeWhenRun"
Let: TypeAlias = "Mapping[str, Value]"  # values of what is open, by their names
NO_LET: Let = {}

LARGEST = 2**63 - 1  # a tensor's dimensions are signed 64-bit integers
MOST_AXES = 253  # of TensorFlow's tensors
MOST_NAMES = 20  # that are asked for in one message
FEW = 12  # arguments that a message lists


@dataclass(frozen=True, slots=True)
class SizeWhenRun:
    """A size that Keras itself knows only when it runs, as -1 beside `ops.shape(x)[0]`."""

    size: int

    def __str__(self) -> str:
        return "batch" if self == KEPT else str(self.size)


KEPT = SizeWhenRun(-1)  # the first of the sizes of `reshape`: the batch, as it was


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that the text has a name for, and that is not known: it is open.

    Attributes:
        name: as the text has it: `"vocab_size"`, `"units // 2"`.
        asked: the names by which it can be given.
        reason: why it is not read; empty where it comes from data.
        file, line: where the text takes it from.
        is_number: whether it is known to be one number, and no array.
        made: of what code makes of other values, which may be others another time, a number that is
            another then; else 0.
    """

    name: str
    asked: tuple[str, ...] = ()
    reason: str = ""
    file: str = ""
    line: int | None = None
    is_number: bool = False
    made: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return printable(self.name)


@dataclass(frozen=True, slots=True)
class Call:
    """A name of Keras and its arguments: a layer, or what a layer's argument may be.

    Attributes:
        name: as Keras spells it: `"LSTM"`.
        arguments: those that differ from Keras' defaults, by name, in Keras' order. Each is plain
            data (None, a bool, a number, a text), a `Call`, or a tuple of these.
        places: where the call (under `""`) and its arguments stand, if they were read from a text.
        left_open: arguments that are given what is not known, and that change no shape. They are
            printed, and nothing more.

    >>> from rnnshape.reading import parse
    >>> call = parse("layers.LSTM(64, return_sequences=True, activation='tanh')")
    >>> print(call, call["units"], call["activation"])
    LSTM(64, return_sequences=True) 64 tanh
    >>> parse(str(call)) == call
    True
    """

    name: str
    arguments: tuple[tuple[str, Value], ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)
    left_open: tuple[tuple[str, Value], ...] = ()

    def __getitem__(self, argument: str) -> Value:
        """An argument as it is given, or as Keras has it where it is not."""
        for name, value in self.arguments:
            if name == argument:
                return value
        return defaults_of(self.name).get(argument)

    def said(self, argument: str) -> Value:
        """The same, also where it changes no shape and is not known."""
        return dict(self.left_open).get(argument, self[argument])

    def __contains__(self, argument: str) -> bool:
        """Whether the argument is given, and is not what it would be by default."""
        return argument in dict(self.arguments)

    def __repr__(self) -> str:
        return f"<Call {self}>"

    def __str__(self) -> str:
        """The shortest Keras expression that makes it: what has no default stands without name."""
        if module_of(self.name) is None:  # it is not read
            return printable(self.name)
        required = signature(self.name).required
        parts = (
            printed(value) if name in required else f"{name}={printed(value)}"
            for name, value in (*self.arguments, *self.left_open)
        )
        return printable(f"{self.name}({', '.join(parts)})")

    def having(self, **changes: Value) -> Call:
        """The same call with other arguments."""
        given = {name: plain(name, value) for name, value in changes.items()}
        made = bind(self.name, (), {**dict(self.arguments), **given}, self.places)
        return replace(made, left_open=self.left_open)

    def without(self, *names: str) -> Call:
        """The same call without some of its arguments."""
        kept = tuple((name, value) for name, value in self.arguments if name not in names)
        return replace(self, arguments=kept)

    def changed(self, change: Callable[[Call], Call]) -> Call:
        """The same call with every call in it changed, and then itself."""

        def inner(leaf: Value) -> Value:
            return leaf.changed(change) if isinstance(leaf, Call) else leaf

        arguments = tuple((name, rebuilt(value, inner)) for name, value in self.arguments)
        return change(replace(self, arguments=arguments))

    def without_left_open(self) -> Call:
        """The same call, and those in it, with nothing of what is left open."""
        return self.changed(lambda call: replace(call, left_open=()))

    def error(
        self,
        message: str,
        argument: str = "",
        kind: type[QueryError] = QueryError,
        unequal: Iterable[tuple[object, ...]] = (),
    ) -> QueryError:
        """What is wrong with the call, or with one of its arguments, and where it stands."""
        wrong = kind(message, self.places.get(argument) or self.places.get(""))
        wrong.unequal = frozenset(unequal)
        return wrong


def plain(name: str, value: Any) -> Value:
    """A value as plain data: a number of NumPy is the one that it holds, a dictionary the call that
    makes it. A `TypeError` names it."""
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()
    if isinstance(value, list | tuple):
        return tuple(plain(name, part) for part in value)
    if isinstance(value, dict) and all(isinstance(word, str) for word in value):
        return Call("dict", tuple((word, plain(name, part)) for word, part in value.items()))
    if value is None or isinstance(value, bool | int | float | str | Call | Unknown):
        return value
    such = "its shape, as 'X.shape'" if hasattr(value, "shape") else "plain data, such as 5000"
    raise TypeError(f"{name} is {of_type(value)}: give {such}")


def is_size(value: object) -> TypeGuard[int]:
    """Whether an axis may have so many entries: a whole number, 1 or more, that a tensor can have.

    >>> is_size(5), is_size(0), is_size(True)
    (True, False, False)
    """
    return type(value) is int and 1 <= value <= LARGEST


def printed(value: Value) -> str:
    """A value as Python writes it; several layers as a list, as Keras' documentation has them."""
    if isinstance(value, tuple):
        inside = ", ".join(map(printed, value))
        if any(isinstance(part, Call) for part in value):
            return f"[{inside}]"
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return str(value) if isinstance(value, Call | Unknown | SizeWhenRun) else repr(value)


def bind(
    name: str,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    places: Mapping[str, Place] | None = None,
) -> Call:
    """The call of a name with arguments as they were written, or a `QueryError`.

    `places` are those of the name (`""`), of the positional arguments (`"0"`, `"1"`, ...) and of
    the keywords.

    >>> print(bind("Dropout", (0.5,), {"noise_shape": None}))
    Dropout(0.5)
    """
    name, places = ALIASES.get(name, name), places or {}
    whole = places.get("")
    if module_of(name) is None:
        raise _unknown(name, whole)
    known = signature(name)
    if len(positional) > len(known.positional):
        many = counted(len(known.positional), "argument")
        at_most = f"at most {many}" if known.positional else "no arguments"
        raise QueryError(f"{name} takes {at_most} without a name", whole)
    given = dict(zip(known.positional, positional, strict=False))
    found = {word: places[str(index)] for index, word in enumerate(given) if str(index) in places}
    for word, value in keywords.items():
        if word in given:
            raise QueryError(f"{name} is given {word} twice", places.get(word, whole))
        if word not in known.names and (module_of(name) != "layers" or word not in INPUT_ARGUMENTS):
            few = f": it takes {', '.join(known.names)}" if len(known.names) <= FEW else ""
            inside = _of_layer_inside(word, value, (*positional, *keywords.values()))
            hint = inside or did_you_mean(word, known.names) or few
            raise QueryError(f"{name} takes no {word!r}{hint}", places.get(word, whole))
        given[word] = value
    missing = [word for word in known.required if word not in given]
    if missing:
        example = f"{name}({', '.join(known.required)})"
        raise IncompleteError(f"{name} needs {', '.join(missing)}: {example}", whole)
    order = (*known.names, *INPUT_ARGUMENTS)
    arguments = tuple(
        (word, given[word])
        for word in sorted(given, key=order.index)
        if not (word in known.defaults and _same(given[word], known.defaults[word]))
    )
    return Call(name, arguments, {**found, **places})


def _of_layer_inside(word: str, value: Value, given: Sequence[Value]) -> str:
    """Where an argument belongs that is written beside the layer that takes it."""
    for layer in (one for outer in given for one in calls_within(outer)):
        if module_of(layer.name) == "layers" and word in signature(layer.name).names:
            moved = bind(layer.name, (), {**dict(layer.arguments), word: value})
            return f", but the layer inside does: {moved}"
    return ""


def _within(value: Value) -> Iterator[Value]:
    """A value and every other in it, the outer ones first."""
    left = [value]
    while left:
        part = left.pop()
        yield part
        if isinstance(part, Call):
            left += [argument for _, argument in reversed(part.arguments)]
        elif isinstance(part, tuple):
            left += reversed(part)


def calls_within(value: Value) -> Iterator[Call]:
    """Every call in a value, the outer ones first."""
    return (part for part in _within(value) if isinstance(part, Call))


def unknowns_in(value: Value) -> Iterator[Unknown]:
    """Every value in another that is not known."""
    return (part for part in _within(value) if isinstance(part, Unknown))


def _unknown(name: str, place: Place | None) -> QueryError:
    if name in REFUSED:
        return QueryError(f"{name} is not answered: {REFUSED[name]}", place)
    if name in ("Sequential", "Model"):
        return QueryError(f"a layer around a {name} is not read here", place)
    hint = did_you_mean(name, (*LAYERS, "Input", "Sequential"))
    return QueryError(f"Keras has no layer {name}{hint}", place)


def _same(value: Value, default: Value) -> bool:
    """Whether a value is the default. Keras tells 1 from True and 0 from 0.0 nowhere but here."""
    return type(value) is type(default) and value == default


def reasons(unknowns: Sequence[Unknown], *, names_files: bool = True) -> list[str]:
    """Why each of the values is not known, said once: `units (line 12) comes from data: ...`."""
    return [*dict.fromkeys(_why(unknown, names_files) for unknown in unknowns[:MOST_NAMES])]


def _why(unknown: Unknown, names_file: bool) -> str:
    line = f"line {unknown.line}" if unknown.line else ""
    where = ", ".join(filter(None, [unknown.file if names_file else "", line]))
    place = f" ({where})" if where else ""
    if unknown.reason:
        return ": ".join(filter(None, [f"{unknown.name}{place}", unknown.reason]))
    names = ", ".join(unknown.asked) or unknown.name
    options = " ".join(f"--let {_quoted(name)}" for name in unknown.asked)
    return f"{names}{place} comes from data{options and f': {options}'}"


def _quoted(label: str) -> str:
    """The option's value as a shell takes it.

    >>> print(_quoted("X.shape[2]"), _quoted("config['units']"))
    'X.shape[2]=...' "config['units']=..."
    """
    from shlex import quote

    given = f"{label}=..."
    if label.isidentifier():
        return given
    return f'"{given}"' if "'" in given and not set(given) & set('"$`\\!') else quote(given)
