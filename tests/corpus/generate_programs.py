"""Random programs that make Keras models, the same for the same seed.

`python -m tests.corpus.generate_programs SEED COUNT` prints them as a file of `written/`, so that
`python -m tests.corpus.compare` can be asked about what was generated.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from textwrap import indent

from tests.corpus.random_layers import RECURRENT, Program

# The kinds of programs. Each returns a text; models are variables, attributes or items.


def sequential_list(of: Program) -> str:
    layers = [f"{of.keras}Input({of.given()})", of.keeping(), of.changing(), of.keeping()]
    layers += [of.ending(), f"{of.layers}Dense({of.size()})"]
    name = of.some("name='net'")
    inside = "".join(f"    {one},\n" for one in layers)
    return f"model = {of.keras}Sequential([\n{inside}]{name})\n"


def sequential_add(of: Program) -> str:
    lines = [f"model = {of.keras}Sequential()", f"model.add({of.keras}Input(shape={of.given()}))"]
    lines += [f"model.add({of.one_of(of.keeping(), of.changing())})" for _ in range(of.size(1, 4))]
    lines.append(f"model.add({of.ending()})")
    if of.size() > 5:
        lines += [f"model.add({of.layers}Dense({of.size()}))", "model.pop()"]
    return "\n".join([*lines, f"model.add({of.layers}Dense(1))", "model.summary()"])


def loop_over_sizes(of: Program) -> str:
    sizes = [of.size() for _ in range(of.size(2, 4))]
    kind = of.one_of(*RECURRENT)
    test = of.one_of("i < len(sizes) - 1", "i + 1 != len(sizes)", "n is not sizes[-1] or i == 0")
    if "is not" in test:
        sizes = [*dict.fromkeys(sizes)]
        test = "i != sizes.index(sizes[-1])"
    return f"""
sizes = {of.one_of(str(sizes), str(tuple(sizes)))}
model = {of.keras}Sequential()
model.add({of.keras}Input({of.given()}))
for i, n in enumerate(sizes):
    model.add({of.layers}{kind}(n, return_sequences={test}))
    if n % 2:
        model.add({of.layers}Dropout(n / 100))
model.add({of.layers}Dense(max(sizes) {of.one_of("+", "*")} {of.size(1, 3)}))
"""


def comprehension(of: Program) -> str:
    most = of.size(3, 5)
    return f"""
