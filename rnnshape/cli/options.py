"""The options: what Typer reads from a command line, as `Options`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
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

__all__ = ["NARROWEST_BOXED_HELP", "Options", "app", "option_names"]

INPUT, WORD, SHOW, HOW = "The input", "Of a word", "What to show", "How to answer"
NARROWEST_BOXED_HELP = 76  # columns; with fewer, Rich would cut the options' names
USUAL = Dimensions()
EXAMPLES = """\
For example

\b
  rnnshape lstm --bidirectional --return-state
  rnnshape lstm gru --compare
  rnnshape 'LSTM(64, return_sequences=True) -> LSTM(32)'
  rnnshape model.keras --weights
  rnnshape gru --json | jq -c '.outputs[].shape'
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
    x: tuple[str, ...] = ()
    y: tuple[str, ...] = ()
    loss: tuple[str, ...] = ()
    check: bool = False


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


def option_names() -> list[str]:
    """Every option that there is, long and short."""
    parameters = typer.main.get_command(app).params
    names = [name for one in parameters for name in (*one.opts, *one.secondary_opts)]
    return [*(name for name in names if name.startswith("-")), "-h", "--help"]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"rnnshape {__version__}")
        raise typer.Exit


def _option(panel: str, text: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, **more)


def _flag(text: str, name: str) -> Any:
    """On, off, or not given, which `--compare` tells apart."""
    return Annotated[bool | None, _option(WORD, text, f"--{name}/--no-{name}")]


def _number(panel: str, text: str, short: str, long: str) -> Any:
    parser = arguments.whole_number(long)
    return _option(panel, text, short, long, metavar="N", parser=parser)


def _with_views(command: Callable[..., Options]) -> Callable[..., Options]:
    """Gives a command an option for every view that is registered."""
    signature = inspect.signature(command, eval_str=True)
    fixed = [one for one in signature.parameters.values() if one.name != "views"]
    switches = [
        inspect.Parameter(
            view.name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=False,
            annotation=Annotated[bool, _option(SHOW, view.help, f"--{view.name}")],
        )
        for view in VIEWS
    ]
    first = [one.name for one in fixed].index("dry_run")  # how to answer comes after what to show
    known = signature.replace(parameters=[*fixed[:first], *switches, *fixed[first:]])
    command.__signature__ = known  # type: ignore[attr-defined]  # as `inspect` has it
    command.__annotations__ = {one.name: one.annotation for one in known.parameters.values()}
    return command


@app.command(
    cls=_Command, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXAMPLES
)
@_with_views
def options(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            help=f"A word ({', '.join(WORDS)}), a Keras expression, layers joined by ->, "
            "a .keras, .py or .ipynb file, or - for questions from standard input, a line each.",
            show_default=False,
            metavar="WHAT...",
            autocompletion=lambda: list(WORDS),
        ),
    ] = None,
    batch: Annotated[int | None, _number(INPUT, "Sequences.", "-b", "--batch")] = None,
    timesteps: Annotated[
        int | None, _number(INPUT, "Steps of a sequence.", "-t", "--timesteps")
    ] = None,
    features: Annotated[
        int | None, _number(INPUT, "Numbers per timestep.", "-f", "--features")
    ] = None,
    units: Annotated[
        list[int] | None,
        _number(WORD, "Units; 3. Repeated, it stacks layers: -u 64 -u 32.", "-u", "--units"),
    ] = None,
    return_sequences: _flag("An output at every timestep.", "return-sequences") = None,  # type: ignore[valid-type]
    return_state: _flag("The last states too.", "return-state") = None,  # type: ignore[valid-type]
    bidirectional: _flag("Forward and backward over the sequence.", "bidirectional") = None,  # type: ignore[valid-type]
    merge_mode: Annotated[
        str | None,
        _option(
            WORD,
            f"How both directions merge: {', '.join(MERGE_MODES)}.",
            "--merge-mode",
            metavar="MODE",
            parser=arguments.merge_mode,
            autocompletion=lambda: list(MERGE_MODES),
        ),
    ] = None,
    compare: Annotated[
        bool,
        _option(
            WORD,
            "Every combination of the three flags, a row each; a flag that is given is held.",
            "--compare",
        ),
    ] = False,
    let: Annotated[
        list[str] | None,
        _option(
            INPUT,
            "A name that read code leaves open: --let vocab_size=5000.",
            "--let",
            metavar="NAME=VALUE",
        ),
    ] = None,
    x: Annotated[
        list[str] | None,
        _option(INPUT, "X by its shape, or a .npy file: --x 16,5,3.", "--x", metavar="SHAPE"),
    ] = None,
    y: Annotated[
        list[str] | None,
        _option(INPUT, "y, the same: does it fit the output?", "--y", metavar="SHAPE"),
    ] = None,
    loss: Annotated[
        list[str] | None, _option(INPUT, "The loss that compares them.", "--loss", metavar="NAME")
    ] = None,
    check: Annotated[
        bool, _option(HOW, "Only what is wrong, a line each, by the rule alone.", "--check")
    ] = False,
    dry_run: Annotated[
        bool, _option(HOW, "The rule alone, without TensorFlow.", "-n", "--dry-run")
    ] = False,
    seed: Annotated[
        int | None,
        _option(
            HOW,
            "Makes input and weights repeatable.",
            "--seed",
            metavar="INT",
            parser=arguments.whole_number("--seed", least=0, most=arguments.LARGEST_SEED),
        ),
    ] = None,
    format: Annotated[
        str | None,
        _option(
            HOW,
            f"{', '.join(Format)}.",
            "--format",
            metavar="FORMAT",
            parser=arguments.format_name,
            autocompletion=lambda: list(Format),
        ),
    ] = None,
    json: Annotated[bool, _option(HOW, "The same as --format json.", "--json")] = False,
    export: Annotated[
        str | None,
        _option(
            HOW,
            f"The table as a picture or page too: {arguments.either(SUFFIXES)}.",
            "-o",
            "--export",
            metavar="FILE",
            parser=arguments.export_path,
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_version)
    ] = False,
    **views: bool,
) -> Options:
    """What comes out of a Keras layer, in which order, and with which shape.

    The answer is there at once; then Keras builds the layers, and model.predict confirms it.
    """
    if json and format not in (None, Format.JSON):
        raise arguments.UsageError(f"--json and --format {format}: give one of them")
    return Options(
        what=tuple(what or ()),
        dimensions=Dimensions(batch, timesteps, features),
        units=tuple(units or ()),
        flags=Flags(bidirectional, return_sequences, return_state, merge_mode),
        compare=compare,
        views=frozenset(name for name, wanted in views.items() if wanted),
        format=Format.JSON if json else None if format is None else Format(format),
        dry_run=dry_run,
        seed=seed,
        export=None if export is None else Path(export),
        let=dict(map(arguments.assignment, let or ())),
        x=tuple(x or ()),
        y=tuple(y or ()),
        loss=tuple(loss or ()),
        check=check,
    )
