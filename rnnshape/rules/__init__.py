"""The rule: what comes out of a layer, in which order and with which shape. A module a family.

To add a layer, write a function `(call, tensor) -> Facts` and put `@rule("ItsName")` above it.
What its arguments may be stands in `kinds`; which there are, `signatures.txt` has from Keras.
"""
