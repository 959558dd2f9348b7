"""Saved models: the `config.json` of a `.keras` file, or what `model.to_json()` returns.

Only the config is read: never the weights, and nothing that it names is imported. What stands for
a layer is in `config_layers`; here is how the layers are put together.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

from rnnshape.errors import QueryError
from rnnshape.network import MOST_LAYERS, too_many_layers
from rnnshape.reading.config_layers import (
    MODELS,
    NO_LAYER_OF_KERAS,
    UnreadLayerError,
    layer_of,
    plain_name,
    sizes_of,
)
from rnnshape.reading.found import Reading
from rnnshape.reading.graph import (
    Given,
    InputTensor,
    Layer,
    LayerCall,
    Tensor,
    called_anew,
    in_place_of,
    network_of,
    returned,
    tensors_in,
)
from rnnshape.reading.json_text import json_value

__all__ = ["old_format", "read_archive", "read_config"]

LARGEST_CONFIG = 10_000_000  # bytes, unpacked
LARGEST_DIRECTORY = 2_000_000  # bytes of the list of a zip file's files
DEEPEST = 20  # models within each other
MOST_NOTES = 20

Shape = tuple[int | None, ...] | None
OF_TWO = ("Add", "Subtract", "Multiply", "Maximum", "Minimum")  # operators of tensors


def read_archive(path: Path) -> Reading:
    """The network of a `.keras` file, or a `QueryError`."""
    return read_config(_config_text(path), path.name)


def read_config(text: str, where: str) -> Reading:
    """The network that a model's config describes; `where` is the file that it is from."""
    config = json_value(text, where)
    try:
        return _Configured(where).reading(config)
    except QueryError as wrong:
        raise QueryError(f"{where}: {wrong.message}") from None
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError):
        raise QueryError(f"{where} holds no config of a Keras model that can be read") from None


def old_format(path: Path) -> QueryError:
    name = path.name
    return QueryError(
        f"{name} is in Keras' old format: convert it with "
        f"keras.models.load_model({name!r}).save({f'{path.stem}.keras'!r})"
    )


class _Bounded(io.FileIO):
    """A file of which no more is read at once than a zip file's list of files may take."""

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > LARGEST_DIRECTORY:
            raise ValueError("it lists too many files")
        return super().read(-1 if size is None else size) or b""


def _config_text(path: Path) -> str:
    from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile
    from zlib import error as zlib_error

    if not path.is_file():
        raise QueryError(f"{path} is not a file, as .keras models are")
    try:
        with _Bounded(path) as file:
            if file.read(8) == b"\x89HDF\r\n\x1a\n":
                raise old_format(path)
            with ZipFile(file) as archive:
                entry = archive.getinfo("config.json")
                if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                    raise QueryError(f"{path.name}: its config.json is packed in an unusual way")
                with archive.open(entry) as unpacked:
                    content = unpacked.read(LARGEST_CONFIG + 1)
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
    if len(content) > LARGEST_CONFIG:
        raise QueryError(f"{path.name}: its config.json is too large to be read")
    return content.decode("utf-8", errors="replace")


@dataclass(slots=True)
class _Part:
    """A model of the config, read: its inputs, layers and outputs."""

    inputs: list[Tensor]
    calls: list[LayerCall]
    outputs: list[Tensor]


@dataclass(frozen=True, slots=True)
class _Unread:
    """A layer of the config that is not read, and why."""

    layer: Any
    why: str


@dataclass(slots=True)
class _Waiting:
    """A call of a layer in a config, of which the inputs may not be there yet."""

    name: str
    number: int
    layer: Layer | _Part
    node: Any
    sources: set[tuple[str, int]]


