"""What is read of functions that prepare data is what the functions themselves make."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from rnnshape.reading.code import follower
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.datasets import Dataset
from rnnshape.reading.names.dtypes import is_whole
from rnnshape.reading.names.ranges import known_range
from rnnshape.reading.python import Open, follow_module, own
from rnnshape.source import Source
from tests.conftest import sections

IMPORTS = """
import numpy as np
import tensorflow as tf
import keras
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, StandardScaler
from sklearn.preprocessing import Binarizer, PowerTransformer, QuantileTransformer
"""
OF_NUMPY, OF_WHOLE_NUMBERS, OF_SKLEARN, OF_KERAS = sections("arrays.txt")
SHAPES = [((6,), (6,)), ((6, 4), (6, 4)), ((6, 4), (6, 3)), ((6, 4, 3), (6, 4, 3)), ((6, 1), (6,)),
          ((1, 4), (6, 4)), ((6, 4, 1), (6, 4, 2))]  # fmt: skip


def read(text: str, results: int, accused: set[str] | None = None) -> list[Any]:
    """What code makes of the names r0, r1, ...; the lines that are said to be wrong are added."""
    evaluator = follower({"n": 6}, None)
    source = Source(text, "line ")
    follow_module(evaluator, source, source.statements(), evaluator.module)
    if accused is not None:
        accused |= {told.place.line for told in evaluator.messages if told.place}
    return [evaluator.module.names.get(f"r{number}", Open("nothing")) for number in range(results)]


def agrees(read: Any, real: Any) -> bool:
    """Whether nothing else is said than what is true; open is all that is not known."""
    if isinstance(read, Open):
        return True
    if isinstance(read, Dataset):
        return all(agrees(read.own_element, element) for element in real.take(20))
    if isinstance(read, dict):
        return all(agrees(read[word], real[word]) for word in real)
    if isinstance(read, list | tuple) and isinstance(real, list | tuple):
        return len(read) == len(real) and all(map(agrees, read, real))
    if not isinstance(read, Array):
        return bool(np.all(read == real))
    shape = tuple(real.shape)
    sizes = zip(read.shape, shape, strict=False)
    if len(shape) != len(read.shape) or not all(
        size is Open or isinstance(size, Open) or size == other for size, other in sizes
    ):
        return False
    if read.own_values and list(read.own_values) != np.asarray(real).ravel().tolist():
        return False
    kinds = {"<U": "U", "object": "O", "bool": "b", "int64": "iu"}
    return getattr(getattr(real, "dtype", None), "kind", "") in kinds.get(
        read.own_dtype or "", "UObiuf"
    )


def is_known(read: Any) -> bool:
    if isinstance(read, list | tuple):
        return all(map(is_known, read))
    if isinstance(read, Array):
        return not any(isinstance(size, Open) for size in read.shape)
    return not isinstance(read, Open) or read.is_number


# Of these the answer depends on numbers that are not in the code, or on Keras while it runs.
DEPENDS_ON_DATA = (
    "a > 0.5]", "0.5, 0]", "), 0]", "axis=1)]", "9), [1])", "bincount", "retstep",
    "np.where(a > 0)", "np.unique(a)", "[a[:, 0] >", "to_categorical(np.random.randint",
    "np.random.choice(5)", "dtype=object", "Dataset", "timeseries", "rows",
    "() * 2", "** 64", "> 1]", "(a, 1)]", "tf.where", "a > 2", "[True]", "np.unique(np.random",
    "np.argwhere", "a[np.isfinite(", "a[np.logical_or(",
)  # fmt: skip


def compared(expressions: list[str], shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    one, other = shapes
    names: dict[str, Any] = {}
    arrays = f"a = np.random.random({one})\nb = np.random.random({other})\n"
    code = "".join(f"r{number} = {text}\n" for number, text in enumerate(expressions))
    exec((IMPORTS if expressions is not OF_NUMPY else "import numpy as np\n") + arrays, names)
    accused: set[str] = set()
    found = read(IMPORTS + arrays + code, len(expressions), accused)
    differ, unknown = [], []
    for number, (text, said) in enumerate(zip(expressions, found, strict=True)):
        try:
            real = eval(text, names)
        except Exception:
            if not isinstance(said, Open):
                differ.append((text, "refused"))
            continue
        if not agrees(said, real) or f"r{number} = {text}" in accused:
            differ.append((text, getattr(real, "shape", real)))
        is_data = isinstance(real, list | tuple) or np.ndim(real)
        if is_data and not is_known(said) and not any(word in text for word in DEPENDS_ON_DATA):
            unknown.append(text)
    assert not differ, differ
    assert not unknown, f"open, and of no word in DEPENDS_ON_DATA: {unknown}"


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_what_functions_of_numpy_make(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    compared(OF_NUMPY, shapes)


# Nobody knows of these of which kind they are.
KIND_IS_OPEN = ("np.power", "np.sum", "np.max", "[a > 1, a])", "False, 2]")


@pytest.mark.parametrize("shape", [(6,), (6, 4), (6, 4, 3)], ids=str)
def test_what_is_made_of_whole_numbers_is_known_to_be_whole_where_it_is(
    shape: tuple[int, ...],
) -> None:
    arrays = f"a = np.random.randint(0, 11, {shape})\nb = np.random.random({shape})\n"
    rows = [row for row in OF_WHOLE_NUMBERS if len(shape) > 1 or "[a[0]" not in row]
    found = read(
        IMPORTS + arrays + "".join(f"r{n} = {row}\n" for n, row in enumerate(rows)), len(rows)
    )
    names: dict[str, Any] = {}
    exec("import numpy as np\n" + arrays, names)
    wrong = []
    for row, said in zip(rows, found, strict=True):
        real = eval(row, names)
        is_said = isinstance(said, Array) and is_whole(said)
        is_open = any(word in row for word in KIND_IS_OPEN)
        is_whole_array = bool(real.ndim) and real.dtype.kind in "iu" and not is_open
        if not agrees(said, real) or is_said != is_whole_array:
            wrong.append((row, real.dtype))
    assert not wrong, wrong


@pytest.mark.keras
@pytest.mark.parametrize("rows", [OF_SKLEARN, OF_KERAS], ids=["sklearn", "keras"])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_what_other_functions_make(
    rows: list[str], shapes: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    compared(rows, shapes)


@pytest.mark.parametrize("sizes", ["4, 3", "4", ""])
def test_what_is_said_beside_an_open_size_is_true_whatever_it_is(sizes: str) -> None:
    """The number of samples is not known: what is said all the same holds for each."""
    arrays = f"a = np.random.random((many, {sizes}))\nb = np.random.random((many, {sizes}))\n"
    code = "".join(f"r{number} = {text}\n" for number, text in enumerate(OF_NUMPY))
    found = read(f"import numpy as np\nmany = unknown()\n{arrays}{code}", len(OF_NUMPY))
    differ = []
    for many in (6, 7, 12):
        names: dict[str, Any] = {"many": many}
        exec("import numpy as np\n" + arrays, names)
        for text, said in zip(OF_NUMPY, found, strict=True):
            try:
                real = eval(text, names)
            except Exception:
                continue
            if not agrees(said, real):
                differ.append((many, text))
    assert differ == []


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "float32", "int"])
@pytest.mark.parametrize("operator", ["* 2", "- 120", "+ 100", "% 7", "// 3", "** 2", "+ 120"])
def test_whole_numbers_of_any_dtype_are_those_of_numpy(dtype: str, operator: str) -> None:
    made = f"np.array([100, 3], dtype='{dtype}')"
    for text in (made, f"np.array([100, 3]).astype('{dtype}')"):
        found, changed = read(f"import numpy as np\nr0 = {text}\nr1 = r0 {operator}", 2)
        with np.errstate(over="ignore"):
            real = eval(f"{text} {operator}", {"np": np}).tolist()
        assert [*found.own_values] == [100, 3]
        assert [*own(changed, "own_values", ())] in ([], real)


@pytest.mark.parametrize("made", ["atleast_1d(y, z)", "broadcast_arrays(y, z)", "atleast_2d(y, z)"])
def test_of_several_arrays_each_is_shown_by_its_own_view(made: str) -> None:
    code = f"y, z = np.full(6, 4), np.full(6, 1)\nr0, r1 = np.{made}\ny[:] = 9\nr2, r3 = y, z"
    found = read(f"import numpy as np\n{code}", 4)
    assert [known_range(one)[0] for one in found] == [None, 1, None, 1]


@pytest.mark.parametrize("made", ["broadcast_to(y, (60,))", "repeat(y, 60)", "split(y, 1)[0]"])
def test_the_range_of_random_numbers_is_not_that_of_entries_that_stand_several_times(
    made: str,
) -> None:
    [found] = read(f"import numpy as np\ny = np.random.randint(0, 9, (1,))\nr0 = np.{made}", 1)
    assert known_range(found) == (None, None, 9)


VIEWS = """
    y[:] | y[2:5] | y[::-1] | y[None] | y[..., 0:1] | y.T | y.reshape(-1) | y.ravel() | y.flat
    y.transpose() | y.squeeze() | np.reshape(y, (-1, 1)) | np.ravel(y) | np.squeeze(y) | np.flip(y)
    np.transpose(y) | np.asarray(y) | np.expand_dims(y, 0) | np.swapaxes(y, 0, 1) | np.rot90(y)
    y.swapaxes(0, 1) | np.moveaxis(y, 0, 1) | np.atleast_2d(y) | np.split(y, 2)[0] | np.fliplr(y)
    np.array_split(y, 2)[1] | np.vsplit(y, 2)[0] | [row for row in y][0] | list(y)[-1] | y[:, 0][2:]
    np.asanyarray(y) | np.ascontiguousarray(y) | y.astype(y.dtype, copy=False) | y.real
    next(iter(y)) | [*reversed(y)][0] | y[()] | np.hsplit(y, 2)[1] | np.array(y, copy=False)
    copy.copy(y) | copy.deepcopy([y])[0] | y.copy() | y.flatten() | np.array(y) | +y | -y | abs(y)
    y.astype("int64")
