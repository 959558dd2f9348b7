"""The child process: its messages, what it is asked, and every way in which it can go wrong."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnshape.chains import chain
from rnnshape.description import is_taken
from rnnshape.formats.json_lines import plain_numbers
from rnnshape.measuring import launch, memory, messages
from rnnshape.measuring.messages import (
    Array,
    MeasuredLayer,
    Measurement,
    MeasurementError,
    Message,
    Request,
)
from rnnshape.measuring.process import KerasProcess
from rnnshape.network import Dimensions, Network, Question, Ref, Step
from rnnshape.reading import parse
from rnnshape.shown import Report
from tests.conftest import ROOT, environment, run
from tests.processes import child_of, is_gone, linux

pytestmark = pytest.mark.process

REMEDY = "pip install tensorflow"


def question(text: str, **dimensions: int) -> Question:
    layers = [parse(one) for one in text.split(" -> ")]
    return Question(chain(layers), Dimensions(**dimensions))


def request(*texts: str, **more: Any) -> Request:
    return Request(tuple(map(question, texts)), **more)


@pytest.fixture(scope="module")
def keras() -> Iterator[KerasProcess]:
    """A real one, for all tests that leave it running."""
    with KerasProcess() as started:
        yield started


# Arrays and messages


def numbers(shape: tuple[int, ...], *values: float, kind: str = "f") -> Array:
    return Array(shape, "float32", np.array(values, kind).reshape(shape))


@pytest.mark.parametrize(
    ("array", "values"),
    [
        (numbers((2, 2), 1, 2, 3, 4), [[1, 2], [3, 4]]),
        (numbers((2, 1, 2), 1, 2, 3, 4), [[[1, 2]], [[3, 4]]]),
        (numbers((), 1.5), 1.5),
        (numbers((2, 0)), [[], []]),
        (numbers((0, 2)), []),
        (numbers((2,), 2**62, -1, kind="q"), [2**62, -1]),
        (numbers((2,), True, False, kind="?"), [True, False]),
        (numbers((1,), 0.1, kind="d"), [0.1]),
        (Array((1, 2), "object", np.array([["NaN", "b"]])), [["NaN", "b"]]),
        (Array((1, 2), "float32"), None),
    ],
    ids=str,
)
def test_an_array_gives_nested_lists_and_json(array: Array, values: object) -> None:
    assert array.values == values
    assert json.loads(json.dumps(array, default=plain_numbers)) == values


def test_what_is_no_number_in_json_is_null() -> None:
    array = numbers((4,), float("nan"), float("inf"), -float("inf"), 1)
    assert json.dumps(array, default=plain_numbers) == "[null, null, null, 1.0]"


def test_numpy_takes_an_array() -> None:
    array = np.asarray(numbers((2, 2), 1, 2, 3, 4))
    assert (str(array.dtype), array.tolist()) == ("float32", [[1, 2], [3, 4]])
    with pytest.raises(ValueError, match="values=True"):
        np.asarray(Array((1, 2), "float32"))


MEASURED = Measurement(
    (numbers((2, 1), 1, 2),),
    (
        MeasuredLayer(
            (numbers((2,), 3, 4), Array((2, 3), "int32")), [0, [1]], (True,), ((1, 3),), 3
        ),
    ),
    "3",
    "2",
)
ALL_MESSAGES: list[Message] = [MEASURED, "model.predict"]


def test_messages_arrive_as_they_were_sent() -> None:
    stream = BytesIO()
    for message in ALL_MESSAGES:
        messages.write(message, stream)
    stream.seek(0)
    assert [messages.read(stream) for _ in range(3)] == [*ALL_MESSAGES, None]
    sent = stream.getvalue()
    for length in range(len(sent)):  # cut off anywhere, it is the end and no nonsense
        cut = BytesIO(sent[:length])
        while messages.read(cut) is not None:
            pass


@pytest.mark.parametrize("sent", [b"nonsense", b"{}", b"\x80\x05}.", b"I7\n."], ids=repr)
def test_anything_else_is_nonsense(sent: bytes) -> None:
    with pytest.raises(ValueError, match="no message"):
        messages.read(BytesIO(sent + b"\n"))


def test_a_request_arrives_as_it_was_sent() -> None:
    step = Step(parse("LSTM(3, kernel_initializer=Constant(0.5))"), (Ref(0),), (("mask", None),))
    network = Network(chain([parse("GRU(2)")]).inputs, (step,), (Ref(1, 2),), "mine")
    sent = Request((Question(network), question("Input((5, 2)) -> LSTM(3)", batch=7)), 3, True)
    stream = BytesIO()
    messages.write(sent, stream)
    assert messages.read(BytesIO(stream.getvalue())) == sent


def test_an_error_survives_pickling() -> None:
    error = MeasurementError("it ended", "try again", ("a", "b"), everything=True)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), vars(copy)) == ("it ended; try again", vars(error))


# What Keras is asked


def test_questions_are_answered_in_order_by_one_process(keras: KerasProcess) -> None:
    first = list(keras.answers(request("LSTM(3)", "Bidirectional(GRU(4))", "Dense(2)")))
    second = list(keras.answers(request("LSTM(5) -> Dense(7)")))
    measured = [one for one in first + second if isinstance(one, Measurement)]
    assert [one.layers[-1].outputs[0].shape for one in measured] == [
        (2, 3),
        (2, 8),
        (2, 5, 2),
        (2, 7),
    ]
    assert measured[0].inputs[0].data is None


@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool", "float16"])
@pytest.mark.parametrize(
    "layers",
    ["Conv1D(2, 2)", "Reshape((4, 6)) -> SeparableConv1D(2, 2)", "DepthwiseConv1D(2)", "Dense(2)",
     "Reshape((2, 3, 4)) -> TimeDistributed(Conv1D(2, 2))", "Rescaling(2.0) -> Conv1D(2, 2)"],
)  # fmt: skip
def test_whole_numbers_are_refused_where_keras_convolves_none(
    layers: str, dtype: str, keras: KerasProcess
) -> None:
    asked = request(f"Input((6, 4), dtype={dtype!r}) -> {layers}")
    [answer] = keras.answers(asked, lambda _: None)
    assert is_taken(asked.questions[0].network) == isinstance(answer, Measurement)


@pytest.mark.parametrize(
    "fails",
    ["EinsumDense('abc,xy->abz', (5, 2))", "Input(batch_shape=()) -> ReLU()", "GRU(4, name='a b')"],
)
def test_a_failure_is_of_one_question_alone(fails: str, keras: KerasProcess) -> None:
    told: list[str] = []
    one, other, third = keras.answers(request("LSTM(3)", fails, "GRU(4)"), told.append)
    assert isinstance(one, Measurement)
    assert isinstance(other, MeasurementError)
    assert other.reason.startswith("Keras could not run this: ")
    assert "\x1b" not in other.reason
    assert isinstance(third, Measurement)
    assert "model.predict" in told


@pytest.mark.parametrize(
    "beside",
    [
        "GRU(4)",
        "Input((9, 2)) -> GRU(4)",
        "Input((5,)) -> Embedding(10, 4) -> LSTM(2)",
        "Input((99, 1)) -> LSTM(2)",
        "Input(batch_shape=(2, 5, 1)) -> LSTM(3, stateful=True)",
        "Input(batch_shape=(7, 5, 1)) -> LSTM(3)",
    ],
)
def test_a_seed_repeats_the_values_whatever_stands_beside(beside: str, keras: KerasProcess) -> None:
    [alone] = keras.answers(request("LSTM(3)", seed=7, values=True))
    answers = keras.answers(request(beside, "LSTM(3)", beside, "LSTM(3)", seed=7, values=True))
    first, second, third, fourth = answers
    assert alone == second == fourth
    assert isinstance(alone, Measurement)
    assert isinstance(first, Measurement)
    assert first == third
    [other] = keras.answers(request("LSTM(3)", seed=8, values=True))
    assert alone != other
    assert len(str(alone.layers[0].outputs[0].values).split(",")) == 6


@pytest.mark.parametrize(
    "text",
    [
        "LSTM(3, stateful=True) -> Dense(2)",
        "Bidirectional(GRU(3, stateful=True))",
        "Input((None, 4)) -> LSTM(3)",
        "Embedding(10, 4, mask_zero=True) -> GRU(3)",
        "Input((4, 9)) -> Conv1D(3, 2, data_format='channels_first')",
        "LSTM(3, dtype='mixed_bfloat16')",
        "LSTM(3, dtype='float64', return_sequences=True) -> LSTM(3, dtype='float16')",
        "Input((5, 4), dtype='int32') -> Flatten()",
        "Input((5, 4), dtype='bool') -> Flatten()",
        "Input((5,), dtype='string') -> Flatten()",
        "Input((5,), dtype='complex64') -> Flatten()",
        "Discretization(bin_boundaries=[0., 1.], output_mode='one_hot', sparse=True)",
        "Hashing(num_bins=3)",
        "RNN([LSTMCell(3), GRUCell(4)], return_state=True)",
    ],
)
def test_whatever_keras_returns_is_answered(text: str, keras: KerasProcess) -> None:
    asked = question(text)
    [answer] = keras.answers(Request((asked,), values=True))
    assert isinstance(answer, Measurement)
    assert Report(asked, answer).differences == ()
    for array in answer.layers[-1].outputs:
        assert json.loads(json.dumps(array, default=plain_numbers)) == array.values


def test_many_batches_are_one_answer(keras: KerasProcess) -> None:
    asked = question("LSTM(3, return_sequences=True)", batch=20_000, timesteps=20)
    [answer] = keras.answers(Request((asked,), values=True))
    assert isinstance(answer, Measurement)
    [output] = answer.layers[0].outputs
    assert output.shape == (20_000, 20, 3)
    assert output.data is not None
    assert output.data.nbytes == 20_000 * 20 * 3 * 4


@linux
def test_memory_does_not_grow_with_the_questions(keras: KerasProcess) -> None:
    def resident() -> int:
        assert keras._process is not None
        return int(Path(f"/proc/{keras._process.pid}/statm").read_text().split()[1])

    for units in range(5):
        list(keras.answers(request(f"LSTM({units + 3})")))
    before = resident()
    for units in range(30):
        list(keras.answers(request(f"LSTM({units + 3})")))
    assert resident() < 1.02 * before


# The child goes wrong


@pytest.fixture
def tensorflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Makes a module that stands in for TensorFlow in the child, in a folder with a colon."""

    def make(source: str) -> Path:
        package = tmp_path / "a:b" / "tensorflow"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(source)
        monkeypatch.syspath_prepend(str(package.parent))
        return package

    return make


