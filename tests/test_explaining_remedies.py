"""What Keras raises is explained, and each remedy is applied to the program that Keras refused."""

from __future__ import annotations

import contextlib
import functools
import importlib
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

import pytest

from rnnshape.explaining import Explanation, explain
from rnnshape.explaining.messages import _table, found_in, known_messages
from rnnshape.explaining.text import is_error, one_line, plain
from tests.on_record import Record, words_of
from tests.test_explaining import OLD_MESSAGES, is_well_said

pytestmark = pytest.mark.keras

TABLES = Path(__file__).parent / "tables"
PROVOKED = [
    line
    for line in (TABLES / "provoked.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
# What mends a program for another Keras or another machine than those that run the tests.
ELSEWHERE = re.compile(r"# pip install|\(?Keras 2\b|# Keras 2|# .*in Keras 2")


class Case(NamedTuple):
    """A program that Keras refuses, older messages of the same, and the programs with a change."""

    program: str
    messages: tuple[str, ...]
    mended: tuple[str, ...]


def cases() -> list[Case]:
    found: list[Case] = []
    messages: list[str] = []
    for line in (TABLES / "mended.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("/ "):
            messages.append(line.removeprefix("/ "))
        elif line.startswith("  "):
            last = found[-1]
            found[-1] = last._replace(mended=(*last.mended, changed(last.program, line.strip())))
        elif line and not line.startswith("#"):
            found.append(Case(line, tuple(messages), ()))
            messages.clear()
    return found


def changed(program: str, changes: str) -> str:
    for change in changes.split(" && "):
        old, _, new = change.partition("=> ")
        if old:
            assert old.strip() in program, (program, old)
            program = program.replace(old.strip(), new.strip(), 1)
        else:
            before, semicolon, last = program.rpartition("; ")
            program = f"{before}{semicolon}{new.strip()}; {last}"
    return program


def keras_names() -> Mapping[str, Any]:
    """What the programs know."""
    import keras
    import numpy

    names = {name: value for name, value in vars(keras.layers).items() if name[0] != "_"}

    def model(
        units: int = 1,
        activation: str | None = None,
        *,
        return_sequences: bool = False,
        loss: str = "mse",
    ) -> Any:
        layers = keras.layers
        made = keras.Sequential(
            [layers.Input((5, 3)), layers.LSTM(4, return_sequences=return_sequences)]
        )
        made.add(layers.Dense(units, activation))
        made.compile(loss=loss)
        return made

    def functional() -> Any:
        inputs = keras.Input((5, 3))
        return keras.Model(inputs, keras.layers.LSTM(4)(inputs))

    return names | {
        "keras": keras,
        "ops": keras.ops,
        "tf": importlib.import_module("tensorflow"),
        "os": importlib.import_module("os"),
        "numpy": numpy,
        "Sequential": keras.Sequential,
        "Model": keras.Model,
        "model": model,
        "functional": functional,
    }


def run(program: str, names: Mapping[str, Any], *, eagerly: bool = False) -> None:
    """Runs a program; `timesteps` and other names of the remedies have sizes that fit X.

    Training is faster eagerly, but then some messages have other words.
    """
    import keras
    import numpy

    keras.utils.clear_session(free_memory=False)  # to collect takes longer than a program
    names["tf"].config.run_functions_eagerly(eagerly)
    data = dict.fromkeys(("X", "X1", "X2", "x1", "x2"), numpy.zeros((16, 5, 3), "float32"))
    labels = dict.fromkeys(("y", "y1", "y2"), numpy.zeros(16, "int32"))
    sizes = {"timesteps": 5, "features": 3, "rows": 5, "columns": 3, "batch": 4, "units": 4}
    known = {**names, **data, **labels, **sizes, "classes": 3, "x": keras.Input((5, 3))}
    try:
        exec(program.replace(r" \n ", "\n"), known)
    finally:
        names["tf"].config.run_functions_eagerly(False)


def code(remedy: str) -> str:
    return remedy.split("  #")[0]


def told_of(message: str) -> Explanation:
    assert is_error(message)
    told = explain(message)
    assert told.is_known
    is_well_said(told)
    return told


Raised = Callable[..., str]
RECORD = Record(  # the numbers and addresses that an error names may vary
    "remedies", run, keras_names, compared=lambda said: said.partition(":")[0]
)


@pytest.fixture(scope="module")
def raised() -> Raised:
    """What Keras says of a program that it refuses, or nothing."""
    names = functools.cache(keras_names)

    def of(program: str, *, eagerly: bool = False) -> str:
        def ask() -> str:
            with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
                try:
                    run(program, names(), eagerly=eagerly)
                except Exception as error:
                    return words_of(error)
            return ""

        return str(RECORD.answer([program, eagerly], ask))

    return of


@pytest.mark.parametrize("program", PROVOKED)
def test_what_keras_3_raises_is_explained(program: str, raised: Raised) -> None:
    assert told_of(raised(program)).remedies


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.program)
def test_keras_takes_the_program_with_each_remedy(case: Case, raised: Raised) -> None:
    remedies = {
        code(remedy)
        for message in case.messages or (raised(case.program),)
        for remedy in told_of(message).remedies
    }
    for mended in case.mended:
        assert any(one in mended and one not in case.program for one in remedies), mended
        assert not raised(mended, eagerly="tf.function" not in mended)


def test_each_remedy_of_the_table_is_applied(raised: Raised) -> None:
    assert unapplied(raised) == []


def unapplied(raised: Raised) -> list[str]:
    """The remedies that no program of the table has, with the entry that they belong to."""
    of_entry: dict[Any, set[str]] = {}
    for case in cases():
        for message in case.messages or (raised(case.program),):
            entry, _ = next(found_in(one_line(plain(message))))
            told = explain(message).remedies
            applied = {one for one in told for mended in case.mended if code(one) in mended}
            of_entry.setdefault(entry, set()).update(applied)
    everywhere = set().union(*of_entry.values())
    wanted = [
        (entry.patterns[0].pattern[:60], entry.remedies, of_entry.get(entry, set()))
        for entry in known_messages()
    ]
    wanted += [(name, remedies, everywhere) for name, remedies in _table()[1].items()]
    return [
        f"{of}: {remedy}"
        for of, remedies, applied in wanted
        for remedy in remedies
        if not ELSEWHERE.search(remedy)
        if not any(re.fullmatch(_expression(remedy), one) for one in applied)
    ]


def _expression(remedy: str) -> str:
    """What finds a remedy whose parts are filled."""
    pieces = Formatter().parse(remedy)
    return "".join(re.escape(text) + (".+" if name else "") for text, name, _, _ in pieces)


def test_each_wording_of_the_table_is_one_of_keras(raised: Raised) -> None:
    programs = (*PROVOKED, *(case.program for case in cases() if not case.messages))
    messages = [one_line(plain(raised(program))) for program in programs]
    messages += [one_line(message) for _, _, message in OLD_MESSAGES]
    messages += [message for case in cases() for message in case.messages]
    wordings = [pattern for entry in known_messages() for pattern in entry.patterns]
    unheard = [one.pattern for one in wordings if not any(map(one.search, messages))]
    assert unheard == []
