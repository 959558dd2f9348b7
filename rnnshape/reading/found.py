"""What was read: networks, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rnnshape.errors import QueryError
from rnnshape.expression import Unknown
from rnnshape.network import Network

__all__ = ["NotReadError", "Reading", "comes_from"]

MOST_NAMES = 20  # that are asked for in one message


class NotReadError(QueryError):
    """A part of a text that is not read; the others may be."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read.

    Attributes:
        networks: in the order in which the text makes them.
        messages: what Keras would refuse, and what could not be read (a `NotReadError`); the
            networks are those that could.
        notes: of each network, what is to be said of it; empty where there is nothing.
        names_used: those that `--let` gave and that were asked for.
        names_open: those that `--let` could give.
    """

    networks: tuple[Network, ...]
    messages: tuple[QueryError, ...] = ()
    notes: tuple[tuple[str, ...], ...] = ()
    names_used: frozenset[str] = frozenset()
    names_open: tuple[str, ...] = ()

    def refused(self) -> QueryError:
        """What is said where there is nothing to answer."""
        first, *others = self.messages
        first.others = tuple(others)
        return first


def comes_from(unknowns: Sequence[Unknown]) -> str:
    """Why values are not known, in words: `vocab_size (line 12) comes from data: --let ...`."""
    parts: dict[str, None] = {}
    for one in unknowns[:MOST_NAMES]:
        parts[_why(one)] = None
    return "; ".join(parts)


def _why(one: Unknown) -> str:
    where = ", ".join(filter(None, [one.file, f"line {one.line}" if one.line else ""]))
    place = f" ({where})" if where else ""
    names = one.asked or (one.name,)
    if one.reason:
        return f"{one.name}{place}: {one.reason}"
    options = " ".join(f"--let {_quoted(name)}" for name in names)
    return f"{', '.join(names)}{place} comes from data: {options}"


def _quoted(label: str) -> str:
    """The option's value as a shell takes it."""
    from shlex import quote

    return f"{label}=..." if label.isidentifier() else quote(f"{label}=...")
