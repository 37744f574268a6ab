"""How model families name the weights of their Transformer layers, and what those weights are
called here.

A mask outlives the model that it was found in, so it goes by *canonical* names: Hugging Face's,
without whatever stands before the layers (ESPnet's and s3prl's wrappers, a head model's `hubert.`).
s3prl's native models have the same tensors as Hugging Face's under other names, so a mask found in
one fits the other.

What is in a pool is, of each Transformer layer, the weights and biases of the q, k, v and out
projections and of the two feed-forward layers (PARP, section 4.1 and released code); for text
models BERT-Tickets' pool (Chen et al. 2020), which has no biases, and BERT's pooler. Never the
feature extractor, norms, positions or a head.

A layer that has more than that, or less, is of another family: what its rules would find is a part
of the layer.
"""

import re
from typing import NamedTuple

_NUMBER = re.compile(r"0|[1-9]\d{0,4}", re.ASCII)
_NORMS = r"(.+\.)?(\w*norm\w*|ln)\.(weight|bias)"
_ADAPTER = (
    r"adapter_layer\..+"  # what MMS has of each language: no more part of the pool than a head is
)


class Unit(NamedTuple):
    """What a unit of a layer is made of, by canonical kinds.

    A feed-forward unit is a column of `output`; a head is as many of them as the model says.
    Without these nothing reads what comes before, so they alone are ranked and zeroed: with both
    sides at zero no gradient could bring a unit back.
    """

    output: str
    """The weight whose columns read units."""
    inputs: tuple[str, ...]
    """The weights whose rows make units, each with a bias where the model has one."""


class Family(NamedTuple):
    """A naming of Transformer layers: `<anything>.<stack>.<number>.<kind>`."""

    name: str
    stack: str
    """What holds the layers, which are numbered from 0 on."""
    kinds: dict[str, str]
    """The tensors of each layer that are in the pool → what they are called here. By the first one
    another stack is told that is one as well: attention's queries, where nothing else has them.
    """
    apart: re.Pattern[str]
    """What else a layer holds that is no part of the pool: norms, positions."""
    single: dict[str, str]
    """Tensors outside of the layers that are in the pool where a model has them → what they are
    called here.
    """
    units: Unit
    """A feed-forward unit."""
    heads: Unit
    """An attention head."""
    beside: str = ""
    """What stands beside the stack in every model of the family, where its layers lack a tensor
    that those of another one have: a model of that one may have lost it.
    """
    within: str = ""
    """A tensor of a layer without which it is no layer of the family, whatever its others are
    called.
    """

    def kind_of(self, name: str) -> tuple[str, int, str] | None:
        """Return stack, number and kind of a tensor that is called as one of a layer's pool is,
        else None.
        """
        for kind in self.kinds:
            if not name.endswith(f".{kind}"):
                continue
            stack, _, number = name.removesuffix(f".{kind}").rpartition(".")
            if stack and _NUMBER.fullmatch(number):
                return stack, int(number), kind
        return None

    def is_own(self, stack: str) -> bool:
        """Whether a stack has the family's name for it, whatever stands before."""
        return stack == self.stack or stack.endswith(f".{self.stack}")

    def canonical(self, number: int, kind: str) -> str:
        """Return what a tensor of a layer is called here."""
        return f"{self.stack}.{number}.{self.kinds[kind]}"

    def canonical_single(self, name: str) -> str | None:
        """Return what a tensor outside of the layers is called here; None where it is not in the
        pool.
        """
        for single, canonical in self.single.items():
            if name == single or name.endswith(f".{single}"):
                return canonical
        return None


def _both(kinds: dict[str, str]) -> dict[str, str]:
    """Weights and biases of the same modules."""
    named: dict[str, str] = {}
    for part in ("weight", "bias"):
        for own, canonical in kinds.items():
            named[f"{own}.{part}"] = f"{canonical}.{part}"
    return named


def _same(*kinds: str) -> dict[str, str]:
    """Kinds whose names are the canonical ones."""
    return {kind: kind for kind in kinds}


_SPEECH = (
    "attention.q_proj",
    "attention.k_proj",
    "attention.v_proj",
    "attention.out_proj",
    "feed_forward.intermediate_dense",
    "feed_forward.output_dense",
)
_NATIVE = (
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.out_proj",
    "fc1",
    "fc2",
)
_NATIVES = _both(dict(zip(_NATIVE, _SPEECH, strict=True)))
_FAIRSEQ2 = (*_NATIVE[:3], "self_attn.output_proj", "ffn.inner_proj", "ffn.output_proj")
_BERT = (
    "attention.self.query.weight",
    "attention.self.key.weight",
    "attention.self.value.weight",
    "attention.output.dense.weight",
    "intermediate.dense.weight",
    "output.dense.weight",
)
_SPEECH_UNITS = Unit(
    "feed_forward.output_dense.weight", ("feed_forward.intermediate_dense.weight",)
)
_SPEECH_HEADS = Unit(
    "attention.out_proj.weight", tuple(f"attention.{part}_proj.weight" for part in "qkv")
)
NO_UNITS = Unit("", ())
"""Of layers with several feed-forward parts, or attention whose positions have heads, too: nothing
removes whole units of these.
"""
# Their queries are called as those of ESPnet's decoders, so they do not come first.
_CONFORMER = (
    "ffn1.intermediate_dense",
    "ffn1.output_dense",
    "ffn2.intermediate_dense",
    "ffn2.output_dense",
    "self_attn.linear_q",
    "self_attn.linear_k",
    "self_attn.linear_v",
    "self_attn.linear_out",
)
_BRANCHFORMER = (
    "attn.linear_q",
    "attn.linear_k",
    "attn.linear_v",
    "attn.linear_out",
    "feed_forward_macaron.w_1",
    "feed_forward_macaron.w_2",
    "feed_forward.w_1",
    "feed_forward.w_2",
    "cgmlp.channel_proj1.0",
    "cgmlp.channel_proj2",
)
_XLNET = (*(f"rel_attn.{part}" for part in "qkvo"), "ff.layer_1.weight", "ff.layer_2.weight")

