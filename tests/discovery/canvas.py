"""A picture that is optimised itself, under weights that stay: style transfer."""

from .rows import Row

CANVAS = """
rng = np.random.default_rng(0)
X = rng.normal(size=(6, 20))
W, canvas = rng.normal(size=(3, 4)), rng.normal(size=(5, 3))
content, style = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
def extract(x):
    return np.tanh(x @ W)
def gram(F):
    return F.T @ F
def loss(image):
    F, G = extract(image), gram(extract(image)) - gram(extract(style))
    return 0.5 * np.sum((F - extract(content)) ** 2) + 0.5 * np.sum(G ** 2)
def backward(image):
    F = extract(image)
    d = F - extract(content) + 2 * F @ (gram(F) - gram(extract(style)))
    dcanvas = (d * (1 - F ** 2)) @ W.T
    return dcanvas
"""
_asked = Row("a canvas asked for", "V", CANVAS, "canvas", "backward", "loss",
             hints={"params": "canvas"})  # fmt: skip
_found = Row("a canvas by its gradient", "T", CANVAS, "canvas", "backward", "loss", unchecked="W")
_clip = Row("clip_loss and clip_backward", "T",
            CANVAS.replace("def loss", "def clip_loss").replace("backward", "clip_backward"),
            "canvas", "clip_backward", "clip_loss", unchecked="W")  # fmt: skip

ROWS = [_asked, _found, _clip, _asked.broken("one Gram", "2 * F @", "F @", "canvas")]
