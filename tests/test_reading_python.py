"""Python that the reader follows, beside what Python itself makes of it, on random code.

The code is of plain values alone, so that it can be run here. What the reader says must be equal
to what Python says, or open; and nearly all of it must be closed, or `?` would pass everything.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rnnshape.reading.python import allowed, follow_module
from rnnshape.source import Source

reader = pytest.importorskip("rnnshape.reading.python")

LEAST_CLOSED = 0.95
EXAMPLES = 300
DEEPEST = 3  # of expressions in expressions
MISSING = "this name has no value"


def followed(text: str) -> tuple[object, bool]:
    """What the reader has under the name `result`, when it has followed the text, and whether it
    noted something that Python refuses."""
    code, source = reader.python({}, {}), Source(text)
    follow_module(code, source, source.statements(), code.module)
    unread = reader.Open("result") if code.messages else MISSING  # a message says that it stopped
    return code.module.names.get("result", unread), bool(code.refusals)


def run(text: str) -> object:
    """What Python has there; the error where it raises one."""
    names: dict[str, object] = {}
    try:
        exec(text, names)
    except Exception as wrong:
        return wrong
    return names["result"]


def is_python(text: str) -> bool:
    try:
        compile(text, "", "exec")
    except SyntaxError:
        return False
    return True


def holds_open(value: object) -> bool:
    if isinstance(value, dict):
        return any(holds_open(one) for pair in value.items() for one in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return any(holds_open(one) for one in value)
    return isinstance(value, reader.Open)


def is_open(text: str) -> bool:
    """Whether a text's result is open; it fails where it is closed and not what Python says."""
    (said, is_refused), true = followed(text), run(text)
    if isinstance(true, Exception):
        assert is_refused or holds_open(said) or said == MISSING, f"{said!r}, not {true!r}"
        return False  # there is nothing to be known
    if holds_open(said):
        return True
    assert repr(said) == repr(true), f"{said!r} is not {true!r}, of\n{text}"
    return False


# Expressions, by the kind of their value

NUMBERS = st.integers(-20, 99)
TEXTS = st.sampled_from(["", "a", "LSTM", "gru", "dense:3", " x, y ", "Conv1D_7", "ab-cd-ab"])
KEYS = st.sampled_from(["units", "rate", "a", "b", "gru"])


def by_kind(table: str) -> list[tuple[str, str]]:
    text = (Path(__file__).parent / "tables" / table).read_text(encoding="utf-8")
    return re.findall(r"^== (\w+)\n((?:(?!==).*\n)+)", text, re.MULTILINE)


EXPRESSIONS = {kind: text.splitlines() for kind, text in by_kind("python_expressions.txt")}
STATEMENTS = [(kind, text.rstrip()) for kind, text in by_kind("python_statements.txt")]
KINDS = tuple(EXPRESSIONS)
Draw = Callable[[st.SearchStrategy[Any]], Any]


