"""What holds for every screen of `test_views.py`, at any width and in every format."""

from __future__ import annotations

import csv
import functools
import io
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from html import unescape

import numpy as np
import pytest
from markdown_it import MarkdownIt

from rnnshape.formats.html import elements
from rnnshape.formats.layout import laid_out
from rnnshape.formats.markdown import markdown
from rnnshape.layer import Layer
from rnnshape.measuring.messages import Array
from rnnshape.network import Ref
from rnnshape.query import Format
from rnnshape.shown import Report
from rnnshape.views.blocks import Block
from rnnshape.views.document import body, ending
from rnnshape.views.outputs import MOST_NOTES
from rnnshape.views.page import Page
from rnnshape.views.text import NO_BREAK, Text, pieces
from tests.conftest import ROOT, command, environment
from tests.reports import answer
from tests.test_formats import Tree
from tests.test_views import SCREENS, Shown

WIDTHS = (20, 30, 45, 60, 80, 120)
UNFOLDED = {"values": 60, "code": 84}  # the columns that views take whose lines are not folded

on_every_screen = pytest.mark.parametrize("name", SCREENS)
at_every_width = pytest.mark.parametrize("columns", WIDTHS)


def with_view(view: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "name", [name for name in SCREENS if view in SCREENS[name].views]
    )


@functools.cache
def drawn(name: str, columns: int, *, unicode: bool = True) -> tuple[str, ...]:
    """The answers of a screen, drawn once for all tests."""
    return tuple(one.text(columns, unicode=unicode) for one in SCREENS[name].answers)


def squeezed(text: str) -> str:
    """A text without what depends on where its lines are broken."""
    return re.sub(rf"[\s─{NO_BREAK}]", "", text)


@on_every_screen
@at_every_width
@pytest.mark.parametrize("unicode", [True, False], ids=["unicode", "ascii"])
def test_no_line_is_too_wide_and_no_blank_is_left_over(
    name: str, columns: int, unicode: bool
) -> None:
    for text in drawn(name, columns, unicode=unicode):
        if all(columns >= UNFOLDED.get(view, 0) for view in SCREENS[name].views):
            assert max(map(len, text.splitlines())) <= columns
        assert not any(line.endswith(" ") for line in text.splitlines())
        assert "\n\n\n\n" not in text
        assert unicode or text.isascii()


@on_every_screen
@pytest.mark.parametrize("columns", WIDTHS)
def test_colours_change_nothing_but_colours(name: str, columns: int) -> None:
    for shown, text in zip(SCREENS[name].answers, drawn(name, columns), strict=True):
        painted = shown.text(columns, unicode=True, FORCE_COLOR="1")
        assert re.sub(r"\x1b\[[\d;]*m", "", painted) == text


@pytest.mark.parametrize("columns", [40, 60])
@pytest.mark.parametrize("text", ["TimeDistributed(Conv3D(8, 3))", "ConvLSTM2D(8, 3) -> Flatten()"])
def test_no_word_is_folded_in_its_middle(text: str, columns: int) -> None:
    wide, narrow = (command(text, "-n", variables={"COLUMNS": str(one)}) for one in (200, columns))
    assert set(re.findall(r"\w+", narrow.out)) <= set(re.findall(r"\w+", wide.out))


@on_every_screen
def test_ascii_says_what_unicode_says(name: str) -> None:
    if not {"diagram", "values"} & set(SCREENS[name].views):
        text = "".join(drawn(name, 120))
        text = text.replace("→", "->").replace("✓", "ok").replace("✗", "NO")
        ascii_alone = "".join(drawn(name, 120, unicode=False))
        assert re.sub(r"[\s─·*-]", "", text) == re.sub(r"[\s*-]", "", ascii_alone)


# The facts: the cells of a row follow each other, wherever they are folded, and so do the rows.

PAGE = Page()


@on_every_screen
@at_every_width
def test_every_fact_is_on_the_screen_in_its_order(name: str, columns: int) -> None:
    for shown, text in zip(SCREENS[name].answers, drawn(name, columns), strict=True):
        screen = squeezed(text)
        place = 0
        for variants in compared(shown) if shown.query.compare else one_by_one(shown):
            places = [screen.find(squeezed(text), place) for text in variants]
            assert max(places) >= 0, variants
            place = min(one for one in places if one >= 0)


