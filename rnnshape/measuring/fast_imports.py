"""Tricks that import TensorFlow and Keras in half the time. For the child process alone.

`with fast_imports():` around the imports applies every trick of `TRICKS`; afterwards nothing of
them is left. Where one fails, the parent starts another child that does without all of them, and
`RNNSHAPE_TRACEBACK=1` has it say so and why.

What a trick is worth is its share of the whole command's wall time: `benchmark.py --tricks`.
"""

from __future__ import annotations

import builtins
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import LazyLoader
from types import ModuleType, SimpleNamespace
from typing import Any

Trick = Callable[[], AbstractContextManager[None]]


@contextmanager
def fast_imports() -> Iterator[None]:
    """While the body imports TensorFlow and Keras, all tricks apply, but for those that the
    benchmark names in `RNNSHAPE_WITHOUT`."""
    global _apply
    without = os.environ.get("RNNSHAPE_WITHOUT", "").split(",")
    before, _apply = _apply, True
    with ExitStack() as applied:
        try:
            for trick in () if before else TRICKS:
                if trick.__name__ not in without:
                    applied.enter_context(trick())
            yield
        finally:
            _apply = before


_apply = False  # whether they do by now


@contextmanager
def late_binding() -> Iterator[None]:
    """Functions of a shared library are looked up when first called, not all when it is opened.

    Worth 8 %. Safe where `names_when_used` leaves `tensorflow.lite` out: that crashes with it.
    """
    if not hasattr(os, "RTLD_LAZY"):  # Windows
        yield
        return
    before = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_LAZY)
    try:
        yield
    finally:
        sys.setdlopenflags(before)


