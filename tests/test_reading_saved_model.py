"""Saved models are read as the networks that they are, and nothing of a file is run."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import struct
import warnings
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rnnshape.description import describe
from rnnshape.errors import QueryError
from rnnshape.expression import Unknown
from rnnshape.layer_names import names_of_outputs
from rnnshape.network import Dimensions, Network
from rnnshape.reading import Reading, read
from rnnshape.reading.keras2 import ARGUMENTS
from rnnshape.reading.saved_model import read_config
from tests.conftest import command
from tests.corpus.building import keras, shapes_by_rule
from tests.corpus.made_configs import GRU, MADE, X, functional, given, model_of, tensor
from tests.corpus.models import MAKERS, returned_shapes
from tests.readings import lines_of

CONFIGS = sorted((Path(__file__).parent / "corpus" / "configs").glob("*.json"))
SAVED = [
    (path.stem, name, saved)
    for path in CONFIGS
    for name, saved in json.loads(path.read_text())["models"].items()
]


def check(
    reading: Reading, shapes: list[list[int]], parameters: int, loads: bool = True
) -> Network:
    [question] = reading.questions
    network = question.network
    others = [note for note in question.notes if not note.startswith("this Keras does not load")]
    assert (question.notes if loads else others, reading.messages) == (() if loads else [], ())
    assert shapes_by_rule(network) == ([tuple(shape) for shape in shapes], parameters)
    return network


@pytest.mark.parametrize(
    ("version", "name", "saved"), SAVED, ids=[f"{one[0]}-{one[1]}" for one in SAVED]
)
def test_configs_of_older_versions(version: str, name: str, saved: Any) -> None:
    reading = read_config(json.dumps(saved["config"]), f"{name}.json")
    check(reading, saved["shapes"], saved["parameters"], version.startswith("keras_3"))


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.keras
def test_files_of_keras(name: str, tmp_path: Path) -> None:
    made = MAKERS[name](keras(), keras().layers)
    shapes = returned_shapes(keras(), made)
    names = [tensor._keras_history.operation.name for tensor in made.outputs]
    for path in (tmp_path / "saved.h5", tmp_path / "saved.keras"):
        made.save(path)
        network = check(read(str(path)), shapes, made.count_params())
        assert [name for name, _ in names_of_outputs(network, len(names))] == names
    (tmp_path / "saved.json").write_text(made.to_json())
    assert read(str(tmp_path / "saved.json")).networks == (network,)


def saved(name: str, version: str = "keras_3.3.3") -> Any:
    return next(one[2]["config"] for one in SAVED if one[:2] == (version, name))


def read_saved(config: Any) -> Reading:
    return read_config(json.dumps(config), "file.json")


@pytest.mark.parametrize(
    ("name", "kind"), [("sequential", "Sequential"), ("seq2seq", "Functional")]
)
def test_how_a_model_checks_its_inputs_is_known_from_its_config(name: str, kind: str) -> None:
    [network] = read_saved(saved(name)).networks
    assert network.kind == kind


def message_of(reads: Callable[[], object]) -> str:
    """What is said where something can't be read."""
    try:
        reads()
    except QueryError as wrong:
        return wrong.message
    return ""


def layer(class_name: str, module: str = "keras.layers", **config: Any) -> Any:
    return {"module": module, "class_name": class_name, "config": config}


def layer_of(config: Any, class_name: str) -> Any:
    return next(one for one in config["config"]["layers"] if one["class_name"] == class_name)


def test_what_cannot_be_read_keeps_its_row_and_the_shape_on_record() -> None:
    config = json.loads(json.dumps(saved("seq2seq")))
    embedding = layer_of(config, "Embedding")
    embedding |= {"module": "mine", "class_name": "MyEmbedding", "registered_name": "mine>MyEmb"}
    [network] = read_saved(config).networks
    [row] = [step for step in network.steps if step.unread]
    assert str(row.layer).startswith("MyEmbedding(...")
    [[batch, timesteps, features]] = row.returns or ()  # type: ignore[misc]
    assert (batch, features) == (None, 8)
    assert isinstance(timesteps, Unknown)
    config = json.loads(json.dumps(saved("sequential")))
    bidirectional = layer_of(config, "Bidirectional")
    bidirectional["class_name"] = bidirectional["config"]["name"] = "Lambda"
    [network] = read_saved(config).networks
    row, *others = network.steps
    assert (row.returns, row.parameters) == (((None, 10, 12),), 0)
    assert row.unread == Unknown("Lambda(...)", (), "it runs code", "file.json")
    assert [str(step.layer) for step in others] == [
        "LSTM(5, dropout=0.2, name='encoder')",
        "Dense(3, activation='softmax')",
    ]


