"""Text written to a stream: all of it, also where the stream does not wait for its reader."""

from __future__ import annotations

import io
import os
import select
from collections.abc import Iterable
from typing import TextIO

ENOUGH = 1 << 16  # characters that are worth a write


def write(stream: TextIO, pieces: Iterable[str]) -> None:
    """Writes pieces of text, one after the other; an `OSError` where they can't be written."""
    waiting: list[str] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size > ENOUGH:
            _write(stream, "".join(waiting))
            waiting, size = [], 0
    _write(stream, "".join(waiting))


def _write(stream: TextIO, text: str) -> None:
    try:  # that of a notebook's cell has a number too, which is that of the kernel's own output
        number = stream.fileno() if isinstance(stream, io.TextIOWrapper) else None
    except (OSError, ValueError):
        number = None
    if number is None:  # no file, but something in this process
        stream.write(text)
        stream.flush()
        return
    stream.flush()
    encoding = stream.encoding or "utf-8"
    try:
        data = text.encode(encoding, stream.errors or "strict")
    except UnicodeError:  # what the stream has no letters for must not keep back all others
        data = text.encode(encoding, "backslashreplace")
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(number, rest) :]
        except BlockingIOError:  # another program has left the pipe or terminal so
            select.select([], [number], [])
