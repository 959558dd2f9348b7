"""Lines of standard input: those that are there already are read together, none is waited for;
unless the first shows that all of them are one program, or one error."""

from __future__ import annotations

import io
import os
import re
import select
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple, TextIO

from rnnshape.cli.arguments import UsageError
from rnnshape.words import layer_of_word

LONGEST_LINE = 100_000  # bytes
ENDLESS = 1_000_000_000  # bytes of a line after which no other comes, as of /dev/zero
LONGEST_OPEN = 4_000  # characters of a line that is tried in Python's parser
BLOCK = 65_536  # bytes
BOM = b"\xef\xbb\xbf"  # some editors begin a file with it

TRACEBACK = "Traceback (most recent call last)"
MOST_BEFORE = 10_000  # lines that hold nothing, in front of a program
LARGEST = 20_000_000  # characters of one question

Asked = tuple[int, str | None]  # the number of a line, from 1, and what it asks


class Line(NamedTuple):
    """A line of standard input, and whether it is the last that is there without waiting."""

    number: int
    text: str | None  # None in place of a line that is too long
    is_last: bool

    @property
    def holds_something(self) -> bool:
        return self.text is None or (self.text.strip() != "" and self.text.lstrip()[0] != "#")


# A line that begins a program, and no question; others are those that Python would go on reading.
_PROGRAM = re.compile(
    r"\s*(?:import\s|from\s+\S+\s+import\s|def\s|class\s|@\w|'{3}|\"{3}|`{3}|>>> |[%!]|\.{3}\s*$"
    r"|In \[\d+\]: "
    r"|\w+\s*=\s*(?:\w+\.)*Sequential\((?:name\s*=[^,]*)?\)\s*(?:#.*)?$"
    r"|\w[\w, ]*=(?!=|.*;|.*\b(?!Input\b)[A-Z]\w*\()|(?:self\.)?\w*model\w*\.add\()"
)


def one_question(lines: Iterator[Line]) -> tuple[str | None, Iterator[Line]]:
    """The whole text, where its first line that holds something begins a program or an error;
    else None. And the lines, none of which is lost.

    Raises:
        UsageError: it is one question, and too long to be read.
    """
    read: list[Line] = []
    for line in lines:
        read.append(line)
        if line.holds_something or len(read) == MOST_BEFORE:
            break
    first = read[-1] if read and read[-1].holds_something else None
    if first is None or first.text is None:
        return None, chain(read, lines)
    is_whole = _goes_on(first.text)
    if not is_whole and not is_question(first.text.strip()):  # perhaps what a program prints
        uses = _uses_of(first.text)
        for line in () if first.is_last else islice(lines, MOST_BEFORE):
            read.append(line)
            text = line.text or ""
            is_whole = text.lstrip().startswith(TRACEBACK) or bool(uses and uses.search(text))
            if is_whole or line.is_last:
                break
    return (whole_text(chain(read, lines)), iter(())) if is_whole else (None, chain(read, lines))


def is_question(line: str) -> bool:
    """Whether a line is one in Keras, and none of a program."""
    from rnnshape.reading.literal import is_literal
    from rnnshape.source import with_plain_arrows

    is_chain = "->" in with_plain_arrows(line) and not line.startswith(("def ", "async "))
    return is_chain or layer_of_word(line) is not None or is_literal(line)


def whole_text(lines: Iterator[Line]) -> str:
    """All lines as one question; a `UsageError` where they are too long to be read."""
    texts, length = [], 0
    for line in lines:
        length += len(line.text or "") + 1
        if line.text is None or length > LARGEST:
            most = f"{LARGEST:,}, {LONGEST_LINE:,} of them in a line"
            raise UsageError(f"-: line {line.number}: standard input is too long: at most {most}")
        texts.append(line.text)
    return "\n".join(texts)


def _goes_on(line: str) -> bool:
    from rnnshape.reading.literal import is_literal

    if _PROGRAM.match(line):
        return True
    if layer_of_word(line.strip()) is not None or is_literal(line):
        return False
    if _is_open(line):
        return True
    from rnnshape.explaining.text import begins_error

    return begins_error(line)


def _uses_of(line: str) -> re.Pattern[str] | None:
    """How a later line of a program asks for the name that this one gives a value; None where it
    gives none, or asks for it itself, as in `x = LSTM(64)(x)`, which may stand alone."""
    given = re.match(r"\s*(\w+)\s*=(?!=)", line)
    uses = given and re.compile(rf"(?<![\w.'\"]){given[1]}\b(?!\s*=(?!=))")
    return uses if uses and given and not uses.search(line, given.end()) else None


def _is_open(line: str) -> bool:
    """Whether Python would go on reading: the line ends in a colon, or inside a bracket."""
    from codeop import compile_command

    try:
        return len(line) < LONGEST_OPEN and compile_command(line.strip(), symbol="exec") is None
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
        return False


def lines_at_hand(lines: Iterator[Line], most: int) -> Iterator[list[Asked]]:
    """The lines that hold something, up to `most` at a time, with their numbers.

    Whoever asks one question, reads the answer and asks the next gets each line as it comes.
    """
    waiting: list[Asked] = []
    for line in lines:
        if line.holds_something:
            waiting.append((line.number, None if line.text is None else line.text.strip()))
        if waiting and (line.is_last or len(waiting) == most):
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def lines_of(stream: TextIO | None) -> Iterator[Line]:
    """All lines of a stream, each as soon as it is there."""
    number, buffered, skipped = 0, b"", 0
    for block, more in _blocks(stream):
        if not buffered and not skipped and block.isspace() and block.endswith(b"\n"):
            number += block.count(b"\n")
            yield Line(number, block[:-1].decode(), not more)  # as one: they hold nothing
            continue
        *lines, buffered = (buffered + block).split(b"\n")
        if not block and (buffered or skipped):  # the last line may end without a newline
            lines, buffered = [*lines, buffered], b""
        for index, line in enumerate(lines):
            number += 1
            too_long = skipped or len(line) > LONGEST_LINE
            skipped = 0
            line = line.removeprefix(BOM if number == 1 else b"")
            text = None if too_long else line.decode(errors="backslashreplace")
            yield Line(number, text, index == len(lines) - 1 and not more)
        if len(buffered) > LONGEST_LINE:
            skipped, buffered = skipped + len(buffered), b""
        if skipped > ENDLESS:
            yield Line(number + 1, None, True)
            return


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
    from rnnshape.measuring.launch import is_readable  # the text of a notebook's cell is whole

    block, is_first = b"-", True
    while block:
        try:
            block = os.read(number, BLOCK)
        except BlockingIOError:  # another program has left the pipe or terminal so
            select.select([number], [], [])
            continue
        except OSError as problem:
            raise UsageError(f"-: standard input can't be read: {problem.strerror}") from None
        if is_first and block.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            raise UsageError("-: standard input is UTF-16: give it as UTF-8")
        is_first = False
        yield block, bool(block) and os.name == "posix" and is_readable(number, 0)
