"""What rnnshape says of a program beside what Keras makes of it.

`python -m tests.corpus.compare FILE...` prints a verdict for each program, and every difference. A
`.txt` file holds several, each under a line `#### name`; a `.py` file is one.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from tests.corpus import run_by_keras, shapes
from tests.corpus.answers import WRITTEN, Answer, Json, programs, read_all, run_all
from tests.corpus.shapes import agree_all, batch, free, with_batch
from tests.on_record import Record

# From best to worst.
RIGHT = "right"
OPEN = "open"  # every difference is a `null`, or a layer that is left out, with a reason
REFUSED = "refused"  # nothing is answered, and it is said why
MISSED = "missed"  # a model is neither answered nor mentioned
WRONG = "wrong"  # a number that differs; a layer too many, or too few without a word
FAILED = "failed"  # Keras itself ends with an error: nothing is compared
DEFAULTS = {"timesteps": 5, "features": 1}  # what the command fills in; of space axes 16
VERDICTS = (RIGHT, OPEN, REFUSED, MISSED, WRONG, FAILED)


@dataclass
class Verdict:
    """How an answer compares with the truth, and each difference in a line."""

    program: str
    differences: list[tuple[str, str]] = field(default_factory=list)

    def add(self, verdict: str, line: str) -> None:
        self.differences.append((verdict, line))

    @property
    def verdict(self) -> str:
        found = [verdict for verdict, _ in self.differences]
        return max(found, key=VERDICTS.index, default=RIGHT)

    def __str__(self) -> str:
        lines = [f"{self.verdict:8}{self.program}"]
        return "\n".join([*lines, *(f"        {v}: {line}" for v, line in self.differences)])


def compare_all(texts: Mapping[str, str]) -> list[Verdict]:
    """The verdict on each program."""
    with tempfile.TemporaryDirectory() as folder:
        answers = read_all(texts, Path(folder))
    truths = run_all(texts, answers)
    return [compare(name, answers[name], truths[name]) for name in texts]


def compare_on_record(
    name: str,
    answers: Mapping[str, Answer],
    always: Container[str] = (),
    judge: Callable[[str, Answer, Json], Verdict] | None = None,
) -> tuple[dict[str, Verdict], dict[str, Json]]:
    """The verdict on each, and what Keras makes of those of which the verdict is not on record for
    this very answer, whose turn it is, or that are asked `always`."""
    judge = judge or compare
    record = Record(name, sys.modules[__name__], run_by_keras, shapes, judge, compared=sorted)
    questions = {name: _without_folders(answer) for name, answer in answers.items()}
    asked = {
        name: answer.text
        for name, answer in answers.items()
        if name in always or record.is_asked(questions[name])
    }
    truths = run_all(asked, answers)

    def verdict(name: str) -> Verdict:
        found = record.answer(
            questions[name], lambda: judge(name, answers[name], truths[name]).differences
        )
        return Verdict(name, [(kind, line) for kind, line in found])

    return {name: verdict(name) for name in answers}, truths


def _without_folders(answer: Answer) -> str:
    said = json.dumps([answer.text, answer.reports, answer.messages, answer.code])
    return re.sub(r'[^\s"]*/program_\d+', "", said)


def compare(program: str, answer: Answer, truth: Json) -> Verdict:
    """One answer beside the truth: each model with the report that is about it."""
    verdict = Verdict(program)
    if "error" in truth:
        verdict.add(FAILED, truth["error"].strip().splitlines()[-1])
        return verdict
    models = truth["models"]
    accused = _accused(answer) if all(model["runs"] for model in models) else ""
    if accused:
        verdict.add(WRONG, f"Keras runs it, but it is accused: {accused}")
    if not answer.reports and models:
        verdict.add(REFUSED if answer.messages.strip() else MISSED, _first_line(answer.messages))
        return verdict
    pairs = _paired(answer, models)
    for report, model in pairs:
        if model is not None:
            for kind, line in differences(report, model, answer):
                verdict.add(kind, f"{_title(model)}: {line}")
        else:
            _compare_loose(report, truth["loose"], verdict)
    answered = {id(model) for _, model in pairs}
    within = {
        name for report in answer.reports for row in report["layers"] for name in _within(row)
    }
    for model in models:
        names = _names(model)
        is_needed = model["variables"] and model["runs"] and model["inputs"] is not None
        if not is_needed or id(model) in answered or (model["inside"] and names & within):
            continue
        if any(_same(model, other) for other in models if id(other) in answered):
            continue  # the same layers by another name
        if _is_mentioned(model, answer):
            verdict.add(OPEN, f"{_title(model)} is not answered: {_first_line(answer.messages)}")
        else:
            verdict.add(MISSED, f"{_title(model)} is not answered")
    return verdict


def _accused(answer: Answer) -> str:
    """What is said to be refused; not what trains without a word and is wrong."""
    problems = [one for report in answer.reports for one in report.get("problems", ())]
    said = [str(one["message"]) for one in problems if not one["silent"]]
    if answer.code == 2 and not problems:
        said.append(_first_line(answer.messages))
    return next(iter(said), "")


def _paired(answer: Answer, models: list[Json]) -> list[tuple[Json, Json | None]]:
    """Each report with the model that it is about: by the best agreement, then by the name."""
    scored = []
    for at, report in enumerate(answer.reports):
        for to, model in enumerate(models):
            kinds = [kind for kind, _ in differences(report, model, answer)]
            worst = max(map(VERDICTS.index, kinds), default=0)
            other = report.get("model") not in (None, *_names(model))
            far = abs(at / len(answer.reports) - to / len(models))
            scored.append((worst, other, len(kinds), not model["variables"], far, at, to))
    found: dict[int, int] = {}
    for worst, other, *_, at, to in sorted(scored):
        likely = worst < VERDICTS.index(WRONG) or not other or _has_no_other(at, answer, models)
        if at not in found and to not in found.values() and likely:
            found[at] = to
    return [
        (report, models[found[at]] if at in found else None)
        for at, report in enumerate(answer.reports)
    ]


def _has_no_other(at: int, answer: Answer, models: list[Json]) -> bool:
    name = answer.reports[at].get("model")
    return name is None or not any(name in _names(model) for model in models)


def differences(report: Json, model: Json, answer: Answer) -> list[tuple[str, str]]:
    """Where a report and a model part; nothing where the report is right."""
    found: list[tuple[str, str]] = []
    excused = OPEN if _has_reason(report, answer) else WRONG
    shapes = [one["shape"] for one in report["inputs"]]
    runs = [run for run in model["runs"] if agree_all(shapes, run["inputs"])]
    if not runs and not model["runs"]:
        return [(WRONG, f"Keras can't run it on {shapes}")] if model["inputs"] else []
    if not runs:
        fits = [run for run in model["runs"] if agree_all(shapes, run["inputs"], batch_aside=True)]
        if not fits or model["batch_matters"]:
            found.append((WRONG, f"inputs {shapes}, in Keras {model['inputs']}"))
        runs = fits or model["runs"]
    run = runs[0]
    if any(None in (shape or [None]) for shape in shapes):
        found.append((excused, f"inputs {shapes} are open"))
    found += _assumed(report, model)
    rows = _Rows(report, batch(shapes, run))
    expected = [*_expected(model["layers"], run["calls"], rows)]
    found += _compare_rows(rows, expected, excused, run["operations"], model["weights"])
    total = report.get("parameters", model["parameters"])
    if total != model["parameters"]:
        kind = excused if total is None else WRONG
        found.append((kind, f"{total} parameters, in Keras {model['parameters']}"))
    return found


def _assumed(report: Json, model: Json) -> Iterator[tuple[str, str]]:
    """Sizes of inputs that are said to be assumed, though Keras knows them, or the reverse."""
    inputs = model["inputs"] or []
    if "assumed" not in report or len(inputs) != len(report["inputs"]):
        return
    for one, shape in zip(report["inputs"], inputs, strict=True):
        said = report["assumed"].get(one["name"], [])
        for axis, (label, size, of) in enumerate(
            zip(one["axes"] or [], one["shape"] or [], shape, strict=False)
        ):
            if one["axes"].count(label) > 1:
                continue  # the label does not say which
            if label in said and of is not None and (axis or model["batch_matters"]):
                yield WRONG, f"{label} of {one['name']} is said to be assumed, in Keras it is {of}"
            if label not in said and of is None and axis and size == DEFAULTS.get(label, 16):
                yield WRONG, f"{label} of {one['name']} is not said to be assumed"


# The layers of one model


class _Rows:
    """A report's layers with the shapes of their outputs, until each is found in Keras."""

    def __init__(self, report: Json, batches: tuple[int, int]) -> None:
        outputs: dict[int, list[Any]] = {}
        for one in report["outputs"]:
            outputs.setdefault(one["layer"], []).append(with_batch(one["shape"], batches))
        self.left = [
            row | {"shapes": outputs.get(row["layer"], [])}
            for row in report["layers"]
            if row.get("class") not in ("Input", "InputLayer")
        ]

    def take(self, row: Json) -> None:
        self.left = [one for one in self.left if one is not row]

    def of(self, layer: Json) -> list[Json]:
        """The rows that may be of a layer: of its class, or of the class of Keras that this derives
        from; `add(x2=1)` is an operation, though its class is `Add`."""
        kind = layer["class"]
        known = {"GroupedQueryAttention": "GroupQueryAttention"}
        names = {kind, known.get(kind, kind), layer["of_keras"]}
        rows = [row for row in self.left if row["class"] in names]
        return [row for row in rows if kind[:1].islower() or not _is_operation(row)]


