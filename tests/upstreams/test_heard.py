"""What an upstream hears is prepared as its directory says, whichever of transformers' files says
so, and as the code that trains it does.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from s3prl.nn import S3PRLUpstream

from parp_espnet.errors import UserError
from parp_espnet.upstreams.foreign import normalises
from parp_espnet.upstreams.heard import told_preprocessor
from parp_espnet.upstreams.preflight import preflight
from tests.espnet.test_upstreams import SMALL, save_whisper

BANKS = {"num_mel_bins": 40, "feature_size": 40, "return_attention_mask": True}


def save(folder: Path, kind: str, **settings: object) -> Path:
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(**SMALL | settings)
    getattr(transformers, f"{kind}Model")(config).save_pretrained(folder)
    return folder


def save_processor(folder: Path, extractor: Any) -> Path:
    """As transformers 5 saves what hears together with a tokenizer."""
    words = folder / "vocab.json"
    words.write_text(json.dumps({"<pad>": 0, "<unk>": 1, "|": 2, "a": 3}))
    kind = transformers.Wav2Vec2Processor
    if isinstance(extractor, transformers.SeamlessM4TFeatureExtractor):
        kind = transformers.Wav2Vec2BertProcessor
    kind(extractor, transformers.Wav2Vec2CTCTokenizer(str(words))).save_pretrained(folder)
    assert not (folder / "preprocessor_config.json").exists()
    return folder


def of_waves(folder: Path, kind: str, **settings: object) -> Path:
    made = transformers.Wav2Vec2FeatureExtractor(do_normalize=False)
    return save_processor(save(folder, kind, **settings), made)


def of_banks(folder: Path) -> Path:
    source = save(folder, "Wav2Vec2Bert", feature_projection_input_dim=80)
    return save_processor(source, transformers.SeamlessM4TFeatureExtractor(**BANKS))


def of_spectrograms(folder: Path) -> Path:
    source = save_whisper(folder)
    told = {"feature_size": 16, "chunk_length": 2, "n_fft": 512}
    extractor: Any = transformers.WhisperFeatureExtractor(**told)
    nested = json.dumps({"feature_extractor": extractor.to_dict()}, default=str)
    (source / "processor_config.json").write_text(nested)
    return source


PROCESSORS: dict[str, tuple[Callable[[Path], Path], dict[str, Any]]] = {
    "wav2vec2": (lambda folder: of_waves(folder, "Wav2Vec2"), {"do_normalize": False}),
    "sew": (lambda folder: of_waves(folder, "SEW", squeeze_factor=2), {"do_normalize": False}),
    "wav2vec2-bert": (of_banks, {"num_mel_bins": 40}),
    "whisper": (of_spectrograms, {"n_fft": 512}),
}


@pytest.mark.parametrize("kind", PROCESSORS)
def test_a_processor_of_transformers_5_is_read(tmp_path: Path, kind: str) -> None:
    make, expected = PROCESSORS[kind]
    source = make(tmp_path / "in")
    preflight(str(source), tmp_path / "out")
    left = json.loads((tmp_path / "out" / "preprocessor_config.json").read_text())
    assert left | expected == left


def test_of_both_files_transformers_order_is_kept(tmp_path: Path) -> None:
    assert told_preprocessor(tmp_path) is None
    (tmp_path / "preprocessor_config.json").write_text('{"do_normalize": true}')
    (tmp_path / "processor_config.json").write_text('{"processor_class": "Wav2Vec2Processor"}')
    file, told = told_preprocessor(tmp_path) or (tmp_path, {})
    assert (file.name, told) == ("preprocessor_config.json", {"do_normalize": True})
    (tmp_path / "processor_config.json").write_text('{"feature_extractor": {"sampling_rate": 8}}')
    file, told = told_preprocessor(tmp_path) or (tmp_path, {})
    assert (file.name, told) == ("processor_config.json", {"sampling_rate": 8})


@pytest.mark.parametrize("kind", ["Hubert", "WavLM", "SEW", "whisper"])
def test_what_pads_stands_behind(tmp_path: Path, kind: str) -> None:
    source = save_whisper(tmp_path / "in") if kind == "whisper" else save(tmp_path / "in", kind)
    told: dict[str, Any] = {"padding_side": "left", "sampling_rate": 16000}
    told |= {"feature_size": 16, "chunk_length": 2} if kind == "whisper" else {"feature_size": 1}
    (source / "preprocessor_config.json").write_text(json.dumps(told))
    checked = preflight(str(source), tmp_path / "out")
    assert checked.changed["padding_side"] == ("left", "right")
    left = json.loads((tmp_path / "out" / "preprocessor_config.json").read_text())
    assert left["padding_side"] == "right"


@pytest.mark.parametrize("name", ["preprocessor_config.json", "processor_config.json"])
def test_a_damaged_one_is_refused(tmp_path: Path, name: str) -> None:
    source = save(tmp_path / "in", "Hubert")
    (source / name).write_text("[]")
    with pytest.raises(UserError, match=f"{name}: expected the settings of a preprocessor, found"):
        preflight(str(source), tmp_path / "out")


@pytest.mark.parametrize(
    ("norm", "told", "expected"),
    [
        *(("group", told, bool(told)) for told in (None, False, True)),
        *(("layer", told, told is not False) for told in (None, False, True)),
    ],
)
def test_a_wavlm_hears_what_its_preprocessor_says(
    tmp_path: Path, norm: str, told: bool | None, expected: bool
) -> None:
    source = save(
        tmp_path / "in", "WavLM", feat_extract_norm=norm, do_stable_layer_norm=norm == "layer"
    )
    if told is not None:
        extractor: Any = transformers.Wav2Vec2FeatureExtractor(do_normalize=told)
        extractor.save_pretrained(source)
    checked = preflight(str(source), tmp_path / "out")
    left = json.loads((tmp_path / "out" / "preprocessor_config.json").read_text())
    assert left["do_normalize"] is expected
    place = checked.frontend["path_or_url"]
    assert normalises(Path(place)) is expected
    wave = 3 + torch.randn(1, 8000)
    heard = torch.nn.functional.layer_norm(wave, (8000,)) if expected else wave
    with torch.no_grad():
        found = S3PRLUpstream("wavlm_local", place).eval()(wave, torch.tensor([8000]))[0][-1]
        own = transformers.WavLMModel.from_pretrained(source).eval()(heard).last_hidden_state
    assert torch.allclose(found[:, : own.shape[1]], own, atol=1e-4)


@pytest.mark.parametrize("setting", [{"feat_extract_activation": "relu"}, {"layer_norm_eps": 0.01}])
@pytest.mark.parametrize("kind", ["WavLM", "Data2VecAudio"])
def test_what_s3prls_code_computes_otherwise_is_refused(
    tmp_path: Path, kind: str, setting: dict[str, Any]
) -> None:
    positions = {"conv_pos_kernel_size": 5, "num_conv_pos_embeddings": 3}
    source = save(
        tmp_path / "in", kind, **(positions if kind == "Data2VecAudio" else {}), **setting
    )
    with pytest.raises(UserError, match=r"computes something else than in transformers, by up to"):
        preflight(str(source), tmp_path / "out")