widths = [{of.size()} * k + 1 for k in range({most}) if k != {of.size(0, 2)}]
hidden = [{of.layers}{of.one_of(*RECURRENT)}(w, return_sequences=True) for w in widths]
tail = [{of.layers}Dense(sum(widths) // {of.size(2, 4)}), {of.layers}Dense(len(hidden))]
model = {of.keras}Sequential([{of.keras}Input({of.given()}), *hidden, {of.ending()}] + tail)
"""


def function_with_defaults(of: Program) -> str:
    return f"""
def build(shape, units={of.size()}, depth={of.size(1, 3)}, *, head=1, **options):
    inputs = x = {of.keras}Input(shape)
    for k in range(depth):
        x = {of.layers}{of.one_of(*RECURRENT)}(units + k, return_sequences=True)(x)
        if options.get("norm"):
            x = {of.layers}LayerNormalization()(x)
    x = {of.ending()}(x)
    return {of.keras}Model(inputs, {of.layers}Dense(head)(x))

small = build({of.given()}, norm={of.one_of("True", "False")})
large = build(({of.size(10, 20)}, {of.size()}), {of.size()}, head=3, depth={of.size(1, 3)})
"""


def functional_chain(of: Program) -> str:
    lines = [f"inputs = {of.keras}Input({of.given()})", f"x = {of.keeping()}(inputs)"]
    for _ in range(of.size(1, 4)):
        made = of.one_of(f"{of.keeping()}(x)", f"{of.keeping()}(x)", of.operation("x"))
        lines.append(f"x = {made}")
    lines.append(f"x = {of.ending()}(x)")
    return "\n".join([*lines, f"model = {of.keras}Model(inputs, {of.layers}Dense({of.size()})(x))"])


def branches_that_merge(of: Program) -> str:
    n, layers = of.size(), of.layers
    kinds = [of.one_of(*RECURRENT) for _ in range(3)]
    merge = of.one_of("Add", "Concatenate", "Multiply", "Average", "Maximum", "Subtract")
    ends = 2 if merge == "Subtract" else 3
    made = "\n".join(
        f"branch_{k} = {layers}{kind}({n})(inputs)" for k, kind in enumerate(kinds[:ends])
    )
    names = ", ".join(f"branch_{k}" for k in range(ends))
    return f"""
inputs = {of.keras}Input({of.given()})
{made}
merged = {layers}{merge}()([{names}])
first = {layers}Dense({of.size()}, name="first")(merged)
second = {layers}Dense({of.size()}, name="second")(merged)
model = {of.keras}Model(inputs, [first, second])
"""


def shared_layer(of: Program) -> str:
    features = of.size()
    return f"""
encoder = {of.recurrent(False)}
left = {of.keras}Input(({of.size(5, 9)}, {features}))
right = {of.keras}Input(({of.size(5, 9)}, {features}), name="right")
a, b = encoder(left), encoder(right)
both = {of.one_of(f"{of.layers}Concatenate()([a, b])", "a - b", "ops.maximum(a, b)")}
model = {of.keras}Model([left, right], {of.layers}Dense({of.size()})(both))
"""


def nested_models(of: Program) -> str:
    steps, features, code = of.size(6, 12), of.size(), of.size()
    layers, model = of.layers, "Model(i, decoder(encoder(i)))"
    return f"""
encoder = {of.keras}Sequential([
    {of.keras}Input(({steps}, {features})),
    {of.recurrent(True)},
    {layers}LSTM({code}),
], name="encoder")
decoder = {of.keras}Sequential([
    {of.keras}Input(({code},)),
    {layers}RepeatVector({steps}),
    {of.recurrent(True)},
    {layers}TimeDistributed({layers}Dense({features})),
], name="decoder")
i = {of.keras}Input(({steps}, {features}))
auto = {of.one_of(f"{of.keras}Sequential([encoder, decoder])", of.keras + model)}
"""


def shared_model(of: Program) -> str:
    features = of.size()
    return f"""
def tower(units):
    i = {of.keras}Input((None, {features}))
    x = {of.keeping()}(i)
    return {of.keras}Model(i, {of.layers}GRU(units)(x), name="tower")

base = tower({of.size()})
pair = [{of.keras}Input((n, {features})) for n in ({of.size(5, 9)}, {of.size(5, 9)})]
score = {of.layers}Dense(1)({of.layers}Concatenate()([base(one) for one in pair]))
model = {of.keras}Model(pair, score)
"""


def class_with_build(of: Program) -> str:
    return f"""
class Forecaster:
    steps = {of.size(10, 20)}

    def __init__(self, features, units=({of.size()}, {of.size()}), rate=0.2):
        self.features, self.units, self.rate = features, list(units), rate
        self.model = self.build_model()

    def build_model(self):
        model = {of.keras}Sequential()
        model.add({of.keras}Input((self.steps, self.features)))
        for n in self.units{of.one_of("", "[::-1]", "[1:]")}:
            model.add({of.layers}{of.one_of(*RECURRENT)}(n, return_sequences=True))
        self.finish(model)
        return model

    def finish(self, model):
        model.add({of.ending()})
        model.add({of.layers}Dense(self.features {of.one_of("+ 1", "* 2", "// 1")}))

forecaster = Forecaster({of.size()}{of.one_of("", ", rate=0.5", ", units=[4, 5, 6]")})
"""


def subclassed_model(of: Program) -> str:
    shape = f"({of.size(2, 4)}, {of.size(6, 12)}, {of.size()})"
    end = of.one_of("x[:, -1, :]", "x[:, 0]", "ops.max(x, axis=1)", "self.pool(x)")
    return f"""
import numpy as np

class Net({of.keras}Model):
    def __init__(self, units, outputs):
        super().__init__()
        self.rnn = {of.layers}{of.one_of(*RECURRENT)}(units, return_sequences=True)
        self.mix = {of.keeping()}
        self.pool = {of.layers}GlobalAveragePooling1D()
        self.out = {of.layers}Dense(outputs)

    def call(self, inputs, training=False):
        x = self.rnn(inputs)
        x = self.mix(x)
        return self.out({end})

net = Net({of.size()}, {of.size()})
net(np.zeros({shape}, "float32"))
"""


def subclassed_layer(of: Program) -> str:
    n = of.size()
    return f"""
class Block({of.layers}Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.rnn = {of.layers}{of.one_of(*RECURRENT)}(units, return_sequences=True)
        self.norm = {of.layers}LayerNormalization()

    def call(self, x):
        y = self.rnn(x)
        return {of.one_of("self.norm(y)", "self.norm(y + x)", "self.norm(y) * 0.5")}

inputs = {of.keras}Input(({of.size(6, 12)}, {n}))
x = Block({n})(inputs)
x = Block({n})(x)
model = {of.keras}Model(inputs, {of.ending()}(x))
"""


def data_says_the_shape(of: Program) -> str:
    way = of.one_of(
        "model.build(X.shape)",
        "model(X)",
        "model.predict(X, verbose=0)",
        "model.compile('adam', 'mse')\nmodel.train_on_batch(X, y)",
    )
    make = of.one_of("np.zeros", "np.ones", "np.random.random")
    prepare = of.one_of(
        "X = X[:, 1:]",
        "X = np.concatenate([X, X], axis=2)",
        "X = X.reshape((X.shape[0], X.shape[2], X.shape[1]))",
        "X = np.transpose(X, (0, 2, 1))",
        "X = X.astype('float32')",
    )
    n = of.size(2, 4)
    return f"""
import numpy as np
X = {make}(({n}, {of.size(5, 9)}, {of.size(5, 9)}))
{prepare}
y = np.zeros(({n}, 1))
model = {of.keras}Sequential([{of.keeping()}, {of.recurrent(False)}, {of.layers}Dense(1)])
{way}
"""


def seq2seq_with_states(of: Program) -> str:
    n, kind = of.size(), of.one_of("LSTM", "GRU")
    states = "h, c" if kind == "LSTM" else "h"
    given = f"[{states}]" if kind == "LSTM" else "h"
    return f"""
source = {of.keras}Input((None, {of.size()}), name="source")
_, {states} = {of.layers}{kind}({n}, return_state=True)(source)
target = {of.keras}Input((None, {of.size()}), name="target")
decoder = {of.layers}{kind}({n}, return_sequences=True, return_state=True)
decoded, *_ = decoder(target, initial_state={given})
training = {of.keras}Model([source, target], {of.layers}Dense({of.size()})(decoded))
encoder_model = {of.keras}Model(source, [{states}])
"""


def by_names_and_dictionaries(of: Program) -> str:
    spec = [
        {"kind": of.one_of(*RECURRENT), "units": of.size(), "return_sequences": True},
        {"kind": "Dense", "units": of.size()},
        {"kind": of.one_of(*RECURRENT), "units": of.size()},
    ]
    module = {"tf.keras.": "tf.keras.layers", "K.": "L", "": "keras.layers"}
    found = module.get(of.keras, "layers")
    use = of.one_of(
        f"getattr({found}, options.pop('kind'))(**options)",
        "KINDS[options.pop('kind')](**options)",
    )
    kinds = ", ".join(f"'{kind}': {of.layers}{kind}" for kind in (*RECURRENT, "Dense"))
    return f"""
SPEC = {spec}
KINDS = {{{kinds}}}
model = {of.keras}Sequential([{of.keras}Input({of.given()})])
for one in SPEC:
    options = dict(one)
    model.add({use})
"""


def partial_and_lambda(of: Program) -> str:
    body = of.one_of("t * 2.0", "t[:, -1, :]", "t[:, 1:]", "keras.ops.mean(t, axis=1)")
    return f"""
from functools import partial
import keras
Rec = partial({of.layers}{of.one_of(*RECURRENT)}, {of.size()}, return_sequences=True)
dense = lambda n, scale={of.size(1, 3)}: {of.layers}Dense(n * scale)
model = {of.keras}Sequential([
    {of.keras}Input({of.given()}),
    Rec(),
    Rec({of.one_of("use_bias=False", "dropout=0.3")}),
    dense({of.size()}),
    {of.layers}Lambda(lambda t: {body}),
])
"""


def several_in_a_dictionary(of: Program) -> str:
    kinds = of.random.sample(RECURRENT, of.size(2, 3))
    classes = ", ".join(f"'{kind}': {of.layers}{kind}" for kind in RECURRENT)
    return f"""
models = {{}}
for name in {kinds}:
    layer = {{{classes}}}[name]
    models[name.lower()] = {of.keras}Sequential([
        {of.keras}Input(({of.size(5, 9)}, len(name))), layer({of.size()}), {of.layers}Dense(1)])
"""


def dataclass_options(of: Program) -> str:
    return f"""
from dataclasses import dataclass

@dataclass
class Options:
    steps: int = {of.size(8, 16)}
    features: int = {of.size()}
    units: int = {of.size()}
    two: bool = {of.one_of("True", "False")}

def make(o: Options):
    i = {of.keras}Input((o.steps, o.features))
    x = {of.recurrent(True, "o.units")}(i)
    if o.two:
        x = {of.recurrent(True, "o.units // 2 + 1")}(x)
    x = {of.ending()}(x)
    return {of.keras}Model(i, {of.layers}Dense(o.features)(x))

model = make(Options({of.one_of("", "units=12", "two=True, steps=9")}))
"""


def while_and_try(of: Program) -> str:
    return f"""
n = {of.size(20, 60)}
model = {of.keras}Sequential([{of.keras}Input({of.given()})])
while n > {of.size(3, 5)}:
    model.add({of.layers}{of.one_of(*RECURRENT)}(n, return_sequences=True))
    n //= {of.size(2, 4)}
try:
    width = int({of.one_of("'12'", "'twelve'", "None")})
except (ValueError, TypeError) as wrong:
    width = {of.size()}
model.add({of.layers}Dense(width))
"""


def residual_loop(of: Program) -> str:
    n = of.size()
    merge = of.one_of(f"{of.layers}Add()([x, y])", f"{of.layers}add([x, y])", "x + y")
    return f"""
inputs = {of.keras}Input(({of.size(16, 24)}, {of.size()}))
x = {of.layers}Conv1D({n}, 1)(inputs)
for rate in [2 ** k for k in range({of.size(2, 4)})]:
    y = {of.layers}Conv1D({n}, 3, padding="{of.one_of("same", "causal")}", dilation_rate=rate)(x)
    y = {of.layers}{of.one_of("BatchNormalization()", "LayerNormalization()", "ReLU()")}(y)
    x = {merge}
outputs = {of.layers}Dense({of.size()})({of.ending()}(x))
model = {of.keras}Model(inputs=inputs, outputs=outputs)
"""


KINDS: tuple[Callable[[Program], str], ...] = (
    sequential_list, sequential_add, loop_over_sizes, comprehension, function_with_defaults,
    functional_chain, branches_that_merge, shared_layer, nested_models, shared_model,
    class_with_build, subclassed_model, subclassed_layer, data_says_the_shape,
    seq2seq_with_states, by_names_and_dictionaries, partial_and_lambda, several_in_a_dictionary,
    dataclass_options, while_and_try, residual_loop,
)  # fmt: skip


def generate(seed: int, count: int) -> dict[str, str]:
    """So many programs by their names, kind after kind.

    >>> programs = generate(1, 42)
    >>> len(set(programs.values())), programs == generate(1, 42)
    (42, True)
    """
    found = {}
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        of = Program(seed * 1_000_003 + number)
        body = kind(of).strip()
        if number % 5 == 4:  # in a function, as scripts are
            body = f"def main():\n{indent(body, '    ')}\n    return locals()\n\nmade = main()"
        found[f"{kind.__name__}_{seed}_{number}"] = (
            f"{of.header}\nfrom keras import ops\n\n{body}\n"
        )
    return found


def main() -> None:
    seed, count = map(int, sys.argv[1:])
    for name, text in generate(seed, count).items():
        print(f"#### {name}\n{text}")


if __name__ == "__main__":
    main()