"""


CHANGES = [
    *(("r1[...] = 9", 0), ("r0 %= 3", 1), ("r0[...] = 9", 1), ("np.mod(r0, 3, r0)", 1)),
    *(("np.clip(r0, 0, 2, r0)", 1), ("for row in r0: row[:] = 9", 1), ("np.copyto(r0, 9)", 1)),
    *(("np.cumsum(r0, 0, None, r0)", 1), ("np.negative(r0, r0)", 1), ("r0.clip(0, 2, r0)", 1)),
    *(("r0.flat = 9", 1), ("r0.flat[:] = 9", 1), ("np.ndarray.fill(r0, 9)", 1)),
]


@pytest.mark.parametrize("view", re.split(r"\||\n", VIEWS.strip()))
@pytest.mark.parametrize("values", ["np.random.randint(0, 5, (6, 6))", "np.full((6, 6), 4)"])
def test_what_changes_an_array_changes_what_shows_its_memory(view: str, values: str) -> None:
    """Whole numbers of which the range is known: both ways, and a copy stays what it was."""
    imports, code = (
        "import copy\nimport numpy as np\n",
        f"y = {values}\nr0, r1 = y, {view.strip()}\n",
    )
    for change, other in CHANGES:
        names: dict[str, Any] = {}
        exec(imports + code + change, names)
        real = np.array(names[f"r{other}"])
        found = read(imports + code + change, 2)[other]
        least, most, _ = (None, None, 0) if isinstance(found, Open) else known_range(found)
        is_copy = not np.shares_memory(names["r0"], names["r1"])
        if is_copy and other == 0:  # only the copy was changed
            assert least is not None
        if least is not None and most is not None:
            assert real.min() <= least
            assert most - 1 <= real.max()


@pytest.mark.parametrize("change", ["r0 -= 1", "r0[0] = 9", "r1 -= 1", "r1[0] = 9", "r0 += 0"])
@pytest.mark.parametrize(
    "around",
    [
        *("if c:\n    {}", "if c:\n    pass\nelse:\n    {}", "while c:\n    {}"),
        *("for _ in range(c):\n    {}", "def f(c):\n    if c:\n        {}\nf(c)"),
    ],
)
def test_what_may_have_changed_an_array_leaves_its_numbers_unknown(
    around: str, change: str
) -> None:
    made = "import numpy as np\nc = int(input())\nr0 = np.array([3, 1, 2])\nr1 = r0[:]\n"
    if "def" in around:  # whose names are its own
        around = around.replace("def f(c):", "def f(c, r0=r0, r1=r1):")
    assert known_range(read(made + around.format(change), 2)[0]) == (None, None, 0)
