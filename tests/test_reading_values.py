"""Plain values in code are worth to the reader what they are worth to Python."""

from __future__ import annotations

from collections.abc import Iterator, KeysView, ValuesView
from typing import Any

import pytest

from rnnshape.expression import Source
from rnnshape.network import Dimensions
from rnnshape.reading.code.statements import Statements
from rnnshape.reading.code.values import Function, Open

KNOWN = r"""
a = 1; b = -2.5; c = +a; d = not a; e = None; f = (1, "x", True); g = []
a = 7 // 2; b = 7 % 4; c = 7 / 2; d = 2 ** 3; e = 1 - 3; f = 2 * 3 + 1
a = [1, 2] + [3]; b = [0] * 3; c = 2 * (1, 2); d = "ab" * 2; e = "a" + "b"; f = [1] * -1; g = (1,) + (2,)
a = "%d of %s" % (3, "x"); b = "%s" % 4; c = "%.2f" % 1.5
a = "{} {b:>3}".format(1, b=2); b = "{1}{0}".format("x", "y")
n = 3; a = f"{n} {n + 1:02d} {n!s}"; b = f"{'x':>4}|{n:<{n}}|"
a, b = 1, 2; a, b = b, a; [c, d] = "xy"; (e, (f, g)) = 1, (2, 3); h = i = 4
a, *b = 1, 2, 3; *c, d = [1, 2, 3]; e, *f, g = range(5); h, *i = [1]; *j, k, l = (1, 2)
x = [1, 2, 3, 4]; a = x[0]; b = x[-1]; c = x[1:]; d = x[:-1]; e = x[::2]; f = x[1:3]; g = x[::-1]
x = "lstm"; a = x[0]; b = x[1:3]; c = len(x); d = x.upper(); e = " a ".strip(); f = x.capitalize()
x = {"a": 1, 2: "b"}; a = x["a"]; b = x[2]; x["c"] = 3; c = len(x); d = list(x); e = "a" in x
x = {"a": 1, **{"b": 2}}; y = dict(x, c=3); z = dict(a=1); a = dict(); b = dict(x)
x = [1, 2]; x[0] = 5; x[1] = x[0] + 1
x = [1]; x.insert(0, "a"); x.insert(-1, None); x.insert(True, 2)
x = [3]; x.append(4); x.extend((5, 6)); x.insert(0, 2); x.insert(1, 9); y = x.pop(); z = x.pop(0); x.reverse()
x = [3, 1, 2]; x.sort(); a = x.index(2); b = x.count(1); x.remove(1); y = [1]; y.clear(); z = ["a", "b"]; z.remove("a")
x = {"a": 1, "b": 2}; a = x.pop("a"); b = x.pop("c", 5); c = x.setdefault("d", 6); d = x.setdefault("b", 7); y = {"a": 1}; y.clear()
x = [1, 2, 3, 4, 5]; x[-1] = 6; x[-5] = 7; del x[1]; del x[-1]; y = [1, 2, 3, 4]; del y[1:3]; z = {"a": 1, "b": 2}; del z["a"]
x = [1, 2]; y = x.copy(); y.append(3); z = x; z.append(4)
x = {"a": 1}; a = x.get("a"); b = x.get("b"); c = x.get("b", 7); x.update({"d": 1}, e=2); y = x.copy()
x = {"a": 1, "b": 2}; a = list(x.items()); b = list(x.keys()); c = list(x.values()); d = [k for k in x]
a = "a-b".lower(); b = "Ab".title(); c = "abc".startswith("a"); d = "abc".endswith("b"); e = "-".join(["x", "y"])
a = [i * 2 for i in range(3)]; b = [(i, j) for i in range(2) for j in "xy"]; c = [i for i in range(9) if i % 2 if i > 2]
a = {i: i + 1 for i in range(3)}; b = list(i for i in (1, 2)); c = [i for i, j in enumerate("ab")]
a = abs(-2); b = abs(2.5); c = bool(0); d = bool("x"); e = float(3); f = float("1.5"); g = int(3.9); h = int("12"); i = int()
a = max(1, 5, 3); b = min([4, 2]); c = max((1,)); d = sum([1, 2, 3]); e = sum(range(4)); f = sum([])
a = list(range(3)); b = list(range(1, 7, 2)); c = len(range(10)); d = list(range(3, 0, -1)); e = tuple([1, 2]); f = list("ab")
a = list(enumerate("ab")); b = list(enumerate([5], 1)); c = list(enumerate("x", start=2)); d = list(zip([1, 2], "ab", (3, 4, 5)))
a = round(2.567, 1); b = round(2.4); c = sorted([3, 1, 2]); d = list(reversed([1, 2])); e = str(1.5); f = str(None); g = str()
import math; a = math.ceil(1.2); b = math.floor(-1.2)
from math import ceil, floor; a = ceil(2.5); b = floor(2.5)
[a] = [3]; (b,) = (4,); [c] = "x"
a = bool(); x = [1]; b = x is x; c = x is [1]; d = "at" in "cat"; e = "at" not in "cat"; f = "ca" in ["cat"]
x = ["b", "a"]; x.sort(); y = [2.5, 1]; y.sort()
a = 1 == 1; b = 1 != 1; c = 1 < 1; d = 1 <= 1; e = 1 > 1; f = 1 >= 1; g = 2 > 1; h = 1 < 2; i = 1 < 2 < 3; j = 1 < 3 < 2
a = "x" == "x"; b = [1] == [1]; c = (1, 2) < (1, 3); d = "a" != "b"; e = [1] != [2]; f = "a" < "b"; g = 1.0 == 1
a = 1 in [1, 2]; b = 3 not in (1, 2); c = "a" in "cat"; d = "x" in {"x": 1}; e = 1 in (); f = 2 in range(3); g = None in [None]
a = None is None; b = 1 is not None; c = True is True; d = None is not None; e = True is False
a = 1 and 2; b = 0 and 2; c = 0 or 3; d = 1 or 2; e = None or [] or "x"; f = 1 and "" and 2; g = not 0; h = not [1]
a = 1 if True else 2; b = 1 if 0 else 2; c = "x" if [] else "y"; d = 1 if "a" == "a" else 2
a = (b := 3) + 1; c = [d := 5, d + 1]
a: int = 3; b: "str" = "x"
a = 1; a += 2; a *= 3; a -= 1; a //= 2; b = [1]; b += [2]; c = "x"; c += "y"; d = {"k": 1}; d["k"] += 1
a = []\nfor i in range(3):\n    a.append(i)\nelse:\n    b = 1
a = 0\nfor i in range(9):\n    if i == 3:\n        break\n    a += i\nelse:\n    a = 100
a = 0\nfor i in range(5):\n    if i % 2:\n        continue\n    a += i
a = []\nfor i, (j, k) in enumerate([(1, 2), (3, 4)]):\n    a += [i, j, k]
a = []\nfor i in {"x": 1}:\n    a.append(i)\nfor i in "ab":\n    a.append(i)\nfor i in ():\n    a.append(i)
a = 1\nif a == 1:\n    b = 2\nelif a == 2:\n    b = 3\nelse:\n    b = 4
a = 2\nif a == 1:\n    b = 2\nelif a == 2:\n    b = 3\nelse:\n    b = 4
a = 3\nif a == 1:\n    b = 2\nelif a == 2:\n    b = 3\nelse:\n    b = 4
def f(x, y=2, *, z=3):\n    return x * 100 + y * 10 + z\na = f(1); b = f(1, 5); c = f(1, z=7); d = f(y=4, x=2)
def f(*given, **named):\n    return [given, named]\na = f(1, 2, k=3); b = f(); c = f(*[1, 2], **{"x": 4})
def f(a, /, b, *rest, c=0, **more):\n    return [a, b, rest, c, more]\na = f(1, 2, 3, c=4, d=5); b = f(1, b=2)
def f(n):\n    if n > 2:\n        return "many"\n    return "few"\na = f(1); b = f(3)
def f():\n    for i in range(9):\n        if i == 4:\n            return i\na = f()
def f():\n    pass\na = f()
def f():\n    global n\n    n = 5\n    m = 6\nn = m = 1\nf()
def outer(n):\n    def inner(k):\n        return n + k\n    return inner(1)\na = outer(2)
n = 1\ndef f():\n    return n\nn = 2\na = f()
def f(n):\n    n.append(1)\nx = []\nf(x); f(x)
try:\n    a = 1\nexcept ValueError:\n    a = 2\nelse:\n    b = 3\nfinally:\n    c = 4
a = 1 if __name__ == "__main__" else 2
if __name__ == "__main__":\n    a = 1
a = (1, *[2, 3], 4); b = [*"ab", *(1, 2)]
class_name = "x"; a = 1_000; b = 0x10; c = 1e3; d = "a" "b"; e = '''x'''
x = [[1, 2], [3]]; a = x[0][1]; b = x[-1][0]; x[1] = 7; c = len(x)
a = 5; a = [a, a]; b = a[0]
a = 1; pass; b = 2
""".strip().splitlines()  # noqa: E501