@contextmanager
def without_optional_packages() -> Iterator[None]:
    """Packages that Keras uses where they are installed are, for it, not installed.

    Worth 4 %, with pandas 20 %. Safe with `names_when_used`: what is left does without.
    """
    hidden = [name for name in OPTIONAL if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: an ImportError
    try:
        yield
    finally:
        for name in hidden:
            if sys.modules.get(name, name) is None:
                del sys.modules[name]


OPTIONAL = ("IPython", "h5py", "pandas", "psutil", "pydot", "requests", "scipy")


def modules_when_used() -> AbstractContextManager[None]:
    """Modules that others import and that a measurement does not use are loaded at their first use.

    Worth 10 %. Safe, as what they register is for gradients and for ragged tensors, made by nobody.
    """
    return _loading(WHEN_USED.fullmatch, lambda found: LazyLoader(found))


WHEN_USED = re.compile(
    r"asyncio|importlib\.metadata|opt_einsum|rich\.(console|markup|table)"
    r"|tensorflow\.python\.framework\.meta_graph"
    r"|tensorflow\.python\.ops\.(gradients_impl|parsing_ops|structured\.structured_tensor"
    r"|ragged\.ragged_string_ops|(linalg\.sparse\.)?\w+_grad|ragged\.ragged_ops)"
    r"|tensorflow\.python\.ops\.parallel_for\.control_flow_ops"
)


def names_when_used() -> AbstractContextManager[None]:
    """Of packages that only gather names from others, a name is imported when it is asked for.

    Worth 20 %. Safe, as the name is found where the package itself would have imported it from.
    """
    return _loading(_gathers_names, lambda found: _NamesWhenUsed(found.name, found.path))


def _gathers_names(name: str) -> bool:
    if name.startswith("keras."):
        return not f"{name}.".startswith("keras.src.") or name in KERAS_GATHERS
    return name in ("keras", "tensorflow", *TENSORFLOW_GATHERS) or name.startswith(
        ("tensorflow._api.", "tensorflow.experimental")
    )


KERAS_GATHERS = tuple(
    f"keras.src.{name}" for name in ("datasets", "layers", "utils", "visualization")
)
TENSORFLOW_GATHERS = ("tensorflow.python.data", "tensorflow.python.data.experimental")
IMPORT = re.compile(r"^from ([\w.]+) import (\([^)]*\)|[^\n(#*]+)(?:#.*)?$", re.MULTILINE)
NO_CODE = re.compile(
    r'"""[\s\S]*?"""|#.*|^_allowed_symbols = \[[^]]*\]|^remove_undocumented\(.*', re.MULTILINE
)
# Classes that are only asked whether something is one of theirs, and nothing can be: making one
# takes several machines. Their modules would import a hundred more.
NEVER_MADE = ("tensorflow.python.distribute.collective_all_reduce_strategy",)


class _NamesWhenUsed(SourceFileLoader):
    """Runs a package's `__init__.py` without the imports that its own code does not use."""

    def exec_module(self, module: ModuleType) -> None:
        source = self.get_data(self.path).decode()
        used = set(re.findall(r"\w+", NO_CODE.sub("", IMPORT.sub("", source))))
        origins: dict[str, tuple[str, str]] = {}

        def take(statement: re.Match[str]) -> str:
            words = [
                part.split() for part in NO_CODE.sub("", statement[2]).strip("()\n ").split(",")
            ]
            names = {part[-1]: (statement[1], part[0]) for part in words if part}
            if statement[1] == "__future__" or used & names.keys():
                return statement[0]
            origins.update(names)
            return "\n" * statement[0].count("\n")

        rest = IMPORT.sub(take, source)
        namespace = vars(module)

        def on_demand(name: str) -> Any:
            if name not in origins:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            origin, its_name = origins[name]
            if origin in NEVER_MADE and origin not in sys.modules:
                value: Any = type(its_name, (), {})
            else:
                with fast_imports():
                    value = _imported(origin, its_name, module.__name__)
            namespace[name] = value
            return value

        if "__getattr__" in used:  # it has its own way
            super().exec_module(module)
            return
        namespace["__getattr__"] = on_demand
        namespace["__dir__"] = lambda: sorted({*namespace, *origins})
        if used:
            exec(compile(rest, self.path, "exec", dont_inherit=True), namespace)


def _imported(origin: str, name: str, asking: str) -> Any:
    """What `from origin import name` would give to the module `asking`."""
    if origin != asking:
        module = import_module(origin)
        try:
            return getattr(module, name)
        except AttributeError:
            pass
    return import_module(f"{origin}.{name}")


def plain_operations() -> AbstractContextManager[None]:
    """TensorFlow's generated modules, a function for each operation, do without their annotations.

    Worth 20 %. Safe, as annotations and names for export are read by nobody when operations run.
    """
    return _loading(_is_generated, lambda found: LazyLoader(_Generated(found.name, found.path)))


def _is_generated(name: str) -> bool:
    return name.startswith("tensorflow.") and name.rpartition(".")[2].startswith("gen_")


class _Unread:
    """Stands in for `TypeVar`, `Annotated` and the like: called or subscripted, it is itself."""

    def __call__(self, *_: Any, **__: Any) -> _Unread:
        return self

    def __getitem__(self, _: Any) -> _Unread:
        return self


class _Generated(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        unread = _Unread()
        namespace = vars(module)
        usual: dict[str, Any] = {"__builtins__": vars(builtins)}  # set again at the end

        def importing(name: str, *rest: Any) -> Any:
            imported = builtins.__import__(name, *rest)
            names = rest[2] if len(rest) > 2 else ()
            if name in ("typing", "typing_extensions"):
                instead: dict[str, Any] = dict.fromkeys(names, unread)
            elif name == "tensorflow.python.util.tf_export":
                instead = {"tf_export": lambda *_, **__: _same}
            elif names == ("ops",):
                usual["_ops"] = imported.ops
                ops = SimpleNamespace(**{**vars(imported.ops), "to_raw_op": _same})
                return SimpleNamespace(ops=ops)
            else:
                return imported
            usual.update((tensor, getattr(imported, tensor)) for tensor in instead)
            return SimpleNamespace(**instead)

        namespace["__builtins__"] = {**vars(builtins), "__import__": importing}
        code = self.get_code(module.__name__)
        assert code is not None
        exec(code, namespace)
        namespace.update(usual)


def _same(function: Any) -> Any:
    return function


TRICKS: tuple[Trick, ...] = (
    late_binding,
    without_optional_packages,
    modules_when_used,
    names_when_used,
    plain_operations,
)


@contextmanager
def _loading(
    chosen: Callable[[str], object], loader: Callable[[SourceFileLoader], Any]
) -> Iterator[None]:
    """Meanwhile, source files of modules that are `chosen` are loaded by `loader`, made from the
    usual one."""

    def find_spec(name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if chosen(name) else None
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = loader(spec.loader)
        return spec

    finder: Any = SimpleNamespace(find_spec=find_spec)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