@dataclass
class _Expected:
    """A layer that must have a row, with the shapes that its calls return."""

    layer: Json
    calls: list[Any]
    is_needed: bool


def _expected(
    layers: list[Json], calls: Json, rows: _Rows, inside: bool = False
) -> Iterator[_Expected]:
    """The layers without others inside. A model or a layer of the user's own may be one row that
    stands for all that is in it."""
    for layer in layers:
        made = calls.get(layer["id"], [])
        if not layer["layers"]:
            yield _Expected(layer, made, bool(made) and not inside)
            continue
        row = next(
            (
                row
                for row in rows.of(layer)
                if row["parameters"] in (*_wholes(layer), layer["own"], 0, None)
                and (not made or any(agree_all(row["shapes"], one) for one in made))
            ),
            None,
        )
        is_wrapper = not layer["is_model"] and not layer["of_user"]
        if row is not None:
            whole = row["parameters"] in (*_wholes(layer), None)
            yield _Expected(layer, made, True)
            yield from _expected(layer["layers"], calls, rows, inside or whole)
        else:
            yield from _expected(layer["layers"], calls, rows, inside)
            if is_wrapper or layer["own"]:
                yield _Expected(layer, made, bool(made) and not inside)


def _compare_rows(
    rows: _Rows, expected: list[_Expected], excused: str, operations: list[Any], weights: list[Any]
) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for accept in (_is_equal, _is_equal_but_open):
        for one in sorted(expected, key=lambda one: not one.is_needed):
            _take_rows(rows, one, accept)
    taken = [one for one in expected if "row" in one.layer]
    for one in taken:
        found += _open_parts(one, excused)
    for one in expected:
        if "row" in one.layer or not one.is_needed:
            continue
        others = rows.of(one.layer)
        if others:
            rows.take(others[0])
            found.append((WRONG, f"{_row(others[0])}, in Keras {_layer(one)}"))
        elif one.layer["parameters"] or not one.layer["of_user"]:
            found.append((excused, f"{_layer(one)} has no row"))
    for one in expected:
        one.layer.pop("row", None)
    for row in rows.left:
        done = [
            shapes
            for kind, shapes, is_layer in operations  # operators are recorded of models alone
            if kind == row["class"] and not (is_layer and _is_operation(row))
        ]
        if row["shapes"][:1] in [[shape] for shape in weights if prod(shape) == row["parameters"]]:
            continue  # a weight of the model's own
        if row["parameters"] or not (done or _is_operation(row)):
            found.append((WRONG, f"{_row(row)} is not in Keras"))
        elif done and not any(agree_all(row["shapes"], shapes) for shapes in done):
            found.append((WRONG, f"{_row(row)}, in Keras {done}"))
        elif None in row["shapes"] or any(None in shape for shape in row["shapes"]):
            found.append((excused, f"{_row(row)} is open"))
    return found


