"""The tricks that import TensorFlow fast: each can fail, and nothing of them is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rnnshape.measuring import fast_imports
from rnnshape.measuring.fast_imports import TRICKS
from tests.conftest import ROOT, answered, environment, run

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
}

# Written while the imports are done, and after a name was asked for that had not been imported.
STATE = """
import inspect, json, os, sys, typing, typing_extensions
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
from rnnshape.measuring.fast_imports import OPTIONAL, fast_imports

def state():
    return {
        "finders": [one for one in map(str, sys.meta_path) if "rnnshape" in one],
        "dlopen": sys.getdlopenflags(),
        "modules": [id(sys.modules[name]) for name in ("inspect", "typing", "typing_extensions")],
        "hidden": [name for name in OPTIONAL if sys.modules.get(name, name) is None],
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


def beginning_with(folder: Path) -> dict[str, str]:
    """An environment in which Python begins with the `sitecustomize.py` of a folder."""
    return environment(PYTHONPATH=os.pathsep.join([str(folder), str(ROOT)]))


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
    finished = run(*BI_LSTM, env=beginning_with(tmp_path))
    usual = answered(*BI_LSTM)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout == usual.stdout
    assert (tmp_path / "failed").exists() == ("fail" in BROKEN[trick])


# What each trick does, seen after the imports: whether it was done.
EFFECTS = """
import json, os, sys
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ["RNNSHAPE_WITHOUT"] = ",".join(sys.argv[1:])
from rnnshape.measuring.fast_imports import WHEN_USED, fast_imports
with fast_imports():
    late = sys.getdlopenflags() == os.RTLD_LAZY
    import tensorflow, keras
types = {name: type(module).__name__ for name, module in sys.modules.items()}
from tensorflow.python.ops import gen_math_ops
unread = {type(one).__name__ for one in gen_math_ops.mat_mul.__annotations__.values()}
print(json.dumps({
    "late_binding": late,
    "without_optional_packages": "h5py" not in types,
    "modules_when_used": "_LazyModule" in map(types.get, filter(WHEN_USED.fullmatch, types)),
    "names_when_used": "keras.src.layers.convolutional.conv2d" not in types,
    "plain_operations": "_Unread" in unread,
}))
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.parametrize("are_applied", [True, False])
def test_each_trick_does_what_it_says(are_applied: bool) -> None:
    script = [sys.executable, "-c", EFFECTS, *([] if are_applied else NAMES)]
    finished = subprocess.run(script, capture_output=True, text=True, check=False, timeout=60)
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout) == dict.fromkeys(NAMES, are_applied)


def test_that_it_is_done_without_is_told_to_who_asks(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "from rnnshape.measuring import fast_imports\nfast_imports.LazyLoader = None\n"
    )
    told = run(*BI_LSTM, env=beginning_with(tmp_path) | {"RNNSHAPE_TRACEBACK": "1"})
    assert told.returncode == 0
    assert told.stderr.startswith("note: tried again without fast imports: TensorFlow can't be")


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
        "twice = 2 * pi\n"
    )
    (package / "inner.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(fast_imports, "TRICKS", ())
    with fast_imports._loading(
        lambda name: name == "gathering",
        lambda found: fast_imports._NamesWhenUsed(found.name, found.path),
    ):
        import gathering  # type: ignore[import-not-found]  # made above
    yield gathering
    for name in ("gathering", "gathering.inner"):
        sys.modules.pop(name, None)


def test_names_are_found_when_they_are_used(gathering: Any) -> None:
    assert "gathering.inner" not in sys.modules
    assert gathering.inner.value == 1
    assert gathering.read(gathering.dumps([1])) == [1]
    assert round(gathering.twice) == 6
    assert gathering.cos(0) == 1
    assert {"dumps", "read", "twice", "inner"} <= set(dir(gathering))
    with pytest.raises(AttributeError, match="no attribute 'loads'"):
        _ = gathering.loads
    with pytest.raises(ModuleNotFoundError):
        _ = gathering.nothing