class Code:
    """Code as it is drawn: the names that it has so far, by the kind of their values."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.names: dict[str, list[str]] = {kind: [] for kind in KINDS}
        self.count = 0

    def literal(self, kind: str) -> str:
        match kind:
            case "int":
                return str(self.draw(NUMBERS)).join("()")
            case "float":
                return repr(self.draw(st.sampled_from([0.0, 0.25, 1.5, -2.75, 1e3])))
            case "bool":
                return repr(self.draw(st.booleans()))
            case "str":
                return repr(self.draw(TEXTS))
            case "list":
                return repr(self.draw(st.lists(NUMBERS, max_size=4)))
            case "words":
                return repr(self.draw(st.lists(TEXTS, max_size=3)))
        return repr(self.draw(st.dictionaries(KEYS, NUMBERS, max_size=3)))

    def expression(self, kind: str, depth: int = 0) -> str:
        known = self.names[kind]
        if depth >= DEEPEST or self.draw(st.integers(0, 3)) < depth:
            is_name = known and self.draw(st.booleans())
            return self.draw(st.sampled_from(known)) if is_name else self.literal(kind)
        return self.filled(self.draw(st.sampled_from(EXPRESSIONS[kind])), depth + 1)

    def filled(self, pattern: str, depth: int = 1) -> str:
        """A pattern with an expression in each of its places."""
        first, *rest = pattern.split("<")
        made = [first]
        for piece in rest:
            word, sign, after = piece.partition(">")
            if sign and word in KINDS:
                made.append(self.expression(word, depth) + after)
            elif sign and word == "n":
                made.append(str(self.draw(st.integers(0, 6))) + after)
            elif sign and word in ("key", "text"):
                made.append(repr(self.draw(KEYS if word == "key" else TEXTS)) + after)
            elif sign and word == "body":
                made.append(indent(self.statement(depth + 1), "    ").lstrip() + after)
            else:
                made.append("<" + piece)
        return "".join(made)

    def statement(self, depth: int = 0) -> str:
        """A statement, after which one more name is known: `v3`, or a name there has changed."""
        kind = self.draw(st.sampled_from(KINDS))
        self.count += 1
        name = f"v{self.count}"
        if depth > 2 or self.draw(st.integers(0, 2)) == 0:
            text = f"{name} = {self.expression(kind)}"
        else:
            kind, pattern = self.draw(st.sampled_from(STATEMENTS))
            text = self.filled(pattern, 2).replace("NAME", name)
        if depth == 0:
            self.names[kind].append(name)
        return text


@st.composite
def expressions(draw: Draw) -> str:
    return f"result = {Code(draw).expression(draw(st.sampled_from(KINDS)))}"


@st.composite
def blocks(draw: Draw) -> str:
    code = Code(draw)
    lines = [code.statement() for _ in range(draw(st.integers(1, 4)))]
    names = [name for known in code.names.values() for name in known]
    return "\n".join([*lines, f"result = [{', '.join(names)}]"])


@pytest.mark.parametrize("strategy", [expressions(), blocks()], ids=["expressions", "blocks"])
@pytest.mark.slow
def test_random_code_is_worth_what_python_makes_of_it(strategy: st.SearchStrategy[str]) -> None:
    opened: list[str] = []
    count = 0

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def compare(text: str) -> None:
        nonlocal count
        assume(is_python(text))  # Python 3.11 has no quotes of one kind within an f-string
        is_unread = any(word in text for word in ("unread_of", "nobody_says"))  # and so is open
        count += not is_unread
        if is_open(text) and not is_unread:
            opened.append(text)

    compare()
    share = 1 - len(opened) / count
    assert share >= LEAST_CLOSED, "\n---\n".join(sorted(opened, key=len)[:5])


# Loops over what is not read

CHANGES = ("a = b + 1", "a = c * 2", "b = a", "b = 0", "b = len(p)", "c = b + c", "a += len(q)",
           "p.append(a)", "q.append(c)", "p = []", "d['k'] = a", "f.n = b", "K.n += a", "a = K.n",
           "c = getattr(f, 'n', c)", "if hasattr(f, 'n'): del f.n",
           "continue", "break")  # fmt: skip
TESTS = (
    "a == 0",
    "a > 1",
    "not b",
    "b and a > 1",
    "c != a",
    "len(p) > 1",
    "len(q) % 2",
    "'k' in d",
    "hasattr(f, 'n')",
)


@st.composite
def unread_loops(draw: Draw) -> str:
    def body(depth: int) -> str:
        lines = []
        for _ in range(draw(st.integers(1, 3))):
            if depth < 2 and draw(st.booleans()):
                lines.append(f"if {draw(st.sampled_from(TESTS))}:\n{body(depth + 1)}")
                lines += [f"else:\n{body(depth + 1)}"] if draw(st.booleans()) else []
            else:
                lines.append(draw(st.sampled_from(CHANGES)))
        return indent("\n".join(lines), "    ")

    head = draw(st.sampled_from(["for x in unread():", "while unread():"]))
    start = "def f(): pass\nclass K: n = 0\na, b, c, p, q, d = 0, 0, 3, [], [], {}"
    result = "result = [a, b, c, p, q, 'k' in d, K.n, getattr(f, 'n', 5)]"
    return f"{start}\n{head}\n{body(0)}\n{result}"


@pytest.mark.slow
def test_what_is_said_after_a_loop_is_so_however_often_it_runs() -> None:
    closed = count = 0

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(unread_loops())
    def compare(text: str) -> None:
        nonlocal closed, count
        said, _ = followed(text)
        assert isinstance(said, list)
        closed += sum(not holds_open(value) for value in said)
        count += len(said)
        for rounds in range(7):
            truths = [True] * rounds + [False]
            asked = iter([truths[1:]] if "for x" in text else truths)
            names: dict[str, Any] = {"unread": partial(next, asked)}
            exec(text, names)
            assert all(map(may_be, said, names["result"])), (rounds, names["result"], text)

    compare()
    assert closed > 0.6 * count


def may_be(said: object, true: object) -> bool:
    """Whether a value may be what the reader says of it."""
    if isinstance(said, list) and isinstance(true, list):
        return len(said) == len(true) and all(map(may_be, said, true))
    return isinstance(said, reader.Open) or said == true


@pytest.mark.parametrize("pattern", [(k, p) for k in KINDS for p in EXPRESSIONS[k]], ids=str)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_each_expression(pattern: tuple[str, str], data: st.DataObject) -> None:
    text = f"result = {Code(data.draw).filled(pattern[1], DEEPEST)}"
    assume(is_python(text))
    is_open(text)


@pytest.mark.parametrize("pattern", STATEMENTS, ids=str)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_each_statement(pattern: tuple[str, str], data: st.DataObject) -> None:
    text = Code(data.draw).filled(pattern[1], DEEPEST).replace("NAME", "result")
    assume(is_python(text))
    is_open(text)


@pytest.mark.parametrize("names", [{"a=print()": int}, {1: int}, collections.Counter("a")])
def test_names_of_fields_that_would_be_run_as_text_are_refused(names: Any) -> None:
    kind = type("X", (), {"__annotations__": names, "__module__": "__main__"})
    for made in (kind, type("Y", (kind,), {"__module__": "__main__"})):
        with pytest.raises(TypeError, match="the names of fields must be identifiers"):
            allowed.dataclass(made)
