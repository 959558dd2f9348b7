"""The rule: what comes out of a layer, in which order and with which shape. A module a family.

To add a layer, write a function `(call, tensor) -> Facts` and put `@rule("ItsName")` above it.
What its arguments may be stands in `kinds`; which there are, `signatures.txt` has from Keras.
"""

from rnnshape.rules.passes import with_initial_state as with_initial_state
from rnnshape.rules.registry import axes_of_input as axes_of_input
from rnnshape.rules.registry import axes_of_rank as axes_of_rank
from rnnshape.rules.registry import facts_of as facts_of
from rnnshape.rules.registry import has_rule as has_rule
from rnnshape.rules.registry import makes_layers as makes_layers
from rnnshape.rules.registry import may_take_any as may_take_any
from rnnshape.rules.registry import names_axes as names_axes
