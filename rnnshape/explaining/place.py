"""The line of the user's own code in a traceback."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rnnshape.explaining.explanation import Place

__all__ = ["own_place"]

LONGEST_LINE = 300  # characters; frames are shorter

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
    r"site-packages|dist-packages|[\\/]lib(?:64)?[\\/]python\d|[\\/]Python\d+[\\/]lib[\\/]"
    r"|^<(?!ipython)|__autograph_generated_file|[\\/](?:keras|tensorflow)[\\/]\w+[\\/]",
    re.IGNORECASE,
)


def own_place(text: str, position: int) -> Place | None:
    """The last frame before the error at `position` that is in none of the libraries; if there
    is none, the last of all.

    >>> own_place('  File "train.py", line 7, in <module>', 99)
    Place(file='train.py', line=7)
    """
    before = last = None
    for start, place in _frames(text):
        if _OTHERS.search(place.file) is None:
            last = place
            if start < position:
                before = place
    return before or last


def _frames(text: str) -> Iterator[tuple[int, Place]]:
    """The frames, and where each begins in the text."""
    heading, start = None, 0
    for text_line in text.split("\n"):
        frame = _FRAME.match(text_line) if len(text_line) <= LONGEST_LINE else None
        if frame:
            file = frame["file"] or frame["file2"] or frame["file4"]
            line = frame["line"] or frame["line2"] or frame["line3"] or frame["line4"]
            if frame["cell"]:
                file = f"In [{frame['cell']}]"
            elif frame["arrow"]:
                file, line = heading, frame["arrow"]
            heading = frame["heading"]
            if file:
                yield start, Place(_readable(file.strip()), int(line))
        start += len(text_line) + 1


def _readable(file: str) -> str:
    """A cell by its number, whatever the version of IPython calls it."""
    cell = _CELL.search(file)
    return f"Cell In[{cell[1] or cell[2]}]" if cell else file
