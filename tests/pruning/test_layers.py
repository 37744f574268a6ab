"""A pool is whole or refused: of every family, and of what stands beside them, on transformers' own
classes.
"""

from collections.abc import Iterable
from typing import Any

import pytest
import torch
import transformers

from parp_espnet.errors import UserError
from parp_espnet.pruning.pool import find_pool, pool_names

D, F, LAYERS = 32, 64, 2
SIZES = {
    "hidden_size": D,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "intermediate_size": F,
}
CONVOLUTIONS = {
    "conv_dim": (16,) * 5, "conv_kernel": (20, 8, 4, 4, 4), "conv_stride": (10, 4, 2, 2, 2),
    "num_feat_extract_layers": 5, "num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 4,
}  # fmt: skip
SPEECH = SIZES | CONVOLUTIONS
TEXT = SIZES | {"vocab_size": 50}
TWO_STACKS = {
    "d_model": D, "encoder_layers": LAYERS, "decoder_layers": LAYERS, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "encoder_ffn_dim": F, "decoder_ffn_dim": F, "vocab_size": 50,
}  # fmt: skip
WITH_BIASES = LAYERS * (4 * D * (D + 1) + F * (D + 1) + D * (F + 1))
WEIGHTS = LAYERS * (4 * D * D + 2 * D * F)
CONFORMER_WITH_BIASES = LAYERS * (4 * D * (D + 1) + 2 * (F * (D + 1) + D * (F + 1)))
CONFORMER_WEIGHTS = LAYERS * (4 * D * D + 4 * D * F)
WITHOUT_BIASES = {WITH_BIASES: WEIGHTS, CONFORMER_WITH_BIASES: CONFORMER_WEIGHTS}
POOLER = D * D

WHOLE: dict[str, tuple[dict[str, Any], int]] = {
    "Wav2Vec2Model": (SPEECH, WITH_BIASES),
    "Wav2Vec2ForCTC": (SPEECH | {"vocab_size": 40}, WITH_BIASES),
    "Wav2Vec2ForPreTraining": (
        SPEECH | {"codevector_dim": 32, "proj_codevector_dim": 32},
        WITH_BIASES,
    ),
    "HubertModel": (SPEECH, WITH_BIASES),
    "WavLMModel": (SPEECH, WITH_BIASES),
    "UniSpeechModel": (SPEECH, WITH_BIASES),
    "UniSpeechSatModel": (SPEECH, WITH_BIASES),
    "Data2VecAudioModel": (SPEECH, WITH_BIASES),
    "SEWModel": (SPEECH | {"squeeze_factor": 2}, WITH_BIASES),
    "Wav2Vec2ConformerModel": (SPEECH, CONFORMER_WITH_BIASES),
    "Wav2Vec2ConformerForCTC": (
        SPEECH | {"vocab_size": 40, "position_embeddings_type": "rotary"},
        CONFORMER_WITH_BIASES,
    ),
    "Wav2Vec2BertModel": (SIZES, CONFORMER_WITH_BIASES),
    # An adapter is no more part of the pool than a head is.
    "Wav2Vec2BertForCTC": (
        SIZES | {"vocab_size": 40, "add_adapter": True},
        CONFORMER_WITH_BIASES,
    ),
    "BertModel": (TEXT, WEIGHTS + POOLER),
    "BertForSequenceClassification": (TEXT, WEIGHTS + POOLER),
    "RobertaModel": (TEXT, WEIGHTS + POOLER),
    "RobertaForSequenceClassification": (TEXT, WEIGHTS),
    "RobertaPreLayerNormModel": (TEXT, WEIGHTS + POOLER),
    "XLMRobertaModel": (TEXT, WEIGHTS + POOLER),
    "XLMRobertaXLModel": (TEXT, WEIGHTS + POOLER),
    "CamembertModel": (TEXT, WEIGHTS + POOLER),
    "Data2VecTextModel": (TEXT, WEIGHTS + POOLER),
    "ElectraModel": (TEXT | {"embedding_size": 16}, WEIGHTS),
    "ErnieModel": (TEXT, WEIGHTS + POOLER),
    "EsmModel": (TEXT | {"pad_token_id": 1}, WEIGHTS + POOLER),
    "IBertModel": (TEXT, WEIGHTS + POOLER),
    "LayoutLMModel": (TEXT, WEIGHTS + POOLER),
    "MegatronBertModel": (TEXT, WEIGHTS + POOLER),
    "RemBertModel": (TEXT | {"input_embedding_size": 16}, WEIGHTS + POOLER),
    "RoFormerModel": (TEXT, WEIGHTS),
    "BigBirdModel": (TEXT, WEIGHTS + POOLER),
    "SplinterModel": (TEXT, WEIGHTS),
    "XLNetModel": (
        {"vocab_size": 50, "d_model": D, "n_layer": LAYERS, "n_head": 4, "d_inner": F},
        WEIGHTS,
    ),
}
"""Class → settings, and how many weights its pool has."""