def test_an_activation_with_a_function_of_the_user_s_own_keeps_its_row() -> None:
    config = json.loads(json.dumps(saved("sequential")))
    own = {"class_name": "function", "config": "mine", "registered_name": "package>mine"}
    config["config"]["layers"].append(layer("Activation", name="activation", activation=own))
    [network] = read_saved(config).networks
    *others, row = network.steps
    assert str(row.layer) == "Activation(...)"
    why = "its activation, mine, is not Keras' own"
    assert row.unread == Unknown("Activation(...)", (), why, "file.json")
    assert len(others) == 3


def test_what_follows_from_a_recorded_shape_is_answered_and_nothing_is_made_up() -> None:
    mine = layer("Mine", "mine", name="own") | {"build_config": {"input_shape": [None, 5, 2]}}
    lstm = layer("LSTM", units=4) | {"build_config": {"input_shape": [None, 7, 6]}}
    shape = [None, 5, 2]

    def sizes_and_parameters(*layers: Any, **more: Any) -> list[Any]:
        text = model_of(*map(json.dumps, layers), **more)
        [network] = read_config(text, "file.json").networks
        rows = describe(network).layers
        return [(*(output.sizes for output in one.outputs), one.parameters) for one in rows]

    assert sizes_and_parameters(mine, lstm, build_input_shape=shape) == [
        ((2, 7, 6), None),
        ((2, 4), 176),
    ]
    assert sizes_and_parameters(lstm, mine, build_input_shape=shape) == [((2, 4), 112), (None,)]
    assert sizes_and_parameters(mine, lstm) == [((2, 7, 6), None), ((2, 4), 176)]
    lstm["build_config"] = {"input_shape": [None, None, 6]}
    [row, (output, parameters)] = sizes_and_parameters(mine, lstm, build_input_shape=shape)
    assert (row, output, parameters) == (((2, None, 6), None), (2, 4), 176)


def test_what_was_recorded_holds_for_the_shape_that_it_was_recorded_for_alone() -> None:
    inner = [
        layer("Mine", "mine") | {"build_config": {"input_shape": [None, 5, 2]}},
        layer("Dense", units=3) | {"build_config": {"input_shape": [None, 5, 4]}},
    ]
    core = json.loads(model_of(*map(json.dumps, inner))) | {"name": "core"}
    for length in (5, 6):
        x = given("x", length, 2)
        node = {"args": [tensor("x", shape=(None, length, 2))], "kwargs": {}}
        text = functional([["x", 0, 0]], [["core", 0, 0]], x, core | {"inbound_nodes": [node]})
        if length == 6:  # Keras itself does not call it so
            with pytest.raises(QueryError, match="is called with"):
                read_config(text, "file.json")
            continue
        [network] = read_config(text, "file.json").networks
        assert [one.sizes for one in describe(network).layers[-1].outputs] == [(2, 5, 3)]


OLD_LAYERS = ["LSTM(3)", "GRU(3)", "SimpleRNN(3)", "Dense(3)", "Conv1D(3, 2)"]
OLD_LAYERS += ["BatchNormalization()", "Dropout(0.1)"]


@pytest.mark.keras
@pytest.mark.parametrize("written", OLD_LAYERS)
def test_what_keeps_keras_from_loading_an_older_file_is_noted(written: str) -> None:
    """As HDF5 files of Keras 2 have their config; `batch_input_shape` stands in most of them."""
    made = keras().Sequential([keras().Input((5, 4)), eval(written, vars(keras().layers))])
    loaded = importlib.import_module("keras.src.legacy.saving.saving_utils").model_from_config
    words = {**ARGUMENTS["layer"], **ARGUMENTS.get(written.partition("(")[0], {})}
    for word in words:
        config = json.loads(made.to_json(), object_hook=_as_keras2_has_it)
        held = config["config"]["layers"][1]["config"]
        held.setdefault(word, [None, 5, 4] if word == "batch_input_shape" else None)
        [question] = read_config(json.dumps(config), "file.json").questions
        with warnings.catch_warnings(), contextlib.suppress(ValueError, TypeError):
            warnings.simplefilter("ignore")
            loaded(config)
            assert not question.notes, word
            continue
        assert question.notes, word


def _as_keras2_has_it(config: dict[str, Any]) -> Any:
    """A part of a config: without what Keras 3 has added, and a dtype as a word."""
    added = ("module", "registered_name", "build_config", "input_axes", "output_axes")
    is_dtype = config.get("class_name") == "DTypePolicy"
    return "float32" if is_dtype else {k: config[k] for k in config if k not in added}


