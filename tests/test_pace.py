"""Why a check took its evaluations one at a time is said, and where it is not worth a word."""

import numpy as np

import gcmagic as gcm

X = np.random.default_rng(0).standard_normal((4, 60))


def cost(params):
    Z = np.zeros((4, params["W"].shape[1]))
    for i in range(4):
        Z[i] = X[i] @ params["W"]
    return np.sum(Z**2) + np.sum(np.tanh(params["v"]))


def backward(params):
    dW = 2 * X.T @ (X @ params["W"])
    return {"W": dW, "v": 1 - np.tanh(params["v"]) ** 2}


def report_of(columns):
    rng = np.random.default_rng(1)
    params = {"W": rng.standard_normal((60, columns)), "v": rng.standard_normal(50)}
    return gcm.check(cost, backward, params, steps=0, budget=None)


def test_the_line_is_named_where_there_were_many_evaluations():
    report = report_of(100)
    assert report.verdict is gcm.PASS
    (found,) = report.findings
    assert (found.code, found.where) == ("not-batched", "W")
    assert "puts values into a plain array (line 1" in found.evidence
    assert "of cost: Z[i] = X[i] @" in found.evidence
    assert report.to_dict()["not_batched"].keys() == {"W"}


def test_few_evaluations_are_worth_no_word_in_the_text_but_are_in_the_data():
    report = report_of(3)
    assert report.findings == ()
    assert "one component at a time" not in str(report)
    assert "plain array" in report.to_dict()["not_batched"]["W"]
    assert "W went through the cost one component at a time" in report._repr_html_()


def test_arrays_that_one_line_keeps_from_going_together_share_a_sentence():
    def cost(p):
        Z = np.zeros((4, 3))
        for i in range(4):
            Z[i] = X[i] @ p["V"] + X[i] @ p["W"]
        return np.sum(Z**2)

    def backward(p):
        both = 2 * X[:4].T @ (X[:4] @ (p["V"] + p["W"]))
        return {"V": both, "W": both}

    V, W = np.random.default_rng(1).standard_normal((2, X.shape[1], 3))
    html = gcm.check(cost, backward, {"V": V, "W": W}, steps=0)._repr_html_()
    assert html.count("one component at a time") == 1
    assert "V and W went through the cost one component at a time" in html


def test_what_was_batched_has_nothing_to_tell():
    W = np.random.default_rng(1).standard_normal((60, 4))
    report = gcm.check(lambda w: np.sum((X @ w) ** 2), lambda w: 2 * X.T @ (X @ w), W, steps=0)
    assert report.to_dict()["not_batched"] == {}