def _take_rows(rows: _Rows, one: _Expected, accept: Any) -> None:
    """The rows of a layer: a single one, or one for each of its calls."""
    taken = one.layer.get("row", 0)
    for row in rows.of(one.layer):
        if taken < max(1, len(one.calls)) and accept(row, one, taken > 0):
            rows.take(row)
            taken += 1
            one.layer["row"] = taken
            one.layer.setdefault("rows", []).append(row)


def _is_equal(row: Json, one: _Expected, again: bool) -> bool:
    shapes = not one.calls or any(agree_all(row["shapes"], call, False) for call in one.calls)
    total = 0 if again else one.layer["parameters"]  # a layer is counted where it is called first
    return shapes and row["parameters"] in (total, *((None,) if again else ()), *_other_counts(one))


def _is_equal_but_open(row: Json, one: _Expected, again: bool) -> bool:
    shapes = not one.calls or any(agree_all(row["shapes"], call) for call in one.calls)
    totals = (one.layer["parameters"], None, *((0,) if again else ()), *_other_counts(one))
    return shapes and row["parameters"] in totals


def _other_counts(one: _Expected) -> tuple[int, ...]:
    """A row of what holds other layers may count its own parameters alone, or none; that of a layer
    whose weights others beside it have, what is left."""
    is_container = one.layer["layers"] or one.layer["own"] != one.layer["parameters"]
    return (*_wholes(one.layer)[1:], *((one.layer["own"], 0) if is_container else ()))