def one_by_one(shown: Shown) -> Iterator[list[str]]:
    """What stands on the screen, each in the variants that widths make of it."""
    weighted = "weights" in shown.query.views
    for report in shown.reports:
        yield from table(report)
        several = len(report.layers) > 1
        for note in report.notes[:MOST_NOTES]:
            where = f"layer {note.layer}: " if note.layer and several else ""
            yield [f"note: {where}{PAGE.product(note.text)}"]
        if weighted:
            for layer in report.layers:
                yield from weights(report, layer)
            yield [f"{number(report.parameters)} parameters in total" if several else ""]
        if "code" in shown.query.views:
            yield [report.code]
    for report in shown.reports:
        for claim in report.claims:
            where = f"layer {claim.layer}: " if len(report.layers) > 1 else ""
            if len(shown.reports) > 1:
                where = f"{report.layers[claim.layer - 1].call}: "
            yield [f"{PAGE.mark(claim.holds).plain} {where}{claim.relation.claim}"]
    if all(report.measurement for report in shown.reports):
        agreed = not any(report.differences for report in shown.reports)
        yield [
            "✓ measured by model.predict · Keras 3.15.1 · TensorFlow 2.21.0"
            if agreed
            else "✗ Keras and the rule disagree · Keras 3.15.1 · TensorFlow 2.21.0"
        ]
    else:
        yield ["· by the rule, not measured"]


def table(report: Report) -> Iterator[list[str]]:
    one = len(report.layers) == 1
    if one:
        yield [str(report.layers[0].call)]
    for tensor in report.inputs:
        yield [f"{tensor.name} {tensor.shape} {'= ' * one}{PAGE.axes(tensor.axes)}"]
    for layer in report.layers:
        if not one:
            call = f"layer {layer.same_as} again" if layer.same_as else str(layer.call)
            yield [f"{layer.number} {call}"]
            yield ["mask lost here" if layer.mask and layer.mask.is_lost else ""]
            yield ["" if layer.same_as else number(report.parameters_of(layer))]
        outputs = [output for output in report.outputs_of(layer) if output.agrees]
        rows = [
            f"{output.name} {arrow(report, layer, n) * (not one)} {PAGE.shape(output.shape)} "
            f"{PAGE.axes(output.axes)}"
            for n, output in enumerate(outputs)
        ]
        full = "".join(f"{row} {output.meaning}" for row, output in zip(rows, outputs, strict=True))
        yield [full] if one else [full, "".join(rows)]
    if not one:
        least = f"at least {report.least_parameters:,}" if report.least_parameters else "?"
        total = least if report.parameters is None else number(report.parameters)
        frozen = sum(one.size for one in report.weights or () if not one.is_trained)
        yield [f"in total {total}" if not frozen else f"{frozen:,} non-trainable"]


def weights(report: Report, layer: Layer) -> Iterator[list[str]]:
    if len(report.layers) > 1:
        yield [f"{layer.number} {layer.call}"]
    for weight in layer.weights:
        yield [
            f"{weight.name} {weight.size:,} {PAGE.shape(weight.shape)} {PAGE.axes(weight.axes)} "
            f"{weight.meaning}"
        ]
    if layer.weights:
        yield [f"= {number(layer.parameters)}"]


def compared(shown: Shown) -> Iterator[list[str]]:
    """A row of each layer of each combination: in a grid, or as a table of its own."""
    weighted = "weights" in shown.query.views
    for report in shown.reports:
        flags = report.question.flags or ()
        marks = "".join("✓" if flag in flags else "·" for flag in shown.query.compare)
        for layer in report.layers:
            outputs = report.outputs_of(layer)
            first = f"{layer.number if len(report.layers) > 1 else ''} {marks}"
            named = "".join(f"{output.name} {output.shape}" for output in outputs)
            total = number(report.parameters_of(layer)) if weighted else ""
            rows = "".join(
                f"{one.name} {arrow(report, layer, n)} {one.shape} {PAGE.axes(one.axes)}"
                for n, one in enumerate(outputs)
            )
            full = "".join(
                f"{one.name} {one.shape} {PAGE.axes(one.axes)} {one.meaning}" for one in outputs
            )
            yield [f"{first} {total} {named}", rows, full]
    for claim in dict.fromkeys(one.relation.claim for each in shown.reports for one in each.claims):
        yield [claim]