BERTS_LACK = (
    r"encoder\.layer: expected all that a pool has in every layer of BERT, but there is "
    r"no encoder\.layer\.N\."
)
NOTHING = (
    r"nothing to prune: expected parameters named as in .* a pool of your own is a regular "
    r"expression"
)
TWO = (
    r"expected one upstream in the model, found two: layers in {} and in {}, of which the pool "
    r"would hold one only"
)
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "SEWDModel": (
        SPEECH | {"squeeze_factor": 2, "position_buckets": 8, "max_position_embeddings": 16},
        r"there is no encoder\.encoder\.layer\.N\.attention\.self\.query\.weight, .*key\.weight, "
        r".*value\.weight",
    ),
    "ParakeetForCTC": (
        {"encoder_config": SIZES | {"conv_kernel_size": 3, "subsampling_conv_channels": 8,
        "num_mel_bins": 16}},
        r"encoder\.layers: .* no encoder\.layers\.N\.self_attn\.out_proj\.weight, .*fc1\.weight, "
        r".*fc2\.weight",
    ),
    "ParakeetEncoder": (
        SIZES | {"conv_kernel_size": 3, "subsampling_conv_channels": 8, "num_mel_bins": 16}, NOTHING
    ),
    "MoonshineModel": (
        TEXT | {"encoder_num_hidden_layers": 2, "decoder_num_hidden_layers": 2,
        "encoder_num_attention_heads": 4,
                "decoder_num_attention_heads": 4},
        TWO.format(r"encoder\.layers", r"decoder\.layers"),
    ),
    "WhisperModel": (
        TWO_STACKS | {"num_mel_bins": 8, "pad_token_id": 0}, TWO.format(r"encoder\.layers",
        r"decoder\.layers")
    ),
    "Speech2TextModel": (TWO_STACKS | {"conv_channels": 16}, TWO.format(r"encoder\.layers",
    r"decoder\.layers")),
    "BartModel": (TWO_STACKS, TWO.format(r"encoder\.layers", r"decoder\.layers")),
    "SeamlessM4TModel": (
        {"hidden_size": D, "vocab_size": 50, "encoder_layers": 2, "decoder_layers": 2,
        "speech_encoder_layers": 2,
         "encoder_ffn_dim": F, "decoder_ffn_dim": F, "speech_encoder_intermediate_size": F,
         "t2u_vocab_size": 50,
         "speech_encoder_attention_heads": 4, "encoder_attention_heads": 4,
         "decoder_attention_heads": 4,
         "t2u_encoder_layers": 1, "t2u_decoder_layers": 1, "t2u_encoder_ffn_dim": F,
         "t2u_decoder_ffn_dim": F,
         "t2u_encoder_attention_heads": 4, "t2u_decoder_attention_heads": 4, "unit_embed_dim": 32,
         "lang_embed_dim": 8,
         "spkr_embed_dim": 8, "unit_hifi_gan_vocab_size": 50, "upsample_initial_channel": 32},
        r"expected one upstream in the model, found two",
    ),
    "ASTModel": (SIZES | {"num_mel_bins": 32, "max_length": 64}, NOTHING),
    "SpeechT5Model": (SPEECH | TWO_STACKS | {"num_mel_bins": 8}, NOTHING),
    "ClapAudioModel": (
        {"hidden_size": D, "depths": [1, 1], "num_attention_heads": [2, 2],
        "patch_embeds_hidden_size": 16,
         "spec_size": 64, "num_mel_bins": 16},
        NOTHING,
    ),
    "EncodecModel": ({"num_filters": 4, "hidden_size": 16, "codebook_dim": 16,
    "num_lstm_layers": 1}, NOTHING),
    "BarkSemanticModel": (
        {"num_layers": 2, "num_heads": 4, "hidden_size": D, "input_vocab_size": 50,
        "output_vocab_size": 50,
         "block_size": 16},
        NOTHING,
    ),
    "AlbertModel": (TEXT | {"embedding_size": 16}, NOTHING),
    "DistilBertModel": ({"vocab_size": 50, "dim": D, "n_layers": 2, "n_heads": 4, "hidden_dim": F},
    NOTHING),
    "OPTModel": (TEXT | {"ffn_dim": F, "word_embed_proj_dim": D}, NOTHING),
    "GPT2Model": ({"vocab_size": 50, "n_embd": D, "n_layer": 2, "n_head": 4}, NOTHING),
    "T5Model": ({"vocab_size": 50, "d_model": D, "d_ff": F, "num_layers": 2, "num_heads": 4,
    "d_kv": 8}, NOTHING),
    "FunnelModel": (
        {"vocab_size": 50, "d_model": D, "block_sizes": [1, 1], "n_head": 4, "d_head": 8,
        "d_inner": F}, NOTHING
    ),
    "ViTModel": (SIZES, NOTHING),
    "SqueezeBertModel": (TEXT | {"embedding_size": D}, NOTHING),
    "DebertaModel": (TEXT, BERTS_LACK + r"attention\.self\.query\.weight, .*key\.weight, "
                                        r".*value\.weight; "),
    "DebertaV2Model": (TEXT, BERTS_LACK + r"attention\.self\.query\.weight, .*key\.weight, "
                                          r".*value\.weight; "),
    "MPNetModel": (TEXT, BERTS_LACK + r"attention\.self\.query\.weight, "
                                      r".*attention\.output\.dense\.weight; "),
    "FNetModel": (TEXT, BERTS_LACK + r"attention\.self\.query\.weight, "
                                     r".*attention\.output\.dense\.weight; "),
    "ConvBertModel": (TEXT | {"embedding_size": D}, r"found more in them .* "
                                                    r"encoder\.layer\.N\.attention\.self\.key_c"),
    "MobileBertModel": (
        TEXT | {"embedding_size": 16, "intra_bottleneck_size": 16}, r"found more in them "
                                                                    r".*encoder\.layer\.N\..*bottlen"
    ),
    "NystromformerModel": (TEXT, r"found more in them .* "
                                 r"encoder\.layer\.N\.attention\.self\.conv\.weight"),
    "LongformerModel": (TEXT | {"attention_window": 4}, r"found more in them "
                                                        r".*attention\.self\.query_global\.weight"),
    "LukeModel": (TEXT | {"entity_vocab_size": 10, "entity_emb_size": 8}, r"found more "
                                                                          r".*attention\.self\.w2e_query"),
    "XmodModel": (
        TEXT | {"languages": ["en_XX"], "default_language": "en_XX"}, r"found more in them "
                                                                      r".*output\.adapter_modules"
    ),
    "CanineModel": (SIZES, TWO.format(r"encoder\.layer", r"initial_char_encoder\.layer")),
}  # fmt: skip
"""Class → settings, and what says that it is refused."""