OPEN = r"""
a = open("file").read()
a = n + 1
a = [1][5]
a = {"a": 1}["b"]
a = 1 / 0
a = 10 ** 10 ** 10
a = "x" - 1
a = [1] - [2]
a = (1,) + [2]
a = 1 < "x"
a = b"bytes"
a = 1j
a = ...
a = {1, 2}
a = {[1]: 2}
a = {**other}
a = {i: j for i, j in pairs}
a = {(1, 2): 3 for i in range(2)}
a = [i for i in unknown]
a = [i for i in range(3) if unknown]
a = sum(["x", "y"])
a = max([])
a = max(unknown)
a = int("x")
a = int("1", 2)
a = float("1" * 50)
a = sorted(["b", "a"])
a = abs("x")
a = round("x")
a = range("x")
a = range(1, 2, 3, 4)
a = range(2 ** 62)
a = zip([1], unknown)
a = enumerate([1], "x")
a = list(5)
a = list(range(10_001))
a = len(5)
a = dict([("a", 1)])
a = str([1])
a = bool([1])
a = {"a": 1}.popitem()
a = {"a": 1}.get([1])
a = "x".encode()
a = "x".join([1])
a = "x".lower(1)
a = "x".startswith(1)
a = "{:1000}".format(1)
a = "{0.real}".format(1)
a = "{} {}".format(1)
a = "{}".format([1])
a = "%d" % "x"
a = "%1000d" % 1
a = "%*d" % (3, 1)
a = "%s" % [1]
a = f"{[1]}"
a = f"{1:1000}"
a = f"{'x':d}"
a = f"{unknown}"
a = "x"[unknown]
a = [1][unknown:]
a = [[1]] == [[1]]
a = [1] in [[1]]
a = 1 in unknown
a = 1 in 2
a = 1 if unknown else 2
a = unknown and 1
a = not unknown
a = -unknown
a = ~1
a = -"x"
a = lambda: 3
a, b = 1
a, b = 1, 2, 3
a, b, *c = [1]
a, *b = unknown
x = [1]; x.insert("a", 1); a = x.insert("a", 1)
a = [1].extend(5)
a = [1].pop("x")
a = [1].pop(9)
a = [1]; a.extend(unknown)
a = [1]; a.sort(key=unknown)
a = [1]; a.mystery()
a = [1, "x"]; a.sort()
a = [1]; a[unknown] = 2
a = [1]; a[1] = 2
a = [1]; a[-2] = 2
a = [1, 2]; a[0:1] = [3]
a = [1]; del a[unknown]
a = [1]; del a[4]
a = {"x": 1}; del a["y"]
a = {"x": 1}; del a[unknown]
a = {"x": 1}; a[unknown] = 1
a = {"x": 1}; a.update(unknown)
a = {"x": 1}; a.pop(unknown)
a = {"x": 1}; a.pop("y")
a = {"x": 1}; a.popitem()
a = [1].index(2)
a = [[1]] == 1
a = 1 != [[1]]
a = "x" * 20_000
a = [0] * 20_000
with open("f") as a: pass
for i in unknown: a = i
def f(x):\n    return x\na = f()
def f(x):\n    raise ValueError\na = f(1)
if unknown:\n    a = 1
while unknown:\n    a = 1
async def f():\n    pass\na = f()
""".strip().splitlines()