def arrow(report: Report, layer: Layer, output: int) -> str:
    """What marks a tensor that the model returns."""
    return "→" * (Ref(layer.number, output) in report.returned)


def number(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


@with_view("diagram")
@at_every_width
def test_a_diagram_has_a_cell_at_every_timestep_and_every_output(name: str, columns: int) -> None:
    for shown, text in zip(SCREENS[name].answers, drawn(name, columns), strict=True):
        pictures = re.findall(r"^ +t = 0.*?(?=\n\n)", text, re.MULTILINE | re.DOTALL)
        layers = [layer for report in shown.reports for layer in recurrent(report)]
        if len(pictures) < len(layers):
            assert text.count("the diagram needs") == len(layers) - len(pictures)
            continue
        for layer, picture in zip(layers, pictures, strict=True):
            assert layer.facts
            assert layer.facts.recurrence
            recurrence = layer.facts.recurrence
            timesteps = [int(one) for one in re.findall(r"t = (\d+)", picture)]
            assert timesteps == [*range(len(timesteps) - 1), recurrence.timesteps - 1]
            passes = recurrence.passes
            rows = sum(1 if one.states[0] == one.hidden else len(one.states) for one in passes)
            cells = {cell for one in passes for cell in one.cells}
            boxes = re.findall(r"(?<=│)(\w+(?: \d)?) *(?=│)", picture)
            of_cells = [one for one in boxes if one in cells]
            assert len(of_cells) == rows * len(timesteps)
            outputs = 2 if len(passes) == 2 and recurrence.merge is None else 1
            for state in layer.outputs[outputs:]:
                assert re.search(rf"\b{state.name}\b", picture)


def recurrent(report: Report) -> list[Layer]:
    """The layers that are drawn."""
    return [one for one in report.layers if one.facts and one.facts.recurrence]


@with_view("values")
@at_every_width
def test_the_numbers_that_are_shown_stand_there_in_the_arrays(name: str, columns: int) -> None:
    for shown, text in zip(SCREENS[name].answers, drawn(name, columns), strict=True):
        arrays = [array for report in shown.reports for array in arrays_of(report)]
        pictures = ARRAY.findall(text)
        for (shape, axes, picture), array in zip(pictures, arrays, strict=True):
            assert shape == str(array.shape)
            assert bool(axes) == (columns >= 60)
            shown_numbers = [float(number) for number in re.findall(r"-?\d+\.\d+", picture)]
            numbers = np.array(array.values).ravel()
            if numbers.size > 200:
                assert 2 < len(shown_numbers) < numbers.size
                shown_numbers, numbers = shown_numbers[:: len(shown_numbers) - 1], numbers[[0, -1]]
            assert shown_numbers == pytest.approx(numbers, 1e-4)


ARRAY = re.compile(r"^\w[\w ]* (\([^)]*\))( = .*)?\n(\[.*\n(?: .*\n|\n(?= ))*)", re.MULTILINE)


def arrays_of(report: Report) -> list[Array]:
    assert report.measurement
    every = (*report.measurement.inputs, *(one.array for one in report.outputs))
    return [array for array in every if array]


# Formats


def blocks_of(shown: Shown) -> list[Block]:
    page = Page(folds=True)
    return [*body(shown.query, shown.reports, page), *ending(shown.query, shown.reports, page)]


@on_every_screen
def test_markdown_html_and_the_screen_say_the_same(name: str) -> None:
    for shown in SCREENS[name].answers:
        for block in blocks_of(shown):
            rendered = MarkdownIt("commonmark").enable("table").render(markdown([block]))
            by_markdown = Tree(rendered.replace("<br>", "\n"))
            html = elements([block])
            by_html = Tree(html)
            # In Markdown what goes over all columns stands between tables, each with its head.
            head, *rows = filled(by_markdown.rows) or [[]]
            head_of_html, *rows_of_html = by_html.rows or [[]]
            alike = [row for row in rows_of_html if len(row) == len(head_of_html)]
            assert [row for row in rows if row != head] == filled(alike)
            again = "".join(head) * rows.count(head)
            written = squeezed(by_markdown.text).replace("->", "→")
            assert Counter(written) == Counter(squeezed(by_html.text) + again)
            screen = list(laid_out([block], Page(1000)))
            # In what order a screen shows the lines of a cell depends on the cells beside it.
            text = "".join(line.plain for line in screen).replace("->", "→")
            assert Counter(squeezed(text)) == Counter(squeezed(by_html.text))
            assert styled_on_screen(screen) == styled_in_html(html)


def filled(rows: list[list[str]]) -> list[list[str]]:
    return [[squeezed(cell) for cell in row if squeezed(cell)] for row in rows]


def styled_on_screen(lines: list[Text]) -> Counter[tuple[str, str]]:
    shown = [(style, squeezed(text)) for line in lines for text, style in pieces(line)]
    return Counter((str(style), one) for style, text in shown if style for one in text)


def styled_in_html(html: str) -> Counter[tuple[str, str]]:
    """Each character with its style: headings of columns are quiet, and others are titles."""
    parts = re.findall(
        r'<(?:span class="(\w+)"|(th) [^>]*|p class="heading"><(code))>([^<]*)<', html
    )
    return Counter(
        (style or ("quiet" if head else "title"), one)
        for style, head, _, text in parts
        for one in squeezed(unescape(text))
    )


@on_every_screen
def test_the_formats_for_programs_have_every_output_and_shape(name: str) -> None:
    for shown in SCREENS[name].answers:
        expected = [
            (one.layer, one.name, one.shape) for each in shown.reports for one in each.outputs
        ]
        by_json = [
            (one["layer"], one["name"], one["shape"] and tuple(one["shape"]))
            for line in shown.text(80, form=Format.JSON).splitlines()
            for one in json.loads(line)["outputs"]
        ]
        by_csv = [
            (
                int(row["layer"]),
                row["output"],
                tuple(map(int, row["shape"].split("x"))) if row["shape"] else None,
            )
            for row in csv.DictReader(io.StringIO(shown.text(80, form=Format.CSV)), strict=True)
        ]
        plain = answer(shown.reports, form=Format.PLAIN, query=shown.query)
        by_plain = [
            (name, None if dims == ["?"] else tuple(map(int, dims)))
            for name, *dims in map(str.split, plain.splitlines())
            if name != "#"
        ]
        assert by_json == by_csv == expected
        assert by_plain == [(name, shape) for _, name, shape in expected]


# Versions of Rich

OTHER_RICH = os.environ.get("RNNSHAPE_OTHER_RICH")  # a folder that pip installed one into
ALL_SCREENS = """
import importlib.metadata, json
from tests.test_views import SCREENS
screens = [(name, at, SCREENS[name].text(at)) for name in SCREENS for at in (60, 80, 100)]
print(json.dumps([importlib.metadata.version("rich"), screens]))
"""


@pytest.mark.process
@pytest.mark.skipif(not OTHER_RICH, reason="`.ci/rich` runs this with the oldest Rich")
def test_every_screen_is_the_same_with_another_rich() -> None:
    versions, screens = [], []
    for folders in ([ROOT], [OTHER_RICH, ROOT]):
        printed = subprocess.run(
            [sys.executable, "-c", ALL_SCREENS],
            env=environment(PYTHONPATH=os.pathsep.join(map(str, folders))),
            capture_output=True,
            text=True,
            check=True,
        )
        version, shown = json.loads(printed.stdout)
        versions.append(version)
        screens.append(shown)
    assert versions[0] != versions[1]
    for one, other in zip(*screens, strict=True):
        assert one == other
