# %% line
# The derivative of a square is twice what was squared.
def backward1(p):
    error = x1 @ p["w"] + p["b"] - t1
    dy = 2 * error / len(t1)
    return {"w": x1.T @ dy, "b": dy.sum()}


# %% penalty
# The cost does not divide the penalty by the number of examples.
def backward2(p, lam=0.1):
    m = x2.shape[1]
    z = p["W"] @ x2 + p["b"]
    dz = (1 / (1 + np.exp(-z)) - t2) / m
    dW = dz @ x2.T + lam * p["W"]
    db = dz.sum(axis=1, keepdims=True)
    return {"W": dW, "b": db}


# %% sigmoid
# sigmoid'(z) = a (1 - a), of what came out and not of what went in.
def backward3(p):
    z1 = p["W1"] @ x3 + p["b1"]
    a1 = sigmoid(z1)
    dz2 = (p["W2"] @ a1 + p["b2"] - t3) / x3.shape[1]
    dz1 = p["W2"].T @ dz2 * a1 * (1 - a1)
    return {
        "W1": dz1 @ x3.T, "b1": dz1.sum(axis=1, keepdims=True),
        "W2": dz2 @ a1.T, "b2": dz2.sum(axis=1, keepdims=True),
    }


# %% relu
# The mask belongs to the unit's input, not to the gradient that arrives.
def backward4(p):
    z1 = p["W1"] @ x3 + p["b1"]
    a1 = np.maximum(z1, 0)
    dz2 = (p["W2"] @ a1 + p["b2"] - t3) / x3.shape[1]
    da1 = p["W2"].T @ dz2
    dz1 = da1 * (z1 > 0)
    return {
        "W1": dz1 @ x3.T, "b1": dz1.sum(axis=1, keepdims=True),
        "W2": dz2 @ a1.T, "b2": dz2.sum(axis=1, keepdims=True),
    }


# %% square
# Back through a product with W goes a product with W.T.
def backward5(p):
    a1 = np.tanh(p["W1"] @ x3)
    a2 = np.tanh(p["W2"] @ a1)
    dz3 = 2 * (p["W3"] @ a2 - t3)
    dz2 = p["W3"].T @ dz3 * (1 - a2**2)
    dz1 = p["W2"].T @ dz2 * (1 - a1**2)
    return {"W1": dz1 @ x3.T, "W2": dz2 @ a1.T, "W3": dz3 @ a2.T}


# %% temperature
# The division by the temperature is a step of the forward pass, and has its step back.
def backward6(p):
    scores = (x6 @ p["W"] + p["b"]) / temperature
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    dscores = (probabilities - t6) / len(x6) / temperature
    return {"W": x6.T @ dscores, "b": dscores.sum(axis=0)}


# %% words
# An index that comes twice is written once by +=; np.add.at adds both.
def backward7(p):
    a = np.tanh(p["table"][words])
    dy = 2 * (a @ p["W"] - t7)
    da = dy @ p["W"].T * (1 - a**2)
    dtable = np.zeros_like(p["table"])
    np.add.at(dtable, words, da)
    return {"table": dtable, "W": a.T @ dy}


# %% batchnorm
# The path through the variance: each example stretches all the others.
def backward8(p):
    m = len(x8)
    z = x8 @ p["W"]
    scale = 1 / np.sqrt(z.var(axis=0) + 1e-5)
    normal = (z - z.mean(axis=0)) * scale
    out = np.tanh(p["gamma"] * normal + p["beta"])
    dy = 2 * (out - t8) / t8.size * (1 - out**2)
    dnormal = dy * p["gamma"]
    through_variance = normal * np.sum(dnormal * normal, axis=0) / m
    dz = scale * (dnormal - dnormal.sum(axis=0) / m - through_variance)
    return {"W": x8.T @ dz, "gamma": np.sum(dy * normal, axis=0), "beta": dy.sum(axis=0)}


# %% time
# Wh was multiplied by the state before the step, h[k].
def backward9(p):
    h = states(p)
    grads = {name: np.zeros_like(array) for name, array in p.items()}
    dh_next = np.zeros_like(h[0])
    for k in reversed(range(len(x9))):
        dy = 2 * (h[k + 1] @ p["Wy"] - t9[k])
        grads["Wy"] += h[k + 1].T @ dy
        dz = (dy @ p["Wy"].T + dh_next) * (1 - h[k + 1] ** 2)
        grads["Wx"] += x9[k].T @ dz
        grads["Wh"] += h[k].T @ dz
        grads["b"] += dz.sum(axis=0)
        dh_next = dz @ p["Wh"].T
    return grads


# %% tied
# W is used twice, so its gradient has two terms.
def backward10(p):
    code = np.tanh(x10 @ p["W"] + p["b"])
    dout = (code @ p["W"].T + p["c"] - x10) / len(x10)
    dz = dout @ p["W"] * (1 - code**2)
    dW = dout.T @ code + x10.T @ dz
    return {"W": dW, "b": dz.sum(axis=0), "c": dout.sum(axis=0)}
