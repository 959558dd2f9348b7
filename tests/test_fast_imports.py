"""The tricks that import TensorFlow fast: each can fail, and nothing of them is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache, partial
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from rnnshape.measuring import fast_imports, launch, messages
from rnnshape.measuring.fast_imports import TRICKS
from rnnshape.measuring.messages import MeasurementError
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

# Written while the imports are done, and after a name was asked for that had not been imported; and
# what each trick does, seen after the imports: whether it was done.
IMPORTS = """
import inspect, json, os, sys, typing, typing_extensions
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ["RNNSHAPE_WITHOUT"] = ",".join(sys.argv[1:])
from rnnshape.measuring.fast_imports import OPTIONAL, WHEN_USED, fast_imports

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
types = {name: type(module).__name__ for name, module in sys.modules.items()}
from tensorflow.python.ops import gen_math_ops
unread = {type(one).__name__ for one in gen_math_ops.mat_mul.__annotations__.values()}
effects = {
    "late_binding": within["dlopen"] == os.RTLD_LAZY,
    "without_optional_packages": "h5py" not in types,
    "modules_when_used": "_LazyModule" in map(types.get, filter(WHEN_USED.fullmatch, types)),
    "names_when_used": "keras.src.layers.convolutional.conv2d" not in types,
    "plain_operations": "_Unread" in unread,
}
keras.layers.Conv2D(2, 3)(keras.Input((8, 8, 1)))
tf.nn.relu(tf.raw_ops.Abs(x=tf.constant([-1.0])))
print(json.dumps({
    "before": before, "within": within, "after": after, "later": state(), "left": left(),
    "effects": effects, "signature": str(inspect.signature(tf.nn.softmax)),
    "listed": "LSTM" in dir(keras.layers), "unknown": hasattr(keras.layers, "LTSM"),
}))
sys.stdout.flush()
os._exit(0)
"""


@cache
def imported(*without: str) -> dict[str, Any]:
    """What is so once a process has imported TensorFlow and Keras."""
    script = [sys.executable, "-c", IMPORTS, *without]
    finished = subprocess.run(script, capture_output=True, text=True, check=False, timeout=60)
    assert finished.returncode == 0, finished.stderr
    states: dict[str, Any] = json.loads(finished.stdout)
    return states


def test_every_trick_is_broken_once() -> None:
    assert list(BROKEN) == NAMES


@pytest.mark.parametrize("trick", NAMES)
def test_a_trick_that_fails_is_told_to_who_can_do_without(
    trick: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins = (
        "from rnnshape.measuring import fast_imports\n"
        "def fail(*_):\n"
        f"    open({str(tmp_path / 'failed')!r}, 'a').write('x')\n"
        "    raise RuntimeError('not today')\n"
        f"{BROKEN[trick]}\n"
    )
    program = launch.PROGRAM.replace("from {module}", f"exec({begins!r}); from {{module}}")
    monkeypatch.setattr(launch, "PROGRAM", program)
    child = launch.start([], None)
    said = list(iter(partial(messages.read, cast(BinaryIO, child.stdout)), None))
    launch.stop(child)
    assert said[0] == "loading TensorFlow"
    [failure] = said[1:]
    assert isinstance(failure, MeasurementError)
    assert not failure.certain
    assert (tmp_path / "failed").exists() == ("fail" in BROKEN[trick])


def test_a_trick_that_fails_is_done_without_and_told_to_who_asks(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "from rnnshape.measuring import fast_imports\nfast_imports.LazyLoader = None\n"
    )
    begins = environment(PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]))
    told = run(*BI_LSTM, env=begins | {"RNNSHAPE_TRACEBACK": "1"})
    assert (told.returncode, told.stdout) == (0, answered(*BI_LSTM).stdout)
    assert told.stderr.startswith("note: tried again without fast imports: TensorFlow can't be")


@pytest.mark.parametrize("without", [(), tuple(NAMES)], ids=["all tricks", "none"])
def test_each_trick_does_what_it_says(without: tuple[str, ...]) -> None:
    assert imported(*without)["effects"] == dict.fromkeys(NAMES, not without)


def test_nothing_is_left_changed() -> None:
    states = imported()
    assert states["after"] == states["later"] == states["before"]
    assert states["left"] == []
    assert states["within"] != states["before"]
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
