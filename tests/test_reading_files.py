"""Files that are read: what names one, what is said of a bad one, and the cells of notebooks."""

from __future__ import annotations

import json
import os
import socket
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rnnshape.errors import QueryError
from rnnshape.expression import Call
from rnnshape.network import Dimensions
from rnnshape.reading import Reading, is_file, let_value, read
from rnnshape.reading.files import without_waiting
from rnnshape.reading.notebook import _without_magics, read_notebook
from rnnshape.reading.reader import Reader, launched
from tests.conftest import command
from tests.readings import lines_of

GRU = "m = Sequential([GRU(3)])"


@pytest.mark.parametrize(
    ("text", "names_one"),
    [
        ("model.keras", True),
        ("MODEL.Keras", True),
        ("a b.json", True),
        ("../x/NOTES.IPYNB", True),
        ("x.py", True),
        ("x.h5", True),
        ("x.hdf5", True),
        ("x.txt", False),
        ("folder/x.txt", True),
        (r"C:\models\x.py", True),
        ("here.txt", True),  # it is there
        ("here/x(1).txt", False),
        ("LSTM(3)", False),
        ("LSTM(3) -> Dense(1)", False),
        ("lstm", False),
        ("LSTM(3)\ny.py", False),
        ("is\nhere.py", True),
        ("x\0.py", False),
        ("x" * 4_093 + ".py", True),
        ("x" * 4_094 + ".py", False),
        ("/" + "x" * 300, True),
        ("x" * 300, False),
    ],
    ids=lambda value: str(value)[:30].encode("unicode_escape").decode(),
)
def test_what_names_a_file(
    text: str, names_one: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.txt").write_text("")
    (tmp_path / "is\nhere.py").write_text("")
    monkeypatch.chdir(tmp_path)
    assert is_file(text) is names_one


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5000", 5000),
        ("-1", -1),
        ("2.5", 2.5),
        ("(64, 32)", (64, 32)),
        ("[64, 32]", (64, 32)),
        ("{'units': [64, 32]}", Call("dict", (("units", (64, 32)),))),
        ("True", True),
        ("None", None),
        ("'lstm'", "lstm"),
        ("lstm", "lstm"),
        ("", ""),
        ("1; 2", "1; 2"),
        ("import os", "import os"),
        ("a = 3", "a = 3"),  # it is data, and nothing is computed
        ("(3", "(3"),
        ("2 * 3", "2 * 3"),
        ("9" * 5_000, "9" * 5_000),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_value_of_let(text: str, value: object) -> None:
    known = let_value(text)
    assert (known, type(known)) == (value, type(value))


def message(what: object) -> str:
    with pytest.raises(QueryError) as caught:
        read(str(what))
    assert caught.value.place is None
    return caught.value.message


def zipped(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name.replace("_", "."), content)
    return path


@pytest.mark.process  # as h5py is imported
def test_what_is_said_of_a_file_that_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.txt").write_text("LSTM(3)")
    Path("folder.py").mkdir()
    Path("saved").mkdir()
    Path("saved/saved_model.pb").write_bytes(b"")
    Path("saved/train.py").write_text(GRU)
    Path("folder.keras").mkdir()
    Path("link.py").symlink_to("link.py")
    Path("empty.py").write_text("")
    Path("torch.py").write_text("from torch import nn\nmodel = nn.LSTM(3, 4)\n")
    Path("large.py").write_bytes(b"#" * 20_000_001)
    Path("bad.json").write_text('{"a":\n  oops}')
    Path("odd.keras").write_text("not an archive")
    zipped(Path("other.keras"), other_json=b"{}")
    for name in ("old.h5", "old.hdf5"):
        Path(name).write_bytes(b"")
    Path("old.keras").write_bytes(b"\x89HDF\r\n\x1a\n")
    not_whole = "is not a whole HDF5 file: it is damaged, or of another kind"
    said = {
        "none.py": "there is no file none.py",
        "Torhc.py": "there is no file Torhc.py; did you mean torch.py?",
        "saved/tran.py": "there is no file saved/tran.py; did you mean train.py?",
        "link.py": "there is no file link.py: the link of that name leads nowhere",
        "no/train.py": "there is no file no/train.py",
        "saved": "saved is a SavedModel, which is not read: model.save('model.keras') writes what "
        "is",
        "../": ".. is a folder: name a file in it",
        "./x.txt": "x.txt is not read: only .keras, .json, .py, .ipynb, .h5, .hdf5 are",
        "folder.py": "folder.py is not a file",
        "folder.keras": "folder.keras is not a file",
        "empty.py": "empty.py makes no Keras layers",
        "torch.py": "torch.py makes no Keras layers: it imports torch, and only Keras' layers are "
        "answered",
        "large.py": "large.py is too large to be read: at most 20,000,000 bytes",
        "bad.json": "bad.json can't be read: it is not JSON: "
        "Expecting value: line 2 column 3 (char 8)",
        "odd.keras": "odd.keras is not a whole .keras file: File is not a zip file",
        "other.keras": "other.keras is not a Keras model: there is no config.json in it",
        "old.h5": f"old.h5 {not_whole}",
        "old.hdf5": f"old.hdf5 {not_whole}",
        "old.keras": f"old.keras {not_whole}",
    }
    assert {name: message(name) for name in said} == said


def test_a_folder_that_may_not_be_searched_is_an_error_about_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = os.stat

    def locked(path: Any, *arguments: Any, **named: Any) -> os.stat_result:
        if str(path).startswith(f"{tmp_path}/"):
            raise PermissionError(13, "Permission denied")
        return stat(path, *arguments, **named)

    monkeypatch.setattr(os, "stat", locked)
    with pytest.raises(QueryError, match="is a folder: name a file in it"):
        read(str(tmp_path))
    with pytest.raises(QueryError, match=r"train\.py can't be read: Permission denied"):
        read(f"{tmp_path}/train.py")


@pytest.mark.parametrize(
    ("encoding", "head"),
    [
        ("latin-1", "# -*- coding: latin-1 -*-"),
        ("utf-8", "# coding"),
        ("utf-8-sig", "# coding: utf-8"),
        ("utf-8", "# coding: no-such-encoding"),
        ("cp1252", "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :"),
    ],
)
def test_a_program_is_read_in_older_encodings_too(encoding: str, head: str, tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_bytes(f"{head}\nSequential([GRU(3, name='caf\xe9')])".encode(encoding))
    assert [str(found) for found in read(str(path)).networks] == ["GRU(3, name='caf\xe9')"]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="there is no such file here")
@pytest.mark.parametrize("suffix", [".keras", ".py", ".json", ".ipynb"])
def test_a_file_that_the_system_does_not_give_is_said(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    path.symlink_to("/proc/self/mem")
    assert message(path) == f"{path} can't be read: Input/output error"


@pytest.mark.slow
def test_a_file_may_be_as_large_as_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text(GRU + "\n#".ljust(20_000_000 - len(GRU), "."))
    [wrong] = read(str(path)).messages
    assert wrong.message == "this is too long to be read: 20,000,000 characters"


@pytest.mark.slow
@pytest.mark.process
def test_a_config_may_be_as_large_as_the_reader_s_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.keras"
    for many, said in (
        (100, "x.keras: this is not the config of a Keras model"),
        (600, "x.keras takes too much memory to be read"),
    ):
        made = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        with made, made.open("config.json", "w") as config:
            for _ in range(many):
                config.write(b" " * 1_000_000)
            config.write(b"{}")
        with Reader(launched) as reader, pytest.raises(QueryError) as wrong:
            reader.read(str(path))
        assert wrong.value.message == said


def test_a_config_is_read_whatever_its_bytes(tmp_path: Path) -> None:
    gru = b'{"class_name": "GRU", "config": {"units": 3, "name": "\xff"}}'
    config = b'{"class_name": "Sequential", "config": {"layers": [' + gru + b"]}}"
    path = zipped(tmp_path / "x.keras", config_json=config)
    assert [str(one) for one in read(str(path)).networks] == ["GRU(3, name='\ufffd')"]


def test_a_config_that_is_packed_in_an_unusual_way(tmp_path: Path) -> None:
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as made:
        made.writestr("config.json", "{}")
    assert message(path) == "x.keras: its config.json is packed in an unusual way"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as made:
        made.writestr("config.json", "{}")
    assert message(path) == "x.keras: this is not the config of a Keras model"
    locked = bytearray(path.read_bytes())
    locked[6] = locked[locked.index(b"PK\1\2") + 8] = 1
    path.write_bytes(locked)
    assert message(path) == "x.keras: its config.json is packed in an unusual way"


def test_json_that_is_nested_too_deeply(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("[" * 100_000)
    assert message(path) == "x.json is nested too deeply to be read"


def test_a_file_of_code_is_read_whatever_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    for content in (
        b"\xef\xbb\xbf# \xff\r\n" + GRU.encode(),
        GRU.encode("utf-16"),
        b"# coding: rot13\n" + GRU.encode(),
        b"# coding: idna\n" + GRU.encode(),
        b"# coding: punycode\n" + GRU.encode() + b"\n#-" + b"a" * 99,
    ):
        path.write_bytes(content)
        assert [str(one) for one in read(str(path)).networks] == ["GRU(3)"]


def test_a_model_that_keras_refuses_is_said_and_the_others_are_answered(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    short = "short = Sequential([Conv1D(3, 7, input_shape=(None, n)), GRU(2)])"
    path.write_text(f"{short}\n{GRU}\nwrong = Sequential([GRU(0)])\nelse_ = Sequential([LTSM(3)])")
    assert [*lines_of(read(str(path), {"n": 2}, Dimensions(timesteps=5)))] == [
        "=> m: inputs of any shape -> GRU(3)",
        "=> else_",
        "=>   inputs LTSM(3)",
        "=>   1 LTSM(3) of inputs not read: Keras has no layer LTSM; did you mean LSTM?",
        "=> ! Conv1D(3, 7) has nothing left: it needs 7 timesteps, and is given 5. Give it more "
        "timesteps, a smaller kernel_size, or padding='same' (Keras: \"Computed output size would "
        'be zero or negative") [x.py, line 1: 7]',
        "=> ! GRU takes units as a whole number, 1 or more, not 0 "
        '(Keras: "expected a positive integer") [x.py, line 3: 0]',
        "=> used n",
    ]
    reading = read(str(path))  # nobody says that it is too short
    assert [one.name for one in reading.networks] == ["short", "m", "else_"]
    path.write_text(f"{short}\nwrong = Sequential([GRU(0)])")
    reading = read(str(path), {"n": 2}, Dimensions(timesteps=5))
    assert not reading.networks
    assert len(reading.refused().others) == 1
    path.write_text("wrong = Sequential([GRU(0)])")
    assert len(read(str(path)).networks) == 1  # whoever asks the rule is told


# Notebooks


def of(*cells: Any, **more: Any) -> Reading:
    return read_notebook(json.dumps({"nbformat": 4, "cells": cells, **more}), {}, "x.ipynb")


def code(*lines: str) -> dict[str, Any]:
    return {"cell_type": "code", "source": [f"{line}\n" for line in lines]}


@pytest.mark.parametrize(
    "line",
    [
        "%matplotlib inline",
        "  %matplotlib inline",
        *("!pip install keras", "pip install keras", "cd /content"),
        "files = !ls *.py",
        "a, b = !ls",
        "?keras",
        "keras.layers?",
        "keras??",
        "  keras?  ",
        "%timeit -n 3 f()",
        "%run other.ipynb",
        "%run 01_data.py",
        "!wget http://a.b/c \\\n  -O \\\n  c.txt",
    ],
)
def test_a_line_for_the_notebook_is_left_out(line: str) -> None:
    indent = line[: len(line) - len(line.lstrip())]
    reading = of(code(f"{indent and 'if True:'}", line, f"{indent}{GRU}"))
    assert [*lines_of(reading)][:3] == [
        "=> m: inputs of any shape -> GRU(3)",
    ]
    assert not reading.messages


@pytest.mark.parametrize(
    ("first", "is_read"),
    [
        ("%%time", True),
        ("%%timeit -n 3", True),
        ("%%capture", True),
        ("\n%%prun", True),
        ("%%tensorflow_version", True),
        ("%%bash", False),
        ("%%writefile x.py", False),
        ("%%", False),
    ],
)
def test_a_cell_of_another_language_is_left_out(first: str, is_read: bool) -> None:
    reading = of(code(first, GRU))
    assert [network.name for network in reading.networks] == (["m"] if is_read else [])
    assert not reading.messages


@pytest.mark.parametrize(
    "line", ["n = 7 % 4", "s = '!'", "s = '%d' % 3", "n = 3 if 3 != 4 else 5", "s = 'x?'"]
)
def test_a_line_of_python_is_kept(line: str) -> None:
    name = line[0]
    reading = of(code("n, s = 0, ''", line, f"m = Sequential([GRU(3, name=str({name}))])"))
    value: dict[str, object] = {}
    exec(line, value)
    assert [str(one) for one in reading.networks] == [f"GRU(3, name={str(value[name])!r})"]


@pytest.mark.parametrize(
    "line",
    [
        "%time m = built(4)",
        "m = %time built(4)",
        "%prun m = built(4)",
        "%timeit m.summary() if (m := built(4)) else None",
    ],
)
def test_the_code_that_a_magic_is_given_is_read(line: str) -> None:
    build = "def built(units): return Sequential([GRU(units)])"
    reading = of(code(build, line))
    assert [str(network) for network in reading.networks] == ["GRU(4)"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "is_magic"),
    [
        *[("ls -la ../data", True), ("cat ./x.csv", True), ("mkdir out", True), ("history", True)],
        *[("matplotlib inline", True), ("load = 3", False), ("time.sleep(3)", False)],
        *[("who x", True), ("ls -l", True)],
        *[("time m = built(4)", True), ("run models.py", True)],
    ],
)
def test_a_magic_that_is_all_of_a_cell_needs_no_sign(cell: str, is_magic: bool) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell: Any = InteractiveShell.instance()
    transformed = shell.prefilter_manager.prefilter_lines(cell)
    assert transformed.startswith("get_ipython()") == is_magic
    assert _without_magics(cell) == (_without_magics(f"%{cell}") if is_magic else cell)


@pytest.mark.parametrize("line", ["%env UNITS=64", "  %set_env UNITS 64", "%env UNITS = 64"])
def test_a_variable_that_a_notebook_sets_is_known(line: str) -> None:
    model = "m = Sequential([GRU(int(os.environ.get('UNITS', 32)))])"
    reading = of(code("import os\nif True:\n  pass", line, model))
    assert [str(network) for network in reading.networks] == ["GRU(64)"]


@pytest.mark.parametrize("run", ["%run ./models.py", "%run -i models", "  %run lib/models.py"])
def test_the_file_that_a_notebook_runs_is_read(run: str, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    for folder in (tmp_path, tmp_path / "lib"):
        (folder / "models.py").write_text(f"from keras import *\ndef built():\n  {GRU}\n  return m")
    cell = code("if True:", run if run[0] == " " else f"  {run}", "  built()")
    reading = read_notebook(json.dumps({"cells": [cell]}), {}, "x.ipynb", tmp_path)
    assert [str(network) for network in reading.networks] == ["GRU(3)"]


def test_cells_are_counted_as_the_notebook_shows_them() -> None:
    words = {"cell_type": "markdown", "source": "x = ("}
    reading = of(
        words, code("n = 3"), 5, {"cell_type": "code"}, code("", "m.add(Sequential([LTSM(n)]))")
    )
    [*_, unknown] = [step.unread for network in reading.networks for step in network.steps]
    assert unknown is not None
    assert (unknown.name, unknown.file, unknown.line) == ("LTSM(n)", "x.ipynb, cell 5", 2)


def test_what_a_function_of_another_cell_lacks_is_shown_there() -> None:
    reading = of(code("def f():", "    return GRU(n)"), code("", "m = Sequential([f(), GRU(k)])"))
    [network] = reading.networks
    assert [(one.name, one.file, one.line) for one in network.unknowns] == [
        ("n", "x.ipynb, cell 1", 2),
        ("k", "x.ipynb, cell 2", 2),
    ]


def test_a_cell_may_be_a_text_or_lines_of_it() -> None:
    assert of({"cell_type": "code", "source": GRU}).networks
    assert of({"cell_type": "code", "source": [GRU[:9], None, GRU[9:]]}).networks
    assert of(code("x = '\ud800'", "GRU(3)")).networks  # half a character


def test_what_is_said_of_a_notebook_that_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    none = "x.ipynb has no cells: it is no notebook of version 4"
    for text in ("[]", "{}", '{"cells": 3}', '{"worksheets": []}'):
        path.write_text(text)
        assert message(path) == none
    of_text = {"cell_type": "markdown", "source": "LSTM(3)"}
    for cells in ([], [of_text], [code("x = 3")]):
        path.write_text(json.dumps({"cells": cells}))
        assert message(path) == "x.ipynb makes no Keras layers"
        assert command("--check", str(path)).code == 0
    path.write_text("x")
    assert message(path) == (
        "x.ipynb can't be read: it is not JSON: Expecting value: line 1 column 1 (char 0)"
    )


@pytest.mark.process  # which reads .h5
@pytest.mark.parametrize("suffix", [".py", ".ipynb", ".keras", ".json", ".h5", ".npy"])
@pytest.mark.parametrize("kind", ["folder", "pipe", "socket", "device", "waits", "long"])
def test_what_is_no_file_is_said_in_a_line(
    kind: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(("a" * 300 if kind == "long" else "a") + suffix)
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "socket":
            socket.socket(socket.AF_UNIX).bind(str(path))
        case "device":
            path.symlink_to("/dev/zero")
        case "waits":  # an ordinary file, of which the next line comes some time
            path.symlink_to("/proc/kmsg")
            with suppress(OSError), open(path, "rb", opener=without_waiting) as log:
                while log.read(2**20):  # what the kernel has said up to now
                    pass
    what = ["lstm", "--x", str(path)] if suffix == ".npy" else [str(path)]
    finished = command(*what, "-n")
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.count("\n") == 1
    assert finished.err.startswith("error: ")
    assert "a bug" not in finished.err


@pytest.mark.parametrize(
    ("code", "units"),
    [
        ("from sizes import n", "5"),
        ("from .sizes import n", "5"),
        ("import sizes\nn = sizes.n", "5"),
        ("from . import n", "n"),
        ("from .. import n", "n"),
        ("from .link import n", "link.n"),  # it stands elsewhere
        ("from pipe import n", "pipe.n"),
        # What stands beside a module, and not beside the code, is what that imports by a dot.
        ("from package import n", "7"),
        ("from package.inner import n", "7"),
        ("from package.inner import later\nn = later()", "7"),
        ("from package.inner import above as n", "above"),
        ("from ..sizes import n", "sizes.n"),  # `elsewhere.py` may have a neighbour of that name
        ("from both import n", "8"),  # a package goes before a module of its name
        ("n = 1\nfrom listed import *", "1"),
        ("k = 1\nfrom listed import *\nn = k", "9"),
        # A module of the code has the names that the code gives it, wherever they are used.
        ("import own\nown.k = 4\nn = own.units()", "4"),
        ("import own\nsetattr(own, 'k', 4)\nn = own.units()", "4"),
        ("import own\nvars(own)['k'] = 4\nn = own.k + own.units()", "8"),
        ("import own as o\no.__dict__.update(k=4)\nfrom own import *\nn = k", "4"),
        ("import own\nown.k += 1\nn = own.units()", "4"),
        ("import own\nfrom own import k\nif unknown: own.k = 4\nn = k", "3"),
        ("import own\nif unknown: own.k = 4\nn = own.units()", "n"),
        ("import own\nif unknown: vars(own)['k'] = 4\nn = own.k", "k"),
        # What its functions set is its own, and not the code's.
        ("import own\nk = 9\nown.put(4)\nn = own.units() + k", "13"),
        ("from own import *\nput(4)\nimport own\nn = 10 * own.k + k", "43"),
        ("from own import *\nput_by_name(4)\nimport own\nn = 10 * own.k + k", "43"),
        ("import own\nk = 9\nn = own.told()['k']", "3"),
        # What has been read nowhere may give what has a name.
        ("n = 3\nfrom nowhere import *", "nowhere.n"),
        ("n = 3\nfrom pipe import *", "pipe.n"),
        ("n = 3\nfrom keras.layers import *", "3"),
        ("from nowhere import *\nn = 3", "3"),
    ],
)
def test_a_file_beside_the_code_is_read(
    code: str, units: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere.py").write_text("n = 6")
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("sizes.py").write_text("n = 5")
    Path("link.py").symlink_to("../elsewhere.py")
    os.mkfifo("pipe.py")
    Path("listed.py").write_text("__all__ = [unknown, 'k']\nk = n = 9")
    Path("both.py").write_text("n = 9")
    Path("own.py").write_text(
        "k = 3\ndef units(): return k\ndef put(n):\n    global k\n    k = n\n"
        "def put_by_name(n): globals()['k'] = n\ndef told(): return globals()"
    )
    for name in ("both", "package"):
        Path(name).mkdir()
    Path("both/__init__.py").write_text("n = 8")
    Path("package/__init__.py").write_text("from .sizes import n")
    Path("package/sizes.py").write_text("n = 7")
    Path("package/inner.py").write_text(
        "from ..package.sizes import n\nfrom ... import above\n"
        "def later():\n    from . import sizes\n    return sizes.n"
    )
    Path("main.py").write_text(f"{code}\nm = Sequential([GRU(n)])")
    reading = read("main.py")
    assert ([*reading.messages], str(reading.networks[0])) == ([], f"GRU({units})")


PACKAGES = {
    "package/__init__.py": "",
    "package/sizes.py": "n = 5",
    "package/models/__init__.py": "",
    "package/models/gru.py": "from ..sizes import n\nm = Sequential([GRU(n)])",
    "package/models/named.py": "from package.sizes import n\nm = Sequential([GRU(n)])",
    "scripts/run.py": "from package.models.gru import n, m",
    "package/whole.py": "from package import sizes\nm = Sequential([GRU(sizes.n)])",
    "package/dotted.py": "import package.sizes\nm = Sequential([GRU(package.sizes.n)])",
    "loose/sizes.py": "n = 7",
    "loose/whole.py": "from loose import sizes\nm = Sequential([GRU(sizes.n)])",
    "loose/dotted.py": "import loose.sizes\nm = Sequential([GRU(loose.sizes.n)])",
    "package/layers/__init__.py": "from package.layers.Gru import Gru",
    "package/layers/Gru.py": "def Gru(): return GRU(5)",
    "package/called.py": "from package.layers import Gru\nm = Sequential([Gru()])",
    "src/inner.py": "n = 6",
    "scripts/by_path.py": "import sys\nsys.path.append('../src')\nfrom inner import n\nm = GRU(n)",
    "tests/of_src.py": "from inner import n\nm = Sequential([GRU(n)])",
}


@pytest.mark.parametrize(
    ("file", "here", "project", "units"),
    [
        *((f"package/models/{name}.py", ".", "", "5") for name in ("gru", "named")),
        *((f"package/models/{name}.py", "package/models", "", "5") for name in ("gru", "named")),
        *((f"package/{name}.py", "package", "", "5") for name in ("whole", "dotted", "called")),
        *((f"loose/{name}.py", ".", "", "7") for name in ("whole", "dotted")),
        ("scripts/run.py", ".", "", "5"),  # as `python -m scripts.run` finds it
        ("scripts/run.py", "scripts", "", ""),
        *(("scripts/run.py", "scripts", made, "5") for made in ("pyproject.toml", ".git/HEAD")),
        ("scripts/by_path.py", "scripts", "", "6"),
        *(("tests/of_src.py", here, "setup.py", "6") for here in ("tests", ".", "..")),
        ("tests/of_src.py", "tests", "", "inner.n"),
    ],
)
def test_a_module_of_the_package_or_project_of_the_code_is_read(
    file: str, here: str, project: str, units: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project"
    for name, text in PACKAGES.items() | ({project: ""}.items() if project else set()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.chdir(folder / here)
    asked = os.path.relpath(folder / file)
    if units:
        assert [str(network) for network in read(asked).networks] == [f"GRU({units})"]
    else:
        with pytest.raises(QueryError, match="makes no Keras layers"):
            read(asked)


@pytest.mark.parametrize("here", [".", "..", "package"])
def test_the_place_of_a_mistake_in_an_imported_file_is_one_that_can_be_opened(
    here: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project"
    (folder / "package/models").mkdir(parents=True)
    for name in ("package", "package/models"):
        (folder / name / "__init__.py").touch()
    asked = folder / "package/models/asked.py"
    asked.write_text("from ..wrong import build\nm = build()")
    wrong = "def build():\n    return Sequential([Input((5, 3)), GRU(3), GRU(4)])"
    (folder / "package/wrong.py").write_text(wrong)
    monkeypatch.chdir(folder / here)
    [line] = command("--check", os.path.relpath(asked)).out.splitlines()
    path, number, *_ = line.split(":")
    assert (Path(path).resolve(), number) == ((folder / "package/wrong.py").resolve(), "2")


@pytest.mark.parametrize("text", ["x = 1\n", "def f(:\n"], ids=["no layers", "no Python"])
def test_a_file_that_is_not_read_takes_no_answer_of_another(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(text)
    (tmp_path / "b.py").write_text("m = Sequential([Input((5, 3)), LSTM(4)])\n")
    alone, beside = command("-n", str(tmp_path / "a.py")), command("-n", str(tmp_path / "b.py"))
    both = command("-n", str(tmp_path / "a.py"), str(tmp_path / "b.py"))
    assert (alone.code, both.code, both.out) == (1, 1, beside.out)
    assert both.err == alone.err.replace("error:", "note:")
