"""`--export FILE`: what the table shows, as a picture, a page or a text, through Rich's export."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from rnnshape.render.blocks import Block, show, unbroken_width
from rnnshape.render.page import Page

__all__ = ["PAGE", "export"]

PAGE = Page(width=80, unicode=True)


def export(path: Path, blocks: Iterable[Block], title: str) -> None:
    """Writes `blocks` to `path`, in the format that its suffix names, or leaves it as it was.

    Raises:
        OSError: the file can't be written.
    """
    blocks = list(blocks)
    console = Console(
        record=True,
        width=max(PAGE.width, unbroken_width(blocks)),
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        markup=False,
        emoji=False,
    )
    show(blocks, console, PAGE)
    match path.suffix.lower():
        case ".svg":
            text = console.export_svg(title=title, code_format=_without_web_fonts())
        case ".html":
            text = console.export_html()
        case _:
            lines = console.export_text().rstrip("\n").split("\n")
            text = "\n".join(line.rstrip() for line in lines) + "\n"
    _replace(path, text)


def _without_web_fonts() -> str:
    """Rich's picture fetches its font from the web; a monospaced one of the reader's will do."""
    return re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def _replace(path: Path, text: str) -> None:
    """All of it or nothing: a neighbour is written first, and then takes the file's place."""
    target = path.resolve()
    neighbour = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        neighbour.write_text(text, encoding="utf-8")
        neighbour.replace(target)
    except BaseException:
        with suppress(OSError):
            neighbour.unlink()
        raise
