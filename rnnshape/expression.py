"""`Call`: one Keras layer as it is written. It can be bound to Keras' arguments, read and printed.

Nothing that is read is executed: a text becomes a syntax tree, and of that only names from the
table of signatures, literals, and a few operations on whole numbers and lists are understood.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias
from warnings import catch_warnings, simplefilter

from rnnshape.errors import Place, QueryError, did_you_mean
from rnnshape.signatures import (
    ACTIVATIONS,
    ALIASES,
    ARGUMENT_OBJECTS,
    INPUT_ARGUMENTS,
    LAYERS,
    REFUSED,
    module_of,
    signature,
)

__all__ = [
    "LARGEST",
    "Call",
    "NotLiteralError",
    "Source",
    "Value",
    "bind",
    "calls_within",
    "parse",
    "printed",
]

Value: TypeAlias = "bool | int | float | str | tuple[Value, ...] | Call | None"

LONGEST_TEXT = 100_000  # characters
DEEPEST = 40  # calls and brackets within each other
LARGEST = 2**63 - 1  # a tensor's dimensions are signed 64-bit integers
LITERALS = "only Keras layers with literal arguments are read here"
FEW = 12  # arguments that a message lists
MOST_REPEATED = 1_000  # layers or cells from one `* n` or `for _ in range(n)`
OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}


class NotLiteralError(QueryError):
    """A text with something in it that is no literal; a reader of code may know what it is."""


@dataclass(frozen=True, slots=True)
class Call:
    """A name of Keras and its arguments: a layer, or what a layer's argument may be.

    Attributes:
        name: as Keras spells it: `"LSTM"`.
        arguments: those that differ from Keras' defaults, by name, in Keras' order. Each is plain
            data (None, a bool, a number, a text), a `Call`, or a tuple of these.
        places: where the call (under `""`) and its arguments stand, if they were read from a text.

    >>> call = parse("layers.LSTM(64, return_sequences=True, activation='tanh')")
    >>> print(call, call["units"], call["activation"])
    LSTM(64, return_sequences=True) 64 tanh
    >>> parse(str(call)) == call
    True
    """

    name: str
    arguments: tuple[tuple[str, Value], ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)

    def __getitem__(self, argument: str) -> Value:
        """An argument as it is given, or as Keras has it where it is not."""
        for name, value in self.arguments:
            if name == argument:
                return value
        return signature(self.name).defaults.get(argument)

    def __contains__(self, argument: str) -> bool:
        """Whether the argument is given, and is not what it would be by default."""
        return any(name == argument for name, _ in self.arguments)

    def __repr__(self) -> str:
        return f"<Call {self}>"

    def __str__(self) -> str:
        """The shortest Keras expression that makes it: what has no default stands without name."""
        required = signature(self.name).required
        parts = (
            printed(value) if name in required else f"{name}={printed(value)}"
            for name, value in self.arguments
        )
        return f"{self.name}({', '.join(parts)})"

    def having(self, **changes: Value) -> Call:
        """The same call with other arguments."""
        return bind(self.name, (), {**dict(self.arguments), **changes}, self.places)

    def without(self, *names: str) -> Call:
        """The same call without some of its arguments."""
        kept = tuple((name, value) for name, value in self.arguments if name not in names)
        return Call(self.name, kept, self.places)

    def error(self, message: str, argument: str = "") -> QueryError:
        """What is wrong with the call, or with one of its arguments, and where it stands."""
        return QueryError(message, self.places.get(argument) or self.places.get(""))


def printed(value: Value) -> str:
    """A value as Python writes it; several layers as a list, as Keras' documentation has them."""
    if isinstance(value, tuple):
        inside = ", ".join(map(printed, value))
        if any(isinstance(one, Call) for one in value):
            return f"[{inside}]"
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return str(value) if isinstance(value, Call) else repr(value)


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
        at_most = f"at most {len(known.positional)}" if known.positional else "no"
        raise QueryError(f"{name} takes {at_most} arguments without a name", whole)
    given = dict(zip(known.positional, positional, strict=False))
    found = {word: places[str(index)] for index, word in enumerate(given) if str(index) in places}
    for word, value in keywords.items():
        if word in given:
            raise QueryError(f"{name} is given {word} twice", places.get(word, whole))
        if word not in known.names and (module_of(name) != "layers" or word not in INPUT_ARGUMENTS):
            few = f": it takes {_listed(known.names)}" if len(known.names) <= FEW else ""
            hint = did_you_mean(word, known.names) or few
            raise QueryError(f"{name} takes no {word!r}{hint}", places.get(word, whole))
        given[word] = value
    missing = [word for word in known.required if word not in given]
    if missing:
        example = f"{name}({', '.join(known.required)})"
        raise QueryError(f"{name} needs {_listed(missing)}: {example}", whole)
    order = (*known.names, *INPUT_ARGUMENTS)
    arguments = tuple(
        (word, given[word])
        for word in dict.fromkeys(order)
        if word in given
        and not (word in known.defaults and _same(given[word], known.defaults[word]))
    )
    return Call(name, arguments, {**found, **places})