def read(text: str) -> Statements:
    reader = Statements({}, Dimensions())
    reader.read(Source(text.replace(r"\n", "\n")))
    return reader


def plain(value: object) -> object:
    """What the reader has for iterators and views: lists."""
    return list(value) if isinstance(value, Iterator | KeysView | ValuesView) else value


@pytest.mark.parametrize("text", KNOWN)
def test_a_value_is_that_of_python(text: str) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(text.replace(r"\n", "\n"), names)
    found = read(text).module.names
    plain_names = {
        name: plain(value)
        for name, value in names.items()
        if not name.startswith("__") and not callable(value) and name != "math"
    }
    assert len(plain_names) >= 1
    for name, value in plain_names.items():
        assert (found[name], type(found[name])) == (value, type(value)), name


@pytest.mark.parametrize("text", OPEN)
def test_a_value_is_open_where_python_or_the_data_must_say(text: str) -> None:
    reader = read(text)
    assert isinstance(reader.module.names["a"], Open)
    assert not reader.messages


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("a = [0] * {0}", 10_000),
        ("a = 'x' * {0}", 10_000),
        ("a = ([0] * 5_000) + ([0] * ({0} - 5_000))", 10_000),
        ("a = f\"{{'x' * ({0} - 1)}}y\"", 9_999),
        ("a = 'xx'.join(['a'] * {0})", 4_999),
        ("a = int('1' * {0})", 40),
        ("a = '%{0}d' % 1", 99),
        ("a = '{{:{0}}}'.format(1)", 99),
        ("a = f'{{1:{0}}}'", 99),
        ("a = ('x' * {0}).format()", 999),
        ("a = ('x' * {0}) % ()", 1_000),
        ("a = [i for i in range({0})]", 10_000),
        ("a = list(range({0}))", 10_000),
        ("a = 2 ** {0}", 62),
        ("a = len([0] * {0})", 9_999),
        ("a = dict(x=1, y=[0] * {0})", 9_999),
        ("a = len(range({0}))", 2**62 - 1),
        ("a = 3 in range({0})", 10_000),
        ("a = list(range({0})) == 1", 10_000),
        ("a = [0] * 10_000\nfor i in range({0} - 10_000):\n    a.append(1)\na = a.pop()", 10_000),
        (
            "def f(n):\n    return 1 if n == 0 else f(n - 1)\na = f({0})",
            11,
        ),
    ],
)
def test_a_value_is_open_where_it_would_be_too_large(text: str, most: int) -> None:
    known, opened = (read(text.format(number)).module.names["a"] for number in (most, most + 1))
    assert not isinstance(known, Open)
    assert isinstance(opened, Open)


def test_an_open_value_is_asked_for_by_the_names_that_it_comes_from() -> None:
    found = read(
        "n = len(words)\nm = n + other * 2\nk = max(n, 3)\nl = X.shape[1] + n"
    ).module.names
    asked = {
        name: [root.label for root in value.roots]
        for name, value in found.items()
        if isinstance(value, Open)
    }
    assert asked == {"n": ["n"], "m": ["m"], "k": ["k"], "l": ["l"]}


def test_functions_are_kept_as_they_are_written() -> None:
    found = read("def f(n, *, k=2 + 1):\n    return n").module.names["f"]
    assert isinstance(found, Function)
    assert (found.node.name, found.defaults) == ("f", {"k": 3})
