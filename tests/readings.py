"""What was read, line by line: for the tables of what code and saved models mean."""

from __future__ import annotations

from collections.abc import Iterator

from rnnshape.errors import NotReadError
from rnnshape.expression import Unknown
from rnnshape.network import Argument, Input, Network, Ref, Step
from rnnshape.reading.found import Reading


def lines_of(reading: Reading) -> Iterator[str]:
    """Each network with its inputs, layers and returned tensors; then what is said of it all."""
    for network in reading.networks:
        yield from _lines_of_network(network)
    for question in reading.questions:
        yield from (f"=> note: {note}" for note in question.notes)
    for wrong in reading.messages:
        place = wrong.place
        marked = f": {place.line[place.start : place.end]}" if place else ""
        mark = "?" if isinstance(wrong, NotReadError) else "!"
        yield f"=> {mark} {wrong.message} [{place.where if place else ''}{marked}]"
    if reading.names_used:
        yield f"=> used {', '.join(sorted(reading.names_used))}"


def _lines_of_network(network: Network) -> Iterator[str]:
    name = f"=> {network.name or 'a network'}"
    inputs = [f"{source.name} {_shape(source)}" for source in network.inputs]
    if _is_plain_chain(network):
        yield " -> ".join([f"{name}: {inputs[0]}", *map(str, network.layers)])
        return
    yield name
    yield from (f"=>   {source}" for source in inputs)
    yield from (f"=>   {_step(number, network)}" for number in range(len(network.steps)))
    if network.outputs:
        yield f"=>   returns {', '.join(_name(one, network) for one in network.outputs)}"


def _is_plain_chain(network: Network) -> bool:
    """Whether each layer takes what the one before it returns, and nothing else is to be said."""
    steps = [Step(layer, (Ref(number, 0),)) for number, layer in enumerate(network.layers)]
    return network.steps == tuple(steps) and len(network.inputs) == 1 and not network.outputs


def _shape(source: Input) -> str:
    if source.shape is None:
        return "of any shape"
    if isinstance(source.shape, Unknown):
        return str(source.shape)
    sizes = ", ".join(map(str, source.shape))
    dtype = f" {source.dtype}" if source.dtype else ""
    return f"({sizes}{',' if len(source.shape) == 1 else ''}){dtype}"


def _step(number: int, network: Network) -> str:
    step = network.steps[number]
    words = [_name(one, network) for one in step.arguments]
    words += [f"{word}={_name(one, network)}" for word, one in step.keywords]
    more = f" as {', '.join(step.names)}" if step.names else ""
    more += f" the same as {step.same_as}" if step.same_as else ""
    more += f" in {step.group}" if step.group else ""
    more += f" not read: {step.unread.reason or step.unread.name}" if step.unread else ""
    more += f" returns {step.returns}" if step.returns else ""
    return f"{number + 1} {step.layer} of {', '.join(words)}{more}"


def _name(one: Argument, network: Network) -> str:
    if isinstance(one, Ref):
        return f"{one.step}.{one.output}" if one.step else network.inputs[one.output].name
    if isinstance(one, tuple):
        return f"[{', '.join(_name(part, network) for part in one)}]"
    return str(one)
