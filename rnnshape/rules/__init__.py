"""The rule: what comes out of a layer, in which order and with which shape. A module a family.

To add a layer, write a function `(call, tensor) -> Facts` and put `@rule("ItsName")` above it.
What its arguments may be stands in `kinds`; which there are, `signatures.txt` has from Keras.
"""

from rnnshape.rules.registry import axes_of_input, axes_of_rank, facts_of, has_rule
from rnnshape.rules.states import with_initial_state

__all__ = ["axes_of_input", "axes_of_rank", "facts_of", "has_rule", "with_initial_state"]
