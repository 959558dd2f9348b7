"""Programs, written and generated: what rnnshape reads in them, and what Keras makes of them."""

from __future__ import annotations

import ast
import copy
import re
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.answers import WRITTEN, Answer, programs, read_all
from tests.corpus.compare import (
    MISSED,
    OPEN,
    REFUSED,
    RIGHT,
    VERDICTS,
    WRONG,
    Verdict,
    compare,
    compare_on_record,
    differences,
)
from tests.corpus.generate_programs import generate

SEED, GENERATED = 1, 105  # five of each kind
LEAST_RIGHT = LEAST_ANSWERED = 0.9
PROGRAMS = programs(sorted(WRITTEN.glob("*.txt"))) | generate(SEED, GENERATED)
ALWAYS = programs(WRITTEN / f"{file}.txt" for file in ("small", "whole"))  # Keras is asked
HAVE_OPEN_PARTS = {name for name in PROGRAMS if name.startswith("open_")}

pytestmark = pytest.mark.keras


class Corpus:
    """Every program with its answer and the verdict, and what Keras makes of those it is asked."""

    def __init__(self, folder: Path) -> None:
        self.answers = read_all(PROGRAMS, folder)
        self.verdicts, self.truths = compare_on_record("corpus", self.answers, ALWAYS)

    def right(self) -> list[str]:
        """Of those that Keras is always asked."""
        return [name for name in ALWAYS if self.verdicts[name].verdict == RIGHT]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return Corpus(tmp_path_factory.mktemp("programs"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_is_made_up_and_the_exit_code_says_whether_all_is_answered(
    name: str, corpus: Corpus
) -> None:
    """An answer is right, or says what it leaves open; a refusal says why."""
    verdict, answer = corpus.verdicts[name], corpus.answers[name]
    assert verdict.verdict in (RIGHT, OPEN, REFUSED), str(verdict)
    known = [one["shape"] for report in answer.reports for one in report["outputs"]]
    if any(report.get("problems") for report in answer.reports):
        allowed = {2}
    elif not known or any(shape is None or None in shape for shape in known):
        allowed = {1}
    else:  # a model may be left out, and parameters may be open
        is_whole = not any(report.get("open") for report in answer.reports)
        allowed = {0} if is_whole and not answer.messages.strip() else {0, 1}
    assert answer.code in allowed, answer.messages


@pytest.mark.parametrize("name", ALWAYS)
def test_a_program_is_answered_whole(name: str, corpus: Corpus) -> None:
    verdict = corpus.verdicts[name]
    assert verdict.verdict == RIGHT, str(verdict)


# A function that is called, a `try`, a loop of one round.
AROUND = (
    "def main():\n{}\nmain()",
    "try:\n{}\nexcept Exception as wrong:\n    print(wrong)\n    raise",
    "for _once in range(1):\n{}",
)


def test_where_code_stands_changes_nothing(corpus: Corpus, tmp_path: Path) -> None:
    wrapped = {}
    for name, text in programs([WRITTEN / "building.txt", WRITTEN / "data.txt"]).items():
        imports: list[str] = []
        others: list[str] = []
        for node in ast.parse(text).body:
            is_import = isinstance(node, ast.Import | ast.ImportFrom)
            (imports if is_import else others).append(ast.unparse(node))
        body = "\n".join(others)
        if not {"global", "globals", "nonlocal"} & {*re.findall(r"\w+", body)}:
            for form in AROUND:
                body = form.format(textwrap.indent(body, "    "))
            wrapped[name] = "\n".join([*imports, body])
    answers = read_all(wrapped, tmp_path)
    differ = [name for name in wrapped if known(corpus.answers[name]) != known(answers[name])]
    assert not {*differ} - TAKES_TOO_LONG


TAKES_TOO_LONG = {"windows_of_an_array"}  # for one statement; that is said


def known(answer: Answer) -> list[Any]:
    return [
        (
            [one["shape"] for one in [*report["inputs"], *report["outputs"]]],
            [(row["class"], row["parameters"]) for row in report["layers"]],
        )
        for report in answer.reports
    ]


KINDS_OF_ANSWERS = {"live": 0.97, "saved": 0.9}  # and how many are right at least
# Of layers that are no longer shared, and of what a layer of the code makes of the batch, a file
# does not tell.
NOT_IN_A_FILE = {
    "a_backward_layer_that_is_called_itself", "a_layer_of_a_wrapper_that_is_called_twice_itself",
    "classes_models_shared_on_three_levels",
    "functional_class_called_in_another", "heads_by_reshape",
    "layers_around_others_beside_these", "layers_within_recurrent_ones",
    "open_batch_that_is_reshaped", "open_size_of_a_reshape", "shared_inside_wrappers",
    "weights_of_shared_layers",
}  # fmt: skip
NOT_ANSWERED = ("a subclassed model", "input: ")  # layers that stand alone take other inputs
# Of a model with a `call` of its own its layers are built for the batch that it was called with.
OF_ONE_BATCH = {"classes_model_called_with_several_arrays", "bahdanau_subclass_tf_tutorial"}


def has_own_layers(layers: list[Any]) -> bool:
    return any(layer["of_user"] or has_own_layers(layer["layers"]) for layer in layers)


@pytest.mark.parametrize("kind", KINDS_OF_ANSWERS)
def test_the_models_that_programs_make_are_answered_live_and_saved(
    kind: str, corpus: Corpus
) -> None:
    """Each as what Keras runs: by the object itself, and by its `to_json()`."""
    wrong, verdicts = [], Counter[str]()
    for name, truth in corpus.truths.items():
        for model in truth.get("models", ()):
            said = model.get("read", {}).get(kind)
            if said is None or (kind == "saved" and name in NOT_IN_A_FILE):
                continue
            verdict = Verdict(f"{name}: {model['name']}")
            if "error" in said:
                is_told = any(words in said["error"] for words in NOT_ANSWERED)
                is_told |= name in OF_ONE_BATCH
                verdict.add(REFUSED if is_told else WRONG, said["error"])
            else:
                is_told = any("not counted" in note for note in said["notes"])
                for found, line in differences(said, model, Answer("", [said], "", 0)):
                    verdict.add(OPEN if is_told and "parameters" in line else found, line)
            # What the code's own classes do, a file does not tell: there it is open.
            verdicts[verdict.verdict] += kind == "live" or not has_own_layers(model["layers"])
            wrong += [str(verdict)] * (verdict.verdict == WRONG)
    assert not wrong, "\n".join(wrong)
    assert verdicts[RIGHT] >= KINDS_OF_ANSWERS[kind] * verdicts.total(), dict(verdicts)


def test_what_is_known_beside_an_open_size_is_answered(corpus: Corpus) -> None:
    refused = [name for name in HAVE_OPEN_PARTS if corpus.verdicts[name].verdict == REFUSED]
    said = "\n".join(str(corpus.verdicts[name]) for name in refused)
    assert len(refused) <= (1 - LEAST_ANSWERED) * len(HAVE_OPEN_PARTS), said


@pytest.mark.parametrize("kind", ["written", "generated"])
def test_most_programs_are_answered_whole(kind: str, corpus: Corpus) -> None:
    """Else to answer `?` for everything would pass."""
    generated = generate(SEED, GENERATED)
    closed = [
        verdict
        for name, verdict in corpus.verdicts.items()
        if name not in HAVE_OPEN_PARTS and (name in generated) == (kind == "generated")
    ]
    counts = Counter(one.verdict for one in closed)
    rest = "\n".join(str(one) for one in closed if one.verdict != RIGHT)
    assert counts[RIGHT] >= LEAST_RIGHT * len(closed), f"{dict(counts)}\n{rest}"


# The comparison itself: what is wrong in an answer must be found


def without_a_word(answer: Answer) -> Answer:
    reports = copy.deepcopy(answer.reports)
    for report in reports:
        report |= {"open": [], "notes": []}
    return Answer(answer.text, reports, "", answer.code)


def another_shape(report: dict[str, Any]) -> None:
    report["outputs"][-1]["shape"][-1] += 1


def another_rank(report: dict[str, Any]) -> None:
    report["outputs"][-1]["shape"].insert(1, 1)


def another_input(report: dict[str, Any]) -> None:
    report["inputs"][0]["shape"][-1] += 1


def other_parameters(report: dict[str, Any]) -> None:
    report["layers"][-1]["parameters"] += 1


def another_total(report: dict[str, Any]) -> None:
    report["parameters"] += 1


def an_assumed_size(report: dict[str, Any]) -> None:
    first = report["inputs"][0]
    report["assumed"] = {first["name"]: first["axes"]}


def another_class(report: dict[str, Any]) -> None:
    report["layers"][-1]["class"] = "Softmax"


def a_layer_less(report: dict[str, Any]) -> None:
    report["layers"].pop()


def a_layer_more(report: dict[str, Any]) -> None:
    report["layers"].append(report["layers"][-1])


def an_open_shape(report: dict[str, Any]) -> None:
    report["outputs"][-1]["shape"] = None


def an_open_size(report: dict[str, Any]) -> None:
    report["outputs"][-1]["shape"][-1] = None


def open_parameters(report: dict[str, Any]) -> None:
    report["layers"][-1]["parameters"] = report["parameters"] = None


FAULTS = (
    another_shape,
    another_rank,
    another_input,
    other_parameters,
    another_total,
    an_assumed_size,
    another_class,
    a_layer_less,
    a_layer_more,
)
GAPS = (an_open_shape, an_open_size, open_parameters)


def changed(corpus: Corpus, name: str, change: Any, reason: str = "") -> Verdict:
    answer = without_a_word(corpus.answers[name])
    for report in answer.reports:
        change(report)
        report["open"] = [{"name": reason, "file": "x.py", "line": 1, "reason": ""}] * bool(reason)
    return compare(name, answer, corpus.truths[name])


def first_with_one_model(corpus: Corpus) -> list[str]:
    """Some right answers of one model each, whose last layer has parameters."""
    return [
        name
        for name in corpus.right()
        if len(corpus.answers[name].reports) == 1
        and corpus.answers[name].reports[0]["layers"][-1]["parameters"]
    ][:10]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.__name__)
def test_a_fault_in_an_answer_is_found(fault: Any, corpus: Corpus) -> None:
    for name in first_with_one_model(corpus):
        assert changed(corpus, name, fault).verdict == WRONG, name
        if fault is not a_layer_less:
            assert changed(corpus, name, fault, "units").verdict == WRONG, name


@pytest.mark.parametrize("gap", GAPS, ids=lambda one: one.__name__)
def test_a_gap_needs_a_reason(gap: Any, corpus: Corpus) -> None:
    for name in first_with_one_model(corpus):
        assert changed(corpus, name, gap).verdict == WRONG, name
        assert changed(corpus, name, gap, "units").verdict == OPEN, name


def test_a_model_that_is_not_answered_is_found(corpus: Corpus) -> None:
    for name in first_with_one_model(corpus):
        answer, truth = corpus.answers[name], corpus.truths[name]
        nothing = Answer(answer.text, [], "", 0)
        assert compare(name, nothing, truth).verdict == MISSED, name
        assert compare(name, Answer("", [], "error: why", 1), truth).verdict == REFUSED, name
        assert compare(name, Answer("", [], "error: why", 2), truth).verdict == WRONG, name


def test_one_of_two_models_that_is_not_answered_is_found(corpus: Corpus) -> None:
    two = [
        name
        for name in corpus.right()
        if len([one for one in corpus.truths[name]["models"] if one["variables"]]) == 2
        and len(corpus.answers[name].reports) == 2
        and not any(one["inside"] for one in corpus.truths[name]["models"])
        and len({str(report["layers"]) for report in corpus.answers[name].reports}) == 2
    ]
    assert two
    for name in two:
        answer = without_a_word(corpus.answers[name])
        del answer.reports[0]
        assert compare(name, answer, corpus.truths[name]).verdict == MISSED, name


def test_every_verdict_has_a_place_in_their_order() -> None:
    assert VERDICTS.index(RIGHT) < VERDICTS.index(OPEN) < VERDICTS.index(WRONG)
