"""The command line: Typer reads it, an `Inspection` is what it means."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout, suppress
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption
from typer.exceptions import TyperException

import rnnshape
from rnnshape import notices
from rnnshape.inspection import FLAGS, SUFFIXES, ExitCode, Format, Inspection, View
from rnnshape.spec import (
    LARGEST_SEED,
    Cell,
    LayerSpec,
    MergeMode,
    SpecError,
    whole_number,
)

__all__ = ["run"]


app = typer.Typer(rich_markup_mode="rich", pretty_exceptions_enable=False)


class _Command(TyperCommand):
    """Help that names the cells first, and what every command has, `--help` and such, last."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["[OPTIONS]", "CELL..."]

    def get_params(self, ctx: Any) -> Any:
        params = super().get_params(ctx)
        for param in params:
            if isinstance(param, TyperOption) and param.rich_help_panel is None:
                param.rich_help_panel = "This command"
        return params


def run(arguments: Sequence[str]) -> int:
    """Answers one command line, given without the program's name. Returns the exit code."""
    if sys.stdout is None:
        notices.error("standard output is closed: there is nowhere to answer")
        return ExitCode.FAILED
    try:
        return _answered(arguments)
    except SystemExit:  # so Typer and Rich leave when the reader of their help has left
        return ExitCode.ANSWERED
    except OSError as problem:
        notices.error(f"the answer can't be written: {problem.strerror or problem}")
    except Exception as bug:
        notices.error(f"a bug in rnnshape, please report it: {type(bug).__name__}: {bug}")
    return ExitCode.FAILED


def _answered(arguments: Sequence[str]) -> int:
    try:
        asked = _parsed(arguments)
    except SpecError as wrong:
        name = "CELL" if wrong.field == "cell" else f"--{wrong.field.replace('_', '-')}"
        notices.error(f"{name} {wrong.value}".strip() + f": {wrong.reason}")
        return ExitCode.WRONG
    except TyperException as wrong:
        if arguments:
            notices.error(_reworded(wrong))
        elif sys.stderr:
            with redirect_stdout(sys.stderr):
                _parsed(["--help"])
        return ExitCode.WRONG
    if not isinstance(asked, Inspection):
        with suppress(BrokenPipeError):
            sys.stdout.flush()
        return asked
    from rnnshape.answer import answer

    return answer(asked)


def _parsed(arguments: Sequence[str]) -> Inspection | int:
    """What the arguments ask for, or how Typer has ended what it answers itself, as `--help`."""
    asked = app(list(arguments), prog_name="rnnshape", standalone_mode=False)
    return asked if isinstance(asked, Inspection) else int(asked or 0)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"rnnshape {rnnshape.__version__}")
        raise typer.Exit


INPUT, LAYER, SHOW, ANSWER = "The input", "The layer", "What to show", "How to answer"


EXAMPLES = """\
[dim]For example[/]
  rnnshape lstm --bidirectional --return-state
  rnnshape lstm gru --compare
  rnnshape lstm -u 64 -u 32 --return-state --weights
  rnnshape gru --return-state --format json | jq -c '.outputs[].shape'
  rnnshape gru --return-state --dry-run --code > layer.py"""


