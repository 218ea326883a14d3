"""Fresh: a picture as the parameter, and a norm whose scale comes from a second input."""

from __future__ import annotations

from .cases import Network, rows

STYLE = Network(
    "style, content and total variation, the picture is learnt",
    """
def features(canvas):
    H, W, C = canvas.shape
    pre = canvas.reshape(H * W, C) @ KERNEL
    return np.maximum(pre, 0).T, pre

def gram(F):
    return F @ F.T / F.size

def transfer_loss(canvas, content, style_gram, weights):
    F, _ = features(canvas)
    loss_content = 0.5 * np.mean((F - content) ** 2)
    loss_style = np.sum((gram(F) - style_gram) ** 2)
    down = canvas[1:, :, :] - canvas[:-1, :, :]
    right = canvas[:, 1:, :] - canvas[:, :-1, :]
    loss_tv = np.sum(down ** 2) + np.sum(right ** 2)
    return weights[0] * loss_content + weights[1] * loss_style + weights[2] * loss_tv

def transfer_grad(canvas, content, style_gram, weights):
    F, pre = features(canvas)
    dF = weights[0] * (F - content) / F.size
    dG = 2 * weights[1] * (gram(F) - style_gram)
    dF += 2 * dG @ F / F.size
    dpre = dF.T * (pre > 0)
    dcanvas = (dpre @ KERNEL.T).reshape(canvas.shape)
    down = 2 * weights[2] * (canvas[1:, :, :] - canvas[:-1, :, :])
    right = 2 * weights[2] * (canvas[:, 1:, :] - canvas[:, :-1, :])
    dcanvas[1:, :, :] += down
    dcanvas[:-1, :, :] -= down
    dcanvas[:, 1:, :] += right
    dcanvas[:, :-1, :] -= right
    return dcanvas

rng = np.random.default_rng(151)
canvas, painting = rng.standard_normal((2, 4, 5, 3))
KERNEL = rng.standard_normal((3, 6))
content = features(rng.standard_normal((4, 5, 3)))[0]
style_gram = gram(features(painting)[0])
weights = (1.0, 4.0, 0.05)
loss = transfer_loss(canvas, content, style_gram, weights)
dcanvas = transfer_grad(canvas, content, style_gram, weights)
""",
    rows("""
dF += 2 * dG @ F / F.size -> dF += dG @ F / F.size
dcanvas[:-1, :, :] -= down ->
dcanvas[:, :-1, :] -= right -> dcanvas[:, :-1, :] += right
dpre = dF.T * (pre > 0) -> dpre = np.maximum(dF.T, 0)
dG = 2 * weights[1] * (gram(F) - style_gram) -> dG = 2 * (gram(F) - style_gram)
"""),
    other=rows("""
canvas, painting = rng.standard_normal((2, 4, 5, 3)) -> canvas, painting = rng.standard_normal((2, 5, 6, 2))
KERNEL = rng.standard_normal((3, 6)) -> KERNEL = rng.standard_normal((2, 7))
content = features(rng.standard_normal((4, 5, 3)))[0] -> content = features(rng.standard_normal((5, 6, 2)))[0]
weights = (1.0, 4.0, 0.05) -> weights = (1.5, 3.0, 0.08)
"""),
)

