"""An error of Keras, explained: what Keras says, what it means, what mends it, and where."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from rnnshape.errors import Place
from rnnshape.explaining.explanation import Explanation
from rnnshape.views.blocks import Block, Heading, Lines, Picture, Program
from rnnshape.views.page import Page
from rnnshape.views.text import Style, styled


def blocks(explanation: Explanation, line: Place | None, page: Page) -> Iterator[Block]:
    """What is shown of it; `line` is the line of code, where its file is there."""
    yield Heading(explanation.message)
    yield Lines((styled(explanation.explanation),), is_prose=True)
    if explanation.remedies:
        yield Lines((styled(("What mends it, likelier first:", Style.QUIET)),), is_prose=True)
        yield Program(_program(explanation.remedies, page))
    if line is not None:
        code, carets = (f"  | {text}" for text in line.shown())
        yield Picture(styled((f"{line.where}:\n{code}\n", Style.QUIET), (carets, Style.BAD)))
    elif explanation.place is not None:
        where = f"{explanation.place.file}, line {explanation.place.line}"
        yield Lines((styled((where, Style.QUIET)),), is_prose=True)


def _program(remedies: tuple[str, ...], page: Page) -> str:
    """The changes as code; a comment that finds no room stands above its line."""
    if page.folds or all(len(remedy) <= page.width for remedy in remedies):
        return "\n".join(remedies)
    return "\n\n".join(_with_room(remedy, page.width) for remedy in remedies)


def _with_room(remedy: str, width: int) -> str:
    code, _, comment = remedy.partition("#")
    if len(remedy) <= width:
        return remedy
    above = wrap(comment.strip(), width, initial_indent="# ", subsequent_indent="# ")
    return "\n".join([*above, code.rstrip()]).rstrip()
