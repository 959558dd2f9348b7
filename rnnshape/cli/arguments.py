"""What a command line's values may be, and the one exception for a wrong one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from rnnshape.errors import QueryError, did_you_mean, shortened
from rnnshape.expression import LARGEST, Value
from rnnshape.formats import SUFFIXES

LARGEST_SEED = 2**32 - 1  # as `keras.utils.set_random_seed` has it


class UsageError(Exception):
    """A command line that is wrong."""

    place, others = None, ()  # it is no text that was read

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


def whole_number(
    option: str, *, least: int = 1, most: int = LARGEST, repeated: bool = False
) -> Callable[[str], int]:
    """A parser for the numbers of an option, which may be one that is repeated.

    >>> whole_number("--batch")("7")
    7
    """

    def parsed(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            hint = ""
            if repeated and re.fullmatch(r"[\[(]?\d+(, *\d+)+[\])]?", text):
                hint = ": " + " ".join(f"{option} {size}" for size in re.findall(r"\d+", text))
            raise _wrong(option, text, f"give a whole number, {least} or more{hint}")
        if number > most:
            raise _wrong(option, text, f"the largest is {most}")
        return number

    return parsed


def choice(option: str, words: Iterable[str]) -> Callable[[str], str]:
    """A parser for an option that takes one of some words, in any letter case."""
    known = tuple(words)

    def parsed(text: str) -> str:
        word = text.lower()
        if word not in known:
            raise _wrong(option, text, f"choose {either(known)}{did_you_mean(word, known)}")
        return word

    return parsed


def assignment(text: str) -> tuple[str, Value]:
    """The name and the value of `NAME=VALUE`.

    >>> assignment("X_train.shape[2]=8")
    ('X_train.shape[2]', 8)
    """
    from rnnshape.reading import check_value, let_value  # few command lines need it

    name, equals, value = text.rpartition("=")
    if not (equals and name.strip() and value.strip()):
        raise _wrong("--let", text, "give a name and its value: --let vocab_size=5000")
    if re.match(r"[\w.]+\s*=(?!=)", name):
        raise _wrong("--let", text, "one name at a time: --let units=64 --let classes=3")
    try:
        check_value(name, given := let_value(value))
        return name.strip(), given
    except QueryError as wrong:
        raise _wrong("--let", text, wrong.message) from None


def export_path(text: str) -> Path:
    """A path that an export can be written to, as far as that can be told before."""
    path = Path(text)
    if path.suffix.lower() not in SUFFIXES:
        raise _wrong("--export", text, f"the name must end in {either(SUFFIXES)}")
    try:
        if not path.parent.is_dir():
            reason = f"there is no folder {path.parent}"
        elif path.exists() and not path.is_file():
            reason = "it is a folder" if path.is_dir() else "it is not a file"
        elif "\0" in text:  # a cell of a notebook can hold it
            reason = "no file can have this name"
        else:
            return path
    except OSError as problem:
        reason = problem.strerror or str(problem)
    raise _wrong("--export", text, reason)


def either(words: Iterable[str]) -> str:
    """The words as a choice.

    >>> either(["lstm", "gru", "simplernn"])
    'lstm, gru or simplernn'
    """
    *others, last = words
    return f"{', '.join(others)} or {last}"


def _wrong(option: str, text: str, reason: str) -> UsageError:
    return UsageError(f"{option} {shortened(text)}".strip() + f": {reason}")
