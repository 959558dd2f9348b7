"""The line of the user's own code in a traceback."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rnnshape.explaining.explanation import Place

__all__ = ["own_place"]

_FRAMES = re.compile(
    r'^\s*(?:\S{1,3} )?File "(?P<file>[^"\n]+)", line (?P<line>\d+)'  # Python
    r"|^\s*File (?P<file2>[^\n:\"]+(?:(?<=File [A-Z]):[^\n:]+)?):(?P<line2>\d+), in "  # IPython 8
    r"|^\s*(?:Cell |Input )?In ?\[(?P<cell>\d+)\], line (?P<line3>\d+)"
    r"|^\s*(?P<heading><ipython-input-\d+-\w+>|Input In \[\d+\]|\S[^\n]*\.py|"
    r"[^\n]*\.ipynb Cell \d+)"
    r"[^\n]{0,9} in [^\n]*$"  # its line has an arrow, below
    r"|^-{2,}> ?(?P<arrow>\d+)\b"
    r"|^\s*(?P<file4>[^\s:<>][^\n:<>]*\.py|[A-Z]:[^\n:]*\.py|<ipython-input-\d+-\w+>)"
    r":(?P<line4>\d+)(?:: in| in|:? \w+)",  # rich, pytest, TensorFlow's "in user code"
    re.MULTILINE,
)
_CELL = re.compile(r"<ipython-input-(\d+)-|In ?\[(\d+)\]|ipykernel_\d+")
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
    heading = None
    for frame in _FRAMES.finditer(text):
        if frame["heading"]:
            heading = frame["heading"]
            continue
        file = frame["file"] or frame["file2"] or frame["file4"]
        line = frame["line"] or frame["line2"] or frame["line3"] or frame["line4"]
        if frame["cell"]:
            file = f"In[{frame['cell']}]"
        elif frame["arrow"]:
            file, line = heading, frame["arrow"]
            heading = None
        if file:
            yield frame.start(), Place(_readable(file.strip()), int(line))


def _readable(file: str) -> str:
    """A cell as notebooks number it, whatever the version of IPython calls it."""
    cell = _CELL.search(file)
    return f"Cell In[{cell[1] or cell[2]}]" if cell and (cell[1] or cell[2]) else file
