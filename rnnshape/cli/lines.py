"""Lines of standard input: those that are there already are read together, none is waited for."""

from __future__ import annotations

import io
import os
import select
from collections.abc import Iterator
from typing import TextIO

__all__ = ["LONGEST_LINE", "Line", "lines_at_hand"]

LONGEST_LINE = 100_000  # bytes
BLOCK = 65_536  # bytes

Line = tuple[int, str | None]  # its number, from 1; None in place of a line that is too long


def lines_at_hand(stream: TextIO | None, most: int) -> Iterator[list[Line]]:
    """The lines of a stream that hold something, up to `most` at a time, with their numbers.

    Whoever asks one question, reads the answer and asks the next gets each line as it comes.
    """
    waiting: list[Line] = []
    for number, line, is_last in _numbered(stream):
        if line is None or (line.strip() and not line.lstrip().startswith("#")):
            waiting.append((number, None if line is None else line.strip()))
        if waiting and (is_last or len(waiting) == most):
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _numbered(stream: TextIO | None) -> Iterator[tuple[int, str | None, bool]]:
    """Each line with its number, and whether it is the last that is there without waiting."""
    number, buffered, skipping = 0, b"", False
    for block, more in _blocks(stream):
        *lines, buffered = (buffered + block).split(b"\n")
        if not block and buffered:  # the last line may end without a newline
            lines, buffered = [*lines, buffered], b""
        for index, line in enumerate(lines):
            number += 1
            too_long = skipping or len(line) > LONGEST_LINE
            skipping = False
            text = None if too_long else line.decode(errors="backslashreplace")
            yield number, text, index == len(lines) - 1 and not more
        if len(buffered) > LONGEST_LINE:
            buffered, skipping = b"", True


def _blocks(stream: TextIO | None) -> Iterator[tuple[bytes, bool]]:
    """What comes, and whether more of it is there without waiting; an empty block at the end."""
    if stream is None:
        return
    try:
        number = stream.fileno()
    except (io.UnsupportedOperation, ValueError):  # no file, as in a test: all of it is there
        yield stream.read().encode(errors="surrogatepass"), True
        yield b"", False
        return
    block = b"-"
    while block:
        block = os.read(number, BLOCK)
        yield block, bool(block) and _is_readable(number)


def _is_readable(number: int) -> bool:
    try:
        return bool(select.select([number], [], [], 0)[0])
    except (OSError, ValueError):  # Windows can't tell
        return False
