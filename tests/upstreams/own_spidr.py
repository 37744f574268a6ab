"""A checkpoint of SpidR: names and shapes as its implementation has them, and what it computes,
written down once more.
"""

from torch import Tensor
from torch.nn import functional

from tests.upstreams.omni import numbers_of

SIZE, HEADS, LAYERS, UNITS, CHANNELS, GROUPS = 32, 2, 2, 64, 16, 4
WIDTHS, STRIDES = (10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)
WIDE = SIZE // HEADS
PLACES, WIDTH = 3, 5
ASKED = {"num_attention_heads": HEADS}
"""What a file of this size does not say."""


def shapes(biased: bool) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the package's `SpidR`, with biases of q, k and v or not."""
    there: dict[str, tuple[int, ...]] = {"mask_embedding": (SIZE,), "current_step": (1,)}
    for number, width in enumerate(WIDTHS):
        layer = f"feature_extractor.conv_layers.{number}"
        there[f"{layer}.conv.weight"] = (CHANNELS, CHANNELS if number else 1, width)
        there[f"{layer}.layer_norm.weight"] = there[f"{layer}.layer_norm.bias"] = (CHANNELS,)
    _add(there, "feature_projection.layer_norm", (CHANNELS,))
    _add(there, "feature_projection.projection", (SIZE, CHANNELS))
    for whose in ("student", "teacher"):
        _add(there, f"{whose}.layer_norm", (SIZE,))
        for number in range(PLACES):
            _add(there, f"{whose}.pos_conv_embed.convs.{number}", (SIZE, SIZE // GROUPS, WIDTH))
        for number in range(LAYERS):
            layer = f"{whose}.layers.{number}"
            _add(there, f"{layer}.attention.qkv", (3 * SIZE, SIZE))
            if not biased:
                del there[f"{layer}.attention.qkv.bias"]
            _add(there, f"{layer}.attention.proj", (SIZE, SIZE))
            _add(there, f"{layer}.layer_norm", (SIZE,))
            _add(there, f"{layer}.feed_forward.intermediate_dense", (UNITS, SIZE))
            _add(there, f"{layer}.feed_forward.output_dense", (SIZE, UNITS))
            _add(there, f"{layer}.final_layer_norm", (SIZE,))
    _add(there, "heads.0.0", (8, SIZE))
    there["codebooks.0.codebook"], there["codebooks.0.counts"] = (8, SIZE), (8,)
    return there


def _add(there: dict[str, tuple[int, ...]], module: str, shape: tuple[int, ...]) -> None:
    there[f"{module}.weight"], there[f"{module}.bias"] = shape, shape[:1]


def drawn(biased: bool = False) -> dict[str, Tensor]:
    return numbers_of(shapes(biased))


def heard(weights: dict[str, Tensor], wave: Tensor) -> Tensor:
    """What the student makes of a wave (1, samples): (1, frames, SIZE), by the description alone:
    convolutions with norms, positions, then layers whose norms come after.
    """
    x = wave[:, None]
    for number, stride in enumerate(STRIDES):
        layer = f"feature_extractor.conv_layers.{number}"
        x = functional.conv1d(x, weights[f"{layer}.conv.weight"], stride=stride)
        x = functional.gelu(_norm(weights, f"{layer}.layer_norm", x.mT).mT)
    x = _norm(weights, "feature_projection.layer_norm", x.mT)
    x = _linear(weights, "feature_projection.projection", x)
    places = x.mT
    for number in range(PLACES):
        place = f"student.pos_conv_embed.convs.{number}"
        kernel, bias = weights[f"{place}.weight"], weights[f"{place}.bias"]
        places = functional.conv1d(places, kernel, bias, padding=WIDTH // 2, groups=GROUPS)
        places = functional.gelu(functional.layer_norm(places.mT, (SIZE,)).mT)
    x = _norm(weights, "student.layer_norm", x + places.mT)
    for number in range(LAYERS):
        layer = f"student.layers.{number}"
        x = _norm(weights, f"{layer}.layer_norm", x + _attention(weights, layer, x))
        inner = functional.gelu(_linear(weights, f"{layer}.feed_forward.intermediate_dense", x))
        outer = _linear(weights, f"{layer}.feed_forward.output_dense", inner)
        x = _norm(weights, f"{layer}.final_layer_norm", x + outer)
    return x


def _attention(weights: dict[str, Tensor], layer: str, x: Tensor) -> Tensor:
    parts = _linear(weights, f"{layer}.attention.qkv", x).split(SIZE, dim=2)
    queries, keys, values = (part.view(1, -1, HEADS, WIDE).transpose(1, 2) for part in parts)
    shares = (queries @ keys.mT / WIDE**0.5).softmax(-1)
    return _linear(weights, f"{layer}.attention.proj", (shares @ values).transpose(1, 2).flatten(2))


def _linear(weights: dict[str, Tensor], module: str, x: Tensor) -> Tensor:
    return functional.linear(x, weights[f"{module}.weight"], weights.get(f"{module}.bias"))


def _norm(weights: dict[str, Tensor], module: str, x: Tensor) -> Tensor:
    return functional.layer_norm(
        x, x.shape[-1:], weights[f"{module}.weight"], weights[f"{module}.bias"]
    )
