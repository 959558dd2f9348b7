"""`Source`: a text in Python's syntax: it becomes a syntax tree, and tells where things stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from warnings import catch_warnings, simplefilter

from rnnshape.errors import Place, QueryError

LONGEST_TEXT = 400_000  # characters
MOST_BITS = 14_000  # of a number in a text
NO_PYTHON = "this can't be read"  # how what is said of it begins
STOPS = "this stops: "  # and what is said of code that ends with an error of Python
FUNCTION = re.compile(r"[^\S\n]*(?:async )?def ")
LONG_NUMBER = re.compile(r"[\da-fA-F_]{3500}")
# Texts, one perhaps left open, and comments, which may hold anything; and what counts outside.
MARKS = re.compile(
    r"""('{3}|"{3}|'|")(?:\\.|(?!\1)[^\\])*(?:\1|(?P<open>))|#[^\n]*|->|→|[()\[\]{},]""", re.DOTALL
)


def with_plain_arrows(text: str) -> str:
    """The same text with -> for each → that stands in no string.

    >>> with_plain_arrows("LSTM(3, name='→') → Dense(1)")
    "LSTM(3, name='→') -> Dense(1)"
    """
    if "→" not in text:
        return text
    return MARKS.sub(lambda mark: "->" if mark[0] == "→" else mark[0], text)


@dataclass(frozen=True)
class Source:
    """A text in Python's syntax, and what its pieces mean.

    Attributes:
        text: all of it.
        where: what its lines are found by, as `"model.py, line "`; empty for a pasted one.
    """

    text: str
    where: str = ""

    @cached_property
    def lines(self) -> list[str]:
        """Its lines, split where Python splits them."""
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def statements(self) -> list[ast.stmt]:
        """The statements of the text, unread, or a `QueryError` that shows where it breaks off."""
        return self.parsed(self.text)

    def arrows(self) -> list[int]:
        """Where `->` stands outside brackets and strings. What is left open, the parser says."""
        text = self.text
        if "->" not in text:
            return []
        if len(text) > LONGEST_TEXT:
            raise QueryError(f"this is too long to be read: {len(text):,} characters")
        found: list[int] = []
        commas: list[int] = []
        depth = 0
        for mark in MARKS.finditer(text):
            if depth == 0 and mark[0] in ("->", ","):
                (commas if mark[0] == "," else found).append(mark.start())
            depth += (mark[0] in "([{") - (mark[0] in ")]}")
            if mark["open"] is not None:  # Python's parser says so
                depth = -1
        lines = (text.rfind("\n", 0, place) + 1 for place in found)
        if found and all(FUNCTION.match(text, line) for line in lines):
            return []  # those of functions: `def build(units) -> Model:`
        if depth:  # in one more bracket it may go over several lines
            joined = text.replace("->", " ,")
            self.parsed(f"(\n{joined}" if depth > 0 else joined, int(depth > 0))
        if not found:
            return []
        if commas:
            raise QueryError("the layers of a chain are joined by ->", self._found(commas[0]))
        for start, end in pairwise([-2, *found, len(text)]):
            if not text[start + 2 : end].strip():
                at = found[0] if start == -2 else start
                raise QueryError("a layer is missing beside this ->", self._found(at, 2))
        return found

    def _found(self, place: int, width: int = 1) -> Place:
        before = self.text[:place].replace("\r\n", "\n").replace("\r", "\n")
        number, start = before.count("\n"), len(before) - (before.rfind("\n") + 1)
        where = f"{self.where}{number + 1}" if self.where else ""
        return Place.near(self.lines[number], start, start + width, where)

    def between(self, marks: Sequence[int]) -> list[ast.expr]:
        """The expressions between marks of two characters, such as `->`, that stand at these
        places. Each keeps its own place in the text."""
        letters = list(self.text)
        for mark in marks:
            letters[mark : mark + 2] = ", "
        joined = "".join(letters)
        # In brackets they may go over several lines; the line more above is counted off again.
        lines_above = int(len(self.lines) > 1)
        statements = self.parsed(f"(\n{joined}\n)" if lines_above else joined, lines_above)
        match statements:
            case [ast.Expr(value=ast.Tuple(elts=elements) as whole)]:
                ast.increment_lineno(whole, -lines_above)
                return elements
        raise QueryError("only layers are joined by ->")

    def parsed(self, text: str, lines_above: int = 0) -> list[ast.stmt]:
        """The statements of what was made of the text, some lines below their own."""
        if len(text) > LONGEST_TEXT:
            raise QueryError(f"this is too long to be read: {len(text):,} characters")
        try:
            with catch_warnings():  # as of an invalid escape: they are the text's author's
                simplefilter("ignore")
                statements = ast.parse(text).body
        except SyntaxError as wrong:
            raise self._broken(wrong, (wrong.lineno or 1) - lines_above) from None
        except (MemoryError, RecursionError):
            raise QueryError("this is nested too deeply to be read") from None
        except ValueError as wrong:  # a NUL, or half a character
            raise QueryError(f"{NO_PYTHON}: {wrong}") from None
        if LONG_NUMBER.search(text):
            self._check_numbers(statements)
        return statements

    def _check_numbers(self, statements: list[ast.stmt]) -> None:
        """Python itself does not print a number of so many digits."""
        for node in (node for statement in statements for node in ast.walk(statement)):
            number = node.value if isinstance(node, ast.Constant) else None
            if isinstance(number, int) and number.bit_length() > MOST_BITS:
                raise QueryError("a number in this is too large to be read")

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
        return Place.near(line, start, len(line) if end is None else end, where)

    def place_of_keyword(self, keyword: ast.keyword) -> Place:
        """The name, where there is one: it is mostly the name that is misspelt."""
        if keyword.arg is None:
            return self.place(keyword.value)
        end = keyword.col_offset + len(keyword.arg.encode())
        return self._place(keyword.lineno, keyword.col_offset, end)

    def places_of_call(self, node: ast.Call) -> dict[str, Place]:
        """Where a call stands, under `""`, and its arguments: by their numbers and keywords, and
        by these and a number, `"0.2"`, the items of the first and of keywords."""
        places = {"": self.place(node.func)}
        if not any(isinstance(part, ast.Starred) for part in node.args):
            places |= {str(index): self.place(part) for index, part in enumerate(node.args)}
        first = [("0", part) for part in node.args[:1]]
        for name, part in [
            *first,
            *((str(keyword.arg), keyword.value) for keyword in node.keywords),
        ]:
            for index, item in enumerate(getattr(part, "elts", ())):
                named = item.func if isinstance(item, ast.Call) else item
                places[f"{name}.{index}"] = self.place(named)
        named = (keyword for keyword in node.keywords if keyword.arg)
        return places | {str(keyword.arg): self.place_of_keyword(keyword) for keyword in named}

    def _broken(self, wrong: SyntaxError, number: int) -> QueryError:
        if not 1 <= number <= len(self.lines):
            return QueryError(f"{NO_PYTHON}: {wrong.msg}")
        line = self.lines[number - 1]
        start = min(max(0, (wrong.offset or 1) - 1), len(line))
        same_line = wrong.end_lineno == wrong.lineno and wrong.end_offset
        end = min(wrong.end_offset - 1, len(line)) if same_line and wrong.end_offset else start + 1
        where = f"{self.where}{number}" if self.where else ""
        place = Place.near(line, start, max(end, start + 1), where)
        return QueryError(f"{NO_PYTHON}: {wrong.msg}", place)
