"""What names say: roles of functions, kinds of data, which gradient belongs to which parameter."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

BACKWARD = frozenset((
    "backward", "backwards", "backprop", "backpropagation", "backpropagate", "bprop", "bwd",
    "gradient", "gradients", "grad", "grads", "derivative", "derivatives", "deriv", "jac",
    "jacobian", "propagate", "nabla",
))  # fmt: skip
FORWARD = frozenset((
    "forward", "forwards", "fwd", "feedforward", "fprop", "forwardprop", "hypothesis", "net",
    "network", "model", "propagate", "predict", "inference", "apply", "logits",
))  # fmt: skip
COST = frozenset((
    "cost", "costs", "loss", "losses", "error", "objective", "criterion", "entropy",
    "crossentropy", "mse", "nll", "likelihood", "logloss", "bce", "sse", "mae", "energy",
    "risk", "neglog", "negloglik", "nlml", "rss", "deviance", "misfit",
))  # fmt: skip
COST_VARIABLES = frozenset(("J", "L", "E", "C", "nll", "mse", "bce", "sse", "obj", "err"))
ACTIVATIONS = frozenset((
    "sigmoid", "relu", "tanh", "softmax", "leaky", "elu", "gelu", "selu", "swish", "softplus",
    "sin", "linear", "identity", "logistic", "activation", "act", "nonlin", "nonlinearity",
    "step", "sgn", "sign",
))  # fmt: skip
# Words that say: this is no pass of the network, whatever else the name holds
NOT_A_PASS = frozenset((
    "numerical", "numeric", "numerically", "approx", "approximate", "approximation", "check",
    "checking", "checker", "test", "tests", "case", "cases", "descent", "plot", "print",
    "draw", "show", "train", "training", "fit", "optimize", "optimizer", "optimise", "update",
    "updates", "clip", "clipping", "vector", "dictionary", "accuracy", "save", "sgd", "adam",
    "momentum", "rmsprop", "zero", "history", "epoch", "public", "evaluate", "score", "step",
    "minimize",
))  # fmt: skip
MAKERS = frozenset((
    "init", "initialize", "initialise", "initialization", "random", "rand", "randn", "normal",
    "uniform", "make", "create", "load", "loader", "generate", "get", "build", "test", "case",
    "cases", "zeros", "ones", "full", "empty", "eye", "array", "linspace", "arange",
    "zeros_like", "ones_like", "split", "shuffle", "permutation", "default_rng", "seed",
    "choice", "randint", "read",
))  # fmt: skip
_DATA_WORDS = frozenset((
    "train", "training", "trn", "tr", "assess", "tmp", "batch", "set", "mini", "minibatch",
    "data", "sample", "samples", "small", "subset", "orig", "original", "scaled", "norm",
    "normalized", "std", "flat", "flatten", "flattened", "my", "toy", "demo", "tiny", "all",
    "full", "b", "i", "s", "enc", "encoded", "onehot", "one", "hot", "oh", "bias",
))  # fmt: skip
_HELD_OUT = frozenset(["test", "val", "valid", "validation", "dev", "holdout", "eval"])
_X = frozenset(
    [
        "x",
        "xs",
        "tx",
        "xb",
        "xi",
        "xmb",
        "input",
        "inputs",
        "feature",
        "features",
        "image",
        "images",
        "design",
    ]
)
_Y = frozenset((
    "y", "ys", "yb", "yi", "ymb", "label", "labels", "target", "targets", "targ", "t", "true", "ty",
    "yt", "truth",
    "answer", "answers",
))  # fmt: skip
_RATES = frozenset(["lr", "learningrate", "rate", "eta", "alpha", "stepsize", "epsilon0", "lrate"])
_PENALTIES = frozenset((
    "lambd", "lambda", "lam", "reg", "regularization", "l2", "lmbda", "lmbd", "regstrength",
    "weightdecay", "reglambda", "lambdareg", "l2reg",
))  # fmt: skip
_METRICS = frozenset((
    "norm", "norms", "acc", "accuracy", "score", "precision", "recall", "correct", "hits",
    "count", "counts", "n", "m", "size", "samples", "epoch", "iteration", "iterations", "steps",
    "step", "rate", "lr", "time", "elapsed", "mean", "max", "min", "std", "variance", "b", "bias",
))  # fmt: skip
# Last words that say pass or cost whatever stands before them
_PASSES = frozenset(("forward", "backward", "backprop", "bwd", "fwd", "loss", "cost"))
# numbers of examples, unless they have a gradient of their own
COUNTS = frozenset({"m", "n", "N", "batch_size"})
_PARAMETERS = frozenset(["parameters", "params", "param", "parameter", "p"])
_VECTORS = frozenset((
    "theta", "thetas", "w", "weights", "weight", "wts", "beta", "betas", "coef", "coefs",
    "initialtheta",
))  # fmt: skip

# A namespace of 500 names asks for the same ones again and again
_remembered = functools.lru_cache(maxsize=8192)

# two words that are one: the first, what may follow, and the one if it is not both together
_LOGS = ("log", "ll", "lml", "elbo", "evidence", "marginal", "loglik", "loglikelihood")
_PAIRS = (
    ("back", ("prop", "propagation", "propagate", "pass"), "backprop"),
    ("feed", ("forward",), ""),
    ("cross", ("entropy",), ""),
    ("negative", _LOGS, "neglog"),
    ("neg", _LOGS, "neglog"),
    ("minus", _LOGS, "neglog"),
)

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@_remembered
def words(name: str) -> tuple[str, ...]:
    """The words of a name in snake or camel case, in lower case."""
    found = [word.lower() for word in _WORD.findall(name.replace("ReLU", "Relu"))]
    for first, rest, whole in _PAIRS:
        for k in range(len(found) - 1):
            if found[k] == first and found[k + 1] in rest:
                found[k : k + 2] = [whole or found[k] + found[k + 1]]
                break
    return tuple(found)


@_remembered
def is_decoy(name: str) -> bool:
    """True for numerical gradients, training, tests, and derivatives of one activation."""
    found = set(words(name))
    if words(name)[-1:] and words(name)[-1] in _PASSES:
        found -= {"clip", "score", "vector"}  # clip_loss is one of CLIP; clip_grads clips
    if found & (FORWARD | BACKWARD):
        found.discard("step")  # rnn_step_backward is a pass; step() of an optimiser is none
    return bool(found & NOT_A_PASS) or is_activation(name)


def is_activation(name: str) -> bool:
    """True for ``relu``, ``sigmoid_gradient``, ``d_tanh``, ``dsigmoid`` and their kin."""
    found = set(words(name))
    if words(name) == ("step", "gradient"):
        return False  # one step of gradient descent: the step function has none
    rest = found - ACTIVATIONS
    helpers = (
        BACKWARD
        | FORWARD
        | {
            "prime",
            "d",
            "der",
            "function",
            "fn",
            "f",
            "layer",
            "diff",
            "inverse",
            "inv",
            "back",
            "cell",
            "unit",
            "stable",
        }
    )
    if rest == found:
        stem = next((w[1:] for w in found if w.startswith("d") and w[1:] in ACTIVATIONS), None)
        return stem is not None and len(found) <= 2
    return rest <= helpers


@_remembered
def is_maker(name: str) -> bool:
    """True where a function makes parameters or data: a check must not call it again."""
    return bool(set(words(name)) & MAKERS)


@_remembered
def role_score(name: str, role: frozenset[str]) -> int:
    """How strongly a function's name speaks for a role; 0 where it does not."""
    found = words(name)
    return sum(2 if k == len(found) - 1 else 1 for k, word in enumerate(found) if word in role)


