"""How model families name the weights of their Transformer layers, and what those weights are called here.

A mask outlives the model that it was found in, so it goes by *canonical* names: Hugging Face's, without whatever
stands before the layers (ESPnet's and s3prl's wrappers, a head model's `hubert.`). s3prl's native models have the same
tensors as Hugging Face's under other names, so a mask found in one fits the other.

What is in a pool is, of each Transformer layer, the weights and biases of the q, k, v and out projections and of the
two feed-forward layers (PARP, section 4.1 and released code); for text models BERT-Tickets' pool (Chen et al. 2020),
which has no biases, and BERT's pooler. Never the feature extractor, norms, positions or a head.
"""

import re
from typing import NamedTuple


class Family(NamedTuple):
    """A naming: patterns of the names of a pool, and the canonical name of what each finds."""

    name: str
    rules: tuple[tuple[re.Pattern[str], str], ...]

    def canonical(self, name: str) -> str | None:
        """Return what the weight `name` is called here; None where it is not in the family's pool."""
        for pattern, canonical in self.rules:
            if match := pattern.match(name):
                return match.expand(canonical)
        return None


def _family(name: str, *rules: tuple[str, str]) -> Family:
    return Family(name, tuple((re.compile(rf"^(?:.+\.)?{pattern}$"), canonical) for pattern, canonical in rules))


FAMILIES = (
    _family(
        "Hugging Face's wav2vec 2.0, XLSR, HuBERT, WavLM, data2vec-audio, UniSpeech-SAT",
        (
            r"encoder\.layers\.(\d+)\.attention\.([qkv]|out)_proj\.(weight|bias)",
            r"encoder.layers.\1.attention.\2_proj.\3",
        ),
        (
            r"encoder\.layers\.(\d+)\.feed_forward\.(intermediate|output)_dense\.(weight|bias)",
            r"encoder.layers.\1.feed_forward.\2_dense.\3",
        ),
    ),
    _family(
        "s3prl's wav2vec 2.0, HuBERT, WavLM",
        (
            r"encoder\.layers\.(\d+)\.self_attn\.([qkv]|out)_proj\.(weight|bias)",
            r"encoder.layers.\1.attention.\2_proj.\3",
        ),
        (r"encoder\.layers\.(\d+)\.fc1\.(weight|bias)", r"encoder.layers.\1.feed_forward.intermediate_dense.\2"),
        (r"encoder\.layers\.(\d+)\.fc2\.(weight|bias)", r"encoder.layers.\1.feed_forward.output_dense.\2"),
    ),
    _family(
        "BERT",
        (
            r"encoder\.layer\.(\d+)\.attention\.self\.(query|key|value)\.weight",
            r"encoder.layer.\1.attention.self.\2.weight",
        ),
        (
            r"encoder\.layer\.(\d+)\.(attention\.output|intermediate|output)\.dense\.weight",
            r"encoder.layer.\1.\2.dense.weight",
        ),
        (r"pooler\.dense\.weight", "pooler.dense.weight"),
    ),
    _family(
        "XLNet",
        (r"layer\.(\d+)\.rel_attn\.([qkvo])", r"layer.\1.rel_attn.\2"),
        (r"layer\.(\d+)\.ff\.layer_([12])\.weight", r"layer.\1.ff.layer_\2.weight"),
    ),
)