def failure(asked: Request) -> MeasurementError:
    with KerasProcess() as started:
        [failed] = started.answers(asked)
    assert isinstance(failed, MeasurementError)
    return failed


WRITE_ALL = """import os
for fd in range(3, 20):
    try: os.write(fd, {!r})
    except OSError: pass
"""


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import os; os.abort()", "ended by SIGABRT"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", "SIGXCPU: its processor time"),
        ("import os; os._exit(7)", "ended without an answer (exit 7)"),
        (WRITE_ALL.format(b"nonsense\n"), "nonsense"),
        (
            WRITE_ALL.format(b"\x80\x05\x95\x10") + "os.kill(os.getpid(), 9)",
            "ended by SIGKILL, as ",
        ),
        ("import os, time; os.closerange(1, 20); time.sleep(60)", "closed its output"),
        ("raise SystemExit('out')", "TensorFlow can't be imported: SystemExit: out"),
        ("raise KeyboardInterrupt", "TensorFlow can't be imported: KeyboardInterrupt"),
        ("raise MemoryError", "there was not enough memory: MemoryError; try smaller"),
        ("raise ImportError('x.so: failed to map segment from it')", "no room in this process"),
        ("raise RuntimeError('mine')", "RuntimeError: mine (in "),
        ("def f(: pass", "TensorFlow can't be imported: SyntaxError"),
        ("import no_such_module", "TensorFlow can't be imported: ModuleNotFoundError"),
        ("", "TensorFlow can't be imported: AttributeError"),
        (
            "raise ModuleNotFoundError('No module', name='tensorflow')",
            f"TensorFlow is not installed; {REMEDY}",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_tensorflow_that_goes_wrong(
    source: str, says: str, tensorflow: Callable[[str], Path]
) -> None:
    tensorflow(source)
    assert says in str(failure(request("LSTM(3)")))


@pytest.mark.parametrize(
    ("source", "times"),
    [("raise MemoryError", 1), ("raise RuntimeError", 2)],
    ids=["memory", "an error"],
)
def test_only_what_the_fast_imports_may_have_caused_is_tried_without_them(
    source: str, times: int, tensorflow: Callable[[str], Path], tmp_path: Path
) -> None:
    tried = tmp_path / "tried"
    tensorflow(f"open({str(tried)!r}, 'a').write('x')\n{source}")
    with KerasProcess() as started:
        for _ in range(2):  # what is certain of all questions is not tried again
            assert [*map(type, started.answers(request("LSTM(3)")))] == [MeasurementError]
    assert tried.read_text() == "x" * times


@pytest.fixture
def before_main(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has the child run a line of Python before it begins."""

    def run_before(line: str) -> None:
        monkeypatch.setattr(launch, "PROGRAM", launch.PROGRAM.replace("main()", f"{line}\nmain()"))

    return run_before


def test_where_no_thread_can_be_started(before_main: Callable[[str], None]) -> None:
    """As under `ulimit -u`, which does not hold for root."""
    before_main(
        "0\nimport threading\n"
        'def start(self): raise RuntimeError("can\'t start new thread")\n'
        "threading.Thread.start = start"
    )
    assert str(failure(request("LSTM(3)"))) == "no thread can be started"


def test_its_last_lines_come_with_the_error(tensorflow: Callable[[str], Path]) -> None:
    tensorflow("import os\nfor n in range(9): os.write(2, b'line %d\\n' % n)\nos.abort()")
    error = failure(request("LSTM(3)"))
    assert error.stderr_tail == tuple(f"line {number}" for number in range(4, 9))


def end(started: KerasProcess) -> None:
    assert started._process is not None
    os.kill(started._process.pid, signal.SIGKILL)


@linux
def test_after_a_crash_questions_are_answered_and_those_that_fail_together_each_alone() -> None:
    with KerasProcess() as started:
        end(started)
        [failed] = started.answers(request("LSTM(3)"))
        assert "SIGKILL, as the system does when memory runs" in str(failed)
        started._start()
        end(started)
        answers = list(started.answers(request("LSTM(3)", "GRU(3)")))
        assert [*map(type, answers)] == [Measurement, Measurement]
        [answer] = started.answers(request("LSTM(3)"))
        assert isinstance(answer, Measurement)


MANY = tuple(f"LSTM({units}, return_state=True)" for units in range(1, 25))
two_processors = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one processor")


@linux
@two_processors
@pytest.mark.parametrize("is_killed", [False, True], ids=["as it is", "a copy that is killed"])
def test_a_copy_of_the_process_answers_half_of_many_questions(is_killed: bool) -> None:
    seen: set[int] = set()

    def tell(_: str) -> None:
        assert started._process is not None
        pid = started._process.pid
        for copy in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
            if is_killed and copy not in seen:
                os.kill(copy, signal.SIGKILL)
            seen.add(copy)

    with KerasProcess() as started:
        shapes = [
            answer.layers[0].outputs[1].shape
            for answer in started.answers(request(*MANY), tell)
            if isinstance(answer, Measurement)
        ]
        with_values = list(started.answers(request(*MANY[:12], values=True)))
    assert shapes == [(2, units) for units in range(1, 25)]
    assert len({str(answer.inputs[0].values) for answer in with_values}) == 1, "one draws them"  # type: ignore[union-attr]
    assert len(seen) == 1
    assert is_gone(*seen)


@linux
@two_processors
def test_who_ends_the_process_ends_its_copy() -> None:
    with KerasProcess() as started:
        assert started._process is not None
        answers = started.answers(request(*MANY))
        next(answers)
        copy = child_of(started._process.pid)
        assert memory.resident(started._process.pid) > 1.5 * memory.resident(copy)  # type: ignore[operator]
    assert is_gone(copy)


@linux
def test_of_few_questions_there_is_no_copy(keras: KerasProcess) -> None:
    list(keras.answers(request(*MANY[:4])))
    assert keras._process is not None
    assert not Path(f"/proc/{keras._process.pid}/task/{keras._process.pid}/children").read_text()


def test_who_has_answered_the_last_request_goes() -> None:
    with KerasProcess() as started:
        [answer] = started.answers(request("LSTM(3)", is_last=True))
        assert isinstance(answer, Measurement)
        assert started._process is not None
        assert started._process.wait(timeout=5) == 0


def test_where_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert str(failure(request("LSTM(3)"))) == (
        "no process can be started: No such file or directory"
    )


# The child's surroundings


@pytest.mark.parametrize("flags", [["-I"], ["-s"], ["-E"]], ids=str)
def test_it_is_as_isolated_as_its_parent(flags: list[str], tmp_path: Path) -> None:
    """A `usercustomize.py` is not run, and the variables are read no more than in the parent."""
    package = tmp_path / "tensorflow"
    package.mkdir()
    names = ("isolated", "no_user_site", "ignore_environment")
    source = f"import sys; raise MemoryError([getattr(sys.flags, one) for one in {names}])"
    (package / "__init__.py").write_text(source)
    program = (
        "import sys\n"
        f"sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]\n"
        "from tests.test_measuring import failure, request\n"
        "print(failure(request('LSTM(3)')).reason)\n"
        f"print([getattr(sys.flags, one) for one in {names}])\n"
    )
    finished = subprocess.run(
        [sys.executable, *flags, "-c", program], capture_output=True, text=True, check=True
    )
    reason, here = finished.stdout.splitlines()
    assert reason == f"there was not enough memory: MemoryError: {here}"


HOSTILE: list[dict[str, str | None]] = [
    {
        "KERAS_BACKEND": "jax",
        "TF_USE_LEGACY_KERAS": "1",
        "KERAS_HOME": "/nowhere",
        "KERAS_MAX_EPOCHS": "many",
        "TF_XLA_FLAGS": "--no_such_flag",
        "XLA_FLAGS": "--no_such_flag",
        "TF_CPP_MIN_LOG_LEVEL": "0",
        "PYTHONWARNINGS": "error",
        "PYTHONOPTIMIZE": "2",
        "LC_ALL": "C",
        "PYTHONCOERCECLOCALE": "0",
    },
    {
        "PYTHONWARNINGS": "always",
        "PYTHONDEVMODE": "1",
        "LC_ALL": "ko_KR.EUC-KR",
        "PYTHONIOENCODING": "euc_kr",
    },
]


@pytest.mark.parametrize("changes", HOSTILE, ids=["steered", "developer"])
def test_the_answer_is_the_same_everywhere(changes: dict[str, str | None], tmp_path: Path) -> None:
    """Also with a `keras.json` at home that would spoil it, which is left as it is."""
    settings = {"floatx": "float16", "backend": "jax", "epsilon": 1e-3}
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(settings))
    env = environment(HOME=str(tmp_path), **changes)
    finished = run("lstm", "--bidirectional", "--format", "json", env=env, cwd=tmp_path)
    assert (finished.returncode, finished.stderr) == (0, "")
    [output] = json.loads(finished.stdout)["outputs"]
    assert (output["shape"], output["dtype"]) == ([2, 6], "float32")
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == ["keras.json"]
    assert json.loads((tmp_path / ".keras" / "keras.json").read_text()) == settings


def test_a_folder_full_of_surprising_names_surprises_no_one(tmp_path: Path) -> None:
    for name in ("tensorflow", "keras", "numpy", "json", "typing", "signal", "rich", "rnnshape"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('surprise')")
    command = Path(sys.executable).with_name("rnnshape")
    finished = subprocess.run(
        [command, "lstm", "--format", "plain"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "o 2 3\n", "")


def test_a_killed_child_leaves_the_rule_and_one_line() -> None:
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "rnnshape", "lstm", "-b", "100000", "-t", "200"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    ) as command:
        os.kill(child_of(command.pid), signal.SIGKILL)
        out, err = command.communicate(timeout=10)
    assert command.returncode == 1
    assert "(100000, 3)" in out
    assert "by the rule, not measured" in out
    assert err.startswith(
        "error: not measured: the measuring process was ended by SIGKILL, "
        "as the system does when memory runs out"
    )
    assert err.count("\n") == 1
    assert time.monotonic() - began < 5
