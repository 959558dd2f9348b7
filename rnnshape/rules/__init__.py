"""The rule: what comes out of a layer, in which order and with which shape. A module a family.

To add a layer, write a function `(call, inputs) -> Facts` and put `@rule("ItsName")` above it.
What its arguments may be stands in `arguments`; which there are, `signatures.txt` has from Keras.
"""

from importlib import import_module

from rnnshape.rules.registry import axes_of_input, axes_of_rank, facts_of, rule_of
from rnnshape.rules.states import started

__all__ = ["axes_of_input", "axes_of_rank", "facts_of", "rule_of", "started"]

FAMILIES = "attention conv_lstm convolution dense elementwise merging normalization pooling"
for _family in f"{FAMILIES} recurrent reshaping wrappers".split():
    import_module(f"rnnshape.rules.{_family}")
