"""The modules that code imports from files: those beside it, of its package and its project."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnnshape.errors import NotReadError, QueryError
from rnnshape.reading.files import file_text
from rnnshape.reading.names.session import SESSION
from rnnshape.reading.python import Evaluator, IsOpenError, Module, Open, follow_module, own
from rnnshape.reading.python.doubts import doubt
from rnnshape.reading.python.scope import Scope
from rnnshape.reading.python.statements import imported
from rnnshape.reading.unread import note_compiled
from rnnshape.source import Source

# What the folder of a project has in it.
PROJECT = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
SHARE = 3 / 4  # of what a statement may take: a module that takes more is not read
WORDS = re.compile(r"""["']([\w.-][\w./-]{0,80})["']""")  # relative paths, as code writes them
LONGEST_TEXT, MOST_PLACES = 200_000, 32  # characters that are searched, and folders
MOST_FILES = 16  # each branch of the code is followed with all that these hold


@dataclass(frozen=True)
class Modules:
    """The modules of files that code can import, each of which is read once.

    Args:
        places: the folders that they are looked for in, one after the other.
        package: the code's own package: `models.layers`, or nothing.
        read: what was made of each file: None where it can't be read.
        named: those that were asked for, by their paths.
    """

    places: tuple[Path, ...]
    package: str
    read: dict[Path, Module | None] = field(default_factory=dict)
    named: dict[str, Module] = field(default_factory=dict)

    def found(self, evaluator: Evaluator, path: str) -> Module | None:
        """The module of a path (`.package.name` where it is asked for by dots), or None."""
        name = path.removeprefix(".")  # two dots are above all packages
        parts = name.split(".")
        for place in self.places if all(part.isidentifier() for part in parts) else ():
            file = _file_of(place, name)
            if file is not None:
                return self._named(name, self._module(evaluator, name, file))
            if next(place.joinpath(*parts).glob("*.py"), None):  # a package of no `__init__.py`
                return self._named(name, self.named.get(name) or _module_of(name, {}))
        return None

    def importlib(self, evaluator: Evaluator) -> Module:
        """Python's own, as far as it reads modules of the code."""

        def import_module(name: object, package: object = None) -> object:
            if not isinstance(name, str) or name.startswith("."):
                raise IsOpenError(Open("a module"))
            found = imported(evaluator, name)
            doubt(evaluator, evaluator.module, found, ImportError)
            return found

        def reload(module: Any) -> Any:
            names = own(module, "held")
            place = next((key for key, one in self.read.items() if one is module), None)
            if names is None or place is None:
                raise IsOpenError(Open("a module"))
            del self.read[place]
            again = self.found(evaluator, module.path)
            self.read[place] = module
            names.update(own(again, "held") or dict.fromkeys(names, Open("a module")))
            return module

        return Module("importlib", {"import_module": import_module, "reload": reload})

    def _named(self, name: str, module: Module | None) -> Module | None:
        """The module, as its package has it, and with those in it that are read."""
        if module is not None:
            self.named[name] = module
            for path, inner in self.named.items():
                above, _, last = path.rpartition(".")
                held = self.named[above].held if above in self.named else None
                if held is not None:
                    held.setdefault(last, inner)
        return module

    def _module(self, evaluator: Evaluator, path: str, file: Path) -> Module | None:
        key = file.resolve()
        if key in self.read or len(self.read) == MOST_FILES:
            return self.read.get(key)
        package = path if file.stem == "__init__" else path.rpartition(".")[0]
        names: dict[str, Any] = {"__name__": path, "__package__": package}
        scope = Scope(names=names)
        self.read[key] = _module_of(path, names)
        roots = [*evaluator.roots]
        evaluator.roots.append(scope)
        try:
            shown = os.path.relpath(file, self.places[0])
            source = Source(file_text(file), f"{shown}, line ")
            look_through(source)
            statements = source.statements()
        except QueryError:
            self.read[key] = None
            return None
        most = evaluator.steps + (evaluator.limit - evaluator.steps) * SHARE
        around, evaluator.module = evaluator.module, scope
        many = len(evaluator.messages)
        try:
            follow_module(evaluator, source, statements, scope)
        except BaseException:  # Python has no such module then
            self.read.pop(key)
            evaluator.roots[:] = roots
            raise
        finally:
            evaluator.module = around
        told = evaluator.messages[many:]  # what could not be read is open where it is used
        evaluator.messages[many:] = [one for one in told if not isinstance(one, NotReadError)]
        if evaluator.steps > most:  # what it holds would take as much at each condition
            self.read[key], evaluator.roots[:] = None, roots
        return self.read[key]


def modules_for(folder: Path, text: str = "") -> Modules:
    """The modules that code in a folder can import: from there, from where it is asked, or where
    its package or project is, and from what lies between; and from what the text that it is names,
    where it changes `sys.path`."""
    folder = folder.resolve()
    above, package = folder, list[str]()
    while os.path.isfile(above / "__init__.py") and above.name.isidentifier():
        package.insert(0, above.name)
        above = above.parent
    around = (folder, *folder.parents)
    projects = (place for place in around if any(os.path.exists(place / x) for x in PROJECT))
    project = next(projects, above)
    tops = [above, project]
    with suppress(OSError):  # it may be gone
        tops.append(Path.cwd())
    places = [place for place in around if any(place.is_relative_to(top) for top in tops)]
    named = _places_named(text, around[:3]) if "sys.path" in text else []
    return Modules((*places, project / "src", *named), ".".join(package))


def _places_named(text: str, around: Sequence[Path]) -> list[Path]:
    """The folders that a text may put into `sys.path`: those around it, and the paths that it
    names below them, as in `Path(__file__).parents[1] / "src"`."""
    words = dict.fromkeys(WORDS.findall(text[:LONGEST_TEXT]))
    inner = [place / word for word in words for place in around]
    return [place for place in (*around, *inner) if os.path.isdir(place)][:MOST_PLACES]


def _file_of(place: Path, path: str) -> Path | None:
    """The file below a folder that a path of a module stands for."""
    file = place.joinpath(*path.split("."), "__init__.py")
    if not os.path.isfile(file):
        file = file.parent.with_suffix(".py")
    is_below = os.path.isfile(file) and file.resolve().is_relative_to(place.resolve())
    return file if is_below else None


def _module_of(path: str, names: dict[str, Any]) -> Module:
    module = Module(path, names)
    module.held = names
    return module


def look_through(source: Source) -> None:
    """Notes what any code says, also what cannot be followed, or runs later or not at all."""
    note_compiled(source.text)
    SESSION.get().may_compile |= "compile" in source.text.replace("re.compile", "")
    is_told = "custom_object" in source.text or "keras_serializable" in source.text
    SESSION.get().has_custom_objects |= is_told
    SESSION.get().may_add_loss |= "add_loss" in source.text or "egulariz" in source.text
