"""How it is said that values are not known, and how they can be given."""

from __future__ import annotations

from collections.abc import Sequence

from rnnshape.expression import Unknown

__all__ = ["comes_from"]

MOST_NAMES = 20  # that are asked for in one message


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
