"""Finds the errors, and the line of the user's own code, in text that was pasted."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from rnnshape.explaining.explanation import FileLine

LONGEST = 200_000  # characters; of longer text the middle, where the frames are, is left out
LONGEST_MESSAGE = 10_000  # of one error, likewise
MOST = 20  # errors of a chain that are looked at
LONGEST_FRAME = 300  # characters
LEAST_QUOTED = 25  # characters of a message; shorter pieces of some stand in ordinary prose too

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
_LOGGED = re.compile(
    r"\s*(?:[-─━═=╭┌]{5}|\[?\d{4}-\d\d-\d\d[ T]|\[?\d\d:\d\d:\d\d|[IWEF]\d{4} |[IWEF] tensorflow/"
    r"|(?:WARNING|INFO|ERROR)\b|Epoch \d+/|\d+/\d+ |File \"|Cell In ?\[|(?:Using|To enable) \w)"
)
_BEGINS_CODE = re.compile(
    r"\s*(?:import |from \S+ import |def |class |@\w|#|%|!|>>> |\{|\[|[A-Za-z_][\w.]*\((?!\))|"
    r"\w[\w.]*(?:\[[^\]]*\])? ?=[^=])"
)
_FRAME = re.compile(
    r'\s*(?:\S{1,3} )?File "(?P<file>[^"]+)", line (?P<line>\d+)'  # Python
    r"|\s*File (?P<file2>(?:[A-Z]:)?[^:\"]+):(?P<line2>\d+), in "  # IPython
    r"|\s*(?:Cell |Input )?In ?\[(?P<cell>\d+)\], line (?P<line3>\d+)"
    r"|\s*(?P<file4>(?:[A-Z]:)?[^\s:<>][^:<>]*\.py|<ipython-input-\d+-\w+>)"
    r":(?P<line4>\d+)(?:: in| in|:? \w)"  # rich, pytest, TensorFlow's "in user code"
    r"|(?P<heading><ipython-input-\d+-\w+>|Input In \[\d+\]|\S.*\.py|.*\.ipynb Cell \d+).{0,9} in "
    r"|-{2,}> ?(?P<arrow>\d+)\b"  # the line of the heading above it
)
_CELL = re.compile(r"<ipython-input-(\d+)-|In ?\[(\d+)\]")
_OTHERS = re.compile(
    r"site-packages|dist-packages|\.pyx$|[\\/]lib(?:64)?[\\/]python\d|[\\/]Python\d+[\\/]lib[\\/]"
    r"|^<(?!ipython)|__autograph_generated_file|[\\/](?:keras|tensorflow)[\\/]\w+[\\/]",
    re.IGNORECASE,
)


class PastedError(NamedTuple):
    """An error in pasted text: what follows its name, in one line, and where its name stands."""

    name: str
    message: str
    position: int


def plain(text: str) -> str:
    """The text without colours, boxes, and other systems' line ends."""
    text = _ESCAPES.sub("", _shortened(text, LONGEST)).replace("\xa0", " ")
    lines = (
        line.strip(_BOX) if line.lstrip()[:1] in tuple(_BOX[:-1]) else line
        for line in text.splitlines()
        if not line.lstrip().startswith("```")  # of Markdown
    )
    return "\n".join(lines)


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
        is_line = "\n" not in text.strip()
        return bool(_BEGINS_CODE.match(text)) and not (printed or (is_line and is_quoted(text)))
    return not (body and isinstance(body[0], ast.AnnAssign) and _HEAD.match(text.strip()))


def has_error(text: str) -> bool:
    """Has plain text a traceback, or a line that begins with the name of an error?"""
    return has_traceback(text) or bool(_HEAD.search(text) and not _RAISES.search(text))


def has_traceback(text: str) -> bool:
    return _TRACEBACK.search(text) is not None


def is_error(text: str) -> bool:
    """Is the text an error or a traceback, and not Keras code, a file's name or a word?

    >>> is_error("ValueError: Shapes (None, 1) and (None, 10) are incompatible")
    True
    >>> is_error("LSTM(64) -> Dense(1)"), is_error("model.keras"), is_error("lstm")
    (False, False, False)
    """
    text = plain(text)
    if not text.strip() or is_code(text):
        return False
    if has_error(text):
        return True
    return is_quoted(text)


def is_quoted(text: str) -> bool:
    """Has plain text a message of the table, which is no ordinary prose?"""
    from rnnshape.explaining.messages import found_in

    return any(len(said.match[0]) >= LEAST_QUOTED for _, said in found_in(one_line(text)))


def begins_error(line: str) -> bool:
    """Is a line an error, or one that is printed before it: a log, a rule, a frame?

    >>> begins_error("Traceback (most recent call last):"), begins_error("Bidirectional(LSTM(4))")
    (True, False)
    """
    return _LOGGED.match(plain(line)) is not None or is_error(line)


def own_place(text: str, position: int) -> FileLine | None:
    """The last frame before the error at `position` that is in none of the libraries; if there
    is none, the last of all.

    >>> own_place('  File "train.py", line 7, in <module>', 99)
    FileLine(file='train.py', line=7)
    """
    before = last = None
    for start, place in _frames(text):
        if _OTHERS.search(place.file) is None:
            last = place
            if start < position:
                before = place
    return before or last


def _frames(text: str) -> Iterator[tuple[int, FileLine]]:
    """The frames, and where each begins in the text."""
    heading, start = None, 0
    for text_line in text.split("\n"):
        frame = _FRAME.match(text_line) if len(text_line) <= LONGEST_FRAME else None
        if frame:
            file = frame["file"] or frame["file2"] or frame["file4"]
            line = frame["line"] or frame["line2"] or frame["line3"] or frame["line4"]
            if frame["cell"]:
                file = f"In [{frame['cell']}]"
            elif frame["arrow"]:
                file, line = heading, frame["arrow"]
            heading = frame["heading"]
            if file:
                yield start, FileLine(_readable(file.strip()), int(line))
        start += len(text_line) + 1


def _readable(file: str) -> str:
    """A cell by its number, whatever the version of IPython calls it."""
    cell = _CELL.search(file)
    return f"Cell In[{cell[1] or cell[2]}]" if cell else file
