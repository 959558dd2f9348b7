"""Progress bars around what a loop goes over: `tqdm`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from rnnshape.reading.python.stand_in import StandIn
from rnnshape.reading.python.streams import Stream


def _shown(*_: object, **__: object) -> None:
    """It shows something, and nothing follows from it."""


class tqdm(StandIn):  # noqa: N801 - as tqdm calls it
    """`tqdm(values)`: goes over what it is given.

    Attributes:
        own_over: that.
    """

    def __init__(self, iterable: Any = (), *_: object, **__: object) -> None:
        self.own_over = iterable

    def __iter__(self) -> Iterator[object]:
        return Stream(self.own_over)

    def __len__(self) -> int:
        return len(self.own_over)

    def __enter__(self) -> tqdm:
        return self

    __exit__ = clear = close = display = refresh = reset = set_description = _shown
    set_description_str = set_postfix = set_postfix_str = unpause = update = _shown
    pandas = write = staticmethod(_shown)


def trange(*numbers: int, **named: object) -> tqdm:
    return tqdm(range(*numbers), **named)


NAMES = {"tqdm": tqdm, "trange": trange, "tqdm_notebook": tqdm, "tnrange": trange}
MODULES = {f"tqdm{part}": NAMES for part in ("", ".auto", ".autonotebook", ".notebook", ".std")}


def without_progress(iterated: ast.expr) -> ast.expr:
    """What is gone over, without a progress bar around it.

    >>> ast.unparse(without_progress(ast.parse("tqdm(range(n), ncols=80)", mode="eval").body))
    'range(n)'
    """
    match iterated:
        case ast.Call(func=ast.Name("tqdm") | ast.Attribute(attr="tqdm"), args=[inside, *_]):
            return inside
        case ast.Call(func=ast.Name("trange") | ast.Attribute(attr="trange"), args=args):
            return ast.Call(ast.Name("range", ast.Load()), args, [])
    return iterated
