"""Bad input: one line that says what arrived, what was needed, what to do; or a finding."""

import decimal
import html
import re

import numpy as np
import pandas
import pytest
from scipy import sparse

import gcmagic as gcm

V = np.array([0.3, -0.7, 1.1])


def half(p):
    return 0.5 * float(np.sum(np.abs(np.asarray(p)) ** 2))


def same(p):
    return p


def yields(p):
    yield 1.0


async def waits(p):
    return 1.0


def recurses(p):
    return recurses(p)


REFUSED = {
    # name: cost, gradient, params, what the message says
    "no parameters": (half, same, {}, "no parameters: a dict with the keys (none) holds no number"),
    "None": (half, same, None, "no parameters: None holds no number; needed: an array"),
    "empty": (half, same, np.zeros((0, 3)), "theta is empty (shape (0, 3)); needed: at least one"),
    "string": (half, same, "abc", "theta is a value of type str; needed: an array of real numbers"),
    "strings": (half, same, np.array(["a"]), "theta is an array of <U1; needed: real numbers"),
    "objects": (half, same, np.array([1, None]), "theta is an array of object; needed: real"),
    "decimal": (half, same, decimal.Decimal(1), "theta is a value of type Decimal; needed"),
    "set": (half, same, {1.0}, "theta is a value of type set; needed: an array"),
    "sparse": (half, same, sparse.eye(2).tocsr(), "is a sparse matrix, csr_matrix; needed: an arr"),
    "masked": (half, same, np.ma.array(V, mask=[0, 1, 0]), "masked array; needed: a plain array"),
    "generator": (half, same, (x for x in V), "theta is a generator"),
    "cost (3,)": (same, same, V, "the cost returned an array of shape (3,); needed: one real"),
    "cost None": (lambda p: None, same, V, "the cost returned None; needed: one real number"),
    "cost string": (lambda p: "low", same, V, "the cost returned a value of type str; needed"),
    "cost complex": (lambda p: 1j, same, V, "the cost returned complex128 1j; needed: one real"),
    "cost yields": (yields, same, V, "a generator (a yield in the function? return instead)"),
    "cost waits": (waits, same, V, "a coroutine (an async function? a plain def is needed)"),
    "cost recurses": (recurses, same, V, "the cost raised RecursionError: maximum recursion"),
    "cost exits": (lambda p: exit(3), same, V, "the cost raised SystemExit: 3"),
    "no argument": (lambda: 1.0, same, V, "needed: a function of the params alone"),
    "two arguments": (half, lambda p, x: p, V, "the gradient raised TypeError"),
    "gradient waits": (half, waits, V, "the gradient of theta is a coroutine"),
    "gradient missing": (lambda p: half(p["a"]), lambda p: {}, {"a": V}, "the gradient of a is mi"),
    "gradient no dict": (lambda p: half(p["a"]), lambda p: p["a"], {"a": V}, "needed: a dict with"),
    "gradient None": (half, lambda p: None, V, "the gradient of theta is None; needed: an array"),
    "gradient transposed": (half, np.transpose, np.ones((2, 3)), "it is that of the transpose"),
    "gradient of a shape": (half, lambda p: p[:2], V, "has shape (2,), theta has (3,); needed"),
    "gradient spread, by chance right": (np.sum, lambda p: 1.0, V, "has shape (), theta has (3,)"),
    "gradient spread, nothing moves": (lambda p: 1.0, lambda p: 0.0, V, "has shape (), theta has"),
    "gradient string": (half, lambda p: "x", V, "the gradient of theta is a value of type str"),
    "gradient words": (half, lambda p: ["x"] * 3, V, "the gradient of theta is a list of 3"),
    "gradient objects": (half, lambda p: p.astype(object), V, "is an array of object; needed"),
    "gradient complex": (half, lambda p: p + 0j, V, "is an array of complex128; needed: real"),
    "gradient sparse": (half, sparse.csr_matrix, np.ones((2, 3)), "is a sparse matrix, csr_matrix"),
    "gradient masked": (half, np.ma.array, V, "the gradient of theta is a masked array; needed"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("error")  # a coroutine that nobody waits for
def test_it_is_refused_in_one_line(name):
    cost, gradient, params, says = REFUSED[name]
    with pytest.raises(gcm.GradcheckError) as caught:
        gcm.check(cost, gradient, params)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


read_only = V.copy()
read_only.flags.writeable = False
TAKEN = {
    # name: params, what the report notes
    "read-only": (read_only, ""),
    "0-d": (np.array(1.5), ""),
    "a number": (1.5, ""),
    "integers": (np.array([1, 2, 3]), "theta: int64, checked in float64"),
    "booleans": (np.array([True, False]), "theta: bool, checked in float64"),
    "float32": (V.astype(np.float32), "theta: float32, checked in float64"),
    "float16": (V.astype(np.float16), "theta: float16, checked in float64"),
    "complex": (V + 1j * V[::-1], "real and imaginary parts, [..., 0] and [..., 1]: theta"),
    "complex number": (1.0 + 2j, "dJ/dRe + i dJ/dIm"),
}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("options", [{}, {"fast": True}, {"epsilon": 1e-5}])
@pytest.mark.parametrize("factor", [1, 1.5])
def test_parameters_that_are_not_finite_are_named(value, options, factor):
    params = {"W": np.ones((2, 3)), "b": np.ones(2)}
    params["W"][1, 2] = value

    def gradient(p):
        return {"W": factor * p["W"], "b": p["b"]}

    def cost(p):
        return half(p["W"]) + half(p["b"])

    given = gcm.check(cost, gradient, params, **options)
    assert given.verdict is gcm.INCONCLUSIVE
    drawn = gcm.check(cost, gradient, params, init="random", **options)
    assert drawn.verdict is (gcm.PASS if factor == 1 else gcm.FAIL)
    for report in given, drawn:
        (said,) = [f for f in report.findings if f.code == "not-finite"]
        assert (said.where, said.evidence) == ("W", f"W[1, 2] is {value}")


@pytest.mark.parametrize("factor", [1, 1.5])
@pytest.mark.parametrize("name", TAKEN)
def test_it_is_checked_as_numbers_and_told(name, factor):
    params, says = TAKEN[name]
    before = np.asarray(params).tobytes()
    report = gcm.check(half, lambda p: factor * p, params)
    assert report.verdict is (gcm.PASS if factor == 1 else gcm.FAIL)
    assert says in " ".join(report.problem.notes)
    assert says in str(report)
    assert bool(report.problem.notes) is bool(says)
    assert np.asarray(params).tobytes() == before


@pytest.mark.parametrize("layers", [None, "b", "W"])
def test_a_number_for_an_array_is_a_finding_and_the_other_arrays_are_judged(layers):
    X = np.arange(12.0).reshape(4, 3) / 10
    params = {"W": np.ones((3, 2)), "b": np.zeros(2)}

    def gradient(p):
        d = 1 - np.tanh(X @ p["W"] + p["b"]) ** 2
        return {"W": X.T @ (d * [1, 2]), "b": np.sum(d * [1, 2])}

    def cost(p):
        return float(np.sum(np.tanh(X @ p["W"] + p["b"]) * [1, 2]))

    if layers == "W":
        with pytest.raises(gcm.InputError, match=r"the gradient of b has shape \(\)"):
            gcm.check(cost, gradient, params, layers=layers)
        return
    report = gcm.check(cost, gradient, params, layers=layers)
    said = {block.name: block.verdict for block in report.phases[0].blocks}
    assert said == ({"b": gcm.FAIL} if layers else {"W": gcm.PASS, "b": gcm.FAIL})
    assert report.findings[0].code == "shape"
    assert "the gradient has shape (), b has (2,)" in str(report)


def test_gradients_as_lists_and_numbers_of_any_kind_are_taken():
    assert gcm.check(half, lambda p: list(p), V).passed
    assert gcm.check(half, lambda p: p.tolist(), np.ones((2, 3))).passed
    assert gcm.check(lambda p: float(np.sum(p)), lambda p: np.ones(3, int), V).passed
    assert gcm.check(lambda p: half(p["a"]), lambda p: {"a": p["a"], "more": None}, {"a": V}).passed


@pytest.mark.parametrize(
    ("bug", "code"),
    [(np.conj, "conjugate"), (lambda g: 0.5 * g, "constant-factor"), (np.real, "some-components")],
)
def test_complex_gradients_that_are_wrong_are_told_how(bug, code):
    params = {"z": np.array([[1 + 2j, 3 - 1j], [0.5j, 2.0]]), "w": V}

    def cost(p):
        return half(p["z"]) + half(p["w"]) * abs(p["z"][0, 0])

    def gradient(p):
        z = p["z"].astype(complex)
        size = abs(z[0, 0])
        dz = z.copy()
        dz[0, 0] += half(p["w"]) * z[0, 0] / size
        return {"z": bug(dz), "w": p["w"] * size}

    report = gcm.check(cost, gradient, params)
    assert report.wrong == ("z",)
    assert report.findings[0].code == code or code in {f.code for f in report.findings}


@pytest.mark.parametrize("name", ["hidden layer", "W\n1", "\x1b[31mW", "W | x", " ", "\u202eW"])
@pytest.mark.parametrize("at", [0.3, 0.0])
def test_names_with_spaces_and_signs_that_nobody_sees_are_checked_and_shown_in_one_line(name, at):
    params = {name: np.full(3, at), "b": V}

    def cost(p):  # at 0 a kink, which another point settles
        return half(p["b"]) + float(np.sum(np.abs(p[name])))

    def gradient(p):
        return {name: np.sign(p[name]), "b": p["b"]}

    report = gcm.check(cost, gradient, params)
    assert report.verdict is gcm.PASS
    shown = report.problem.layout.names[0]
    assert re.fullmatch(r"\S+", shown)
    assert any(line.split()[:1] == [shown] for line in str(report).splitlines())
    assert shown in html.unescape(report._repr_html_())
    assert gcm.check(cost, gradient, params, layers=shown).passed


def test_a_name_that_holds_html_is_shown_as_text():
    name = "<b>W</b><script>"
    report = gcm.check(lambda p: half(p[name]), lambda p: {name: 3 * p[name]}, {name: V})
    assert report.wrong == (name,)
    assert name not in report._repr_html_()
    assert html.escape(name) in report._repr_html_()


def test_a_cost_or_gradient_that_writes_into_its_parameters_is_told():
    def cost(p):
        p -= 1
        return half(p)

    def gradient(p):
        g = p - 1
        p[:] = 0
        return g

    report = gcm.check(cost, gradient, V)
    told = [f for f in report.findings if f.code == "writes-parameters"]
    assert told
    assert "theta[0] is 0.3 before the call and -0.7 after it" in told[0].evidence
    assert report.verdict is gcm.PASS  # every call gets a copy


def test_a_million_components_are_sampled_within_the_budget():
    theta = np.linspace(-1, 1, 1_000_000)
    report = gcm.check(half, same, theta, budget=2.0, steps=0)
    assert report.verdict is gcm.PASS
    assert {"sampled", "over-budget"} & {f.code for f in report.findings}
    assert gcm.check(half, lambda p: 1.01 * p, theta, budget=2.0, steps=0).verdict is gcm.FAIL


@pytest.mark.parametrize(
    ("params", "grad", "named"),
    [
        ({"a": V}, lambda p: {"a": p["a"], "zz": V}, "['zz'], which is no parameter"),
        ([V], lambda p: [p[0], V, V], "[1], [2], which are no parameters"),
        ({"a": [V]}, lambda p: {"a": [p["a"][0], V]}, "['a'][1], which is no parameter"),
    ],
)
def test_a_gradient_of_what_is_no_parameter_is_told(params, grad, named):
    def cost(p):
        while isinstance(p, (dict, list)):
            p = p["a"] if isinstance(p, dict) else p[0]
        return half(p)

    report = gcm.check(cost, grad, params, steps=0)
    assert report.verdict is gcm.PASS
    (told,) = [f for f in report.findings if f.code == "extra-gradient"]
    assert named in told.title


def test_frames_of_numbers_are_gradients_and_parameters_are_arrays():
    table = pandas.DataFrame({"a": V, "b": V[::-1]})
    params = np.ones((3, 2))
    found = gcm.check(lambda p: np.sum(p * table.to_numpy()), lambda p: table, params)
    assert found.passed
    assert not gcm.check(lambda p: np.sum(p * table.to_numpy()), lambda p: 2 * table, params).passed
    with pytest.raises(gcm.InputError, match=r"needed: an array \(.to_numpy\(\)\)"):
        gcm.check(half, same, pandas.Series(V))
    words = pandas.Series(["a", "b", "c"])
    with pytest.raises(gcm.InputError, match="the gradient of theta is a value of type Series"):
        gcm.check(half, lambda p: words, V)


def test_a_gradient_in_the_shape_of_another_array_names_it():
    params = {"W1": np.ones((3, 4)), "W2": np.ones((4, 2))}
    with pytest.raises(gcm.GradcheckError, match="it is that of W2: are gradients returned, or"):
        gcm.check(lambda p: float(p["W1"].sum()), lambda p: {**params, "W1": p["W2"]}, params)
