"""`--format markdown`: the same blocks as the table's, as GitHub renders them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rnnshape.views.blocks import Block, Grid, Heading, Lines, Picture, Program, Section
from rnnshape.views.text import NO_BREAK, Text


def markdown(blocks: Iterable[Block]) -> str:
    """A document of headings, tables, lists of lines and fenced blocks."""
    return "\n\n".join(map(_block, blocks)).replace(NO_BREAK, " ") + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(title, note, lines):
            return "\n\n".join(filter(None, [f"### {_code(title)} {note}".rstrip(), _lines(lines)]))
        case Lines(lines, _, True):
            return "  \n".join(_escaped(line.plain) for line in lines)
        case Lines(lines):
            return _lines(lines)
        case Picture(text):
            return _fenced(text.plain, "text")
        case Program(code):
            return _fenced(code.rstrip("\n"), "python")
        case Grid():
            return "\n\n".join(_tables(block))


def _tables(grid: Grid) -> Iterator[str]:
    """A table for the rows between two sections: Markdown has no row over all columns."""
    names = [name or " " for name in grid.titles]
    rule = ["---:" if index in grid.right else "---" for index in range(len(names))]
    for part in grid.parts:
        if isinstance(part, Section):
            yield from filter(None, [_section(part)])
        else:
            cells = ([_escaped(cell.plain) for cell in row] for row in part)
            yield "\n".join(f"| {' | '.join(line)} |" for line in (names, rule, *cells))


def _section(section: Section) -> str:
    words = _escaped(" ".join(filter(None, (section.text.plain, section.last.plain))).strip())
    return f"**{words}**" if section.has_title else words


def _lines(lines: Sequence[Text]) -> str:
    return "  \n".join(_code(line.plain.strip()) for line in lines)


def _code(text: str) -> str:
    """Text that is taken as it is, whatever it holds."""
    fence = _fence(text, "`")
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def _fenced(text: str, language: str) -> str:
    fence = _fence(text, "```")
    return f"{fence}{language}\n{text}\n{fence}"


def _fence(text: str, shortest: str) -> str:
    """As many backticks as stand nowhere in the text."""
    while shortest in text:
        shortest += "`"
    return shortest


def _escaped(text: str) -> str:
    """Text in a cell: what would be read as Markdown or HTML is escaped."""
    for character in "\\|*_<>[]`&":
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", "<br>")
