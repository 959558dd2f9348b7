"""How it is said that values are not known, and how they can be given."""

from __future__ import annotations

from collections.abc import Sequence

from rnnshape.expression import Unknown

MOST_NAMES = 20  # that are asked for in one message


def comes_from(unknowns: Sequence[Unknown]) -> str:
    """Why values are not known, in words: `vocab_size (line 12) comes from data: --let ...`."""
    return "; ".join(reasons(unknowns))


def reasons(unknowns: Sequence[Unknown], *, names_files: bool = True) -> list[str]:
    """Why each of the values is not known, said once."""
    return [*dict.fromkeys(_why(unknown, names_files) for unknown in unknowns[:MOST_NAMES])]


def _why(unknown: Unknown, names_file: bool) -> str:
    line = f"line {unknown.line}" if unknown.line else ""
    where = ", ".join(filter(None, [unknown.file if names_file else "", line]))
    place = f" ({where})" if where else ""
    names = unknown.asked or (unknown.name,)
    if unknown.reason:
        return f"{unknown.name}{place}: {unknown.reason}"
    options = " ".join(f"--let {_quoted(name)}" for name in names)
    return f"{', '.join(names)}{place} comes from data: {options}"


def _quoted(label: str) -> str:
    """The option's value as a shell takes it."""
    from shlex import quote

    return f"{label}=..." if label.isidentifier() else quote(f"{label}=...")
