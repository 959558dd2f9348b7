"""`--export FILE`: what the table shows, as a picture, a page or a text."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from rnnshape.formats.layout import laid_out, silent
from rnnshape.views.blocks import Block
from rnnshape.views.page import Page
from rnnshape.views.text import Text, dressed, in_picture, width_of

TITLE = "rnnshape"
LARGEST_PICTURE = 1_000_000  # characters, blanks among them, of each of which Rich takes care
FONTS = 'Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace'


def export(path: Path, make: Callable[[Page], Iterable[Block]]) -> bool:
    """Writes blocks to `path`, in the format that its suffix names, or leaves it as it was.

    Returns whether it replaced a file.

    Raises:
        OSError: the file can't be written.
    """
    suffix = path.suffix.lower()
    page = Page(folds=suffix == ".html")
    blocks = make(page)
    match suffix:
        case ".svg":
            text = _picture(laid_out(blocks, page), page.width)
        case ".html":
            from rnnshape.formats.html import html_page

            text = html_page(blocks, TITLE)
        case _:
            text = "".join(f"{line.plain.rstrip()}\n" for line in laid_out(blocks, page))
    return _replace(Path(os.path.realpath(path)), text)


def _picture(drawn: Iterable[Text], width: int) -> str:
    from rich._export_format import CONSOLE_SVG_FORMAT

    lines: list[Text] = []
    for line in drawn:
        lines.append(line)
        width = max(width, width_of(line))  # some can't be folded
        if width * len(lines) > LARGEST_PICTURE:
            raise OSError(errno.EFBIG, "it is too large for a picture: choose .html or .txt")
    console = silent(width, record=True)
    for line in lines:
        console.print(dressed(line, in_picture), soft_wrap=True)
    # Rich's picture without the font that it fetches from the web: one of the reader's will do.
    picture = re.sub(
        r"\s*(@font-face \{\{.*?\}\}|<!--.*?-->)", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL
    )
    picture = picture.replace("Fira Code, monospace", FONTS)
    return console.export_svg(title=TITLE, code_format=picture)


def _replace(path: Path, text: str) -> bool:
    """All of it or nothing: a neighbour is written first, and then takes the file's place."""
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no folder of the file", str(path))
    mode = path.stat().st_mode if path.exists() else None  # a link may lead nowhere
    if mode and not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
    if mode and not (mode & 0o222 and os.access(path, os.W_OK)):
        raise PermissionError(errno.EACCES, "it is read-only", str(path))
    # In a folder that others write to, a name that they could know might be their link.
    neighbour = path.with_name(f".rnnshape-{secrets.token_hex(8)}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        with open(os.open(neighbour, flags, 0o666), "w", encoding="utf-8") as file:
            file.write(text)
        if mode:
            neighbour.chmod(stat.S_IMODE(mode))
        neighbour.replace(path)
    except BaseException as wrong:
        with suppress(OSError):
            neighbour.unlink()
        if isinstance(wrong, OSError):  # whoever asked knows no neighbour
            raise OSError(wrong.errno, wrong.strerror, str(path)) from None
        raise
    return mode is not None