@pytest.mark.parametrize("major", [True, False])
def test_an_lstm_of_keras_2_is_read_where_keras_3_has_the_same(major: bool) -> None:
    text = model_of(json.dumps(layer("LSTM", units=3, time_major=major)))
    [network] = read_config(text, "file.json").networks
    why = "it has time_major=True, which Keras 3 has not"
    unread = Unknown("LSTM(...)", (), why, "file.json") if major else None
    assert network.steps[0].unread == unread


@pytest.mark.keras
@pytest.mark.parametrize(
    "word", ["units", "return_sequence", "time_major", "input_shape", "trainable", "foo", "dtype"]
)
def test_an_argument_that_keras_does_not_load_is_said(word: str) -> None:
    import keras

    given = {"units": 3, "input_shape": [5, 2], "trainable": False, "dtype": "float32"}
    of_lstm: dict[str, Any] = {"units": 3, word: given.get(word, False)}
    [question] = read_config(model_of(json.dumps(layer("LSTM", **of_lstm))), "file.json").questions
    try:
        keras.layers.LSTM.from_config(of_lstm)
        is_loaded = True
    except (TypeError, ValueError):
        is_loaded = False
    notes = [note for note in question.notes if "does not load it" in note]
    assert bool(notes) != is_loaded


def nest(depth: int) -> str:
    return '{"class_name": "Sequential", "config": {"layers": [' * depth + "]}}" * depth


def changed(name: str, change: Callable[[Any], object]) -> str:
    config = json.loads(json.dumps(saved(name)))
    change(config)
    return json.dumps(config)


def in_a_circle(config: Any) -> None:
    layers = config["config"]["layers"]
    for one in layers:
        for found in json_tensors(one.get("inbound_nodes")):
            found["config"]["keras_history"] = [layers[-1]["name"], 0, 0]


def json_tensors(value: Any) -> list[Any]:
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            return [value]
        value = list(value.values())
    return [one for part in value for one in json_tensors(part)] if isinstance(value, list) else []


def sequential_of(layer: str, count: int) -> str:
    many = ", ".join([layer] * count)
    return f'{{"class_name": "Sequential", "config": {{"layers": [{many}]}}}}'


DENSE = '{"class_name": "Dense", "config": {"units": 3}}'
WRONG_CONFIGS = {
    "empty": "",
    "nothing": "{}",
    "list": "[]",
    "text": '"x"',
    "deep lists": "[" * 100_000 + "]" * 100_000,
    "deep models": nest(300),
    "deeper models": nest(20_000),
    "large": "[" + "0," * 500_000 + "0]",
    "layers": sequential_of(DENSE, 20_000),
    "many layers": sequential_of(DENSE, 3_000),
    "no layers": sequential_of("{}", 1),
    "null layers": sequential_of("null", 3),
    "nothing in it": sequential_of(DENSE, 0),
    "circle": changed("seq2seq", in_a_circle),
    "no units": sequential_of('{"class_name": "Dense", "config": {}}', 1),
    "large number": sequential_of(DENSE.replace("3", "3" * 40), 1),
    "long number": sequential_of(DENSE.replace("3", "3" * 9999), 1),
    "subclassed": '{"class_name": "Mine", "config": {}, "registered_name": "Mine"}',
    "missing layer": changed("seq2seq", lambda config: config["config"]["layers"].pop(2)),
    "no outputs": changed("seq2seq", lambda config: config["config"].pop("output_layers")),
    "odd outputs": changed("seq2seq", lambda c: c["config"].update(output_layers=[["x", 9, 9]])),
}  # fmt: skip