class _Configured:
    """Reads one config."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.number = 0
        self.notes: list[str] = []
        self.instead: list[Tensor] = []  # inputs that stand for what unread layers return

    def reading(self, config: Any) -> Reading:
        if not isinstance(config, dict) or "class_name" not in config:
            raise QueryError("this is not the config of a Keras model")
        class_name = str(config["class_name"])
        if not _is_model(config):
            raise QueryError(
                f"it holds {plain_name(class_name)}, a subclassed model: the file does not say "
                "which layers it has"
            )
        part = self.part(config)
        outputs = [one for one in part.outputs if isinstance(one.maker, LayerCall)]
        if not part.calls:
            raise QueryError(
                "there is no layer in it that can be read"
                + "".join(f"; {note}" for note in self.notes[:1])
            )
        inputs = [*part.inputs, *self.instead]
        used = {tensor for call in part.calls for tensor in call.tensors}
        inputs = [one for one in inputs if one in used or one in part.inputs]
        name = plain_name(str(config["config"].get("name", "")))
        if re.fullmatch(r"(functional|model|sequential)?(_\d+)?", name):  # Keras made it up
            name = self.where.rpartition(".")[0]
        network = network_of(inputs, outputs, name, part.calls)
        return Reading((network,), notes=(tuple(self.notes),))

    def part(self, config: Any, depth: int = 0) -> _Part:
        if depth > DEEPEST:
            raise QueryError("its models are nested too deeply to be read")
        inner = config["config"]
        layers = inner["layers"]
        if len(layers) > MOST_LAYERS:
            raise too_many_layers()
        if config["class_name"] == "Sequential":
            return self.sequential(inner, layers, depth)
        return self.functional(inner, layers, depth)

    # Sequential

    def sequential(self, config: Any, layers: Sequence[Any], depth: int) -> _Part:
        shape = sizes_of(config.get("build_input_shape"))
        entry = InputTensor(shape)
        known: list[Tensor] = [Tensor(entry)]
        first, calls = known, list[LayerCall]()
        unread: _Unread | None = None
        for layer in layers:
            if layer["class_name"] == "InputLayer":
                entry.shape, entry.dtype, entry.name = _input(layer["config"])
                continue
            read = self.part(layer, depth + 1) if _is_model(layer) else self.layer(layer)
            if isinstance(read, _Unread):
                if unread is not None:
                    self.note(unread, "What it returns goes to a layer that is not read either")
                unread = read
                continue
            if unread is not None:
                recorded = (layer.get("build_config") or {}).get("input_shape")
                known, unread = [self.placeholder(unread, 0, sizes_of(recorded))], None
            known, made = self.called(read, _name(layer), tuple(known), ())
            calls += made
            self.check(calls)
        if unread is not None:
            self.note(unread, "What it returns, the file does not say")
        return _Part(first, calls, known)

    # Functional

    def functional(self, config: Any, layers: Sequence[Any], depth: int) -> _Part:
        made: dict[tuple[str, int], list[Tensor]] = {}
        shapes: dict[tuple[str, int, int], Shape] = {}
        waiting: list[_Waiting] = []
        unread: dict[str, _Unread] = {}
        shared: dict[str, Layer | _Part] = {}
        for layer in layers:
            name = _name(layer)
            if layer["class_name"] == "InputLayer":
                shape, dtype, own = _input(layer["config"])
                made[name, 0] = [Tensor(InputTensor(shape, own, dtype))]
                continue
            known = self.part(layer, depth + 1) if _is_model(layer) else self.layer(layer)
            if isinstance(known, _Unread):
                unread[name] = known
            else:
                shared[name] = known
            for number, node in enumerate(layer.get("inbound_nodes") or ()):
                tensors = list(_history(node))
                shapes |= {source: shape for source, shape in tensors if shape is not None}
                if not isinstance(known, _Unread):
                    sources = {source[:2] for source, _ in tensors}
                    waiting.append(_Waiting(name, number, known, node, sources))
        if len(waiting) > MOST_LAYERS:
            raise too_many_layers()

        def tensor(source: tuple[str, int, int]) -> Tensor:
            name, node, place = source
            if name in unread:
                made.setdefault((name, node), [])
                if source not in placeholders:
                    placeholders[source] = self.placeholder(unread[name], place, shapes.get(source))
                return placeholders[source]
            return made[name, node][place]

        placeholders: dict[tuple[str, int, int], Tensor] = {}
        calls: list[LayerCall] = []
        for one in _in_order(waiting, made, unread):
            arguments, keywords = _called_with(one.node, tensor, unread)
            made[one.name, one.number], new = self.called(one.layer, one.name, arguments, keywords)
            calls += new
            self.check(calls)

        def end(source: tuple[str, int, int]) -> tuple[str, int, int]:
            """Of a nested model the file counts its own making as the first call, here alone."""
            name, node, place = source
            return name, max(0, node - isinstance(shared.get(name), _Part)), place

        sequentials = {_name(layer) for layer in layers if layer["class_name"] == "Sequential"}
        returned_ones = [
            one if one[0] in sequentials else end(one) for one in _ends(config["output_layers"])
        ]
        inputs = [tensor(one) for one in _ends(config["input_layers"])]
        outputs = [tensor(one) for one in returned_ones if self.is_read(one, unread)]
        return _Part(inputs, calls, outputs)

    def is_read(self, end: tuple[str, int, int], unread: Mapping[str, _Unread]) -> bool:
        """Whether what a model returns is known; says so where it is not."""
        if end[0] in unread:
            self.note(unread[end[0]], "What it returns, the file does not say")
        return end[0] not in unread

    # Calls

    def called(
        self,
        layer: Layer | _Part,
        name: str,
        arguments: tuple[Given, ...],
        keywords: tuple[tuple[str, Given], ...],
    ) -> tuple[list[Tensor], list[LayerCall]]:
        """What a layer returns, and the calls that make it."""
        if isinstance(layer, _Part):
            return self.folded_out(layer, plain_name(name), arguments)
        if layer.call.name in OF_TWO and len(arguments) > 1:
            arguments = (arguments,)
        if not any(tensors_in(arguments)):
            raise QueryError(f"{plain_name(name)} is called with no tensor")
        self.number += 1
        call = LayerCall(self.number, layer, arguments, keywords)
        return list(tensors_in(returned(call))), [call]

    def layer(self, layer: Any) -> Layer | _Unread:
        """The layer that a part of the config describes."""
        module = str(layer.get("module") or "")
        class_name = str(layer["class_name"])
        if ".ops." in module and not (class_name in OF_TWO and _takes_two_tensors(layer)):
            return _Unread(layer, "it is an operation on tensors")
        if not (layer.get("registered_name") in (None, class_name) or module.startswith("keras")):
            return _Unread(layer, NO_LAYER_OF_KERAS)
        try:
            return Layer(layer_of(layer))
        except UnreadLayerError as wrong:
            return _Unread(layer, wrong.message)

    def folded_out(
        self, part: _Part, name: str, arguments: tuple[Given, ...]
    ) -> tuple[list[Tensor], list[LayerCall]]:
        """The layers of a model that stands in another one as a layer."""
        given = list(tensors_in(arguments))
        if len(given) != len(part.inputs):
            raise QueryError(f"{name} takes {len(part.inputs)} tensors, and is given {len(given)}")
        instead = dict(zip(part.inputs, given, strict=True))
        calls, stands_for = called_anew(part.calls, instead, self.number + 1, name)
        self.number += len(calls)
        return [in_place_of(tensor, stands_for) for tensor in part.outputs], calls

    def placeholder(self, unread: _Unread, place: int, shape: Shape) -> Tensor:
        """An input that stands for what an unread layer returns."""
        self.note(unread, "What it returns is an input here, of the shape that the file records")
        name = plain_name(_name(unread.layer))
        entry = InputTensor(shape, f"{name}_{place + 1}" if place else name)
        self.instead.append(Tensor(entry))
        return self.instead[-1]

    def note(self, unread: _Unread, instead: str) -> None:
        """Says of a layer that it is not read."""
        class_name = plain_name(str(unread.layer["class_name"]))
        name = plain_name(_name(unread.layer))
        text = f"{class_name} {name!r} is not read: {unread.why}. {instead}"
        if text not in self.notes and len(self.notes) < MOST_NOTES:
            self.notes.append(text)

    def check(self, calls: Sequence[LayerCall]) -> None:
        if len(calls) > MOST_LAYERS or self.number > 10 * MOST_LAYERS:
            raise too_many_layers()


def _in_order(
    waiting: Sequence[_Waiting],
    made: Collection[tuple[str, int]],
    unread: Collection[str],
) -> Iterator[_Waiting]:
    """The calls, each after those that make what it takes; a `QueryError` where that can't be."""
    users: dict[tuple[str, int], list[_Waiting]] = {}
    missing: dict[int, int] = {}
    for one in waiting:
        needed = [two for two in one.sources if two not in made and two[0] not in unread]
        missing[id(one)] = len(needed)
        for source in needed:
            users.setdefault(source, []).append(one)
    places = {id(one): place for place, one in enumerate(waiting)}
    ready = [place for place, one in enumerate(waiting) if not missing[id(one)]]
    count = 0
    while ready:
        one = waiting[heappop(ready)]  # in the order of the file, as far as can be
        yield one
        count += 1
        for user in users.get((one.name, one.number), ()):
            missing[id(user)] -= 1
            if not missing[id(user)]:
                heappush(ready, places[id(user)])
    if count < len(waiting):
        known = {name for name, _ in made} | {one.name for one in waiting} | set(unread)
        for one in waiting:
            for name, _ in one.sources:
                if name not in known:
                    raise QueryError(
                        f"{plain_name(one.name)} takes what no layer of it returns: "
                        f"{plain_name(name)}"
                    )
        left = [one.name for one in waiting if missing[id(one)]]
        names = ", ".join(map(plain_name, list(dict.fromkeys(left))[:4]))
        raise QueryError(f"its layers take each other's outputs in a circle: {names}")