@_remembered
def is_cost_variable(name: str) -> bool:
    """True where a variable's name says that it holds the cost."""
    found = set(words(name))
    if found & (NOT_A_PASS | _HELD_OUT | BACKWARD) or re.match(r"d[A-Z]|d_|d(loss|cost)", name):
        return False
    return name in COST_VARIABLES or bool(found & (COST - {"costs", "losses"}))


def is_metric(name: str) -> bool:
    """True for numbers beside gradients that are no cost: a norm, an accuracy, a count."""
    return bool(set(words(name)) & _METRICS)


def suffix(name: str) -> frozenset[str]:
    """What is left of a function's name without its role: ``with_regularization``, ``n``."""
    fillers = {
        "compute",
        "calculate",
        "calc",
        "function",
        "fn",
        "with",
        "the",
        "of",
        "get",
        "propagation",
        "prop",
        "pass",
        "cross",
        "crossentropy",
        "net",
        "my",
    }
    return frozenset(words(name.rpartition(".")[2])) - BACKWARD - FORWARD - COST - fillers


@_remembered
def kind(name: str) -> str:
    """``x``, ``y``, ``rate``, ``penalty``, ``params``, ``vector`` or nothing."""
    found = words(name)
    joined = "".join(found)
    left = [word for word in found if word not in _DATA_WORDS | _HELD_OUT]
    bare = "".join(left) or ("x" if found and found[-1] == "data" else "")
    stem = re.sub(r"(train|trn|test|val)$|^(train|trn|test|val)", "", bare)
    table = (
        ("rate", _RATES, joined),
        ("penalty", _PENALTIES, joined),
        ("params", _PARAMETERS, bare),
        ("vector", _VECTORS, bare),
        ("x", _X, stem),
        ("y", _Y, stem),
    )
    for label, names, key in table:
        if key in names:
            return label
    if len(left) == 2 and left[1].isdigit():  # x1, y_2
        return ""
    if found and found[-1] in _Y - {"t", "true"}:
        return "y"
    return ""


