"""What is read of tables of pandas is what pandas makes of them, whether they are known or not."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from tests.test_arrays_from_code import agrees, is_known, read

pd = pytest.importorskip("pandas")
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")  # people write it

KNOWN = "df = pd.DataFrame(np.random.random((9, 5)), columns=list('abcde'))"
OPEN = "df = pd.read_csv('data.csv')"
# Whatever the table is, the columns of these are known.
SELECTED = """
df[['a', 'b']]
df[['a', 'b']].values
df[['c']].to_numpy()
df[['a', 'b', 'c']].values[:, 1:]
df[['a', 'b']].copy().dropna().values
df[['a', 'b']].fillna(0).astype('float32').to_numpy()
(df[['a', 'b']] - df[['a', 'b']].mean()) / df[['a', 'b']].std()
df[['a', 'b']][2:5]
df[['a', 'b']][['b']]
df[['a', 'b']]['b']
df[['a', 'b']].iloc[:, 0]
df[['a', 'b']].iloc[1:4, [1]].values
df[['a', 'b']].iloc[2]
df[['a', 'b']].loc[:, ['b', 'a']]
df[['a', 'b']].loc[2:4, 'b']
df[['a', 'b']][df[['a', 'b']]['a'] > 0.5]
df[['a', 'b']].values.reshape(-1, 2, 1)
np.array(df[['a', 'b']])
df.filter(['b', 'd']).values
df.iloc[:, 1:3]
df.iloc[:, 1:2].values
df.iloc[:, [0, 2, 3]].values
df.iloc[:, 1].values.reshape(-1, 1)
df.iloc[:, -2:]
df.iloc[:4, -3:-1].values
df.iloc[2:, 0]
df.loc[:, ['a', 'e']].values
df.loc[3:, ['a', 'e']]
df['a'].values.reshape(-1, 1)
df['a'].to_numpy().reshape((-1, 3, 1))
df[['a', 'b']].values.reshape(df.shape[0], 1, 2)
df.groupby('a')[['b', 'c']].mean().values
df.rolling(3)[['b', 'c']].sum()
df.expanding()[['b', 'c']].max()[['c']]
"""
OTHERS = """
df[['a', 'b']].shift([1, 2])
df[['a', 'b']].shift(1)
df.groupby('a')['b'].mean()
np.array([df[['a', 'b']].values[i:i + 3] for i in range(4)])
df[['a', 'b']].T
df.T[[0, 1]]
df
df['a']
df.values
df.shape
df.iloc[0]
df.iloc[3:, :].values
df.iloc[3, 1:4].values
df.loc[2]
df.loc[2:5].values
df.loc[2, 'a']
df.mean()
df[['a', 'b']].max()
df[['a', 'b']].any()
np.array([df[['a', 'b']].mean(), df[['a', 'b']].std()])
np.max(df)
df.describe()
df.head(3).values
df.assign(f=1, a=lambda t: t['b']).values
df[['a', 'b']].assign(c=0).columns
df.columns
df.values.reshape(df.shape[0], 1, df.shape[1])
df.values.reshape((df.values.shape[0], -1, 1))
df.drop(columns=['a']).values
df.drop('a', axis=1)
df.drop(['a', 'b'], axis=1).values
df.drop(columns='a').shift(1).values
df.drop(columns=['a', 'z'], errors='ignore').values
df.drop([1, 2]).values
df.columns.tolist()
len(df.columns)
df[df.columns[1:]].values
df[[c for c in df.columns if c != 'b']].values
df[['d', 'a']].columns.values
df.iloc[:, :-1].values
df.iloc[:, ::2]
df.iloc[1:4, [0, -1]].columns
df.loc[:, 'b':'d'].values
df.loc[2:5, :'c'].columns
df.loc[:, [True, False, True, False, False]].values
df.loc[:, 'a'].values
df.head().values
df.head(2)[['a']].values
df['a'].head(3)
df.set_index('a').values
df.reset_index().values
df.rolling(3).mean().dropna().values
df.shift(1).values
df.cumsum().values
df.take([0, 1]).values
np.log(df)[['a']]
(-df)[['b', 'c']]
(-df)['a']
df[~(df['a'] > 0.5)]
df[['a', 'b']] + pd.DataFrame([{'z': 1}])
df.dropna(axis=1)
df.dropna(axis=0).values
df.query('a > 0.5').values
df.sort_values('a').values
df[df['a'] > 0.5].values
df[df.a > 0.5]
df.a.values.reshape(-1, 1)
df[(df.a > 0.2) & df['b'].between(0, 1)].values
df[~df.a.isna() | df.b.isin([1, 2])].columns
df[df.notnull().all(axis=1)].values
df.isnull().sum()
df.a.isna()
df.isin([1]).values
df.loc[df.a > 0.5]
df.loc[df.a > 0.5, ['b', 'c']].values
df.loc[df['a'] > 0.5, 'b']
df.loc[df.a > 0.5, 'b':'d'].columns
df.iloc[(df.a > 0.5).values, 1:3].values
df > 0.5
df * 2
df['a'] + df['b']
df.sum(axis=1)
pd.concat([df, df]).values
pd.concat([df['a'].shift(k) for k in range(3)], axis=1).dropna().values
pd.concat([df[['a', 'b']], df['c'], df['a'].rename('z')], axis=1).values
pd.concat([df['a'], df['b']], axis=1, ignore_index=True).columns
pd.concat([df['a'], df['b']]).values
pd.get_dummies(df).values
pd.DataFrame({'x': [1, 2], 'y': [3, 4]}).values
pd.DataFrame([1, 2, 3]).values
pd.DataFrame([{'x': 1, 'y': 2}, {'x': 3, 'z': 4}]).values
pd.DataFrame({'x': [1, 2], 'y': [3, 4]}, columns=['y']).values
pd.DataFrame([(1, 2, 3), (4, 5, 6)], columns=['p', 'q', 'r'])[['p', 'r']].values
pd.DataFrame({'t': pd.date_range('2020', periods=4), 'v': np.zeros(4)}).drop(columns='t').values
pd.DataFrame({'t': range(3)}).shape
pd.DataFrame(np.zeros(4)).columns
pd.DataFrame({'x': [1, 2], 'y': 3}).values
pd.DataFrame(np.zeros((4, 2))).values
pd.DataFrame(df.values).shape
df[np.array(['a', 'b'])].values
df.loc[:, df.columns != 'a'].values
df['a'][[0, 1, 2]].values
np.array([df['a'][0], df['a'][1]])
(df[['a', 'b']] + df[['b', 'c']]).values
df.T.loc[:, 1:3].values
(lambda t: t[t.columns[1:]])(pd.DataFrame(np.zeros((9, 5)))).values
pd.DataFrame(np.zeros((9, 5)), columns=range(5)).loc[:, 1:3].values
(lambda t: t.insert(0, 'f', np.zeros(4)) or t)(pd.DataFrame([])).values
pd.Series([1, 2, 3]).values
pd.Series(np.arange(6)).values.reshape(2, 3)
len(df)
"""
# Statements that change a table in its place.
CHANGED = ["df['f'] = 1", "df['a'] = 1", "del df['b']", "df.pop('b')", "df.insert(0, 'f', 1)",
           "df.drop(columns=['a'], inplace=True)", "df.drop('a', axis=1, inplace=True)",
           "df.reset_index(inplace=True)", "df.set_index('a', inplace=True)",
           "df.dropna(inplace=True)", "df.loc[3, 'a'] = 1", "df.a = 5",
           "df.columns = list('vwxyz')",
           "df.fillna(0, inplace=True)", "df.loc[2, 'a'] = float('nan'); df.dropna(inplace=True)",
           "df.query('a < 0.5', inplace=True)", "df.index = range(9)",
           "df['f'] = df['a'].rolling(3).mean()", "df[['a', 'f']] = 0",
           "df = df.drop(columns=['e', 'a'])", "df = df.rename(columns={'a': 'z'})",
           "df.reset_index(drop=True, inplace=True)",
           "df.columns = [*'vwcdz']; df['f'] = 1; del df['v']",
           "df.columns = [*'aacde']; df['a'] = 1", "df.drop(index=[0, 1], inplace=True)",
           "df.drop([0, 1], inplace=True)", "df.drop(columns='a', index=0, inplace=True)",
           "df.loc[:, 'f'] = 1", "df.loc[9] = 1", "df.insert(loc=0, column='f', value=1)",
           "df.rename(columns={'a': 'z'}, inplace=True); df['z'] = 1", "df.pop(item='a')",
           "df.eval('f = a + b', inplace=True)", "df = df * 0; df.drop_duplicates(inplace=True)",
           "if df.dropna(inplace=True) is None: df['f'] = 1",
           "try:\n    df['f']\nexcept KeyError:\n    df['f'] = 1",
           "try:\n    df.drop(columns='f')\nexcept KeyError:\n    df['f'] = 1"]  # fmt: skip


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
    assert compared(table, SELECTED.strip().splitlines()) == ([], [])


@pytest.mark.parametrize("table", [KNOWN, OPEN])
def test_what_else_is_said_of_a_table_is_true(table: str) -> None:
    differ, _ = compared(table, OTHERS.strip().splitlines())
    assert differ == []


@pytest.mark.parametrize("change", CHANGED)
@pytest.mark.parametrize("table", [KNOWN, OPEN])
def test_what_is_said_of_a_table_that_was_changed_is_true(table: str, change: str) -> None:
    for text in ("df.values", "df[['c', 'd']].values", "df.iloc[:, 1:3].values", "df.shape"):
        if "columns" not in change or "inplace" in change or "[[" not in text:
            assert compared(f"{table}\n{change}", [text])[0] == []


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
