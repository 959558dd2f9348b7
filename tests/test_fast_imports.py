"""The tricks that import TensorFlow fast: each can fail, and nothing of them is left."""

from __future__ import annotations

import functools
import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rnnshape.measuring import fast_imports
from rnnshape.measuring.fast_imports import TRICKS
from tests.conftest import answered, environment, run

pytestmark = pytest.mark.process

BI_LSTM = ("lstm", "--bidirectional", "--return-state")
NAMES = [trick.__name__ for trick in TRICKS]

# What would go wrong, were TensorFlow, Keras or Python otherwise than the trick takes them to be.
BROKEN = {
    "late_binding": "import os; os.RTLD_LAZY = 'no flag'",
    "without_optional_packages": "fast_imports.OPTIONAL = ('absl', 'numpy')",
    "modules_when_used": "fast_imports.LazyLoader = fail",
    "names_when_used": "fast_imports._imported = fail",
    "plain_operations": "fast_imports._Unread = fail",
    "signatures_when_asked": (
        "fast_imports.SIGNATURES = {'tensorflow.python.util.tf_decorator': ('not there', None)}"
    ),
    "library_beside": "fast_imports._imported_codes = fail",
}

# Written while the imports are done, and after a name was asked for that had not been imported.
STATE = """
import importlib.machinery, inspect, json, os, sys, typing, typing_extensions
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
from rnnshape.measuring.fast_imports import OPTIONAL, fast_imports

def state():
    return {
        "finders": [one for one in map(str, sys.meta_path) if "rnnshape" in one],
        "dlopen": sys.getdlopenflags(),
        "modules": [id(sys.modules[name]) for name in ("inspect", "typing", "typing_extensions")],
        "hidden": [name for name in OPTIONAL if sys.modules.get(name, name) is None],
        "loader": "get_code" in vars(importlib.machinery.SourceFileLoader),
        "signature": inspect.signature.__module__,
    }

def left():
    found = []
    for name, module in list(sys.modules.items()):
        if name.startswith(("tensorflow", "keras")) and type(module).__name__ != "_LazyModule":
            for key, value in list(vars(module).items()):
                if type(value).__name__ in ("_Instead", "_Unread") and key[:3] != "TV_":
                    found.append(f"{name}.{key}")
    return found

before = state()
with fast_imports():
    within = state()
    import tensorflow as tf
    import keras
after = state()
unused = "keras.src.layers.convolutional.conv2d" not in sys.modules
keras.layers.Conv2D(2, 3)(keras.Input((8, 8, 1)))
tf.nn.relu(tf.raw_ops.Abs(x=tf.constant([-1.0])))
from tensorflow.python.ops import gen_math_ops
print(json.dumps({
    "before": before, "within": within, "after": after, "later": state(), "left": left(),
    "unused": unused, "signature": str(inspect.signature(tf.nn.softmax)),
    "listed": "LSTM" in dir(keras.layers), "unknown": hasattr(keras.layers, "LTSM"),
}))
sys.stdout.flush()
os._exit(0)
"""


def test_every_trick_is_broken_once() -> None:
    assert list(BROKEN) == NAMES


@pytest.mark.parametrize("trick", NAMES)
def test_a_trick_that_fails_is_done_without(trick: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "from rnnshape.measuring import fast_imports\n"
        "def fail(*_):\n"
        f"    open({str(tmp_path / 'failed')!r}, 'a').write('x')\n"
        "    raise RuntimeError('not today')\n"
        f"{BROKEN[trick]}\n"
    )
    finished = run(*BI_LSTM, env=environment(PYTHONPATH=str(tmp_path)))
    usual = answered(*BI_LSTM)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout == usual.stdout
    assert (tmp_path / "failed").exists() == ("fail" in BROKEN[trick])


def test_nothing_is_left_changed() -> None:
    script = [sys.executable, "-c", STATE]
    finished = subprocess.run(script, capture_output=True, text=True, check=False, timeout=60)
    assert finished.returncode == 0, finished.stderr
    states = json.loads(finished.stdout)
    assert states["after"] == states["later"] == states["before"]
    assert states["left"] == []
    assert states["within"] != states["before"]
    assert states["unused"], "a name that nobody asked for was imported"
    assert states["signature"] == "(logits, axis=None, name=None)"
    assert (states["listed"], states["unknown"]) == (True, False)


def _plain(
    a: int, b: int = 1, /, c: int = 2, *rest: int, d: int, e: int = 3, **more: int
) -> None: ...


def _wrapped(*arguments: int) -> None: ...


functools.update_wrapper(_wrapped, _plain)


class _Described:
    def method(self, a: int, *, b: int = 1) -> int:
        return a + b


@pytest.mark.parametrize(
    "function",
    [_plain, _wrapped, lambda: None, lambda *, a: a, _Described.method, _Described().method, len],
    ids=["plain", "wrapped", "nothing", "keyword", "method", "bound-method", "builtin"],
)
def test_the_fast_signature_is_the_usual_one(function: Callable[..., Any]) -> None:
    assert fast_imports._getfullargspec(function) == inspect.getfullargspec(function)


def test_a_given_signature_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def function(*_: int) -> None: ...

    monkeypatch.setattr(function, "__signature__", inspect.signature(_plain), raising=False)
    assert fast_imports._getfullargspec(function) == inspect.getfullargspec(function)


@pytest.fixture
def gathering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A package of re-exports, imported as Keras' and TensorFlow's are."""
    package = tmp_path / "gathering"
    package.mkdir()
    (package / "__init__.py").write_text(
        '"""For example:\n\nfrom math import tau\n"""\n'
        "from json import (\n    dumps as dumps,  # a comment\n    loads as read,\n)\n"
        "from math import pi, e\n"
        "from math import *\n"
        "from gathering import inner  # line: 1\n"
        "from nowhere import nothing\n"
        "from gathering.more import *\n"
        "twice = 2 * pi\n"
    )
    (package / "inner.py").write_text("value = 1\n")
    (package / "more.py").write_text("further = 2\n")
    monkeypatch.setattr(fast_imports, "_gathers_names", "gathering.more".__eq__)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(fast_imports, "TRICKS", ())
    with fast_imports._loading(
        lambda name: name == "gathering",
        lambda found: fast_imports._NamesWhenUsed(found.name, found.path),
    ):
        import gathering  # type: ignore[import-not-found]  # made above
    yield gathering
    for name in ("gathering", "gathering.inner", "gathering.more"):
        sys.modules.pop(name, None)


def test_names_are_found_when_they_are_used(gathering: Any) -> None:
    assert "gathering.inner" not in sys.modules
    assert gathering.inner.value == 1
    assert gathering.further == 2
    assert gathering.read(gathering.dumps([1])) == [1]
    assert round(gathering.twice) == 6
    assert gathering.cos(0) == 1
    assert {"dumps", "read", "twice", "inner"} <= set(dir(gathering))
    with pytest.raises(AttributeError, match="no attribute 'loads'"):
        _ = gathering.loads
    with pytest.raises(ModuleNotFoundError):
        _ = gathering.nothing