def _name(layer: Any) -> str:
    """What a config calls a layer."""
    return str(layer.get("name") or layer["config"].get("name") or layer["class_name"])


def _takes_two_tensors(layer: Any) -> bool:
    return all(len(list(_history(node))) == 2 for node in layer.get("inbound_nodes") or ())


def _is_model(config: Mapping[str, Any]) -> bool:
    inner = config.get("config")
    return (
        config["class_name"] in MODELS
        and isinstance(inner, dict)
        and isinstance(inner.get("layers"), list)
    )


def _input(config: Any) -> tuple[tuple[int | None, ...] | None, str | None, str]:
    """The shape, dtype and name of an `InputLayer`; no names that Keras makes up."""
    shape = sizes_of(config.get("batch_shape", config.get("batch_input_shape")))
    dtype = config.get("dtype")
    if isinstance(dtype, dict):
        dtype = dtype.get("config", {}).get("name")
    name = plain_name(str(config.get("name", "")))
    if re.fullmatch(r"(input|input_layer|keras_tensor)(_\d+)?|.*_input", name):
        name = ""
    known = isinstance(dtype, str) and re.fullmatch(r"(u?int|float|bfloat)\d+|bool", dtype)
    return shape, dtype if known and dtype != "float32" else None, name


def _history(value: Any, depth: int = 0) -> Iterator[tuple[tuple[str, int, int], Any]]:
    """Every tensor that a call in a config takes: which layer's output it is, and its shape."""
    if depth > 40:
        raise ValueError
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            name, node, place = value["config"]["keras_history"]
            yield (str(name), int(node), int(place)), sizes_of(value["config"].get("shape"))
            return
        for one in value.values():
            yield from _history(one, depth + 1)
    elif isinstance(value, list):
        if _is_old_history(value):
            yield (value[0], value[1], value[2]), None
            for one in value[3:]:
                yield from _history(one, depth + 1)
            return
        for one in value:
            yield from _history(one, depth + 1)


