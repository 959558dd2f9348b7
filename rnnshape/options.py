"""The options: what Typer reads from a command line, and the `Inspection` that it means."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

import rnnshape
from rnnshape.inspection import FLAGS, SUFFIXES, Format, Inspection, View
from rnnshape.spec import Cell, LayerSpec, MergeMode, SpecError, either, seed_number, whole_number

__all__ = ["app"]

INPUT, LAYER, SHOW, ANSWER = "The input", "The layer", "What to show", "How to answer"
USUAL = LayerSpec(Cell.LSTM)  # its dimensions are the defaults
EXAMPLES = """\
[dim]For example[/]
  rnnshape lstm --bidirectional --return-state
  rnnshape lstm gru --compare
  rnnshape lstm -u 64 -u 32 --return-state --weights
  rnnshape gru --return-state --format json | jq -c '.outputs[].shape'
  rnnshape gru --return-state --dry-run --code > layer.py"""

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


def _version(wanted: bool) -> None:
    if wanted:
        print(f"rnnshape {rnnshape.__version__}")
        raise typer.Exit


def _option(panel: str, text: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, **more)


def _flag(panel: str, text: str, name: str) -> Any:
    """On, off, or not given, which `--compare` tells apart."""
    return _option(panel, text, f"--{name}/--no-{name}")


@app.command(
    cls=_Command,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXAMPLES,
)
def inspect(
    cells: Annotated[
        list[str],
        typer.Argument(
            help=f"{either(Cell)}; several are inspected in one run.",
            show_default=False,
            metavar="CELL...",
            autocompletion=lambda: list(Cell),
        ),
    ],
    batch: Annotated[str, _option(INPUT, "Sequences.", "-b", "--batch", metavar="N")] = str(
        USUAL.batch
    ),
    timesteps: Annotated[
        str, _option(INPUT, "Steps of a sequence.", "-t", "--timesteps", metavar="N")
    ] = str(USUAL.timesteps),
    features: Annotated[
        str, _option(INPUT, "Numbers a timestep.", "-f", "--features", metavar="N")
    ] = str(USUAL.features),
    units: Annotated[
        list[str],
        _option(
            LAYER, "Units. Repeated, it stacks layers: -u 64 -u 32.", "-u", "--units", metavar="N"
        ),
    ] = [str(one) for one in USUAL.units],  # noqa: B006  Typer reads it, no one writes it
    return_sequences: Annotated[
        bool | None, _flag(LAYER, "An output at every timestep.", "return-sequences")
    ] = None,
    return_state: Annotated[
        bool | None, _flag(LAYER, "The last states too.", "return-state")
    ] = None,
    bidirectional: Annotated[
        bool | None, _flag(LAYER, "Forward and backward over the sequence.", "bidirectional")
    ] = None,
    merge_mode: Annotated[
        str | None,
        _option(
            LAYER,
            f"How both directions merge: {', '.join(MergeMode)}.",
            "--merge-mode",
            metavar="MODE",
            autocompletion=lambda: list(MergeMode),
        ),
    ] = None,
    compare: Annotated[
        bool,
        _option(
            SHOW,
            "Every combination of the three flags, a row each; a flag that is given is held.",
            "--compare",
        ),
    ] = False,
    weights: Annotated[bool, _option(SHOW, "Kernels, biases, parameters.", "--weights")] = False,
    diagram: Annotated[bool, _option(SHOW, "The layer unrolled over time.", "--diagram")] = False,
    code: Annotated[bool, _option(SHOW, "The Keras program that makes it.", "--code")] = False,
    values: Annotated[bool, _option(SHOW, "The arrays, input first.", "--values")] = False,
    dry_run: Annotated[
        bool, _option(ANSWER, "The rule alone, without TensorFlow.", "--dry-run")
    ] = False,
    seed: Annotated[
        str | None, _option(ANSWER, "Makes input and weights repeatable.", "--seed", metavar="INT")
    ] = None,
    format: Annotated[
        str | None,
        _option(
            ANSWER,
            f"{', '.join(Format)}.",
            "--format",
            metavar="FORMAT",
            autocompletion=lambda: list(Format),
        ),
    ] = None,
    export: Annotated[
        str | None,
        _option(
            ANSWER,
            f"The table as a picture or page too: {either(SUFFIXES)}.",
            "--export",
            metavar="FILE",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_version)
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
        seed=None if seed is None else seed_number(_integer(seed)),
        export=None if export is None else _writable(export),
    )


def _combinations(given: dict[str, bool | None], compare: bool) -> Iterator[dict[str, bool]]:
    """The flags as given, and of those that are not, off alone or with `--compare` both ways."""
    free = (False, True) if compare else (False,)
    choices = [free if given[flag] is None else (bool(given[flag]),) for flag in FLAGS]
    for chosen in product(*choices):
        yield dict(zip(FLAGS, chosen, strict=True))


def _number(field: str, text: str) -> int:
    return whole_number(field, _integer(text))


def _integer(text: str) -> int | str:
    """The integer that a text writes, or the text: whoever wants a number will say so."""
    try:
        return int(text)
    except ValueError:
        return text


def _writable(text: str) -> Path:
    """A path that an export can be written to, as far as that can be told before."""
    path = Path(text)
    reason = ""
    if path.suffix.lower() not in SUFFIXES:
        reason = f"the name must end in {either(SUFFIXES)}"
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
