"""The command in a notebook: `%load_ext rnnshape`, then `%rnnshape LSTM(64) -> Dense(1)`."""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from traceback import format_exception
from types import ModuleType, SimpleNamespace
from typing import Any

from rnnshape import shown
from rnnshape.cli import ExitCode
from rnnshape.cli.data import shapes_of_x
from rnnshape.cli.options import losses, option_names
from rnnshape.cli.run import run
from rnnshape.expression import NO_LET, Let
from rnnshape.input_shapes import Shape, data_of, is_table
from rnnshape.network import UNSAID, Dimensions
from rnnshape.query import Query
from rnnshape.reading import Reading, live
from rnnshape.reading.found import Kind, NamedValue
from rnnshape.reading.reader import reader_of_process
from rnnshape.report import Report
from rnnshape.terminal.environment import Environment, Reader
from rnnshape.training.data import Data
from rnnshape.words import WORDS, layer_of_word

OF_DATA = ("--x", "--y")
ARROWS = ("->", "→")
ERROR = r"[A-Z]\w*(Error|Exception): "  # what begins so is no call and has no options
NAME = re.compile(r"[^\W\d]\w*")
LIBRARIES = ("builtins", "keras", "numpy", "pandas", "sklearn", "tensorflow")
# What a class has whose objects only keep things.
OF_PLAIN_OBJECTS = {
    f"__{name}__"
    for name in (
        *("annotate_func", "annotations", "annotations_cache", "contains", "dataclass_fields"),
        *("dataclass_params", "dict", "doc", "eq", "firstlineno", "hash", "init", "match_args"),
        *("module", "post_init", "qualname", "replace", "repr", "slots", "static_attributes"),
        *("str", "weakref"),
    )
}
MOST = 100  # values of a list that a text is given, and of a shape
PENDING = "· by the rule, not yet measured"


def load(shell: Any) -> None:
    """Adds the magic to IPython, for a line and for a whole cell."""

    from IPython.core.magic import no_var_expand

    @no_var_expand  # IPython runs what stands in braces, and a text is not run
    def rnnshape(line: str, cell: str | None = None) -> object:
        """What comes out of a Keras layer: the command `rnnshape`, answered in the cell.

        `%rnnshape LSTM(64) -> Dense(1)`, or `%rnnshape model --y y --loss mse` of what the notebook
        has by these names; `%rnnshape --help` tells the options. `%%rnnshape` asks about the Keras
        code in the cell, which is not run; with `-` among its options, about each line of it.

        Returns the report; several in a tuple. A `;` at the end keeps it to itself.
        """
        return _Cell(shell).answer(line, cell)

    def complete(_: Any, event: Any) -> list[str]:
        words: list[str] = event.text_until_cursor.removesuffix(event.symbol).split()
        before = words[-1] if words else ""
        if before == "--loss":
            return losses()
        fits = _shape if before in OF_DATA else _is_keras_object
        names = [name for name, value in shell.user_ns.items() if fits(value)]
        return names if before in OF_DATA else [*option_names(), *WORDS, *names]

    shell.register_magic_function(rnnshape, "line_cell", "rnnshape")
    for key in ("%rnnshape", "%%rnnshape"):
        shell.set_hook("complete_command", complete, str_key=key)


@dataclass
class _Cell:
    """One cell that asks: its output, which is there at once and changes once it is measured."""

    shell: Any
    reports: list[Answered] = field(default_factory=list)
    output: Any = None  # the one that is to be changed

    def answer(self, line: str, cell: str | None) -> object:
        """Raises IPython's `UsageError` where the command's exit code is 2."""
        from IPython.core.error import UsageError

        names: Mapping[str, Any] = self.shell.user_ns
        quiet = line.rstrip().endswith(";")
        try:
            arguments = [line] if re.match(ERROR, line) else _words(line.rstrip("; "))
        except ValueError as wrong:
            raise UsageError(f"the line can't be read: {wrong}") from None
        if isinstance(caught := names.get(line.strip("; ")), BaseException):
            arguments = ["".join(format_exception(caught))]
        for option, word in zip(["", *arguments], arguments, strict=False):
            if option not in OF_DATA and word not in WORDS and _shape(names.get(word)):
                raise UsageError(f"{word} is data: give it to a layer or model, as --x {word}")
            is_elsewhere = re.match(r"[\d([]|.*\.np", word) or word.startswith("-")
            if option in OF_DATA and not (is_elsewhere or _shape(names.get(word))):
                mend = "give the name of one of the notebook's arrays, or a shape, such as 16,5,3"
                raise UsageError(f"{option} {word}: {mend}")
            if (layer := layer_of_word(word)) and _is_keras_object(names.get(word)):
                mend = f"give yours another name, or write {layer}(units) for the word"
                raise UsageError(f"{word} is the notebook's own, and a word of the command: {mend}")
        if cell is None and "-" in arguments:
            raise UsageError("-: it takes the lines of a cell: %%rnnshape -")
        stdin = io.StringIO(cell) if cell is not None and "-" in arguments else None
        if cell is not None and stdin is None:
            arguments.append(cell.strip())
        # A kernel asks for colours, but what is kept in a notebook should be plain.
        variables = {**os.environ, "NO_COLOR": "1"} if self.in_notebook else os.environ
        said, arrays = io.StringIO(), dict(_arrays({*NAME.findall(line)}, names))
        environment = Environment(
            *(stdin, sys.stdout, said, variables),
            reader=_Names(names, shapes_of_x(arguments, arrays)).start,
            arrays=arrays,
            show=self.show,
        )
        code = run(arguments, environment)
        if code == ExitCode.WRONG:
            told = said.getvalue().removeprefix("error: ").rstrip()
            if told.startswith("WHAT "):
                told += "; the notebook has no layer or model of this name"
            raise UsageError(told or "what is wrong stands above")
        sys.stderr.write(said.getvalue())
        if quiet or not self.reports:
            return None
        return self.reports[0] if len(self.reports) == 1 else _Several(self.reports)

    @property
    def in_notebook(self) -> bool:
        return hasattr(self.shell, "kernel")

    def show(self, query: Query, reports: Sequence[Report], pending: bool) -> bool:
        """Shows a table in a notebook, in place of the one that was pending."""
        if not pending:
            cell = self.shell.execution_count
            self.reports += [
                Answered(report.question, report.measurement, report.description, cell)
                for report in reports
            ]
        if not self.in_notebook or query.reads_stdin:
            return False
        from IPython.display import display

        data = _both(query, reports, pending)
        if self.output is None:
            self.output = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self.output.update(data, raw=True)
        if not pending:
            self.output = None
        return True


