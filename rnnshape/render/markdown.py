"""`--format markdown`: the same blocks as the table's, as GitHub renders them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text

from rnnshape.render.blocks import Block, Grid, Heading, Lines, Picture, Program

__all__ = ["markdown"]


def markdown(blocks: Iterable[Block]) -> str:
    """A document of headings, tables and fenced blocks."""
    return "\n\n".join(map(_block, blocks)) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(title, note, lines):
            return "\n\n".join(filter(None, [f"### `{title}` {note}".rstrip(), _lines(lines)]))
        case Lines(lines):
            return _lines(lines)
        case Picture(text):
            return f"```text\n{text}\n```"
        case Program(code):
            return f"```python\n{code}```"
        case Grid(columns, rows):
            names = [name.replace("_\n", "_") for name in columns]
            rule = ["---:" if _right(rows, index) else "---" for index in range(len(names))]
            cells = ([_cell(cell) for cell in row] for row in rows)
            return "\n".join(f"| {' | '.join(line)} |" for line in (names, rule, *cells))


def _lines(lines: Sequence[Text]) -> str:
    return "  \n".join(f"`{line.plain.strip()}`" for line in lines)


def _cell(cell: Text) -> str:
    return cell.plain.replace("|", "\\|").replace("\n", "<br>")


def _right(rows: Sequence[Sequence[Text]], column: int) -> bool:
    return any(row[column].justify == "right" for row in rows)