def model_of(name: str, settings: dict[str, Any]) -> torch.nn.Module:
    """A small model of transformers with random weights; the test is skipped where this version has
    no such class.
    """
    kind = getattr(transformers, name, None)
    if kind is None:
        pytest.skip(f"transformers {transformers.__version__} has no {name}")
    torch.manual_seed(0)
    return kind(kind.config_class(**settings))


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_a_pool_is_whole(name: str) -> None:
    settings, expected = WHOLE[name]
    model = model_of(name, settings)
    pool = find_pool(dict(model.named_parameters()))
    assert sum(tensor.numel() for tensor in pool.values()) == expected
    # A state has buffers besides.
    assert list(find_pool(model.state_dict())) == list(pool)
    weights = find_pool(model.state_dict(), biases=False)
    assert sum(tensor.numel() for tensor in weights.values()) == WITHOUT_BIASES.get(
        expected, expected
    )


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_or_it_is_refused(name: str) -> None:
    settings, message = REFUSED[name]
    model = model_of(name, settings)
    for biases in (True, False):
        with pytest.raises(UserError, match=message) as caught:
            find_pool(dict(model.named_parameters()), biases=biases)
        assert "\n" not in str(caught.value)
    # A pool of one's own is what one says it is.
    own = next(name for name, parameter in model.named_parameters() if parameter.dim() == 2)
    assert list(find_pool(dict(model.named_parameters()), own.replace(".", r"\."))) == [own]


