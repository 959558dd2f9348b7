"""Files that hold models: `.keras`, which is a zip file, and HDF5. Only the config is read, and of
weights the names and shapes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from rnnshape.errors import QueryError
from rnnshape.reading.files import without_waiting
from rnnshape.reading.found import Reading
from rnnshape.reading.replay import plain_name
from rnnshape.reading.saved_model import read_config

MOST_LISTED = 40  # weights of a file that has nothing else
HDF5 = b"\x89HDF\r\n\x1a\n"  # how such a file begins


def read_archive(path: Path) -> Reading:
    """The network of a `.keras` file, or a `QueryError`."""
    from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile
    from zlib import error as zlib_error

    try:
        with open(path, "rb", opener=without_waiting) as file:
            if file.read(8) == HDF5:
                return read_hdf5(path)
            with ZipFile(file) as archive:
                entry = archive.getinfo("config.json")
                is_locked = entry.flag_bits & 1  # by a password
                if is_locked or entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                    raise QueryError(f"{path.name}: its config.json is packed in an unusual way")
                text = _text(archive.read(entry))
    except KeyError:
        raise QueryError(
            f"{path.name} is not a Keras model: there is no config.json in it"
        ) from None
    except QueryError:
        raise
    except OSError as problem:
        raise QueryError(f"{path} can't be read: {problem.strerror or problem}") from None
    except (BadZipFile, EOFError, ArithmeticError, RuntimeError, ValueError, zlib_error) as problem:
        raise QueryError(f"{path.name} is not a whole .keras file: {str(problem)[:100]}") from None
    return read_config(text, path.name)


def read_hdf5(path: Path) -> Reading:
    """The network of an `.h5` file, or a `QueryError`: of one that has weights alone, it lists
    them. Nothing of it is unpickled or made."""
    import h5py  # few files need it

    try:
        with open(path, "rb", opener=without_waiting) as begins:
            if not begins.read(1):
                raise ValueError("it is empty")
        with h5py.File(path, "r") as file:
            config, compiled = (file.attrs.get(f"{name}_config") for name in ("model", "training"))
            weights = _weights_in(file)
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as problem:
        number = getattr(problem, "errno", None)
        if number:
            raise QueryError(f"{path} can't be read: {os.strerror(number)}") from None
        raise QueryError(
            f"{path.name} is not a whole HDF5 file: it is damaged, or of another kind"
        ) from None
    if config is None:
        raise _weights_alone(path.name, weights)
    text, training = map(_text, (config, compiled or "null"))
    return read_config(text, path.name, _parameters(weights), training)


def _text(value: Any) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def _weights_in(file: Any) -> dict[str, tuple[int, ...]]:
    weights: dict[str, tuple[int, ...]] = {}

    def note(name: str | bytes, found: Any) -> None:
        # The shape of a virtual one is looked up in other files, whatever they are.
        if hasattr(found, "is_virtual") and not found.is_virtual:
            weights[plain_name(os.fsdecode(name))] = tuple(found.shape or ())

    file.visititems(note)
    return weights


def _parameters(weights: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """How many numbers each layer of a model holds, by its name."""
    counts: dict[str, int] = {}
    for name, shape in weights.items():
        top, _, rest = name.partition("/")
        if top == "model_weights":
            layer = rest.partition("/")[0]
            counts[layer] = counts.get(layer, 0) + prod(shape)
    return counts


def _weights_alone(name: str, weights: Mapping[str, tuple[int, ...]]) -> QueryError:
    if not weights:
        return QueryError(f"{name} holds no model and no weights of Keras")
    listed = [f"{weight} {shape}" for weight, shape in weights.items()]
    more = [f"and {len(listed) - MOST_LISTED} more"] if len(listed) > MOST_LISTED else []
    return QueryError(
        f"{name} holds weights alone, and does not say which layers they are of: "
        + ", ".join([*listed[:MOST_LISTED], *more])
    )