def parse(text: str) -> Call:
    """The call that a Keras expression writes, under any prefix, or a `QueryError`.

    >>> parse("tf.keras.layers.Dense(units=10)")
    <Call Dense(10)>
    """
    source = Source(text, operations=True)
    [statement, *others] = source.statements() or [ast.Pass()]
    if others or not isinstance(statement, ast.Expr):
        raise QueryError(f"{_short(text)} is not one Keras expression")
    value = source.value(statement.value)
    if not isinstance(value, Call):
        raise source.error(statement.value, "this is not a Keras layer")
    return value


@dataclass(frozen=True)
class Source:
    """A text in Python's syntax, and what its pieces mean.

    Attributes:
        text: all of it.
        where: what its lines are found by, as `"model.py, line "`; empty for a pasted one.
        longest: how many characters it may have.
        operations: whether it may call functions of `keras.ops`, as a step of a network prints it.
    """

    text: str
    where: str = ""
    longest: int = LONGEST_TEXT
    operations: bool = False

    @cached_property
    def lines(self) -> list[str]:
        """Its lines, split where Python splits them."""
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def statements(self) -> list[ast.stmt]:
        """The statements of the text, unread, or a `QueryError` that shows where it breaks off."""
        return self._parsed(self.text)

    def between(self, marks: Sequence[int]) -> list[ast.expr]:
        """The expressions between marks of two characters, such as `->`, that stand at these
        places. Each keeps its own place in the text."""
        ends = [*marks, len(self.text)]
        parts = [self.text[: ends[0]]]
        parts += [f", {self.text[one + 2 : end]}" for one, end in pairwise(ends)]
        joined = "".join(parts)
        # In brackets they may go over several lines; the line more above is counted off again.
        lines_above = int(len(self.lines) > 1)
        statements = self._parsed(f"(\n{joined}\n)" if lines_above else joined, lines_above)
        match statements:
            case [ast.Expr(value=ast.Tuple(elts=elements) as whole)]:
                for node in ast.walk(whole) if lines_above else ():
                    if isinstance(node, ast.expr | ast.keyword):
                        node.lineno -= 1
                        node.end_lineno = (node.end_lineno or 1) - 1
                return elements
        raise QueryError("only layers are joined by ->")

    def _parsed(self, text: str, lines_above: int = 0) -> list[ast.stmt]:
        if len(text) > self.longest:
            raise QueryError(f"this is too long to be read: {len(text):,} characters")
        try:
            with catch_warnings():  # as of an invalid escape: they are the text's author's
                simplefilter("ignore")
                return ast.parse(text).body
        except SyntaxError as wrong:
            raise self._broken(wrong, (wrong.lineno or 1) - lines_above) from None
        except (MemoryError, RecursionError):
            raise QueryError("this is nested too deeply to be read") from None
        except ValueError as wrong:  # a NUL, or half a character
            raise QueryError(f"this can't be read: {wrong}") from None

    def value(self, node: ast.expr, depth: int = 0) -> Value:
        """What an expression means: plain data, a `Call`, or a tuple of these."""
        if depth > DEEPEST:
            raise self.error(node, "this is nested too deeply to be read")
        match node:
            case ast.Constant(value=None | bool() | str() as literal):
                return literal
            case ast.Constant(value=int() | float() as number):
                return self.number(node, number)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.number(node, -self._numeric(operand, depth))
            case (
                ast.BinOp(left=ast.List() as items, op=ast.Mult(), right=times)
                | ast.BinOp(left=times, op=ast.Mult(), right=ast.List() as items)
            ):
                return self._repeated(node, self._items(items, depth), self.value(times, depth + 1))
            case ast.BinOp(left=left, op=op, right=right):
                return self.operated(
                    node, self._numeric(left, depth), op, self._numeric(right, depth)
                )
            case ast.Tuple() | ast.List():
                return self._items(node, depth)
            case ast.ListComp(
                elt=element,
                generators=[
                    ast.comprehension(
                        target=ast.Name(id=variable),
                        iter=ast.Call(func=ast.Name(id="range"), args=[times], keywords=[]),
                        ifs=[],
                        is_async=0,
                    )
                ],
            ) if not any(
                isinstance(one, ast.Name) and one.id == variable for one in ast.walk(element)
            ):
                one = self.value(element, depth + 1)
                return self._repeated(node, (one,), self.value(times, depth + 1))
            case ast.Call():
                return self.call(node, depth)
            case ast.Name() | ast.Attribute():
                return self._named(node)
        raise NotLiteralError(LITERALS, self.place(node))

    def call(self, node: ast.Call, depth: int = 0) -> Call:
        """The Keras call that is written."""
        name = self.name(node.func)
        if isinstance(node.func, ast.Attribute) and _first_word(node.func) in ("nn", "torch"):
            raise self.error(
                node.func, f"{name} of PyTorch is not answered: only Keras' layers are"
            )
        if name is None:
            raise NotLiteralError(LITERALS, self.place(node.func))
        name = "Input" if name == "InputLayer" else name
        known = module_of(ALIASES.get(name, name))
        if known is None or (known == "ops" and not self.operations):  # before its arguments
            raise _unknown(name, self.place(node.func))
        places = {"": self.place(node.func)}
        positional, keywords = [], {}
        for index, argument in enumerate(node.args):
            positional.append(self.value(argument, depth + 1))
            places[str(index)] = self.place(argument)
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.error(keyword.value, "write the arguments out: ** is not read here")
            if keyword.arg in keywords:
                wrong = f"{name} is given {keyword.arg} twice"
                raise QueryError(wrong, self.place_of_keyword(keyword))
            keywords[keyword.arg] = self.value(keyword.value, depth + 1)
            places[keyword.arg] = self.place_of_keyword(keyword)
        return bind(name, positional, keywords, places)

    def name(self, node: ast.expr) -> str | None:
        """The last word of `LSTM`, `layers.LSTM` or `tf.keras.layers.LSTM`; None of all else."""
        first = _first_word(node)
        return node.attr if isinstance(node, ast.Attribute) and first else first

    def number(self, node: ast.expr, value: int | float) -> int | float:
        """The number, if it is one that Keras could take."""
        if isinstance(value, int) and abs(value) > LARGEST:
            raise self.error(node, f"this number is too large: the largest is {LARGEST}")
        if isinstance(value, float) and not math.isfinite(value):
            raise self.error(node, "this number is too large")
        return value

    def operated(
        self, node: ast.expr, left: int | float, op: ast.operator, right: int | float
    ) -> int | float:
        """The result of an operation on two numbers, never larger than a dimension may be."""
        operation = OPERATIONS.get(type(op))
        if operation is None:
            if not (isinstance(op, ast.Pow) and isinstance(right, int) and 0 <= right < 64):
                raise self.error(node, "this operation is not read here: write its result")
            operation = operator.pow
        try:
            return self.number(node, operation(left, right))
        except ArithmeticError as wrong:
            raise self.error(node, str(wrong)) from None

    def place(self, node: ast.expr | ast.stmt) -> Place:
        """Where a piece of the text stands."""
        end = node.end_col_offset if node.end_lineno == node.lineno else None
        return self._place(node.lineno, node.col_offset, end)

    def error(self, node: ast.expr | ast.stmt, message: str) -> QueryError:
        return QueryError(message, self.place(node))

    def _place(self, number: int, start: int, end: int | None) -> Place:
        line = self.lines[number - 1]
        if not line.isascii():  # the tree counts in bytes
            coded = line.encode()
            start = len(coded[:start].decode(errors="replace"))
            end = end if end is None else len(coded[:end].decode(errors="replace"))
        where = f"{self.where}{number}" if self.where else ""
        return Place(line, start, len(line) if end is None else end, where)

    def place_of_keyword(self, keyword: ast.keyword) -> Place:
        """The name where the value is read well, as it is mostly the name that is misspelt."""
        assert keyword.arg is not None
        end = keyword.col_offset + len(keyword.arg.encode())
        return self._place(keyword.lineno, keyword.col_offset, end)

    def _broken(self, wrong: SyntaxError, number: int) -> QueryError:
        if not 1 <= number <= len(self.lines):
            return QueryError(f"this can't be read: {wrong.msg}")
        line = self.lines[number - 1]
        start = min(max(0, (wrong.offset or 1) - 1), len(line))
        same_line = wrong.end_lineno == wrong.lineno and wrong.end_offset
        end = min(wrong.end_offset - 1, len(line)) if same_line and wrong.end_offset else start + 1
        where = f"{self.where}{number}" if self.where else ""
        place = Place(line, start, max(end, start + 1), where)
        return QueryError(f"this can't be read: {wrong.msg}", place)

    def _numeric(self, node: ast.expr, depth: int) -> int | float:
        value = self.value(node, depth + 1)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(node, "only numbers can be reckoned with here")
        return value

    def _items(self, node: ast.Tuple | ast.List, depth: int) -> tuple[Value, ...]:
        return tuple(self.value(one, depth + 1) for one in node.elts)

    def _repeated(
        self, node: ast.expr, items: tuple[Value, ...], times: Value
    ) -> tuple[Value, ...]:
        if isinstance(times, bool) or not isinstance(times, int):
            raise self.error(node, "a list is repeated a whole number of times")
        if times > MOST_REPEATED or times * _size(items) > MOST_REPEATED:
            raise self.error(node, f"this makes too many: at most {MOST_REPEATED:,} are read")
        return items * times

    def _named(self, node: ast.Name | ast.Attribute) -> Value:
        """What a name without a call may be: `tf.nn.relu`, `tf.float32`, or a class of Keras."""
        name = self.name(node)
        if name in ACTIVATIONS:
            return name
        if isinstance(node, ast.Attribute) and name and _is_dtype(name):
            return name
        if name and module_of(ALIASES.get(name, name)) not in (None, "ops"):
            if any(ALIASES.get(name, name) in names for names in ARGUMENT_OBJECTS.values()):
                return bind(name, (), {}, {"": self.place(node)})
            raise self.error(node, f"{name} is a layer's class: make one of it, {name}(...)")
        constant = str(name).capitalize()
        if constant in ("True", "False", "None"):
            raise self.error(node, f"{name} is not known here; did you mean {constant}?")
        raise NotLiteralError(
            f"{name or 'this'} is not known here: write its value", self.place(node)
        )


