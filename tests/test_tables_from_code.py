"""What is read of tables of pandas is what pandas makes of them, whether they are known or not."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from itertools import product
from typing import Any

import numpy as np
import pytest

from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.dtypes import OF_NUMBERS
from rnnshape.reading.names.frames import Frame
from rnnshape.reading.python import Open
from tests.conftest import command, sections
from tests.test_arrays_from_code import agrees, is_known, read

pd = pytest.importorskip("pandas")
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")  # people write it

KNOWN = "df = pd.DataFrame(np.random.random((9, 5)), columns=list('abcde'))"
OPEN = "df = pd.read_csv('data.csv')"
# Whatever the table is, the columns of these are known.
SELECTED, OTHERS, WHOLE, CHANGED, TRIED = sections("of_pandas.txt")
CHANGED += [
    "try:\n    df['f']\nexcept KeyError:\n    df['f'] = 1",
    "try:\n    df.drop(columns='f')\nexcept KeyError:\n    df['f'] = 1",
]


def compared(table: str, expressions: list[str]) -> tuple[list[Any], list[str]]:
    """Where what is read is another than what pandas makes, and what is not known whole."""
    imports = "import numpy as np\nimport pandas as pd\n"
    names: dict[str, Any] = {}
    exec(f"{imports}{table.replace(OPEN, KNOWN)}", names)
    code = "".join(f"r{number} = {text}\n" for number, text in enumerate(expressions))
    found = read(f"{imports}{table}\n{code}", len(expressions))
    differ, unknown = [], []
    for text, said in zip(expressions, found, strict=True):
        real = eval(text, names)
        shape = getattr(real, "shape", real)
        if not agrees(said, real.values if hasattr(real, "values") else real):
            differ.append((text, shape, getattr(said, "shape", said)))
        sizes = getattr(said, "shape", [said])[1:]
        if not is_known(list(sizes)) or not hasattr(said, "shape"):
            unknown.append(text)
    return differ, unknown


@pytest.mark.parametrize("table", [KNOWN, OPEN])
def test_columns_that_code_takes_are_known_and_right(table: str) -> None:
    assert compared(table, SELECTED) == ([], [])


@pytest.mark.parametrize("table", [KNOWN, OPEN])
def test_what_else_is_said_of_a_table_is_true(table: str) -> None:
    differ, _ = compared(table, OTHERS)
    assert differ == []


def test_a_table_of_a_file_has_two_axes() -> None:
    assert compared(OPEN, WHOLE)[0] == []
    code = "".join(f"r{number} = {text}\n" for number, text in enumerate(WHOLE))
    names: dict[str, Any] = {}
    exec(f"import numpy as np\nimport pandas as pd\n{KNOWN}", names)
    for said, text in zip(
        read(f"import pandas as pd\n{OPEN}\n{code}", len(WHOLE)), WHOLE, strict=True
    ):
        assert len(said.shape) == eval(text, names).ndim, text


@pytest.mark.parametrize(("kind", "shape"), [(pd.DataFrame, (9, 5)), (pd.Series, (9,))])
def test_a_table_has_no_method_of_arrays_that_pandas_has_not(kind: Any, shape: Any) -> None:
    some = ("ravel", "swapaxes")  # which one pandas has, and another has not
    names = [name for name in vars(Array) if not name.startswith(("own_", "_", *some))]
    lacks = [name for name in names if Frame(shape).own_lacks(name)]
    assert lacks == [name for name in names if not hasattr(kind, name)]


@pytest.mark.parametrize("change", CHANGED)
@pytest.mark.parametrize("table", [KNOWN, OPEN])
def test_what_is_said_of_a_table_that_was_changed_is_true(table: str, change: str) -> None:
    taken = ("df[['c', 'd']].values", "df.iloc[:, 1:3].values", "df['d'].values")
    for text in ("df.values", "df.shape", "np.zeros((2, len(df.columns)))", *taken):
        if "columns" not in change or "inplace" in change or "['" not in text:
            assert compared(f"{table}\n{change}", [text])[0] == []


@pytest.mark.parametrize("text", TRIED)
def test_what_pandas_refuses_is_told_and_nothing_else(text: str) -> None:
    arrays = f"{KNOWN}\np, two = np.zeros((9, 1)), np.zeros((9, 2))"
    code = f"import numpy as np\nimport pandas as pd\n{arrays}\n{text}"
    said, names = command(f"{code}\nm = Sequential([LSTM(3)])", "-n"), dict[str, Any]()
    with pytest.raises(ValueError, match=r".") if said.code == 2 else nullcontext():
        exec(code, names)


@pytest.mark.parametrize(
    ("first", "second"), [*product(["a", "b"], [":3", "1:", "-2:", "0:0", "[0, 2]", "1"])]
)
def test_a_column_and_places_are_chosen_as_pandas_does(first: str, second: str) -> None:
    texts = [f"df[['{first}', 'e']]", f"df.iloc[:, {second}]", f"df.loc[:, ['{first}']]"]
    for table in (KNOWN, OPEN):
        assert compared(table, texts)[0] == []


@pytest.mark.parametrize(
    "made", ["pd.concat([df, df[['a', 'b']]], axis=1)", "df[['c', 'a', 'b', 'd', 'a', 'b']]"]
)
def test_a_label_that_several_columns_have_takes_all_of_them(made: str) -> None:
    texts = ["df['a']", "df[['a', 'c']].values", "df.loc[:, 'b'].values", "df.loc[:, ['c', 'b']]"]
    texts += ["df.drop(columns='a')", "df['c'].values.reshape(-1, 1)", "df.iloc[:, :3]['a']"]
    assert compared(f"{KNOWN}\ndf = {made}", texts) == ([], [])
    for change in ("df['a'] = 1", "df['f'] = 1", "del df['a']", "df.pop('c')"):
        assert compared(f"{KNOWN}\ndf = {made}\n{change}", ["df.values", "df['b']"])[0] == []
    assert compared(f"{KNOWN}\ndf = pd.concat([df, df])", ["df.values", "df[['a']]"]) == ([], [])


@pytest.mark.parametrize("text", [each for each in SELECTED + OTHERS if "pd" not in each])
def test_a_file_that_is_not_read_may_hold_other_things_than_numbers(text: str) -> None:
    names: dict[str, Any] = {}
    imports = "import numpy as np\nimport pandas as pd\n"
    exec(f"{imports}df = pd.DataFrame([[*'vwxyz']] * 9, columns=list('abcde'))", names)
    text = f"({text})"
    made = [text, f"np.array([row for row in {text}])", f"np.array({text}.tolist())"]
    numbers = [f"{text}.astype('float32')", f"{text} / 2.0"]
    every = "".join(f"r{n} = {one}\n" for n, one in enumerate([*made, *numbers]))
    said = read(f"{imports}{OPEN}\n{every}", 5)
    kinds: dict[str, str] = {}
    for one, read_as in zip(made, said, strict=False):
        with suppress(Exception):  # of text pandas makes no such thing
            kinds[one] = np.asarray(eval(one, names)).dtype.kind
        if kinds.get(one, "f") in "OU" and isinstance(read_as, Array) and len(read_as.shape) > 1:
            assert read_as.own_entries not in OF_NUMBERS
    assert all(each.own_entries in OF_NUMBERS for each in said[3:] if isinstance(each, Array))


def test_a_table_of_what_a_scaler_makes_has_as_many_columns() -> None:
    scaled = "pd.DataFrame(MinMaxScaler().fit_transform(d), columns=d.columns)"
    code = (
        f"from sklearn.preprocessing import MinMaxScaler\n{{}}\nd = df[['a', 'b']]\nr0 = {scaled}"
    )
    names: dict[str, Any] = {"np": np, "pd": pd}
    exec(code.format(KNOWN), names)
    [said] = read(f"import pandas as pd\n{code.format(OPEN)}", 1)
    assert (type(said.shape[0]), said.shape[1]) == (Open, names["r0"].shape[1])


def test_a_part_of_a_table_under_a_name_of_its_own_is_no_table() -> None:
    names = (
        "s = df.a\nt = df.b.dropna()\nk = df.index\nn = df.columns\ng = df.groupby('a')\nf = df.c"
    )
    asked = [f"{name}.values" for name in "stknf"]
    asked += ["s.to_numpy()", "t.to_numpy()[:, None]", "f.shift(1).values[:, None]", "s.values[:3]"]
    assert compared(f"{OPEN}\n{names}", asked)[0] == []


# How people cut a table into windows of twelve rows
OVER = "for i in range(12, len(a)):\n   "
BETWEEN = "zip(range(0, len(a) - 12), range(12, len(a)))"
WINDOWS = [
    f"{OVER} x.append(a[i - 12:i])\n    if i <= 13:\n        print(x, len(x))",
    f"{OVER} if i % 9 == 0: print(np.array(x).shape)\n    x.append(a[i - 12:i])",
    "for i in range(24, len(a)):\n    rows = range(i - 24, i, 2)\n    x.append(a[rows])",
    f"{OVER} x.append(a[range(i - 12, i)])",
    f"d = dict(x=[], y=[])\n{OVER} d['x'].append(a[i - 12:i]); d['y'].append(i)\nx = d['x']",
    f"for s, e in {BETWEEN}:\n    x.append(a[s:e])",
    f"def cut(a):\n    for s, e in {BETWEEN}:\n        yield a[s:e, :]\nx = list(cut(a))",
    f"def cut(a):\n    {OVER}     yield a[i - 12:i]\n"
    "x = np.concatenate([list(cut(a[k:])) for k in range(len(a) // 20)])",
]


@pytest.mark.parametrize("code", WINDOWS)
def test_windows_over_rows_that_nobody_knows_have_a_length(code: str) -> None:
    code = f"import numpy as np\nimport pandas as pd\n{{}}\nx = []\n{code}\nr0 = np.array(x)"
    names: dict[str, Any] = {}
    exec(code.format("a = np.random.random((40, 2))"), names)
    [said] = read(code.format(f"{OPEN}\na = df[['a', 'b']].values"), 1)
    assert names["r0"].shape[1:] == (12, 2)
    assert (type(said.shape[0]), said.shape[1:]) == (Open, (12, 2))


TAKEN = [".iloc[:, :-1].values", ".drop('y', axis=1).values", ".to_numpy()"]


@pytest.mark.parametrize("taken", TAKEN)
def test_a_size_of_a_table_is_called_as_the_code_calls_it(taken: str) -> None:
    model = "m = Sequential([Input((X.shape[1],)), Dense(1)])"
    code = f"import pandas as pd\n{OPEN}\nX = df{taken}\n{model}"
    assert "--let 'X.shape[1]=...'" in command(code, "-n").out
    for let in ("X.shape[1]=7", "X.shape=100,7"):
        assert "(2, 7)" in command(code, "-n", "--let", let).out