def test_a_model_of_two_encoders_is_refused() -> None:
    speech = transformers.Wav2Vec2Model(transformers.Wav2Vec2Config(**SPEECH))
    text = transformers.BertModel(transformers.BertConfig(**TEXT))
    both = torch.nn.ModuleDict({"encoder": speech, "decoder": text})
    message = TWO.format(r"encoder\.encoder\.layers", r"decoder\.encoder\.layer")
    with pytest.raises(UserError, match=message):
        find_pool(dict(both.named_parameters()))


NATIVE = [f"self_attn.{part}_proj" for part in ("q", "k", "v", "out")] + ["fc1", "fc2"]
HUGGING = [f"attention.{part}_proj" for part in ("q", "k", "v", "out")]
HUGGING += [f"feed_forward.{part}_dense" for part in ("intermediate", "output")]


def names(
    kinds: Iterable[str], numbers: Iterable[int] = range(3), stack: str = "encoder.layers"
) -> list[str]:
    """The weights and biases of layers."""
    return [
        f"{stack}.{number}.{kind}.{part}"
        for number in numbers
        for kind in kinds
        for part in ("weight", "bias")
    ]


def changed(old: str, new: str, kinds: list[str] = HUGGING) -> list[str]:
    """The same with another name for one kind of tensor."""
    return names([kind.replace(old, new) for kind in kinds])


FAIRSEQ2 = [f"self_attn.{part}_proj" for part in ("q", "k", "v", "output")] + [
    "ffn.inner_proj",
    "ffn.output_proj",
]
MISSING = {
    "half of fairseq2": (names(FAIRSEQ2[:-1]), r"no encoder\.layers\.N\.ffn\.output_proj\.weight"),
    "a gap": (names(HUGGING, [0, 1, 3]), r"no encoder\.layers\.2; a pool of your own"),
    "from one": (names(HUGGING, [1, 2, 3]), r"no encoder\.layers\.0; "),
    "half a layer": (
        names(HUGGING, [0, 1]) + names(HUGGING[:4], [2]),
        r"no encoder\.layers\.2\.feed_forward\.intermediate_dense\.weight, "
        r".*2\.feed_forward\.output_dense\.weight",
    ),
    "one tensor": (
        [name for name in names(HUGGING) if name != "encoder.layers.1.attention.v_proj.weight"],
        r"no encoder\.layers\.1\.attention\.v_proj\.weight; a pool",
    ),
    "one bias": (
        [name for name in names(HUGGING) if name != "encoder.layers.1.attention.v_proj.bias"],
        r"no encoder\.layers\.1\.attention\.v_proj\.bias; leave biases out with --prune_biases "
        r"false",
    ),
    "no biases of keys": (
        [name for name in names(NATIVE) if not name.endswith("k_proj.bias")],
        r"no encoder\.layers\.N\.self_attn\.k_proj\.bias; leave biases out",
    ),
    "fused": (
        names(["self_attn.in_proj", *NATIVE[3:]]),
        r"no encoder\.layers\.N\.self_attn\.q_proj\.weight, .*v_proj\.weight"
    ),
    "pruned by torch": (
        [name.replace("q_proj.weight", "q_proj.weight_orig") for name in names(HUGGING)],
        r"no encoder\.layers\.N\.attention\.q_proj\.weight",
    ),
    "lora of peft": (
        [name.replace("q_proj.", "q_proj.base_layer.") for name in names(HUGGING)],
        r"no encoder\.layers\.N\.attention\.q_proj\.weight",
    ),
    "half of each": (changed("feed_forward.intermediate_dense", "fc1"),
    r"no .*intermediate_dense\.weight"),
    "gated": (changed("feed_forward.output_dense", "mlp.down_proj"),
    r"no .*feed_forward\.output_dense\.weight"),
}  # fmt: skip
MORE = {
    "lora of loralib": ["attention.q_proj.lora_A", "attention.q_proj.lora_B"],
    "macaron": ["feed_forward2.intermediate_dense.weight", "feed_forward2.output_dense.weight"],
    "convolution": ["conv.depthwise_conv.weight"],
    "cross-attention": ["encoder_attn.q_proj.weight"],
    "gate": ["feed_forward.gate_dense.weight"],
    "experts": ["feed_forward.experts.0.intermediate_dense.weight"],
    "houlsby": ["adapter.down.weight", "adapter.up.weight"],
    "scales of numbers in eight bits": ["attention.q_proj.SCB"],
}


@pytest.mark.parametrize("case", sorted(MISSING))
def test_what_is_missing_is_named(case: str) -> None:
    found, message = MISSING[case]
    for prefix in ("", "frontend.upstream.upstream.model."):
        with pytest.raises(UserError, match=message.replace(r"no encoder", f"no {prefix}encoder")):
            pool_names([prefix + name for name in found])


