"""The names of the code: what they stand for, and which of them make layers."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from rnnshape.reading.code import plain
from rnnshape.reading.code.functions import Functions, means_keras
from rnnshape.reading.code.values import Data, Function, Model, Named, Open, Scope, Stack
from rnnshape.reading.graph import Layer, LayerCall, Tensor

__all__ = ["Names", "path_of"]

USUAL_ALIASES = {"np": "numpy", "tf": "tensorflow"}  # of what pasted code does not import


class Names(Functions):
    """Gives values to names, and looks them up."""

    def assign_name(self, name: str, value: object, scope: Scope) -> None:
        if isinstance(value, Open) and name in self.let:
            value = self.let_value(name)
        if isinstance(value, Tensor) and name.strip("_"):
            if isinstance(value.maker, LayerCall):
                value.maker.names.setdefault(value.output, name)
            elif not value.maker.name:
                value.maker.name = name
        elif isinstance(value, Data):
            value.name = value.name or name
        scope = self.module if name in scope.of_module else scope
        if isinstance(value, Model) and not value.is_of_module:
            value.variable, value.is_of_module = name, scope is self.module
        scope.names[name] = value

    def assigned(self, name: str, scope: Scope) -> object:
        """What the code has given a name, in a function or around it."""
        above: Scope | None = scope
        while above is not None:
            if name in above.names:
                return above.names[name]
            above = above.above
        return plain.NOT_KNOWN

    def looked_up(self, name: str, scope: Scope) -> object:
        known = self.assigned(name, scope)
        if known is not plain.NOT_KNOWN:
            return known
        if name in self.let:
            return self.let_value(name)
        if name in ("__name__", "__debug__"):
            return "__main__" if name == "__name__" else True
        if name in plain.FUNCTIONS:
            return Named(f"builtins.{name}", False)
        return Named(USUAL_ALIASES[name]) if name in USUAL_ALIASES else Named(name, False)

    def matters(self, nodes: Sequence[object], scope: Scope | None = None) -> bool:
        """Whether layers or models are made in pieces of code, or in functions that these call."""
        waiting: list[object] = list(nodes)
        seen: set[int] = set()
        while waiting:
            node = waiting.pop()
            if isinstance(node, Function):
                if id(node) not in seen:
                    seen.add(id(node))
                    waiting += node.node.body
                continue
            for steps, one in enumerate(ast.walk(node) if isinstance(node, ast.AST) else ()):
                self.count(steps % 20 == 0)
                if not isinstance(one, ast.Call):
                    continue
                path = path_of(one.func)
                owner, _, last = path.rpartition(".")
                is_stack = isinstance(self.assigned(owner, scope or self.module), Stack)
                if is_stack and last in ("add", "pop"):
                    return True
                first, _, rest = path.partition(".")
                known = self.looked_up(first, scope or self.module) if first else None
                match known:
                    case Function() if not rest:
                        waiting.append(known)
                    case Layer() if not rest:
                        return True
                    case Named(path=module, is_imported=is_imported):
                        if means_keras(Named(f"{module}.{rest}".rstrip("."), is_imported)):
                            return True
        return False


def path_of(node: ast.expr) -> str:
    """`tf.keras.layers.LSTM`, where it is only names; else nothing."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    return ".".join([node.id, *words[::-1]]) if isinstance(node, ast.Name) else ""
