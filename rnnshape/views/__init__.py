"""What can be shown beside the outputs: one module per view, and here the list of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from rnnshape.errors import written
from rnnshape.query import Format

if TYPE_CHECKING:
    from rnnshape.report import Report
    from rnnshape.views.blocks import Block
    from rnnshape.views.page import Page

BLOCKS = frozenset({Format.TABLE, Format.MARKDOWN})  # the formats that show any view


class View(NamedTuple):
    """Something that can be shown of a report, and the option `--name` that asks for it.

    The module `rnnshape.views.<name>` has a function `blocks(report, page)`, which makes the
    blocks that are shown, and for JSON, if it has a place there, `fields(report)`.

    Attributes:
        name: of the option and of the module.
        help: what the option does, in a sentence.
        formats: where it has a place.
        needs_measurement: whether the rule alone has nothing to show.
    """

    name: str
    help: str
    formats: frozenset[Format] = BLOCKS
    needs_measurement: bool = False

    def blocks(self, report: Report, page: Page) -> Iterator[Block]:
        """What is shown of a report."""
        make: Callable[[Report, Page], Iterator[Block]] = self._module.blocks
        return make(report, page)

    def fields(self, report: Report) -> Mapping[str, Any]:
        """What it adds to a report's JSON."""
        make = getattr(self._module, "fields", None)
        return make(report) if make else {}

    @property
    def _module(self) -> Any:
        """Imported once it is used: the command line has to be read fast."""
        return import_module(f"rnnshape.views.{self.name}")


VIEWS = (
    View(
        "weights",
        "Show the weights of each layer, and what their parameters add up to.",
        BLOCKS | {Format.JSON, Format.PLAIN, Format.CSV},
    ),
    View("diagram", "Draw each recurrent layer, unrolled over time."),
    View("code", "Print the Keras program that makes it.", BLOCKS | {Format.JSON}),
    View(
        "values",
        "Print the numbers that went in and came out.",
        BLOCKS | {Format.JSON},
        needs_measurement=True,
    ),
)


def known_views(views: Any, form: Format | None = None) -> set[str]:
    """Views by their names, as a program gives them; a `ValueError` where there is none of a name,
    or where a format has no place for it."""
    known = sorted(view.name for view in VIEWS if form is None or form in view.formats)
    is_several = isinstance(views, Iterable) and not isinstance(views, str)
    named = [*islice(views, len(known) + 1)] if is_several else [views]
    for name in named:
        if not (isinstance(name, str) and name in known):
            raise ValueError(f"views={written(views)}: choose from {', '.join(known)}")
    return set(named)


def left_out(views: Collection[str], form: Format) -> list[str]:
    """The names of those views that a format has no place for.

    >>> left_out({"weights", "diagram"}, Format.JSON)
    ['diagram']
    """
    return [view.name for view in VIEWS if view.name in views and form not in view.formats]