FAMILIES = (
    Family(
        "Hugging Face's wav2vec 2.0, XLSR, HuBERT, WavLM, data2vec-audio, UniSpeech, "
        "UniSpeech-SAT, SEW",
        "encoder.layers",
        _both(_same(*_SPEECH)),
        re.compile(rf"{_NORMS}|{_ADAPTER}|attention\.(gru_rel_pos_\w+|rel_attn_embed)(\..+)?"),
        {},
        _SPEECH_UNITS,
        _SPEECH_HEADS,
    ),
    Family(
        "Whisper's encoder",
        "encoder.layers",
        {name: kind for name, kind in _NATIVES.items() if name != "self_attn.k_proj.bias"},
        re.compile(_NORMS),
        {},
        _SPEECH_UNITS,
        _SPEECH_HEADS,
        beside="embed_positions.weight",
    ),
    Family(
        "s3prl's and fairseq's wav2vec 2.0, HuBERT, WavLM, data2vec",
        "encoder.layers",
        _NATIVES,
        re.compile(
            rf"{_NORMS}|{_ADAPTER}|self_attn\.(grep_linear|grep_a|relative_attention_bias)(\..+)?"
        ),
        {},
        _SPEECH_UNITS,
        _SPEECH_HEADS,
    ),
    Family(
        "fairseq2's wav2vec 2.0, omniASR",
        "encoder.layers",
        _both(dict(zip(_FAIRSEQ2, _SPEECH, strict=True))),
        re.compile(_NORMS),
        {},
        _SPEECH_UNITS,
        _SPEECH_HEADS,
    ),
    Family(
        "wav2vec2-conformer, w2v-BERT 2.0",
        "encoder.layers",
        _both(_same(*_CONFORMER)),
        re.compile(
            rf"{_NORMS}|conv_module\..+"
            r"|self_attn\.(linear_pos\.weight|pos_bias_[uv]|distance_embedding\.weight)"
        ),
        {},
        NO_UNITS,
        NO_UNITS,
    ),
    Family(
        "ESPnet's E-Branchformer, XEUS",
        "encoder.encoders",
        _both(_same(*_BRANCHFORMER)),
        re.compile(
            rf"{_NORMS}|cgmlp\.csgu\..+|(depthwise_conv_fusion|merge_proj)\..+"
            r"|attn\.(linear_pos\.weight|pos_bias_[uv])"
        ),
        {},
        NO_UNITS,
        NO_UNITS,
        within="cgmlp.channel_proj1.0.weight",
    ),
    Family(
        "BERT",
        "encoder.layer",
        _same(*_BERT),
        # I-BERT's buffers stand beside its weights.
        re.compile(
            rf"(?i:{_NORMS})|.+\.bias|attention\.self\.(distance_embedding\.weight|rotary_embeddings\.inv_freq)"
            r"|.+(_scaling_factor|_integer|\.x_min|\.x_max|\.shift)"
        ),
        {"pooler.dense.weight": "pooler.dense.weight", "pooler.weight": "pooler.dense.weight"},
        Unit("output.dense.weight", ("intermediate.dense.weight",)),
        Unit("attention.output.dense.weight", _BERT[:3]),
    ),
    Family(
        "XLNet",
        "layer",
        _same(*_XLNET),
        re.compile(rf"{_NORMS}|ff\.layer_[12]\.bias|rel_attn\.(r|seg_embed|r_\w_bias)"),
        {},
        Unit("ff.layer_2.weight", ("ff.layer_1.weight",)),
        Unit("rel_attn.o", _XLNET[:3]),
    ),
)

STACKS = tuple(dict.fromkeys(family.stack.rpartition(".")[2] for family in FAMILIES))
"""What holds layers, in every family's last word for it."""
_IN_LAYER = re.compile(rf"((?:.*?\b)?(?:{'|'.join(STACKS)}))\.(\d+)\.(.+)")


class InLayer(NamedTuple):
    """Where a tensor of a layer is, by its name."""

    stack: str
    number: int
    kind: str


def in_layer(name: str) -> InLayer | None:
    """Return the place of a tensor that is in a layer of any family's; None where it is in none."""
    match = _IN_LAYER.fullmatch(name)
    return InLayer(match[1], int(match[2]), match[3]) if match else None