def calls_within(value: Value) -> Iterator[Call]:
    """Every call in a value, the outer ones first."""
    if isinstance(value, Call):
        yield value
        for _, argument in value.arguments:
            yield from calls_within(argument)
    elif isinstance(value, tuple):
        for one in value:
            yield from calls_within(one)


def _unknown(name: str, place: Place | None) -> QueryError:
    if name in REFUSED:
        return QueryError(f"{name} is not answered: {REFUSED[name]}", place)
    if name in ("Sequential", "Model"):
        return QueryError(f"a layer around a {name} is not read here", place)
    hint = did_you_mean(name, (*LAYERS, "Input", "Sequential"))
    return QueryError(f"Keras has no layer {name}{hint}", place)


def _size(items: tuple[Value, ...]) -> int:
    """How many values there are in a list and in the lists in it."""
    return sum(_size(one) if isinstance(one, tuple) else 1 for one in items)


def _first_word(node: ast.expr) -> str | None:
    """`tf`, of `tf.keras.layers`."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _is_dtype(name: str) -> bool:
    return name.rstrip("0123456789") in ("float", "bfloat", "int", "uint") and name[-1].isdigit()


def _same(value: Value, default: Value) -> bool:
    """Whether a value is the default. Keras tells 1 from True and 0 from 0.0 nowhere but here."""
    return type(value) is type(default) and value == default


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
