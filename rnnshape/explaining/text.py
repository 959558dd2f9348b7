"""Finds the errors in text that was pasted from a terminal, a notebook or a log."""

from __future__ import annotations

import ast
import re
import warnings
from typing import NamedTuple

__all__ = ["PastedError", "errors_in", "is_code", "one_line", "plain"]

LONGEST = 200_000  # characters; of longer text the middle, where the frames are, is left out

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*\x07|[\x00-\x08\x0e-\x1f]")
_FRAME = re.compile(r"^[ \t]*[│┃|║╭╰╮╯┏┗]+[ \t]?|[ \t]*[│┃║╮╯][ \t]*$", re.MULTILINE)
_RULE = re.compile(r"[─━═╌╭╮╰╯]{2,}")

_NAME = r"(?:[A-Za-z_]\w*\.)*(?:[A-Z]\w*)?(?:Error|Exception|Interrupt|Iteration)(?:_\d+)?"
_HEAD = re.compile(
    rf"^[ \t>]*(?:E[ \t]+|\(\d+\)[ \t]+)?({_NAME})(?: \(see above for traceback\))?:(?=\s|$)",
    re.MULTILINE,
)
_TRACEBACK = re.compile(r"^\W*(?:[A-Z]\w+[ \t]+)?Traceback \(most recent call last\)", re.MULTILINE)
# What ends a message: the next traceback of a chain of exceptions.
_NEXT = re.compile(
    r"^\W*(?:During handling of the above exception"
    r"|The above exception was the direct cause|[A-Z]\w+[ \t]+Traceback \(most|Traceback \(most)",
    re.MULTILINE,
)
_BEGINS_CODE = re.compile(
    r"\s*(?:import |from \S+ import |def |class |@\w|#|%|!|>>> |\{|\[|"
    r"\w[\w.]*(?:\[[^\]]*\])? ?=[^=])"
)


class PastedError(NamedTuple):
    """An error in pasted text: what follows its name, in one line, and where its name stands."""

    name: str
    message: str
    position: int


def plain(text: str) -> str:
    """The text without colours, boxes, and other systems' line ends."""
    if len(text) > LONGEST:
        half = LONGEST // 2
        text = f"{text[:half]}\n{text[-half:]}"
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    return _FRAME.sub("", _RULE.sub("", text))


def one_line(text: str) -> str:
    return " ".join(text.split())


def errors_in(text: str) -> list[PastedError]:
    """The errors of plain text, the one that matters first: the last of a chain."""
    heads = list(_HEAD.finditer(text))
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
        return _BEGINS_CODE.match(text) is not None and not _TRACEBACK.search(text)
    return not (body and isinstance(body[0], ast.AnnAssign) and _HEAD.match(text.strip()))


def has_error(text: str) -> bool:
    """Has plain text a traceback, or a line that begins with the name of an error?"""
    return bool(_TRACEBACK.search(text) or _HEAD.search(text))
