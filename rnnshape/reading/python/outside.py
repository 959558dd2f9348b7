"""What code is given from outside, of which its own defaults are known: the arguments of the
command line, and the environment's variables."""

from __future__ import annotations

import posixpath
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from rnnshape.reading.python.open import IsOpenError, Open, opens_in
from rnnshape.reading.python.stand_in import Module, StandIn

# Of an argument: what calls nothing of the code, and what does not matter where words are given.
TYPES = (None, int, float, str)
ACTIONS = (None, "store", "store_true", "store_false", "store_const", "append", "count")
LEFT_OUT = ("default", "help", "required")
OF_HELP = {"prog", "usage", "description", "epilog", "formatter_class", "add_help"}


def argument_parser(note: Callable[[str], object], parts: Mapping[str, Any]) -> type:
    """`argparse.ArgumentParser`, of which the defaults are known; each is noted. `parts` has what
    the code has set `sys.argv` to."""

    class ArgumentParser(StandIn):
        def __init__(self, *_: object, parents: Sequence[Any] = (), **more: object) -> None:
            self.own_held: dict[str, object] = {}
            self.own_is_usual = more.keys() <= OF_HELP
            self.own_added: list[tuple[tuple[str, ...], dict[str, Any]]] = []
            for parent in parents:
                self.own_held |= parent.own_held
                self.own_added += parent.own_added

        def add_argument(self, *names: str, **given: Any) -> None:
            longest = max(names, key=lambda name: name.startswith("--"))
            name = given.get("dest") or longest.lstrip("-").replace("-", "_")
            value, kind = given.get("default"), given.get("type")
            self.own_added.append((names, given))
            if value is None and given.get("action") in ("store_true", "store_false"):
                value = given["action"] == "store_false"
            found: object = Open(f"args.{name}")
            if value is not None:
                found = kind(value) if kind and isinstance(value, str) else value
            self.own_held.setdefault(name, found)  # of two for one name the first says it

        def add_argument_group(self, *_: object, **__: object) -> ArgumentParser:
            return self

        add_mutually_exclusive_group = add_argument_group

        own_set_defaults_takes = property(lambda parser: tuple(parser.own_held))

        def set_defaults(self, **values: object) -> None:
            self.own_held.update(values)
            self.own_is_usual = False

        def parse_args(self, args: Any = None, namespace: object = None) -> types.SimpleNamespace:
            words = parts.get("sys.argv", [""]) if args is None else ["", *args]
            if namespace is not None or (words[1:] and not self.own_is_usual):
                raise IsOpenError(Open("args", "what the code itself gives it is not read"))
            said = _parsed(self.own_added, words[1:]) if words[1:] else {}
            for name, value in self.own_held.items():
                if name not in said and isinstance(value, int | float | str):
                    note(f"{name}={value!r}")
            return types.SimpleNamespace(**{**self.own_held, **said})

        def parse_known_args(
            self, args: Any = None, namespace: object = None
        ) -> tuple[types.SimpleNamespace, list[str]]:
            return self.parse_args(args, namespace), []

    return ArgumentParser


def _parsed(added: Sequence[tuple[tuple[str, ...], dict[str, Any]]], words: Any) -> dict[str, Any]:
    """What the words of a command line say that the code itself gives, by Python's own parser;
    open where that would call something of the code."""
    import argparse  # few programs need it

    class Quiet(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:  # it would be written, and end the process
            raise ValueError(message)

    parser = Quiet(add_help=False, argument_default=argparse.SUPPRESS)
    try:
        if next(opens_in([words, added]), None) is not None:
            raise ValueError
        for names, given in added:
            kind, action = given.get("type"), given.get("action")
            adds = action in ("append", "count") and given.get("default") is not None
            if adds or kind not in TYPES or action not in ACTIONS:
                raise ValueError
            parser.add_argument(*names, **{k: v for k, v in given.items() if k not in LEFT_OUT})
        said, others = parser.parse_known_args(words)
        if others:
            raise ValueError
        return vars(said)
    except (argparse.ArgumentError, SystemExit, LookupError, TypeError, ValueError):
        raise IsOpenError(Open("args", "what the code itself gives it is not read")) from None


class Environ(StandIn):
    """`os.environ`: what the code has set there is known, and what it takes where nothing is."""

    def __init__(self, note: Callable[[str], object]) -> None:
        self.own_note, self.own_set = note, dict[str, object]()
        self.own_defaults: dict[str, object] = {}

    def get(self, key: str, default: object = None) -> object:
        if key in self.own_set:
            return self.own_set[key]
        default = self.own_defaults.get(key, default)
        if default is None:
            return Open(f"os.environ[{key!r}]")
        self.own_note(f"{key}={default!r}")
        return default

    def own_said(self, key: str, usual: object) -> object:
        """What the code has set there."""
        return self.own_set.get(key, self.own_defaults.get(key, usual))

    def setdefault(self, key: str, default: object) -> object:
        return self.own_set.get(key, self.own_defaults.setdefault(key, default))

    def update(self, *given: Any, **named: object) -> None:
        self.own_set.update(*given, **named)

    def pop(self, key: str, default: object = None) -> object:
        value = self.get(key, default)
        self.own_set[key] = Open(f"os.environ[{key!r}]")
        return value

    __getitem__ = get

    def __setitem__(self, key: str, value: object) -> None:
        self.own_set[key] = value

    __delitem__ = pop

    def _is_not_known(self, *_: object) -> Any:
        raise IsOpenError(Open("environ"))

    __iter__ = __len__ = __bool__ = __contains__ = _is_not_known


def environment(environ: Environ) -> Mapping[str, object]:
    """`os`, of which the environment's variables and paths as text are known."""
    names = ("join", "basename", "dirname", "splitext")
    paths = {name: getattr(posixpath, name) for name in names}
    return {"environ": environ, "getenv": environ.get, "path": Module("os.path", paths)}
