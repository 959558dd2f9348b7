"""Jupyter notebooks: the code of their cells, read one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from rnnshape.errors import QueryError
from rnnshape.expression import Let
from rnnshape.reading.code import read_sources
from rnnshape.reading.files import json_value
from rnnshape.reading.found import Reading
from rnnshape.source import Source

# What a line begins with, perhaps after `x = `; some magics need no `%`.
MAGIC = re.compile(r"%{1,2}[a-zA-Z]|!|\?|(?:pip|conda) install |cd [\w/.~]")
# What IPython takes for a magic without `%` where it is all of a cell.
ALONE = re.compile(
    r"(?:alias|autosave|bookmark|cat|colors|config|cp|env|history|less|ll|load|load_ext|logstart|ls"
    r"|man|matplotlib|mkdir|more|mv|notebook|popd|precision|prun|pushd|pwd|pylab|reload_ext|reset"
    r"|rm|rmdir|run|set_env|tensorflow_version|time|timeit|who|whos|xmode)(?:$|\s+(?![-+*/|&%^@<>]{1,2}=)(?:[^\s=(.,\[:]|\.[./]))"
)
HELP = re.compile(r"[\w.]+\?{1,2}")
# Magics that are given code, perhaps after `x = `, and that which runs a file.
OF_CODE = re.compile(r"(\s*(?:\w[\w., ]*=\s*)?)%(?:time|timeit|prun)\s+(?![-\s]|$)")
RUN = re.compile(r"(\s*)%run\s+(?:-\w\s+)*(?:\./)?([^\W\d]\w*(?:/[^\W\d]\w*)*)(?:\.py)?\s*$")
SETS = re.compile(r"(\s*)%(?:set_)?env\s+(\w+)\s*[=\s]\s*([^{}$]+)$")  # a variable
CELLS_OF_CODE = ("time", "timeit", "capture", "prun", "tensorflow_version")


def read_notebook(text: str, let: Let, where: str, folder: Path | None = None) -> Reading:
    """The networks that the code of a notebook makes; `where` is the file that it is from."""
    notebook = json_value(text, where)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise QueryError(f"{where} has no cells: it is no notebook of version 4")
    sources = (
        Source(_without_magics(code), f"{where}, cell {number}, line ")
        for number, code in _cells_of_code(cells)
    )
    return read_sources(sources, let, folder)


def _cells_of_code(cells: list[object]) -> Iterator[tuple[int, str]]:
    """The number of each cell of code, counted from 1 among all cells, and its code."""
    for number, cell in enumerate(cells, start=1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            code = cell.get("source", "")
            lines = code if isinstance(code, list) else [code]
            code = "".join(line for line in lines if isinstance(line, str))
            yield number, code.encode("utf-8", "replace").decode()  # half a character is none


def _without_magics(code: str) -> str:
    """The code with `pass` where a line is for the notebook and not for Python, and without the
    indent that a whole cell may have."""
    first = code.lstrip()
    if first.startswith("%%"):
        word = first[2:].split(maxsplit=1)
        if not word or word[0] not in CELLS_OF_CODE:
            return ""
    elif "\n" not in first.rstrip() and ALONE.match(first):
        code = f"%{first}"
    lines = code.split("\n")  # one by one: an expression over several would go back and forth
    begun = next((line for line in lines if line.strip()), "")
    indent = begun[: len(begun) - len(begun.lstrip())]
    goes_on = False  # the line before is a magic one that ends in a backslash
    for number, line in enumerate(lines):
        line = _with_code_of_magic(line.removeprefix(indent))
        is_magic = _is_magic(line.strip())
        code_of_line = line[: len(line) - len(line.lstrip())] + "pass" if is_magic else line
        lines[number] = "" if goes_on else code_of_line
        goes_on = (goes_on or is_magic) and line.rstrip().endswith("\\")
    return "\n".join(lines)


def _with_code_of_magic(line: str) -> str:
    """A line with the code that a magic is given, or that of the file that it runs.

    >>> _with_code_of_magic("%time model.fit(X, y)"), _with_code_of_magic("%run -i lib/models.py")
    ('model.fit(X, y)', 'from lib.models import *')
    """
    if (run := RUN.match(line)) is not None:
        return f"{run[1]}from {run[2].replace('/', '.')} import *"
    if (sets := SETS.match(line)) is not None:
        return f"{sets[1]}import os; os.environ[{sets[2]!r}] = {sets[3].strip()!r}"
    return OF_CODE.sub(r"\1", line, count=1) if OF_CODE.match(line) else line


def _is_magic(line: str) -> bool:
    names, _, value = line.partition("=")
    is_given = value and re.fullmatch(r"[\w, ]+", names) and MAGIC.match(value.lstrip())
    return bool(is_given or MAGIC.match(line) or HELP.fullmatch(line))
