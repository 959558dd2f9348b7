"""`--export FILE`: what the table shows, as a picture, a page or a text, through Rich's export."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from rnnshape.render.blocks import Block, show, unbroken_width
from rnnshape.render.page import Page

__all__ = ["export"]

WEB_FONT = re.compile(r"@font-face \{.*?\}\s*", flags=re.DOTALL)


def export(path: Path, blocks: Sequence[Block], page: Page, title: str) -> None:
    """Writes `blocks` to `path`, in the format that its suffix names, or leaves it as it was.

    Raises:
        OSError: the file can't be written.
    """
    console = Console(
        record=True,
        width=max(page.width, unbroken_width(blocks)),
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        markup=False,
        emoji=False,
    )
    show(blocks, console, page)
    match path.suffix.lower():
        case ".svg":
            # Rich has its font fetched from the web; a monospaced one of the reader's will do.
            text = WEB_FONT.sub("", console.export_svg(title=title))
        case ".html":
            text = console.export_html()
        case _:
            lines = console.export_text().rstrip("\n").split("\n")
            text = "\n".join(line.rstrip() for line in lines) + "\n"
    _replace(Path(os.path.realpath(path)), text)


def _replace(path: Path, text: str) -> None:
    """All of it or nothing: a neighbour is written first, and then takes the file's place."""
    neighbour = path.with_name(f".rnnshape-{os.getpid()}.part")
    try:
        neighbour.write_text(text, encoding="utf-8")
        if path.exists():
            neighbour.chmod(path.stat().st_mode)
        neighbour.replace(path)
    except BaseException:
        with suppress(OSError):
            neighbour.unlink()
        raise
