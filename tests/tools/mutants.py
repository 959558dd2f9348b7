"""Tests the tests: changes an operator, a constant, a word or an order, and sees whether they fail.

    python tests/tools/mutants.py rnnshape/rules --by tests/test_rules_against_keras.py --count 100

Each change is made alone, in a copy of the package, and the tests run until the first that fails.
Keras is imported once, before a process is forked for each change. Prints every change that no
test noticed, and the score. Not part of the suite: a hundred changes take some minutes.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SECONDS = 300  # a change that makes the tests run on for longer counts as noticed
OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Add,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclass(frozen=True)
class Change:
    """One changed file, and what was changed in it."""

    path: Path
    line: int
    what: str
    text: str


def sites(path: Path) -> Iterator[tuple[Path, int, int]]:
    """Every node of a module that can be changed, by its place, and in how many ways."""
    for index, node in enumerate(_nodes(ast.parse(path.read_text(encoding="utf-8")))):
        if ways := len(list(_variants(node))):
            yield path, index, ways


def changed(path: Path, index: int, number: int) -> Change:
    """A module with one thing changed."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    node = _nodes(tree)[index]
    before = ast.unparse(node)
    list(_variants(node))[number](node)
    what = _difference(before, ast.unparse(node))
    return Change(path, getattr(node, "lineno", 0), what, ast.unparse(tree))


def _difference(before: str, after: str) -> str:
    pairs = enumerate(zip(before, after, strict=False))
    first = next((place for place, (old, new) in pairs if old != new), 0)
    part = slice(max(first - 30, 0), first + 30)
    return f"{before[part]}  ->  {after[part]}"


def _nodes(tree: ast.AST) -> list[ast.AST]:
    silent = _silent(tree)
    return [node for node in ast.walk(tree) if _counts(node, silent)]


def _silent(tree: ast.AST) -> set[int]:
    """What no test can notice: docstrings, types, `__all__`, what a dataclass is like, and the
    order of what something is looked for in."""
    silent: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        match node:
            case ast.Expr(value=ast.Constant()):
                parts = [node]
            case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
                parts = [node]
            case ast.AnnAssign():
                parts = [node.annotation]
            case ast.ClassDef(decorator_list=decorators):
                parts = list(decorators)  # frozen, slots
            case ast.arg():
                parts = [node.annotation]
            case ast.FunctionDef():
                parts = [node.returns]
            case ast.Assign(targets=[ast.Name(id="__all__")]) | ast.Import() | ast.ImportFrom():
                parts = [node]
            case ast.Call(func=ast.Name(id="isinstance" | "cast"), args=[_, second]):
                parts = [second]
            case ast.Call(func=ast.Attribute(attr="startswith" | "endswith"), args=[several]):
                silent.add(id(several))
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[ast.Tuple() as several]):
                silent.add(id(several))
            case ast.Call(args=[first, second, *_]) if ast.dump(first) == ast.dump(second):
                silent.add(id(node))
            case ast.Subscript(value=ast.Name(id="Literal")):
                parts = [node]
            case ast.keyword(arg="strict"):
                parts = [node.value]
        for part in parts:
            silent |= {id(one) for one in ast.walk(part)} if part else set()
    return silent


def _counts(node: ast.AST, silent: set[int]) -> bool:
    return id(node) not in silent and isinstance(
        node,
        ast.BinOp
        | ast.BoolOp
        | ast.Compare
        | ast.Constant
        | ast.If
        | ast.IfExp
        | ast.UnaryOp
        | ast.Tuple
        | ast.Call,
    )


def _variants(node: ast.AST) -> Iterator[Callable[[Any], None]]:
    """What can be changed in a node, each as a function that does it."""
    match node:
        case ast.BinOp() | ast.BoolOp() if type(node.op) in OPERATORS:
            yield lambda one: setattr(one, "op", OPERATORS[type(one.op)]())
        case ast.Compare():
            yield lambda one: setattr(one, "ops", [OPERATORS[type(one.ops[0])](), *one.ops[1:]])
        case ast.Constant(value=bool()):
            yield lambda one: setattr(one, "value", not one.value)
        case ast.Constant(value=int()):
            yield lambda one: setattr(one, "value", one.value + 1)
        case ast.Constant(value=str(text)):
            ends = [word.end() for word in re.finditer(r"\w+", text)] or [len(text)]
            yield from (partial(_rename, place=end) for end in ends)
        case ast.If() | ast.IfExp():
            yield lambda one: setattr(one, "test", ast.UnaryOp(ast.Not(), one.test))
        case ast.UnaryOp(op=ast.USub()):
            yield lambda one: setattr(one, "op", ast.UAdd())
        case ast.Tuple(elts=[_, _, *_], ctx=ast.Load()):
            yield lambda one: setattr(one, "elts", [one.elts[1], one.elts[0], *one.elts[2:]])
        case ast.Call(args=[_, _, *_]):
            yield lambda one: setattr(one, "args", [one.args[1], one.args[0], *one.args[2:]])


def _rename(node: ast.Constant, place: int) -> None:
    text = str(node.value)
    node.value = f"{text[:place]}x{text[place:]}"


def noticed(change: Change, arguments: list[str], folder: Path) -> bool:
    """Whether a test fails with the change: in a process that has Keras, and no other package."""
    copy = folder / change.path.relative_to(ROOT)
    original = copy.read_text(encoding="utf-8")
    copy.write_text(change.text, encoding="utf-8")
    child = os.fork()
    if child == 0:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        sys.dont_write_bytecode = True
        import pytest

        options = ["-x", "-q", "-p", "no:cacheprovider", "--import-mode=importlib"]
        os._exit(int(pytest.main([*options, *arguments])))
    try:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return status != 0
            time.sleep(0.02)
        os.kill(child, 9)
        os.waitpid(child, 0)
        return True
    finally:
        copy.write_text(original, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("targets", nargs="+", type=Path, help="modules, or folders of them")
    parser.add_argument("--by", nargs="+", required=True, help="the test files that should notice")
    parser.add_argument("--count", type=int, default=100, help="changes, chosen at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="only what needs no Keras")
    options = parser.parse_args()
    arguments = [*options.by, *(["-m", "not keras and not process"] if options.quick else [])]
    targets = [one.resolve() for one in options.targets]
    paths = [path for one in targets for path in (sorted(one.rglob("*.py")) or [one])]
    every = [site for path in paths for site in sites(path)]
    chance = random.Random(options.seed)
    picked = chance.sample(every, min(options.count, len(every)))
    chosen = [changed(path, index, chance.randrange(ways)) for path, index, ways in picked]
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    import hypothesis  # noqa: F401  imported here once for all
    import keras  # noqa: F401

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("rnnshape", "tests", "pyproject.toml", "README.md"):
            source = ROOT / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / part)
        unchanged = Change(paths[0], 0, "nothing", paths[0].read_text(encoding="utf-8"))
        if noticed(unchanged, arguments, folder):
            sys.exit("the tests fail before anything is changed")
        survivors = []
        for number, change in enumerate(chosen, start=1):
            if not noticed(change, arguments, folder):
                survivors.append(change)
                print(f"{change.path.relative_to(ROOT)}:{change.line}: {change.what}", flush=True)
            print(f"{number} of {len(chosen)}", end="\r", file=sys.stderr)
    score = 1 - len(survivors) / len(chosen)
    print(f"{len(chosen)} of {len(every)} changes, {len(survivors)} not noticed: {score:.1%}")


if __name__ == "__main__":
    main()