@pytest.mark.parametrize("name", ["seq2seq", "nested", "cells", "layers_around"])
@pytest.mark.slow
def test_configs_that_are_damaged(name: str) -> None:
    """Each value of a config in turn is another: it is read, or one message says why not."""
    text = json.dumps(saved(name))
    paths = list(paths_in(saved(name)))
    for place, path in enumerate(paths[:: max(1, len(paths) // 250)]):
        config = json.loads(text)
        holder = config
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = [None, 3, "x", [], {}, [1, 2], {"class_name": "x"}, 1e9, -1][place % 9]
        assert len(message_of(partial(read_saved, config))) < 400


def of_calls(count: int) -> str:
    nodes = [[["x", 0, 0, {}]]] * count
    gru = {**json.loads(GRU), "name": "gru", "inbound_nodes": nodes}
    return functional([["x", 0, 0]], [["gru", place, 0] for place in range(count)], X, gru)


def of_two_models(count: int) -> str:
    return model_of(model_of(*[GRU] * (count // 2)), model_of(*[GRU] * (count - count // 2)))


@pytest.mark.parametrize("made", [of_calls, of_two_models])
@pytest.mark.slow
def test_as_many_layers_are_read_as_is_said(made: Callable[[int], str]) -> None:
    [network] = read_config(made(2_000), "file.json").networks
    assert len(network.steps) == 2_000
    told = message_of(lambda: read_config(made(2_001), "file.json"))
    assert told == "file.json: these are too many layers: at most 2,000 are read"


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if path and not isinstance(value, dict | list):
        return [path]
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    inner = [found for key, one in pairs for found in paths_in(one, (*path, key))]
    return [path, *inner] if path else inner


def test_names_with_escapes_are_made_plain() -> None:
    text = changed("nested", lambda config: None).replace('"middle"', '"mid\\u001b[31m\\ndle"')
    [network] = read_config(text, "file.json").networks
    assert network.steps[0].group == "mid?[31m?dle/inner"


def archive(path: Path, **files: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name.replace("_", "."), content)


@pytest.mark.slow
def test_archives_that_are_wrong(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"

    def told() -> str:
        with pytest.raises(QueryError) as caught:
            read(str(path))
        return caught.value.message

    path.write_bytes(b"not a zip file")
    assert "not a whole .keras file" in told()
    path.write_bytes(b"")
    assert "not a whole .keras file" in told()
    archive(path, other_json=b"{}")
    assert "no config.json" in told()
    archive(path, config_json=json.dumps(saved("nested")).encode())
    whole = path.read_bytes()
    assert read(str(path)).networks
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        assert "not a whole .keras file" in told()
    for place in range(0, len(whole), 41):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        assert len(message_of(lambda: read(str(path)))) < 300
    # The end of the archive says that its list of files is 4 GB long.
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 2**32 - 100, 0, 0)
    path.write_bytes(b"PK\3\4" + bytes(200) + end)
    assert "not a whole .keras file" in told()
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 2_000, 0, 0)
    path.write_bytes(bytes(2_000) + end)
    why = "Bad magic number for central directory"
    assert told() == f"model.keras is not a whole .keras file: {why}"


def hdf5(path: Path, config: str = "", /, **weights: tuple[int, ...]) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        if config:
            file.attrs["model_config"] = config
        for name, shape in weights.items():
            file.create_dataset(name.replace("_", "/"), shape)


@pytest.mark.process  # as h5py is imported
def test_a_model_in_an_hdf5_file_is_read_by_its_config_alone(tmp_path: Path) -> None:
    for name in ("model.h5", "model.hdf5", "model.keras"):
        hdf5(tmp_path / name, json.dumps(saved("seq2seq")), lstm_kernel=(3, 12))
        assert read(str(tmp_path / name)).networks == read_saved(saved("seq2seq")).networks


@pytest.mark.process  # as h5py is imported
def test_an_hdf5_file_says_how_many_parameters_a_layer_has_that_is_not_read(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "model.h5", "w") as file:
        config = model_of(json.dumps(layer("Mine", "mine", name="own")), GRU)
        file.attrs["model_config"] = config
        for name, shape in {"kernel": (3, 4), "bias": (4,)}.items():
            file.create_dataset(f"model_weights/own/sequential/own/{name}", shape)
    [network] = read(str(tmp_path / "model.h5")).networks
    assert [step.parameters for step in network.steps] == [16, None]


@pytest.mark.process  # as h5py is imported
def test_a_file_of_weights_alone_lists_them(tmp_path: Path) -> None:
    path = tmp_path / "some.weights.h5"
    hdf5(path, lstm_kernel=(3, 12), lstm_bias=(12,))
    assert message_of(lambda: read(str(path))) == (
        "some.weights.h5 holds weights alone, and does not say which layers they are of: "
        "lstm/bias (12,), lstm/kernel (3, 12)"
    )
    hdf5(path, "", **{f"w{number}": (number,) for number in range(100, 200)})
    assert message_of(lambda: read(str(path))).endswith("w139 (139,), and 60 more")
    hdf5(path)
    assert message_of(lambda: read(str(path))) == (
        "some.weights.h5 holds no model and no weights of Keras"
    )


@pytest.mark.process  # as h5py is imported
def test_of_an_hdf5_file_no_other_is_read_and_names_are_made_plain(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "some.weights.h5"
    os.mkfifo(tmp_path / "pipe")
    with h5py.File(path, "w", libver="latest") as file:
        file.create_dataset(b"\xff\x1b", (3,))
        layout, more = h5py.VirtualLayout((1,), "f8", (None,)), h5py.h5s.UNLIMITED
        source = h5py.VirtualSource(str(tmp_path / "pipe"), "data", (1,), "f8", (None,))
        layout[0:more] = source[0:more]
        file.create_virtual_dataset("virtual", layout)
    assert message_of(lambda: read(str(path))).endswith("which layers they are of: ?? (3,)")


@pytest.mark.process  # as h5py is imported
def test_a_damaged_hdf5_file_gives_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    hdf5(path, json.dumps(saved("sequential")), lstm_kernel=(3, 12))
    whole = path.read_bytes()
    for place in range(0, len(whole), 301):
        for content in (
            whole[:place],
            whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :],
        ):
            path.write_bytes(content)
            said = message_of(lambda: read(str(path)))
            assert len(said) < 300
            assert "\n" not in said
    path.write_bytes(whole[:500])
    assert message_of(lambda: read(str(path))).startswith("model.h5 is not a whole HDF5 file: ")


def all_configs() -> list[tuple[str, str]]:
    """Each by its heading in the table: a model is read as the same, whichever Keras saved it. What
    random models return, and their parameters, are those of Keras: see above."""
    written = [(name, one["config"]) for _, name, one in SAVED if not name.startswith("random_")]
    return [
        *((f"saved: {name}", json.dumps(config)) for name, config in written),
        *((f"made: {name}", text) for name, text in MADE.items()),
        *((f"wrong: {name}", text) for name, text in WRONG_CONFIGS.items()),
    ]


def said_of_config(name: str, text: str) -> str:
    try:
        return "\n".join([name, *lines_of(read_config(text, "file.json"))])
    except QueryError as wrong:
        return f"{name}\n=> ! {wrong.message}"


TABLE = Path(__file__).parent / "tables" / "configs.txt"


@pytest.mark.parametrize(("name", "text"), all_configs(), ids=[name for name, _ in all_configs()])
def test_what_a_config_means(name: str, text: str) -> None:
    assert f"\n\n{said_of_config(name, text)}\n\n" in f"\n\n{TABLE.read_text()}\n\n"


def test_a_file_whose_layers_do_not_fit_is_told_as_a_line_of_it(tmp_path: Path) -> None:
    (path := tmp_path / "m.json").write_text(model_of(*[json.dumps(layer("LSTM", units=3))] * 2))
    done = command("--check", str(path), str(tmp_path / "no.json"))
    assert done.code == 2
    assert done.out.startswith(f"{path}:1:1: LSTM(3) takes (batch, timesteps, features), but ")
    assert done.err.startswith("error: there is no file ")


@pytest.mark.keras
def test_an_initializer_that_is_called_as_a_layer_is_none(tmp_path: Path) -> None:
    k = keras()
    said = {"recurrent_initializer": "identity", "kernel_initializer": k.initializers.Identity(0.5)}
    made = k.Sequential([k.Input((7, 4)), k.layers.SimpleRNN(4, **said)])
    for path in (tmp_path / "m.keras", tmp_path / "m.h5"):
        made.save(path)
        check(read(str(path)), [[2, 4]], made.count_params())


if __name__ == "__main__":  # makes the table anew
    said = dict.fromkeys(said_of_config(*one) for one in all_configs())
    TABLE.write_text("\n\n".join(said) + "\n")


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [([3] * 30, (2, *[3] * 30)), ([3] * 300, None), ([0, 3], None), (["a"], None), (7, None)],
    ids=["many axes", "too many", "zero", "a text", "a number"],
)
def test_the_shape_of_an_input_is_never_replaced(
    sizes: object, expected: tuple[int, ...] | None
) -> None:
    shape = [None, *sizes] if isinstance(sizes, list) else sizes
    layers = [
        {"class_name": "InputLayer", "config": {"batch_shape": shape, "name": "x"}},
        {"class_name": "Activation", "config": {"activation": "relu", "name": "a"}},
    ]
    text = json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": layers}})
    if expected is None:
        with pytest.raises(QueryError, match="the shape of its input can't be read"):
            read_config(text, "x.json")
    else:
        [network] = read_config(text, "x.json").networks
        assert describe(network, Dimensions()).inputs[0].shape == expected


def test_a_subclassed_model_is_a_file_that_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"class_name": "Mine", "config": {"units": 3}, "registered_name": "a>Mine"}')
    assert (command("-n", str(path)).code, command("--check", str(path)).code) == (1, 0)
