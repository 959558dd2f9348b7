"""Data that code makes has a tick where Keras takes it, and is accused where Keras refuses it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from tests.conftest import command, sections
from tests.on_record import Record

pytest.importorskip("pandas")
pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

COLUMNS, WAYS, ARRAYS, MADE, TAKING = sections("entries.txt")
OF_TABLES = [
    "df = pd.DataFrame({'a': np.random.rand(40), 't': np.arange(40.)})\n"
    f"df['e'] = {column}\ny = df['t']\n{way}"
    for column, way in product(COLUMNS, WAYS)
]
OF_LIBRARIES = [f"D = {made}\n{way}" for made, way in product(MADE, TAKING)]
IMPORTS = (
    "import numpy as np\nimport pandas as pd\nimport tensorflow as tf\nimport keras\n"
    "from keras import Sequential, layers\n"
)
MODEL = "m = Sequential([layers.Dense(1)])\nm.compile(loss='mse')\n"
TICKED, TAKEN = set[str](), set[str]()


@pytest.fixture(autouse=True, scope="module")
def _eagerly() -> Iterator[None]:
    """As tracing takes longer than these arrays."""
    import tensorflow

    tensorflow.config.run_functions_eagerly(True)
    yield
    tensorflow.config.run_functions_eagerly(False)


def _runs(program: str) -> bool:
    with contextlib.suppress(Exception):
        exec(program, {})
        return True
    return False


RECORD = Record("entries", _runs)


@pytest.mark.parametrize("text", [*OF_TABLES, *(f"X = {array}" for array in ARRAYS), *OF_LIBRARIES])
def test_keras_takes_what_has_a_tick_and_refuses_what_is_accused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(f"{IMPORTS}{MODEL}{text}\nm.predict(X)\n")
    said = command(str(path), "-n", variables={"COLUMNS": "200"})
    program = f"{IMPORTS}{MODEL}{text}\nm.predict(X, verbose=0)\n"
    is_taken = RECORD.answer(program, lambda: _runs(program))
    assert is_taken or "✓" not in said.out
    assert not is_taken or said.code != 2
    TAKEN.update([text] * is_taken)
    TICKED.update([text] * ("✓" in said.out))


def test_most_of_what_keras_takes_has_a_tick() -> None:
    """Else no tick at all would pass."""
    assert not TAKEN or len(TICKED) >= 0.6 * len(TAKEN)