@app.command(
    cls=_Command,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXAMPLES,
)
def inspect(
    cells: Annotated[
        list[str],
        typer.Argument(
            metavar="CELL...",
            help="lstm, gru or simplernn; several are inspected in one run.",
            show_default=False,
            autocompletion=lambda: list(Cell),
        ),
    ],
    batch: Annotated[
        str,
        typer.Option("-b", "--batch", metavar="N", help="Sequences.", rich_help_panel=INPUT),
    ] = "2",
    timesteps: Annotated[
        str,
        typer.Option(
            "-t", "--timesteps", metavar="N", help="Steps of a sequence.", rich_help_panel=INPUT
        ),
    ] = "5",
    features: Annotated[
        str,
        typer.Option(
            "-f", "--features", metavar="N", help="Numbers a timestep.", rich_help_panel=INPUT
        ),
    ] = "1",
    units: Annotated[
        list[str],
        typer.Option(
            "-u",
            "--units",
            metavar="N",
            help="Units. Repeated, it stacks layers: -u 64 -u 32.",
            rich_help_panel=LAYER,
        ),
    ] = ["3"],  # noqa: B006  Typer reads it, no one writes it
    return_sequences: Annotated[
        bool | None,
        typer.Option(
            "--return-sequences/--no-return-sequences",
            help="An output at every timestep.",
            rich_help_panel=LAYER,
        ),
    ] = None,
    return_state: Annotated[
        bool | None,
        typer.Option(
            "--return-state/--no-return-state",
            help="The last states too.",
            rich_help_panel=LAYER,
        ),
    ] = None,
    bidirectional: Annotated[
        bool | None,
        typer.Option(
            "--bidirectional/--no-bidirectional",
            help="Forward and backward over the sequence.",
            rich_help_panel=LAYER,
        ),
    ] = None,
    merge_mode: Annotated[
        str | None,
        typer.Option(
            metavar="MODE",
            help=f"How both directions merge: {', '.join(MergeMode)}.",
            autocompletion=lambda: list(MergeMode),
            rich_help_panel=LAYER,
        ),
    ] = None,
    compare: Annotated[
        bool,
        typer.Option(
            "--compare",
            help="Every combination of the three flags, a row each; a flag that is given is held.",
            rich_help_panel=SHOW,
        ),
    ] = False,
    weights: Annotated[
        bool,
        typer.Option("--weights", help="Kernels, biases, parameters.", rich_help_panel=SHOW),
    ] = False,
    diagram: Annotated[
        bool,
        typer.Option("--diagram", help="The layer unrolled over time.", rich_help_panel=SHOW),
    ] = False,
    code: Annotated[
        bool,
        typer.Option("--code", help="The Keras program that makes it.", rich_help_panel=SHOW),
    ] = False,
    values: Annotated[
        bool,
        typer.Option("--values", help="The arrays, input first.", rich_help_panel=SHOW),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="The rule alone, without TensorFlow.", rich_help_panel=ANSWER
        ),
    ] = False,
    seed: Annotated[
        str | None,
        typer.Option(
            metavar="INT",
            help="Makes input and weights repeatable.",
            rich_help_panel=ANSWER,
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            help=f"{', '.join(Format)}.",
            autocompletion=lambda: list(Format),
            rich_help_panel=ANSWER,
        ),
    ] = None,
    export: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="The table as a picture or page too: .svg, .html or .txt.",
            rich_help_panel=ANSWER,
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", is_eager=True, callback=_version),
    ] = False,
) -> Inspection:
    """What comes out of a recurrent Keras layer, in which order, and with which shape.

    The answer is there at once; then Keras builds the layer, and model.predict confirms it.
    """
    given = {
        "bidirectional": bidirectional,
        "return_sequences": return_sequences,
        "return_state": return_state,
    }
    mode = None if merge_mode is None else MergeMode(merge_mode)
    if mode and not (bidirectional or (compare and bidirectional is None)):
        raise SpecError("merge_mode", mode, "only with --bidirectional is anything merged")
    specs = tuple(
        LayerSpec(
            Cell(cell),
            batch=_number("batch", batch),
            timesteps=_number("timesteps", timesteps),
            features=_number("features", features),
            units=tuple(_number("units", one) for one in units),
            merge_mode=mode if mode and flags["bidirectional"] else MergeMode.CONCAT,
            **flags,
        )
        for cell in cells
        for flags in _combinations(given, compare)
    )
    shown = {
        View.WEIGHTS: weights,
        View.DIAGRAM: diagram,
        View.CODE: code,
        View.VALUES: values,
    }
    views = frozenset(view for view, wanted in shown.items() if wanted)
    return Inspection(
        specs,
        views=views,
        format=Format.TABLE if format is None else Format(format),
        code_alone=views == {View.CODE} and format is None and not compare and export is None,
        compare=compare,
        dry_run=dry_run,
        seed=None if seed is None else _number("seed", seed, least=0, most=LARGEST_SEED),
        export=None if export is None else _writable(export),
    )


def _combinations(given: dict[str, bool | None], compare: bool) -> Iterator[dict[str, bool]]:
    """The flags as given, and of those that are not, off alone or with `--compare` both ways."""
    free = (False, True) if compare else (False,)
    choices = [free if given[flag] is None else (bool(given[flag]),) for flag in FLAGS]
    for chosen in product(*choices):
        yield dict(zip(FLAGS, chosen, strict=True))


def _number(field: str, text: str, **bounds: int) -> int:
    try:
        number: object = int(text)
    except ValueError:
        number = text
    return whole_number(field, number, **bounds)


def _writable(text: str) -> Path:
    """A path that an export can be written to, as far as that can be told before."""
    path = Path(text)
    reason = ""
    if path.suffix.lower() not in SUFFIXES:
        *others, last = SUFFIXES
        reason = f"the name must end in {', '.join(others)} or {last}"
    else:
        try:
            if not path.parent.is_dir():
                reason = f"there is no folder {path.parent}"
            elif path.exists() and not path.is_file():
                reason = "it is a folder" if path.is_dir() else "it is not a file"
        except OSError as problem:
            reason = problem.strerror or str(problem)
    if reason:
        raise SpecError("export", text, reason)
    return path


def _reworded(wrong: TyperException) -> str:
    """Typer's complaint in our form: the option, what is wrong with it, and what is right."""
    option = getattr(wrong, "option_name", "")
    match type(wrong).__name__:  # the classes themselves are private to Typer
        case "MissingParameter":
            return f"CELL: name at least one: {', '.join(Cell)}"
        case "NoSuchOption":
            return f"{option}: no such option; {_hint(option, getattr(wrong, 'ctx', None))}"
        case "BadOptionUsage" if "requires an argument" in wrong.message:
            return f"{option}: a value is missing"
        case "BadOptionUsage":
            return f"{option}: it takes no value"
    return wrong.format_message()


def _hint(option: str, context: Any) -> str:
    """The options that a misspelt one may have meant: those that begin so, or the nearest."""
    from difflib import get_close_matches  # only a misspelt word needs it

    known = [name for one in context.command.params for name in one.opts] if context else []
    near = [name for name in known if name.startswith(option)]
    near = near or get_close_matches(option, known, n=1, cutoff=0.7)
    return f"did you mean {' or '.join(near)}?" if near else "see rnnshape --help"