@pytest.mark.parametrize("kinds", [NATIVE, HUGGING])
@pytest.mark.parametrize("case", sorted(MORE))
def test_what_is_more_is_named(case: str, kinds: list[str]) -> None:
    for number in (0, 2):
        found = names(kinds) + [f"encoder.layers.{number}.{kind}" for kind in MORE[case]]
        with pytest.raises(
            UserError,
            match=rf"found more in them than the pool .*: encoder\.layers\.N\.{MORE[case][0]}",
        ):
            pool_names(found)


@pytest.mark.parametrize(
    "prefixes", [("", "teacher."), ("student.", "teacher."), ("model.", "ema.model.")]
)
def test_a_copy_of_a_teacher_is_refused(prefixes: tuple[str, str]) -> None:
    with pytest.raises(
        UserError, match="expected one upstream in the model, found two: layers in "
    ):
        pool_names([prefix + name for prefix in prefixes for name in names(HUGGING)])


def test_biases_may_be_missing_where_they_stay_out() -> None:
    weights = [name for name in names(NATIVE) if name.endswith("weight")]
    assert len(pool_names(weights, biases=False)) == 3 * 6
    assert len(pool_names(names(NATIVE), biases=False)) == 3 * 6


def test_adapters_of_mms_are_no_part_of_the_pool() -> None:
    plain = transformers.Wav2Vec2Model(transformers.Wav2Vec2Config(**SPEECH))
    with_adapters = transformers.Wav2Vec2Model(
        transformers.Wav2Vec2Config(**SPEECH, adapter_attn_dim=4)
    )
    assert list(find_pool(plain.state_dict())) == list(find_pool(with_adapters.state_dict()))


@pytest.mark.parametrize("number", ["00", "-1", "1e3", "９", "99999999999"])
def test_what_is_no_number_is_no_layer(number: str) -> None:
    with pytest.raises(UserError, match="nothing to prune"):
        pool_names([f"encoder.layers.{number}.attention.q_proj.weight"])


def test_heads_of_espnet_are_not_taken_for_layers() -> None:
    others = [f"decoder.decoders.{number}.self_attn.linear_q.weight" for number in range(2)]
    others += [f"encoder.encoders.{number}.feed_forward.w_1.weight" for number in range(2)]
    others += [
        "adapter.layers.0.conv.weight",
        "encoder.pos_conv_embed.layers.0.conv.weight",
        "decoder.layers.0.fc1.weight",
    ]
    assert len(pool_names(names(HUGGING) + others)) == 3 * 12


QUERIES = "encoder.layers.1.attention.q_proj.weight"
NO_WEIGHTS: dict[str, tuple[torch.Tensor, str]] = {
    "eight bits": (
        torch.ones(D, D, dtype=torch.int8),
        r"expected weights of float32, .* found torch\.int8; take",
    ),
    "float8": (torch.ones(D, D).to(torch.float8_e4m3fn), r"found torch\.float8_e4m3fn"),
    "a mask": (torch.ones(D, D, dtype=torch.bool), r"found torch\.bool"),
    "complex": (torch.ones(D, D, dtype=torch.complex64), r"found torch\.complex64"),
    "none": (torch.ones(0, D), r"expected weights, found a tensor of shape \(0, 32\)"),
    "one": (torch.tensor(1.0), r"expected a matrix, found a tensor of shape \(\)"),
    "flat": (torch.ones(D * D), r"expected a matrix, found a tensor of shape \(1024,\)"),
}


@pytest.mark.parametrize("case", sorted(NO_WEIGHTS))
def test_tensors_that_are_no_weights_are_refused(case: str) -> None:
    tensor, message = NO_WEIGHTS[case]
    weights = {name: torch.ones(D, D) for name in names(HUGGING)}
    assert len(find_pool(weights)) == 3 * 12
    with pytest.raises(
        UserError, match=rf"^encoder\.layers\.1\.attention\.q_proj\.weight: .*{message}"
    ):
        find_pool(weights | {QUERIES: tensor})


def test_names_that_are_shown_are_of_one_line() -> None:
    odd = "x\x1b[31m\nred"
    for found in ([odd], [*names(HUGGING), f"encoder.layers.1.{odd}"]):
        with pytest.raises(UserError, match=r"x\\x1b\[31m\\nred") as caught:
            pool_names(found)
        assert str(caught.value).isprintable()
