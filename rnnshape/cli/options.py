"""The options: what Typer reads from a command line, as `Options`."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperOption

from rnnshape.cli import arguments
from rnnshape.expression import Value
from rnnshape.formats import SUFFIXES
from rnnshape.network import Dimensions
from rnnshape.query import Format
from rnnshape.version import __version__
from rnnshape.views import VIEWS
from rnnshape.words import MERGE_MODES, WORDS, Flags

SIZES = ("batch", "timesteps", "features")
INPUT, WORD, SHOW, HOW = "The input", "Of a word", "What to show", "How to answer"
NARROWEST_BOXED_HELP = 80  # columns; with fewer, Rich would cut the options' names
HELP = """\
What comes out of a Keras layer, in which order, and with which shape.

The answer is there at once; then Keras builds the layers, and model.predict confirms it.

\b
  rnnshape lstm --bidirectional --return-state
  rnnshape 'LSTM(64, return_sequences=True) -> Dense(1)'
  rnnshape train.py:model
  rnnshape 'LSTM(64) -> Dense(1)' --x 100,20,8 --y 100,1
  rnnshape 'ValueError: Input 0 of layer ...'
  rnnshape - --json < questions.txt
"""


class Options(NamedTuple):
    """A command line, read word by word and not yet understood.

    Attributes:
        what: the questions, as they are written.
        dimensions: the sizes of what they leave open.
        units: of a word; empty where none were given.
        flags: of a word.
        views: the names of what to show beside the outputs.
        x, y, loss: the data and the losses, as they are written.
        arrays: the `Data` that goes by a name.
        check: whether only what is wrong is asked for.
    """

    what: tuple[str, ...]
    dimensions: Dimensions
    units: tuple[int, ...]
    flags: Flags
    compare: bool
    views: frozenset[str]
    format: Format | None
    dry_run: bool
    seed: int | None
    export: Path | None
    let: Mapping[str, Value]
    arrays: Mapping[str, Any]
    x: tuple[str, ...] = ()
    y: tuple[str, ...] = ()
    loss: tuple[str, ...] = ()
    check: bool = False


def refuse(options: Options, names: Iterable[str], why: str) -> None:
    """A `UsageError` where one of these options is given: it would be passed over."""
    for name in names:
        if _is_given(options, name):
            raise arguments.UsageError(f"--{name.replace('_', '-')}: {why}")


def _is_given(options: Options, name: str) -> bool:
    if name in SIZES:
        return options.dimensions.given(name) is not None
    if name in Flags._fields:
        return getattr(options.flags, name) is not None
    return name in options.views or getattr(options, name, None) not in (None, False, (), {})


class _Command(TyperCommand):
    """Help that never cuts a name, and that has what every command has, `--help` and such, last."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["[OPTIONS]", "WHAT..."]

    def get_params(self, ctx: Any) -> Any:
        params = super().get_params(ctx)
        for param in params:
            if isinstance(param, TyperOption) and param.rich_help_panel is None:
                param.rich_help_panel = "This command"
        return params

    def format_help(self, ctx: Any, formatter: Any) -> None:
        narrow = (ctx.terminal_width or NARROWEST_BOXED_HELP) < NARROWEST_BOXED_HELP
        self.rich_markup_mode = None if narrow else "rich"
        super().format_help(ctx, formatter)


app = typer.Typer(rich_markup_mode="rich", pretty_exceptions_enable=False)


@cache
def command() -> Any:
    """What Typer makes of the options: built once, whatever a process asks."""
    return typer.main.get_command(app)


def option_names() -> list[str]:
    """Every option that there is, long and short."""
    names = [
        name
        for parameter in command().params
        for name in (*parameter.opts, *parameter.secondary_opts)
    ]
    return [*(name for name in names if name.startswith("-")), "-h", "--help"]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"rnnshape {__version__}")
        raise typer.Exit


def _what(incomplete: str) -> Iterator[str]:
    """The words and files that a WHAT may go on as."""
    from rnnshape.reading import files  # only a shell that completes needs it

    yield from (*WORDS, *_files(incomplete, files.SUFFIXES))


def _files(incomplete: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Paths of files that end so, and of folders."""
    from glob import escape, iglob  # only a shell that completes needs it

    # The others quote what is offered, but Typer has zsh evaluate it before that.
    is_bash = "bash" in os.environ.get("_RNNSHAPE_COMPLETE", "")
    is_quoted = bool(re.search(r"""\s["'][^\s]*$""", os.environ.get("COMP_WORDS", "")))
    for path in sorted(iglob(f"{escape(incomplete)}*")):
        written = (
            re.sub(r"[^\w@%+=:,./~-]", r"\\\g<0>", path) if is_bash and not is_quoted else path
        )
        is_special = re.search(r"""[\\"'`$!]""", path.replace(os.sep, "/"))  # also in quotes
        if (written == path and is_special) or not path.isprintable():
            continue
        if os.path.isdir(path):
            yield f"{written}/"
        elif path.lower().endswith(suffixes):
            yield written


def _arrays(incomplete: str) -> Iterator[str]:
    return _files(incomplete, (".npy",))


def losses() -> list[str]:
    """The names that a `--loss` may have."""
    from rnnshape.training.losses import NAMES

    return [name for name in NAMES if name.islower()]


