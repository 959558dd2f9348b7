"""What the training rules say by themselves: of sizes that are not known, and as plain data."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import product
from random import Random

import pytest

from rnnshape.training import problems_of
from rnnshape.training.data import Data, Function, Method, Model, Port, TrainingCall
from rnnshape.training.losses import LOSSES, judge_of_loss, loss_named
from rnnshape.training.metrics import METRICS, judge_of_metric
from rnnshape.training.shapes import Judge, Shape, certain_outcome, likely_outcome
from tests.test_training import LABELS, OUTPUTS

MODEL = Model(
    (Port("input_layer", (None, 5, 3), needed=(None, None, 3)),),
    (Port("dense", (None, 3), units_of="Dense", returns_sequences=False),),
)


def fit(x: Data, y: Data, loss: str = "categorical_crossentropy") -> TrainingCall:
    return TrainingCall("fit", (x,), (y,), (Function(loss),), file="a.py", line=3, column=1)


def test_a_problem_is_what_json_has_of_it() -> None:
    found = problems_of(MODEL, fit(Data("X", (100, 5, 3)), Data("y", (100,))))
    assert [asdict(one) for one in found] == [
        {
            "kind": "labels",
            "call": "fit",
            "file": "a.py",
            "line": 3,
            "column": 1,
            "name": "y",
            "shape": (100,),
            "tensor": "dense",
            "expected": (100, 3),
            "loss": "categorical_crossentropy",
            "message": "y (100,) does not fit the output dense (batch, 3) with "
            "categorical_crossentropy, which takes (100, 3) (Keras: "
            '"Arguments `target` and `output` must have the same rank (ndim)")',
            "remedies": (
                "y = keras.utils.to_categorical(y, 3)",
                "loss='sparse_categorical_crossentropy'",
            ),
            "silent": False,
        }
    ]


OPEN: list[tuple[Data, Data, str]] = [
    (Data("X", None), Data("y", None), "mse"),
    (Data("X", (None, None, 3)), Data("y", (None, None)), "categorical_crossentropy"),
    (Data("X", (None, None, None)), Data("y", (None, 3)), "mse"),
    (Data("X", (100, 5, 3)), Data("y", (None, 3)), "mse"),
    (Data("X", (100, 5, 3)), Data("y", (100, 7)), "my_own_loss"),
]


@pytest.mark.parametrize(("x", "y", "loss"), OPEN)
def test_of_what_is_not_known_nothing_is_said(x: Data, y: Data, loss: str) -> None:
    assert problems_of(MODEL, fit(x, y, loss)) == ()


def test_a_loss_with_another_axis_is_not_known() -> None:
    loss = Function("CategoricalCrossentropy", (("axis", 1),))
    call = replace(fit(Data("X", (100, 5, 3)), Data("y", (100,))), losses=(loss,))
    assert problems_of(MODEL, call) == ()


def test_a_number_that_is_wrong_beside_sizes_that_are_not_known_is_named() -> None:
    call = fit(Data("X", (None, None, 4)), Data("y", (None, 5)))
    x, y = problems_of(MODEL, call)
    assert (x.kind, x.shape, x.expected) == ("data", (None, None, 4), (None, None, 3))
    assert (y.kind, y.shape, y.expected) == ("labels", (None, 5), (None, 3))


def test_validation_data_is_checked_like_the_data() -> None:
    x, y = Data("X", (100, 5, 3)), Data("y", (100, 3))
    validation = fit(Data("X_val", (20, 5, 4)), Data("y_val", (20,)))
    found = problems_of(MODEL, replace(fit(x, y), validation=validation))
    assert [one.name for one in found] == ["X_val", "y_val"]


@pytest.mark.parametrize(
    ("x", "y", "remedies"),
    [
        ("<U3", "int64", ["X = X.astype('float32')"]),
        ("float32", "<U3", ["y = np.unique(y, return_inverse=True)[1]"]),
        ("float32", "str", ["y = np.unique(y, return_inverse=True)[1]"]),
        ("float32", "datetime64[ns]", ["y = y.astype('float32')"]),
        ("list", "object", ["X = np.array(X)", "y = y.astype('float32')"]),
    ],
)
def test_what_holds_no_numbers_is_made_numbers(x: str, y: str, remedies: list[str]) -> None:
    call = fit(Data("X", (100, 5, 3), x), Data("y", (100, 3), y))
    assert [problem.remedies for problem in problems_of(MODEL, call)] == [
        (remedy,) for remedy in remedies
    ]


def test_a_single_number_is_no_array_of_samples() -> None:
    model = Model((Port("input", (None,)),), (Port("dense", (None, 1)),))
    call = TrainingCall("train_on_batch", (Data("X", ()),), (Data("y", ()),), (Function("mse"),))
    found = [(wrong.name, wrong.remedies) for wrong in problems_of(model, call)]
    assert found == [("X", ()), ("y", ())]
    assert str(call) == "train_on_batch(X, y)"
    assert str(replace(call, call="__call__", y=())) == "model(X)"


def test_a_batch_of_a_stateful_model_may_be_a_single_sample() -> None:
    model = Model((Port("input", (1, 5, 3)),), (Port("dense", (1, 3)),), is_stateful=True)
    call = replace(fit(Data("X", (4, 5, 3)), Data("y", (4, 3))), call="train_on_batch")
    [problem] = problems_of(model, call)
    assert problem.remedies == ("X, y = X[:1], y[:1]",)


@pytest.mark.parametrize(
    ("metric", "meant", "labels"),
    [
        ("CategoricalAccuracy", "sparse_categorical_accuracy", (100,)),
        ("SparseCategoricalAccuracy", "categorical_accuracy", (100, 3)),
        ("TopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy", (100,)),
        ("SparseTopKCategoricalAccuracy", "top_k_categorical_accuracy", (100, 3)),
        ("CategoricalCrossentropy", "sparse_categorical_crossentropy", (100,)),
        ("SparseCategoricalCrossentropy", "categorical_crossentropy", (100, 3)),
    ],
)
def test_the_metric_that_is_meant_fits_in_place_of_one_that_does_not(
    metric: str, meant: str, labels: tuple[int, ...]
) -> None:
    loss = "sparse_categorical_crossentropy" if len(labels) == 1 else "categorical_crossentropy"
    call = fit(Data("X", (100, 5, 3)), Data("y", labels), loss)
    [problem] = problems_of(MODEL, replace(call, metrics=((Function(metric),),)))
    assert f"metrics=[{meant!r}]" in problem.remedies
    assert problems_of(MODEL, replace(call, metrics=((Function(meant),),))) == ()


# What Keras makes of y and an output of these shapes: it fits (.), is silent (s) or refuses (r). Of
# the last four that is told of an output with a mask, too.
PAIRS: list[tuple[Shape, Shape]] = [
    *(((6, 1), (6, 1)), ((6,), (6, 1)), ((6, 7), (6, 1)), ((6, 3), (6, 3)), ((6,), (6, 3))),
    *(((6, 1), (6, 3)), ((6, 5), (6, 5, 3)), ((6, 5, 1), (6, 5, 3)), ((6, 1), (6, 5, 1))),
    ((6, 5), (6, 5, 1)),
]
OUTCOMES = """
loss   ..s.rsrss. rsrr mean_squared_error mean_absolute_error mean_absolute_percentage_error
loss   ..s.rsrss. rsrr mean_squared_logarithmic_error huber log_cosh poisson kl_divergence hinge
loss   ..s.rsrss. rsrr squared_hinge categorical_hinge
loss   ..s.rsrss. rss. dice tversky
loss   sss.rsrss. rsrr cosine_similarity categorical_focal_crossentropy
loss   ..r.rrrrr. rrrr binary_crossentropy binary_focal_crossentropy
loss   ssr.rrrrr. rrrr categorical_crossentropy
loss   ssrr....sr ..rr sparse_categorical_crossentropy
loss   ..rr..rr.r rrrr circle
loss   rrrrrr.rrr rrrr ctc
loss   ..r.....r. ..rr crossentropy
metric ..s.....s. ..s. accuracy
metric ..s.rsrss. rsrr MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError
metric ..s.rsrss. rsrr MeanSquaredLogarithmicError LogCoshError CosineSimilarity PearsonCorrelation
metric ..s.rsrss. rsrr ConcordanceCorrelation
metric ..s.rsrss. rss. RootMeanSquaredError Accuracy BinaryAccuracy
metric .ss.rsrsrr rsrr KLDivergence Poisson Hinge SquaredHinge CategoricalHinge
metric .rr.rrrrrr rrrr BinaryCrossentropy CategoricalCrossentropy
metric ..rr....r. ..r. SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy
metric .ss.ssrsrr rsrr CategoricalAccuracy OneHotIoU OneHotMeanIoU
metric ..rr....s. ..s. SparseCategoricalAccuracy
metric .rs.rsrsrr rsrr TopKCategoricalAccuracy
metric ..r.rrrrr. rrr. Precision Recall TruePositives TrueNegatives FalsePositives FalseNegatives
metric ..r.rrrrr. rrr. AUC SensitivityAtSpecificity SpecificityAtSensitivity PrecisionAtRecall
metric ..r.rrrrr. rrr. RecallAtPrecision IoU BinaryIoU MeanIoU
metric ..r.rsrrs. rrs. R2Score
metric .rr.rsrrrr rrrr F1Score FBetaScore
"""


def test_what_each_loss_and_metric_makes_of_shapes() -> None:
    """As the tests against Keras have it of many more shapes."""
    expected = {
        (word, name): outcomes
        for word, *outcomes, names in (
            line.split(maxsplit=3) for line in OUTCOMES.strip().splitlines()
        )
        for name in names.split()
    }

    def judge(word: str, name: str, masked: bool) -> Judge | None:
        if word == "metric":
            return judge_of_metric(Function(name), masked)
        judged = judge_of_loss(Function(name), masked)
        return judged and judged[1]

    def outcomes(word: str, name: str, masked: bool) -> str:
        judged = judge(word, name, masked)
        assert judged is not None
        pairs = PAIRS[-4:] if masked else PAIRS
        found = (likely_outcome(y, output, judged) for y, output in pairs)
        return "".join("s" if out.silent else "r" if out.refused else "." for out in found)

    names = [("loss", name) for name in (*LOSSES, "crossentropy")]
    names += [("metric", name) for name in METRICS]
    found = {key: [outcomes(*key, masked) for masked in (False, True)] for key in names}
    assert found == expected, "what is more, or other, on the left has its line in OUTCOMES"


@pytest.mark.parametrize(
    ("call", "counted"),
    [("fit", True), ("evaluate", True), ("train_on_batch", False), ("test_on_batch", False)],
)
def test_keras_counts_the_samples_of_some_calls(call: Method, counted: bool) -> None:
    given = replace(fit(Data("X", (100, 5, 3)), Data("y", (90, 3))), call=call)
    assert ("samples" in [problem.kind for problem in problems_of(MODEL, given)]) is counted


@pytest.mark.parametrize(
    ("least", "below", "wrong"), [(0, 10, 0), (0, 11, 1), (-1, 9, 1), (1, 10, 0)]
)
def test_an_embedding_has_rows_from_0(least: int, below: int, wrong: int) -> None:
    model = Model((Port("input", (None, 5), whole_numbers_below=10),), ())
    x = Data("X", (100, 5), "int64", least, below)
    assert len(problems_of(model, TrainingCall("predict", (x,)))) == wrong


def test_labels_at_every_timestep_become_columns() -> None:
    model = Model(MODEL.inputs, (Port("dense", (None, 5, 3), units_of="Dense"),))
    [problem] = problems_of(model, fit(Data("X", (100, 5, 3)), Data("y", (100, 5, 1))))
    assert problem.remedies == (
        "y = keras.utils.to_categorical(y, 3)",
        "loss='sparse_categorical_crossentropy'",
    )


@pytest.mark.parametrize("text", ["ce", "CE", "keras.losses.crossentropy"])
def test_crossentropy_has_a_short_name(text: str) -> None:
    assert loss_named(text) == "crossentropy"


@pytest.mark.parametrize("text", ["mes", "mean_square_error", "huber_loss", "logcosh", "Loss", ""])
def test_what_is_no_loss(text: str) -> None:
    assert loss_named(text) is None


@pytest.mark.parametrize("seed", range(6))
def test_what_is_not_known_is_wrong_whatever_it_is(seed: int) -> None:
    """Nothing is said as long as one size in the place of an unknown one fits."""
    random = Random(seed)
    names = [*LOSSES, *METRICS]
    for _ in range(1500):
        name = random.choice(names)
        judge = judge_of_metric(Function(name))
        if name in LOSSES and (judged := judge_of_loss(Function(name), random.random() < 0.3)):
            judge = judged[1]
        assert judge is not None
        y, output = (6, *random.choice(LABELS)), (6, *random.choice(OUTPUTS))
        places = [(0, i) for i in range(1, len(y))] + [(1, i) for i in range(1, len(output))]
        unknown = random.sample(places, min(len(places), random.randint(1, 2)))
        fits = False
        for sizes in product((1, 2, 3, 5, 6, 7, 15), repeat=len(unknown)):
            filled = [list(y), list(output)]
            for (which, place), size in zip(unknown, sizes, strict=True):
                filled[which][place] = size
            fits = fits or likely_outcome(tuple(filled[0]), tuple(filled[1]), judge).fits
        given, made = (
            tuple(None if (which, i) in unknown else size for i, size in enumerate(shape))
            for which, shape in enumerate((y, output))
        )
        said_nothing = certain_outcome(given, made, judge) is None
        assert said_nothing or not fits, (name, given, made)
        assert not said_nothing or fits or name not in LOSSES, (name, given, made)