ADAPTIVE = Network(
    "instance norm over time, scaled and shifted by a style",
    """
def adain_forward(x, gamma, beta, eps=1e-5):
    mu = x.mean(axis=2, keepdims=True)
    var = x.var(axis=2, keepdims=True)
    ivar = 1 / np.sqrt(var + eps)
    xhat = (x - mu) * ivar
    out = (1 + gamma)[:, :, None] * xhat + beta[:, :, None]
    return out, (x, mu, ivar, xhat, gamma)

def adain_backward(dout, cache):
    x, mu, ivar, xhat, gamma = cache
    T = x.shape[2]
    dbeta = np.sum(dout, axis=2)
    dgamma = np.sum(dout * xhat, axis=2)
    dxhat = dout * (1 + gamma)[:, :, None]
    dvar = np.sum(dxhat * (x - mu) * -0.5 * ivar ** 3, axis=2, keepdims=True)
    dmu = np.sum(-dxhat * ivar, axis=2, keepdims=True)
    dx = dxhat * ivar + dvar * 2 * (x - mu) / T + dmu / T
    return dx, dgamma, dbeta

def forward(params, x, style):
    u = np.einsum("fc,nct->nft", params["Wx"], x)
    gamma = style @ params["Wg"] + params["bg"]
    beta = style @ params["Wb"] + params["bb"]
    v, cache = adain_forward(u, gamma, beta)
    h = np.where(v > 0, v, 0.2 * v)
    y = np.einsum("of,nft->not", params["Wy"], h)
    return y, (v, cache, h)

def l2_loss(y, target):
    return 0.5 * np.sum((y - target) ** 2) / y.shape[0]

def backward(params, x, style, y, target, cache):
    v, norm_cache, h = cache
    grads = {}
    dy = (y - target) / y.shape[0]
    grads["Wy"] = np.einsum("not,nft->of", dy, h)
    dh = np.einsum("of,not->nft", params["Wy"], dy)
    dv = dh * np.where(v > 0, 1, 0.2)
    du, dgamma, dbeta = adain_backward(dv, norm_cache)
    grads["Wg"] = style.T @ dgamma
    grads["bg"] = dgamma.sum(axis=0)
    grads["Wb"] = style.T @ dbeta
    grads["bb"] = dbeta.sum(axis=0)
    grads["Wx"] = np.einsum("nft,nct->fc", du, x)
    return grads

rng = np.random.default_rng(152)
x, style = rng.standard_normal((4, 2, 6)), rng.standard_normal((4, 3))
target = rng.standard_normal((4, 2, 6))
params = {
    "Wx": rng.standard_normal((5, 2)), "Wy": rng.standard_normal((2, 5)) / 1.5,
    "Wg": 0.4 * rng.standard_normal((3, 5)), "bg": 0.2 * rng.standard_normal(5),
    "Wb": 0.4 * rng.standard_normal((3, 5)), "bb": 0.2 * rng.standard_normal(5),
}
y, cache = forward(params, x, style)
loss = l2_loss(y, target)
grads = backward(params, x, style, y, target, cache)
""",
    rows("""
dxhat = dout * (1 + gamma)[:, :, None] -> dxhat = dout * gamma[:, :, None]
dx = dxhat * ivar + dvar * 2 * (x - mu) / T + dmu / T -> dx = dxhat * ivar + dmu / T
dvar = np.sum(dxhat * (x - mu) * -0.5 * ivar ** 3, axis=2, keepdims=True) -> dvar = np.sum(dxhat * (x - mu) * -0.5 * ivar ** 2, axis=2, keepdims=True)
dmu = np.sum(-dxhat * ivar, axis=2, keepdims=True) -> dmu = np.sum(-dxhat * ivar, axis=(0, 2), keepdims=True)
du, dgamma, dbeta = adain_backward(dv, norm_cache) -> du, dbeta, dgamma = adain_backward(dv, norm_cache)
dgamma = np.sum(dout * xhat, axis=2) -> dgamma = np.sum(dout * x, axis=2)
"""),
    other=rows("""
x, style = rng.standard_normal((4, 2, 6)), rng.standard_normal((4, 3)) -> x, style = rng.standard_normal((5, 3, 7)), rng.standard_normal((5, 4))
target = rng.standard_normal((4, 2, 6)) -> target = rng.standard_normal((5, 4, 7))
"Wx": rng.standard_normal((5, 2)), "Wy": rng.standard_normal((2, 5)) / 1.5, -> "Wx": rng.standard_normal((6, 3)), "Wy": rng.standard_normal((4, 6)) / 1.5,
"Wg": 0.4 * rng.standard_normal((3, 5)), "bg": 0.2 * rng.standard_normal(5), -> "Wg": 0.4 * rng.standard_normal((4, 6)), "bg": 0.2 * rng.standard_normal(6),
"Wb": 0.4 * rng.standard_normal((3, 5)), "bb": 0.2 * rng.standard_normal(5), -> "Wb": 0.4 * rng.standard_normal((4, 6)), "bb": 0.2 * rng.standard_normal(6),
"""),
)

NETWORKS = (STYLE, ADAPTIVE)