# Every option: its type, and what Typer is told of it.


def _option(kind: Any, panel: str, text: str, *names: str, **more: Any) -> Any:
    return Annotated[kind, typer.Option(*names, help=text, rich_help_panel=panel, **more)]


def _flag(text: str, name: str) -> Any:
    """On, off, or not given, which `--compare` tells apart."""
    return _option(bool | None, WORD, text, f"--{name}/--no-{name}")


def _number(panel: str, text: str, *names: str, kind: Any = int | None) -> Any:
    parser = arguments.whole_number(names[-1], repeated=kind != int | None)
    return _option(kind, panel, text, *names, metavar="N", parser=parser)


def _choice(panel: str, text: str, name: str, metavar: str, words: Iterable[str]) -> Any:
    """An option that takes one of some words, which stand behind the text."""
    more = {"parser": arguments.choice(name, words), "autocompletion": lambda: list(words)}
    return _option(str | None, panel, f"{text}{', '.join(words)}.", name, metavar=metavar, **more)


def _texts(text: str, name: str, metavar: str, complete: Callable[..., Any] | None = None) -> Any:
    """An option that may be given several times."""
    more = {"metavar": metavar, "autocompletion": complete}
    return _option(list[str] | None, INPUT, text, name, **more)


WHAT = typer.Argument(
    help=f"A word ({', '.join(WORDS)}), a Keras expression, layers joined by ->, an error's text, "
    "a .keras, .py or .ipynb file, or - for questions from standard input, a line each.",
    show_default=False,
    metavar="WHAT...",
    autocompletion=_what,
)
OPTIONS: Mapping[str, Any] = {
    "what": Annotated[list[str] | None, WHAT],
    "batch": _number(INPUT, "Sequences.", "-b", "--batch"),
    "timesteps": _number(INPUT, "Steps of a sequence.", "-t", "--timesteps"),
    "features": _number(INPUT, "Numbers per timestep.", "-f", "--features"),
    "units": _number(
        WORD,
        "Units; 3. Repeated, it stacks layers: -u 64 -u 32.",
        *("-u", "--units"),
        kind=list[int] | None,
    ),
    "return_sequences": _flag("An output at every timestep.", "return-sequences"),
    "return_state": _flag("The last states too.", "return-state"),
    "bidirectional": _flag("Forward and backward over the sequence.", "bidirectional"),
    "merge_mode": _choice(WORD, "How both directions merge: ", "--merge-mode", "MODE", MERGE_MODES),
    "compare": _option(
        bool,
        WORD,
        "Every combination of the three flags, a row each; a flag that is given is held.",
        "--compare",
    ),
    "let": _texts(
        "A name that read code leaves open: --let vocab_size=5000.", "--let", "NAME=VALUE"
    ),
    "x": _texts("X by its shape, or a .npy file: --x 16,5,3.", "--x", "SHAPE", _arrays),
    "y": _texts("y, the same: does it fit the output?", "--y", "SHAPE", _arrays),
    "loss": _texts("The loss that compares them.", "--loss", "NAME", losses),
    "check": _option(bool, HOW, "Only what is wrong, a line each, by the rule alone.", "--check"),
    **{view.name: _option(bool, SHOW, view.help, f"--{view.name}") for view in VIEWS},
    "dry_run": _option(bool, HOW, "The rule alone, without TensorFlow.", "-n", "--dry-run"),
    "seed": _option(
        int | None,
        HOW,
        "Makes input and weights repeatable.",
        "--seed",
        metavar="INT",
        parser=arguments.whole_number("--seed", least=0, most=arguments.LARGEST_SEED),
    ),
    "format": _choice(HOW, "", "--format", "FORMAT", Format),
    "json": _option(bool, HOW, "The same as --format json.", "--json"),
    "export": _option(
        str | None,
        HOW,
        f"The table as a picture or page too: {arguments.either(SUFFIXES)}.",
        *("-o", "--export"),
        metavar="FILE",
        parser=arguments.export_path,
    ),
    "version": Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_version)
    ],
}


@app.command(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]}, help=HELP)
def options(**given: Any) -> Options:
    """Reads a command line."""
    json, form = given["json"], given["format"]
    if json and form not in (None, Format.JSON):
        raise arguments.UsageError(f"--json and --format {form}: give one of them")
    lists = {name: tuple(given[name] or ()) for name in ("what", "units", "x", "y", "loss")}
    plain = {name: given[name] for name in ("compare", "dry_run", "seed", "export", "check")}
    known: dict[str, Any] = lists | plain
    return Options(
        **known,
        dimensions=Dimensions(given["batch"], given["timesteps"], given["features"]),
        flags=Flags(**{name: given[name] for name in Flags._fields}),
        views=frozenset(view.name for view in VIEWS if given[view.name]),
        format=Format.JSON if json else None if form is None else Format(form),
        let=dict(map(arguments.assignment, given["let"] or ())),
        arrays={},
    )


# The parameters of the table, as if they were written in its head.
options.__annotations__ = dict(OPTIONS)
options.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=False if kind.__origin__ is bool else None,
            annotation=kind,
        )
        for name, kind in OPTIONS.items()
    ]
)
