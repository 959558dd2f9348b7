"""Finds the errors in text that was pasted from a terminal, a notebook or a log."""

from __future__ import annotations

import ast
import re
import warnings
from typing import NamedTuple

__all__ = ["LOGGED", "PastedError", "errors_in", "has_error", "is_code", "one_line", "plain"]

LONGEST = 200_000  # characters; of longer text the middle, where the frames are, is left out
LONGEST_MESSAGE = 10_000  # of one error, likewise
MOST = 20  # errors of a chain that are looked at

_ESCAPES = re.compile(
    r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*\x07"
    r"|[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)
_BOX = "│┃║─━═╭╮╰╯┌┐└┘ "
# `MeanSquaredError: 0.25` is a metric in a log, and no error.
_NAME = (
    r"(?:[A-Za-z_]\w*\.)*(?!\w*(?:Mean|Squared|Absolute))"
    r"(?:(?:[A-Z]\w*)?(?:Error|Exception)(?:_\d+)?|KeyboardInterrupt|StopIteration)"
)
_HEAD = re.compile(
    rf"^[ \t>]*(?:E[ \t]+|\(\d+\)[ \t]+)?({_NAME})(?: \(see above for traceback\))?:(?=\s|$)",
    re.MULTILINE,
)
_FIRST_HEAD = re.compile(rf"^{_NAME}:\s", re.MULTILINE)
_RAISES = re.compile(r"^[ \t]*Raises:?[ \t]*$", re.MULTILINE)  # of a docstring
_FIRST_LINE = r"^[^\w\n]*(?:[A-Z]\w+[ \t]+)?Traceback \(most recent call last\)"
_TRACEBACK = re.compile(_FIRST_LINE, re.MULTILINE)
# What ends a message: the next traceback of a chain of exceptions.
_NEXT = re.compile(
    rf"{_FIRST_LINE}|^During handling of the above|^The above exception was the direct cause",
    re.MULTILINE,
)
# A line that a program prints before its error.
LOGGED = re.compile(
    r"\s*(?:[-─━═=╭┌]{5}|\[?\d{4}-\d\d-\d\d[ T]|\[?\d\d:\d\d:\d\d|[IWEF]\d{4} |[IWEF] tensorflow/"
    r"|(?:WARNING|INFO|ERROR)\b|Epoch \d+/|\d+/\d+ |File \"|Cell In ?\[|(?:Using|To enable) \w)"
)
_BEGINS_CODE = re.compile(
    r"\s*(?:import |from \S+ import |def |class |@\w|#|%|!|>>> |\{|\[|[A-Za-z_][\w.]*\((?!\))|"
    r"\w[\w.]*(?:\[[^\]]*\])? ?=[^=])"
)


class PastedError(NamedTuple):
    """An error in pasted text: what follows its name, in one line, and where its name stands."""

    name: str
    message: str
    position: int


def plain(text: str) -> str:
    """The text without colours, boxes, and other systems' line ends."""
    text = _ESCAPES.sub("", _shortened(text, LONGEST)).replace("\xa0", " ")
    lines = (line.strip(_BOX) if _is_boxed(line) else line for line in text.splitlines())
    return "\n".join(lines)


def _is_boxed(line: str) -> bool:
    return line.lstrip()[:1] in tuple(_BOX[:-1])


def _shortened(text: str, longest: int) -> str:
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]}\n{text[-half:]}"


def one_line(text: str) -> str:
    return " ".join(_shortened(text, LONGEST_MESSAGE).split())


def errors_in(text: str) -> list[PastedError]:
    """The errors of plain text, the one that matters first: the last of a chain."""
    heads = list(_HEAD.finditer(text))[-MOST:]
    ends = [*(head.start() for head in heads[1:]), len(text)]
    found = []
    for head, end in zip(heads, ends, strict=False):
        following = _NEXT.search(text, head.end(), end)
        message = text[head.end() : following.start() if following else end]
        found.append(PastedError(head[1], one_line(message), head.start()))
    return found[::-1]


def is_code(text: str) -> bool:
    """Is it Python, rather than what Python printed?

    `ValueError: text` is Python too, an annotation, and is not taken for code.
    """
    if _TRACEBACK.match(text):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the text's own, such as an unknown escape
            body = ast.parse(text.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        printed = _TRACEBACK.search(text) or _FIRST_HEAD.search(text)
        return _BEGINS_CODE.match(text) is not None and not printed
    return not (body and isinstance(body[0], ast.AnnAssign) and _HEAD.match(text.strip()))


def has_error(text: str) -> bool:
    """Has plain text a traceback, or a line that begins with the name of an error?"""
    return bool(_TRACEBACK.search(text) or (_HEAD.search(text) and not _RAISES.search(text)))