def _is_old_history(value: list[Any]) -> bool:
    """Whether it is a tensor as Keras 2 has it: `["lstm", 0, 1]`, or with keywords after it."""
    return (
        len(value) in (3, 4)
        and isinstance(value[0], str)
        and all(isinstance(one, int) for one in value[1:3])
    )


def _called_with(
    node: Any,
    tensor: Callable[[tuple[str, int, int]], Tensor],
    unread: Mapping[str, Any],
) -> tuple[tuple[Given, ...], tuple[tuple[str, Given], ...]]:
    """The arguments of a call, with tensors for what the config has of them."""

    def given(value: Any) -> Given:
        if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
            name, number, place = value["config"]["keras_history"]
            return tensor((str(name), int(number), int(place)))
        if isinstance(value, dict) and value.get("class_name") == "__tuple__":
            return tuple(map(given, value["items"]))
        if isinstance(value, list):
            if _is_old_history(value):
                return tensor((value[0], value[1], value[2]))
            return tuple(map(given, value))
        if isinstance(value, dict):
            return tuple(map(given, value.values()))
        return value if value is None or isinstance(value, bool) else None

    if isinstance(node, list):  # Keras 2: [["lstm", 0, 0, {"mask": ...}], ...]
        [first, *_] = node
        keywords = first[3] if len(first) > 3 else {}
        tensors = tuple(given(one[:3]) for one in node)
        arguments: tuple[Given, ...] = tensors if len(tensors) == 1 else (tensors,)
    else:
        keywords = node.get("kwargs") or {}
        arguments = tuple(map(given, node.get("args") or ()))
        while arguments and arguments[-1] is None:
            arguments = arguments[:-1]
    # Keras adds masks, and the operations that make them, and training=False itself.
    named = tuple(
        (str(name), given(value))
        for name, value in keywords.items()
        if not (name == "mask" and any(source[0] in unread for source, _ in _history(value)))
    )
    named = tuple(
        (name, value)
        for name, value in named
        if value is not None and (name, value) != ("training", False)
    )
    if not arguments and named:
        [(_, first_value), *rest] = named
        arguments, named = (first_value,), tuple(rest)
    return arguments, named


def _ends(value: Any, depth: int = 0) -> Iterator[tuple[str, int, int]]:
    """The tensors that a model takes or returns: one, or a nest of them."""
    if depth > 40:
        raise ValueError
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list) and _is_old_history(value):
        yield value[0], value[1], value[2]
    elif isinstance(value, list):
        for one in value:
            yield from _ends(one, depth + 1)