@dataclass(frozen=True, repr=False)
class Answered(shown.Report):
    """A report that its cell has shown already, and that other cells show."""

    cell: int = field(default=0, compare=False)

    def _ipython_display_(self) -> None:
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython().execution_count != self.cell:
            data = {"text/plain": str(self), "text/html": self._repr_html_()}
            display(data, raw=True)  # type: ignore[no-untyped-call]


class _Several(tuple[Answered, ...]):
    """Reports that their cell has shown already."""

    def _ipython_display_(self) -> None:
        for report in self:
            report._ipython_display_()


@dataclass(frozen=True)
class _Names:
    """Reads as the command does, and knows what a notebook has by a name."""

    names: Mapping[str, Any]
    shapes: Sequence[Shape] = ()  # of `--x`

    def start(self) -> AbstractContextManager[Reader]:
        return nullcontext(self)

    def knows(self, name: str) -> bool:
        value = self.names.get(name)
        return all(map(_is_keras_object, value if type(value) is list and value else [value]))

    def read(self, what: str, let: Let = NO_LET, dimensions: Dimensions = UNSAID) -> Reading:
        if self.knows(what):
            return live.read_object(self.names[what], self.shapes)
        used = {*NAME.findall(what)} - {label.partition(".")[0] for label in let}
        reader = reader_of_process(os.getpid())
        return reader.read(what, let, dimensions, tuple(self._plain(used)))

    def _plain(self, used: set[str]) -> Iterator[NamedValue]:
        """The numbers, texts and shapes that go by the names that a text uses, as it begins."""
        for name in sorted(used & self.names.keys()):
            with suppress(Exception):  # an object may raise whatever it likes
                value, sizes = self.names[name], _shape(self.names[name])
                is_of_numpy = sizes == ()
                value = value.item() if is_of_numpy else value
                is_dict = type(value) is dict  # others may give what they do not hold
                kind: Kind = "dict" if is_dict else "list" if isinstance(value, list) else "value"
                is_row = (is_dict or isinstance(value, tuple | list)) and len(value) <= MOST
                if is_row:  # which may have no end
                    value = tuple(islice(value.items() if is_dict else value, MOST))
                parts = [value] if not is_row else [*chain(*value)] if is_dict else value
                if isinstance(value, ModuleType):
                    path = value.__name__.replace("keras._tf_keras.keras", "keras")
                    if path.partition(".")[0] in ("keras", "numpy", "tensorflow"):
                        yield NamedValue(name, "module", path.replace("keras.api", "keras"))
                elif callable(value) and not _is_as_imported(name, value):
                    what = f"%rnnshape {name}" if self.knows(name) else "for what it makes, by name"
                    mend = "give yours another name" if layer_of_word(name) else f"ask {what}"
                    why = f"{name} is the notebook's own, and is not read here: {mend}"
                    yield NamedValue(name, "open", why)
                elif sizes:
                    yield NamedValue(name, "table" if is_table(value) else "array", sizes)
                elif (named := _settings(self.names[name])) is not None:
                    kind = "tuple" if is_row else "object"
                    yield NamedValue(name, kind, named)
                elif all(map(_is_plain, parts)):
                    is_whole = is_of_numpy and type(value) is int
                    yield NamedValue(name, "numpy" if is_whole else kind, value)