@_remembered
def is_held_out(name: str) -> bool:
    """True for the test and validation sets."""
    return bool(set(words(name)) & _HELD_OUT) or bool(re.search(r"(test|val)$", name.lower()))


def decoration(name: str) -> frozenset[str]:
    """What decorates the name of a data set: X_train and Y_train share {train}."""
    found = set(words(name))
    extra = {"train"} if "train" in name.lower() else set()
    return frozenset((found & _DATA_WORDS) | extra)


_STEM = re.compile(
    r"^(?:d[jlce]_?d_?|d(?:loss|cost)_?d_?|grads?_|gradient_|nabla_|delta_|der_|partial_|d_?)"
    r"(?P<rest>.+)$|^(?P<head>.+?)(?:_?grads?|_?gradients?|_?deriv|_?nabla|_d)$",
    re.IGNORECASE,
)
_SAME = (
    frozenset({"w", "weights", "weight", "wts", "kernel"}),
    frozenset({"b", "bias", "biases"}),
    frozenset({"theta", "thetas", "params", "parameters"}),
)


def gradient_stems(name: str) -> list[str]:
    """Names of the parameter that a gradient's name may stand for, the likeliest first."""
    stems: list[str] = []
    match = _STEM.match(name)
    if match:
        stems.append(match["rest"] or match["head"])
        if name[0] in "dD" and len(name) > 1 and name[1:] not in stems:
            stems.append(name[1:].lstrip("_"))
    return stems


def stems_of(name: str) -> list[str]:
    """Names of the parameter that `name` may be the gradient of: those of ``gw``, ``g_b`` too."""
    if not name:
        return []
    short = [name[1:].lstrip("_")] if name[0] in "gG" and len(name) < 5 else []
    return gradient_stems(name) or short


def match_name(wanted: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `wanted` means: exact, then without case, then as a synonym."""
    names = list(names)
    if wanted in names:
        return wanted
    for same in (str.lower, _joined):
        hits = [name for name in names if same(name) == same(wanted)]
        if len(hits) == 1:
            return hits[0]
        if hits:
            return None
    stem, digits = _split(wanted)
    for group in _SAME:
        if stem in group:
            hits = [n for n in names if _split(n)[0] in group and _split(n)[1] == digits]
            if len(hits) == 1:
                return hits[0]
    return None


@_remembered
def _joined(name: str) -> str:
    return name.lower().replace("_", "")


@_remembered
def _split(name: str) -> tuple[str, str]:
    match = re.match(r"^(.*?)_?(\d*)$", name.lower())
    return (match[1], match[2]) if match else (name.lower(), "")
