"""Whatever is asked in words of Keras becomes a `Network`: text, code, notebooks, saved models.

Nothing that is read is ever run or imported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rnnshape.errors import QueryError
from rnnshape.expression import Source, Value
from rnnshape.network import Dimensions, Network

__all__ = ["SUFFIXES", "Reading", "is_file", "let_value", "read"]

SUFFIXES = (".keras", ".json", ".py", ".ipynb", ".h5", ".hdf5")
LARGEST_FILE = 20_000_000  # bytes of code, a notebook or a `.json`


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read.

    Attributes:
        networks: in the order in which the text makes them.
        messages: what could not be read, and why; the networks are those that could.
        notes: of each network, what is to be said of it; empty where there is nothing.
        names_used: those that `--let` gave and that were asked for; None where that is not known.
    """

    networks: tuple[Network, ...]
    messages: tuple[QueryError, ...] = ()
    notes: tuple[tuple[str, ...], ...] = ()
    names_used: frozenset[str] | None = frozenset()

    def refused(self) -> QueryError:
        """What is said where there is nothing to answer: first what `--let` can help."""
        helped = [one for one in self.messages if "--let" in one.message]
        first, *others = [*helped, *(one for one in self.messages if one not in helped)]
        first.others = tuple(others)
        return first


def read(
    what: str, let: Mapping[str, Value] | None = None, dimensions: Dimensions | None = None
) -> Reading:
    """The networks that a text or a file asks for, or a `QueryError`.

    Args:
        what: Keras text, or the path of a file that has one of `SUFFIXES`.
        let: values of what code takes from data, by their names: `vocab_size`.
        dimensions: the sizes that code takes from data for its inputs.

    >>> [str(network) for network in read("GRU(3) -> Dense(1)").networks]
    ['GRU(3) -> Dense(1)']
    """
    if not is_file(what):
        from rnnshape.reading.text import read_text

        return Reading(read_text(what, dimensions, let), names_used=None)
    path = Path(what)
    if not path.exists():
        raise QueryError(f"there is no file {what}")
    reading = _file(path, let or {}, dimensions)
    if not reading.networks and not reading.messages:
        raise QueryError(f"{path.name} makes no Keras layers")
    return _without_refused(reading, dimensions or Dimensions())


def _without_refused(reading: Reading, dimensions: Dimensions) -> Reading:
    """Of several networks those that Keras takes; of the others it is said why not."""
    if len(reading.networks) < 2:
        return reading
    from rnnshape.description import describe

    taken: list[int] = []
    refused: list[QueryError] = []
    for number, network in enumerate(reading.networks):
        try:
            describe(network, dimensions)
        except QueryError as wrong:
            refused.append(wrong)
        else:
            taken.append(number)
    return Reading(
        tuple(reading.networks[number] for number in taken),
        (*reading.messages, *refused),
        tuple(reading.notes[number] for number in taken if number < len(reading.notes)),
        reading.names_used,
    )


def _file(path: Path, let: Mapping[str, Value], dimensions: Dimensions | None) -> Reading:
    match path.suffix.lower():
        case ".keras":
            from rnnshape.reading.saved_model import read_archive

            return read_archive(path)
        case ".json":
            from rnnshape.reading.saved_model import read_config

            return read_config(file_text(path), path.name)
        case ".ipynb":
            from rnnshape.reading.notebook import read_notebook

            return read_notebook(file_text(path), let, path.name, dimensions)
        case ".py":
            from rnnshape.reading.code import read_code

            return read_code(file_text(path), let, path.name, dimensions)
        case ".h5" | ".hdf5":
            from rnnshape.reading.saved_model import old_format

            raise old_format(path)
    raise QueryError(f"{path} is not read: only {', '.join(SUFFIXES[:4])} are")


def is_file(what: str) -> bool:
    """Whether a text names a file, in place of a layer."""
    if len(what) > 4_096 or "\0" in what or "\n" in what:
        return False
    if what.lower().endswith(SUFFIXES):
        return True
    try:
        return bool(re.fullmatch(r"[\w.~\\/ -]+", what)) and ("/" in what or Path(what).is_file())
    except (OSError, ValueError):
        return False


def let_value(text: str) -> Value:
    """A value as `--let` has it: a number, a list, True, ...; else the text itself.

    >>> let_value("5000"), let_value("(64, 32)"), let_value("lstm")
    (5000, (64, 32), 'lstm')
    """
    try:
        source = Source(text)
        [statement] = source.statements()
        return source.value(statement.value)  # type: ignore[attr-defined]
    except (AttributeError, QueryError, ValueError):
        return text


def file_text(path: Path) -> str:
    """The text of a file that is not too large."""
    if not path.is_file():
        raise QueryError(f"{path} is not a file")
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as problem:
        raise QueryError(f"{path} can't be read: {problem.strerror or problem}") from None
    if len(content) > LARGEST_FILE:
        raise QueryError(f"{path.name} is too large to be read: at most {LARGEST_FILE:,} bytes")
    return content.decode("utf-8-sig", errors="replace")