def _settings(value: object) -> tuple[tuple[str, Any], ...] | None:
    """The plain attributes of an object that is there for what it keeps: its class gives it no
    operator, and it is no layer. A named tuple has nothing else."""
    if isinstance(value, tuple):
        names = dict(zip(_attribute(type(value), "_fields", ()), value, strict=False))
        is_whole = len(names) == len(value) and all(map(_is_plain, value))
        return tuple(names.items()) if names and is_whole else None
    if type(_attribute(value, "__dict__")) is not dict or _is_keras_object(value):
        return None
    kinds = () if type(value) is SimpleNamespace else type(value).__mro__[:-1]
    held = [vars(kind) for kind in (*kinds[::-1], value)]
    parts = {name: part for names in held for name, part in names.items()}
    special = {name for name in parts if name[:2] == name[-2:] == "__"}
    pairs = ((name, part) for name, part in parts.items() if name not in special)
    plain = tuple((name, part) for name, part in pairs if _is_plain(part))
    return plain if plain and special <= OF_PLAIN_OBJECTS else None


def _is_plain(value: object) -> bool:
    return isinstance(value, bool | int | float | str)


def _is_as_imported(name: str, value: object) -> bool:
    """Whether a class or function is that of a library under its own name, as a text has it."""
    library = str(_attribute(value, "__module__", "")).partition(".")[0]
    return library in LIBRARIES and bool(_attribute(value, "__name__") == name)


def _attribute(value: object, name: str, default: Any = None) -> Any:
    """An attribute of an object of the notebook, which may raise whatever it likes."""
    try:
        return getattr(value, name, default)
    except Exception:
        return default


def _is_keras_object(value: object) -> bool:
    of_class = _attribute(type(value), "get_config")  # an object may answer to any name
    return callable(of_class) and not isinstance(value, type)


def _shape(value: object) -> tuple[int, ...] | None:
    """The shape of what has a whole one: an array, a table, a tensor."""
    with suppress(Exception):  # TensorFlow's own raises where its rank is open
        sizes = tuple(islice(_attribute(value, "shape"), MOST + 1))  # it may have no end
        if len(sizes) <= MOST and all(isinstance(size, int) for size in sizes):
            return sizes
    return None


def _words(line: str) -> list[str]:
    """The words of a line as a shell has them; but brackets hold together, quotes among them, also
    with the name before them, and `->` joins what it stands between.

    >>> _words("LSTM(3, name='a b') -> Dense(1) -t 7 --x 'my X.npy'")
    ["LSTM(3, name='a b') -> Dense(1)", '-t', '7', '--x', 'my X.npy']
    >>> _words("LSTM (64) -t 7 --x (16, 5)")
    ['LSTM(64)', '-t', '7', '--x', '(16, 5)']
    >>> _words("LSTM(n) -t 7  # it's the first")
    ['LSTM(n)', '-t', '7']
    """
    words: list[str] = []
    held, joins = "", False
    for piece in re.split(r"(\s+)", line.strip()):
        held += piece
        if held.lstrip()[:1] == "#":  # a comment behind the rest
            held = ""
            break
        is_open = sum(map(held.count, "([{")) > sum(map(held.count, ")]}"))
        if is_open or held.count("'") % 2 or held.count('"') % 2 or not held.strip():
            continue
        is_quoted = held.strip()[0] in "'\"" or not set("([{") & set(held)
        [word] = shlex.split(held) if is_quoted else [held.strip()]
        if word in ARROWS or joins:
            words[-1:] = [" ".join([*words[-1:], word])]
        elif word[:1] == "(" and words and words[-1].isidentifier():
            words[-1] += word
        else:
            words.append(word)
        held, joins = "", word in ARROWS
    if held.strip():
        shlex.split(held)  # which says what is wrong with it
        raise ValueError("a bracket is not closed")
    return words


def _arrays(used: set[str], names: Mapping[str, Any]) -> Iterator[tuple[str, Data]]:
    """What is known of the arrays that go by the names that are used."""
    for name in used & names.keys():
        with suppress(Exception):  # an object may raise whatever it likes
            if _shape(names[name]):
                [data] = data_of(names[name])
                yield name, data


def _both(query: Query, reports: Sequence[Report], pending: bool) -> dict[str, str]:
    """A table as text and as HTML."""
    from rnnshape.formats.html import PAGE, fragment
    from rnnshape.formats.layout import laid_out
    from rnnshape.views.blocks import Block, Lines
    from rnnshape.views.document import whole
    from rnnshape.views.page import Page
    from rnnshape.views.text import Style, styled

    def blocks(page: Page) -> Iterator[Block]:
        yield from whole(query, reports, page, pending=pending)
        if pending:
            yield Lines((styled((PENDING, Style.QUIET)),))

    text = "\n".join(line.plain.rstrip() for line in laid_out(blocks(Page()), Page()))
    return {"text/plain": text, "text/html": fragment(blocks(PAGE))}