def _wholes(layer: Json) -> tuple[int, ...]:
    """All its parameters; or those that no other layer beside it has."""
    shared = layer["shared"]
    return (layer["parameters"], *([layer["parameters"] - shared] if shared else []))


def _open_parts(one: _Expected, excused: str) -> Iterator[tuple[str, str]]:
    for number, row in enumerate(one.layer.pop("rows", [])):
        of_group = bool(one.layer["layers"])
        shapes = row["shapes"] or ([] if of_group else [None])
        if any(shape is None or None in shape for shape in shapes):
            yield excused, f"{_row(row)} is open"
        elif row["parameters"] is None and number == 0 and one.layer["parameters"] and not of_group:
            yield excused, f"{_row(row)} has open parameters"


def _compare_loose(report: Json, loose: list[Any], verdict: Verdict) -> None:
    """Layers that are called and stand in no model: each must have been called so in Keras."""
    rows = _Rows(report, (1, 1))
    for row in rows.left:
        calls = [shapes for kind, shapes in loose if kind == row.get("class")]
        if not calls and not _is_operation(row):
            verdict.add(WRONG, f"a network that Keras does not make: {_row(row)}")
        elif calls and not any(agree_all(row["shapes"], free(one), True, True) for one in calls):
            verdict.add(WRONG, f"{_row(row)} in no model, in Keras {calls[:4]}")


# Words


def _is_operation(row: Json) -> bool:
    return str(row["expression"])[:1].islower()


def _has_reason(report: Json, answer: Answer) -> bool:
    without_rule = any("no rule" in note for note in report["notes"])
    return bool(report.get("open") or without_rule or answer.messages.strip())


def _is_mentioned(model: Json, answer: Answer) -> bool:
    """Whether a message names a model, a line that it is made in, or a name on such a line."""
    opens = [one for report in answer.reports for one in report.get("open", [])]
    said = answer.messages + json.dumps(opens)
    lines = {int(number) for number in re.findall(r"(?:\bline |\.py:)(\d+)", said)}
    lines |= {one["line"] for one in opens if one["line"]}
    given = re.findall(r"--let '?([A-Za-z_]\w*)", said) + [str(one["name"]) for one in opens]
    text = answer.text.splitlines()
    made_by = "\n".join(text[line - 1] for line in model["lines"])
    is_there = any(re.search(rf"\b{re.escape(name)}\b", made_by) for name in given)
    is_named = any(re.search(rf"\b{re.escape(name)}\b", said) for name in _names(model))
    return is_there or is_named or bool(lines & set(model["lines"]))


def _names(model: Json) -> set[str]:
    """The names by which code knows a model."""
    paths = model["variables"]
    return {model["name"], *paths, *(path.rpartition(".")[2] for path in paths)}


def _within(row: Json) -> list[str]:
    within = row.get("within") or []
    return [name for one in within for name in re.split(r"[/.]", str(one))]


def _same(model: Json, other: Json) -> bool:
    ids = [[layer["id"] for layer in one["layers"]] for one in (model, other)]
    return ids[0] == ids[1]


def _title(model: Json) -> str:
    return str(next(iter(model["variables"]), model["name"]))


def _row(row: Json) -> str:
    return f"{row.get('expression') or row.get('class')} {row['shapes']} {row['parameters']}"


def _layer(one: _Expected) -> str:
    calls = [call for n, call in enumerate(one.calls) if call not in one.calls[:n]]
    shapes = " or ".join(map(str, calls))
    return f"{one.layer['class']} {one.layer['name']} {shapes} {one.layer['parameters']}"


def _first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "nothing is answered, and nothing said")


def summary(verdicts: Iterable[Verdict]) -> str:
    """How many programs have each verdict."""
    counts = Counter(one.verdict for one in verdicts)
    return ", ".join(f"{counts[kind]} {kind}" for kind in VERDICTS if counts[kind])


def main() -> None:
    paths = [Path(one) for one in sys.argv[1:]] or sorted(WRITTEN.glob("*.txt"))
    verdicts = compare_all(programs(paths))
    for one in verdicts:
        print(one)
    print(summary(verdicts))


if __name__ == "__main__":
    main()
