"""How the modules of the package depend on each other: one way, and never in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# From the bottom up: a module may import what stands in its own line or above it.
ORDER = (
    ("errors", "interruption", "nest", "version"),
    ("signatures",),
    ("source", "expression", "training"),
    ("network",),
    ("chains",),
    ("words", "query", "layer_names", "wire"),
    ("rules",),
    ("columns", "layer"),
    ("network_inputs",),
    ("rule_run",),
    ("description",),
    ("ports",),
    ("program", "reading", "fitting", "explaining", "input_shapes"),
    ("layer_list",),
    ("measuring",),
    ("output",),
    ("report",),
    ("views",),
    ("formats",),
    ("terminal",),
    ("shown", "explained"),
    ("api", "cli"),
    ("magic", "__main__"),
    ("__init__",),
)
MOST_IMPORTS_THAT_RUN_BACK = 3

Imports = Mapping[str, set[str]]


def name_of(path: Path) -> str:
    """`rnnshape.views`, of its `__init__.py`."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_in(source: str, module: str, is_package: bool, known: set[str]) -> Iterator[str]:
    """The modules among those that are `known` that a source imports, wherever it does: at its
    head, in a function or for the type checker alone."""
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                inside = f"{origin}.{alias.name}"
                yield from [inside] if inside in known else [origin] if origin in known else []


@pytest.fixture(scope="module")
def imports() -> Imports:
    """What each module of the package imports of it."""
    paths = {name_of(path): path for path in sorted((ROOT / "rnnshape").rglob("*.py"))}
    return {
        name: set(imports_in(path.read_text(), name, path.name == "__init__.py", set(paths)))
        - {name}
        for name, path in paths.items()
    }


def floor(module: str) -> int:
    """The line of `ORDER` that a module stands in."""
    part = module.split(".")[1] if "." in module else "__init__"
    found = [number for number, names in enumerate(ORDER) if part in names]
    assert found, f"{module} has no place in ORDER: say which modules it may import"
    return found[0]


def circle(imports: Imports) -> str:
    """One circle, if there is any."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as found:
        return " <- ".join(found.args[1])
    return ""


def that_run_back(imports: Imports) -> list[str]:
    return [
        f"{module} imports {other}"
        for module, others in imports.items()
        for other in sorted(others)
        if floor(other) > floor(module)
    ]


def test_there_is_no_circle_of_modules(imports: Imports) -> None:
    assert circle(imports) == ""


def test_imports_run_one_way(imports: Imports) -> None:
    found = that_run_back(imports)
    assert len(found) <= MOST_IMPORTS_THAT_RUN_BACK, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "from rnnshape import report",
        "from rnnshape.report import Report",
        "import rnnshape.report",
        "from .report import Report",
        "from . import report",
        "def later():\n    from rnnshape.report import Report",
        "if TYPE_CHECKING:\n    from rnnshape.report import Report",
    ],
)
def test_every_kind_of_import_is_seen(source: str) -> None:
    known = {"rnnshape", "rnnshape.report", "rnnshape.query"}
    assert list(imports_in(source, "rnnshape.query", False, known)) == ["rnnshape.report"]


def test_a_circle_and_an_import_that_runs_back_are_found() -> None:
    tied = {"rnnshape.query": {"rnnshape.report"}, "rnnshape.report": {"rnnshape.query"}}
    assert circle(tied)
    assert that_run_back(tied) == ["rnnshape.query imports rnnshape.report"]


def test_no_module_has_more_than_400_lines() -> None:
    lengths = {
        path: len(path.read_text().splitlines()) for path in (ROOT / "rnnshape").rglob("*.py")
    }
    assert {path: length for path, length in lengths.items() if length > 400} == {}
