"""Text of files that nobody has checked: which texts name files, and how much of one is read."""

from __future__ import annotations

import errno
import json
import os
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

from rnnshape.errors import QueryError

SUFFIXES = (".keras", ".json", ".py", ".ipynb", ".h5", ".hdf5")
OF_CODE = (".py", ".ipynb")
PATH = re.compile(r"[\w.~\\/ -]+")
LARGEST_FILE = 20_000_000  # bytes of code, a notebook or a `.json`


def is_file(what: str) -> bool:
    """Whether a text names a file, in place of a layer."""
    if len(what) > 4_096 or "\0" in what:
        return False
    if what.lower().endswith(SUFFIXES):
        return "\n" not in what or os.path.exists(what)  # such a name is most likely code
    try:
        return bool(PATH.fullmatch(what)) and ("/" in what or os.path.exists(what))
    except (OSError, ValueError):
        return False


def file_and_name(what: str) -> tuple[str, str]:
    """The file of a text, and the model of it that `FILE:NAME` names; empty where it names none.

    >>> file_and_name("train.py:decoder"), file_and_name("train.py"), file_and_name("LSTM(3)")
    (('train.py', 'decoder'), ('train.py', ''), ('', ''))
    """
    file, colon, name = what.rpartition(":")
    if colon and file.lower().endswith(SUFFIXES) and is_file(file):
        return file, name
    return (what, "") if is_file(what) else ("", "")


def without_waiting(path: str, flags: int) -> int:
    """Opens a file: what has nothing to give yet, as `/proc/kmsg`, gives None to its reader."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def file_text(path: Path) -> str:
    """The text of a file that is not too large."""
    if not os.path.isfile(path):
        raise QueryError(f"{path} is not a file")
    try:
        with open(path, "rb", opener=without_waiting) as file:
            content: bytes | None = file.read(LARGEST_FILE + 1)
        if content is None:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    except (OSError, ValueError) as problem:
        words = getattr(problem, "strerror", None) or problem
        raise QueryError(f"{str(path)[:200]} can't be read: {words}") from None
    if len(content) > LARGEST_FILE:
        raise QueryError(f"{path.name} is too large to be read: at most {LARGEST_FILE:,} bytes")
    return _decoded(content)


def _decoded(content: bytes) -> str:
    """UTF-8; or UTF-16, as Windows writes what a command prints; else each byte is a character, as
    in the encodings that programs were once written in."""
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    content = content.removeprefix(BOM_UTF8)
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def json_value(text: str, where: str) -> object:
    """What a JSON text holds, or a `QueryError`."""
    try:
        return json.loads(text)
    except RecursionError:
        raise QueryError(f"{where} is nested too deeply to be read") from None
    except ValueError as wrong:
        raise QueryError(f"{where} can't be read: it is not JSON: {str(wrong)[:100]}") from None
