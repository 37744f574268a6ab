"""Each format, as others load it: in an empty directory, without this package."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard
from safetensors.torch import load_file
from torch import nn

from parp_espnet.bin import export as command
from parp_espnet.errors import UserError
from parp_espnet.espnet.loading import load_model
from parp_espnet.export.bundle import without_places
from parp_espnet.export.formats import Options, export
from parp_espnet.export.hf import check_half
from parp_espnet.export.model import ctc_module
from parp_espnet.export.trained import Trained, load_trained
from parp_espnet.recognition.audio import read
from parp_espnet.upstreams.preflight import preflight

PIPELINE = """
import json, sys
from pathlib import Path
import soundfile
from transformers import AutoModelForCTC, AutoProcessor, pipeline
folder, sounds = sys.argv[1:]
recognise = pipeline("automatic-speech-recognition", folder)
found = {}
for path in sorted(Path(sounds).glob("*.wav")):
    waves, rate = soundfile.read(path, dtype="float32")
    heard = recognise({"raw": waves, "sampling_rate": rate}, return_timestamps="char")
    assert len(heard["chunks"]) == len(heard["text"].split())
    found[path.stem] = heard["text"]
AutoModelForCTC.from_pretrained(folder), AutoProcessor.from_pretrained(folder)
assert "parp_espnet" not in sys.modules
print("FOUND", json.dumps(found))
"""
ESPNET = """
import json, sys
from itertools import groupby
from pathlib import Path
import soundfile, torch
from espnet2.bin.asr_inference import Speech2Text
recogniser = Speech2Text.from_pretrained(sys.argv[1], ctc_weight=1.0, beam_size=1)
found = {}
for path in sorted(Path(sys.argv[2]).glob("*.wav")):
    waves, _ = soundfile.read(path, dtype="float32")
    recogniser(waves)
    model = recogniser.asr_model
    with torch.inference_mode():
        encoded, _ = model.encode(torch.from_numpy(waves)[None], torch.tensor([len(waves)]))
        labels = model.ctc.argmax(encoded)[0].tolist()
    found[path.stem] = " ".join(model.token_list[one] for one, _ in groupby(labels) if one)
assert "parp_espnet" not in sys.modules
print("FOUND", json.dumps(found))
"""
S3PRL = """
import sys, torch
from s3prl.nn import S3PRLUpstream
upstream = S3PRLUpstream("hf_hubert_custom", path_or_url=sys.argv[1]).eval()
waves = torch.load(sys.argv[2])
with torch.inference_mode():
    layers, _ = upstream(waves[None], torch.tensor([len(waves)]))
torch.save(layers[-1], sys.argv[3])
assert "parp_espnet" not in sys.modules
"""


def of_stage_12(experiment: Path) -> dict[str, str]:
    lines = (experiment / "decode_greedy/test/text").read_text().splitlines()
    return {line.split()[0]: " ".join(line.split()[1:]) for line in lines}


def found_in(printed: str) -> dict[str, str]:
    (line,) = [line for line in printed.splitlines() if line.startswith("FOUND ")]
    found: dict[str, str] = json.loads(line.removeprefix("FOUND "))
    return found


def written(trained: Trained, folder: Path, name: str, **options: object) -> list[str]:
    return export(trained, folder, [name], Options(**options))[name]  # type: ignore[arg-type]


def test_logits_are_those_of_espnets_stock_forward_to_the_bit(tested: Path, tones: Path):
    trained = load_trained(tested)
    module = ctc_module(trained)
    stock, _ = load_model(tested / "valid.loss.ave.pth")
    for path in sorted(tones.glob("*.wav")):
        waves = read(path)
        lengths = torch.tensor([len(waves)])
        normal = (waves - waves.mean()) / (waves.var() + 1e-7) ** 0.5
        heard = torch.ones(1, len(waves), dtype=torch.bool)
        with torch.inference_mode():
            encoded, frames = stock.encode(torch.from_numpy(waves)[None], lengths)
            theirs = stock.ctc.log_softmax(encoded)
            alone, _ = module.of_normalised(torch.from_numpy(normal)[None], heard, lengths)
            ours, made = module(torch.from_numpy(waves)[None], lengths)
        count = int(made[0])
        assert torch.equal(theirs[:, :count], alone)
        # The same normalisation by other sums.
        assert (ours - alone).abs().max() < 1e-4
        assert count <= int(frames[0])


def test_hf(trained: Trained, tested: Path, tones: Path, tmp_path: Path, bare: Callable[..., str]):
    said = written(trained, tmp_path / "hf", "hf", data=tones, licence="cc0-1.0")
    assert said == ["8 of 8 utterances of test have stage 12's tokens"]
    assert found_in(bare(PIPELINE, tmp_path / "hf", tones)) == of_stage_12(tested)
    assert (tmp_path / "hf/model.safetensors").stat().st_mode & 0o777 == 0o644
    card = ModelCard.load(tmp_path / "hf/README.md")
    assert card.data.license == "cc0-1.0"
    assert card.data.eval_results[0].metric_value == 0.1
    assert trained.training["mask_sha256"] in card.content
    assert "[0.0900, 0.1100]" in card.content


def test_hf_in_half_the_bytes(trained: Trained, tones: Path, tmp_path: Path):
    written(trained, tmp_path / "half", "hf", dtype="fp16", data=tones)
    weights = load_file(tmp_path / "half/model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float16}
    assert json.loads((tmp_path / "half/config.json").read_text())["dtype"] == "float16"


@pytest.mark.parametrize("to", ["hf", "sparse", "onnx"])
def test_what_half_the_bytes_do_not_hold_is_refused(trained: Trained, tmp_path: Path, to: str):
    states = dict(trained.states)
    name = max(states, key=lambda name: states[name].numel())
    states[name] = states[name].clone()
    states[name].view(-1)[3] = 70_000.0
    large = replace(trained, states=states)
    with pytest.raises(UserError, match=r"its largest number is 70000, fp16 ends at 65504"):
        written(large, tmp_path / to, to, dtype="fp16")
    assert not (tmp_path / to).exists()


@pytest.mark.parametrize(("running", "holds"), [(1.0, True), (-32_768.0, True), (7e4, False)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_counts_in_a_model_are_of_any_size(dtype: torch.dtype, running: float, holds: bool):
    """A conformer has batches counted, half a million of them."""
    model = nn.Sequential(nn.BatchNorm1d(4))
    model.get_buffer("0.num_batches_tracked").fill_(500_000)
    model.get_buffer("0.running_mean")[1] = running
    model.to(dtype)
    if holds:
        check_half(model)
    else:
        with pytest.raises(UserError, match=r"0\.running_mean: its largest number is 7"):
            check_half(model)


def test_espnet(
    trained: Trained, tested: Path, tones: Path, tmp_path: Path, bare: Callable[..., str]
):
    written(trained, tmp_path / "zip", "espnet")
    moved = tmp_path / "elsewhere.zip"
    shutil.move(tmp_path / "zip/model.zip", moved)
    assert found_in(bare(ESPNET, moved, tones)) == of_stage_12(tested)


def test_s3prl(trained: Trained, tones: Path, tmp_path: Path, bare: Callable[..., str]):
    written(trained, tmp_path / "up", "s3prl")
    waves = torch.from_numpy(read(tones / "tone-0.wav"))
    torch.save(waves, tmp_path / "waves.pt")
    bare(S3PRL, tmp_path / "up", tmp_path / "waves.pt", tmp_path / "layer.pt")
    stock, _ = load_model(trained.folder / "valid.loss.ave.pth")
    with torch.inference_mode():
        expected, _ = stock.encode(waves[None], torch.tensor([len(waves)]))
    assert torch.equal(torch.load(tmp_path / "layer.pt"), expected)
    assert preflight(str(tmp_path / "up"), tmp_path / "adapted").changed == {}


def test_nothing_in_a_folder_leads_out_of_it(tuned: Path, tones: Path, tmp_path: Path):
    export(load_trained(tuned), tmp_path / "all", ["bundle", "hf", "s3prl"], Options(data=tones))
    for path in sorted((tmp_path / "all").rglob("*")):
        assert not path.is_symlink()
        if path.suffix in (".json", ".yaml", ".md", ".txt", ".bib"):
            assert str(tuned.parents[2]) not in path.read_text()


def test_bad_input(
    tested: Path,
    tmp_path: Path,
    run_command: Callable[..., tuple[object, str, str]],
):
    unfinished = tmp_path / "unfinished"
    shutil.copytree(tested, unfinished, symlinks=True)
    (unfinished / "training.json").unlink()
    denser = tmp_path / "denser"
    shutil.copytree(tested, denser)
    model = denser / "valid.loss.ave.pth"
    states = torch.load(model, weights_only=True)
    name = next(name for name in states if name.endswith("intermediate_dense.weight"))
    states[name][states[name] == 0] = 1e-3
    torch.save(states, model)
    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.tex").write_text("mine")
    for words, said in (
        ((tmp_path / "none", tmp_path / "x"), "no such experiment"),
        ((unfinished, tmp_path / "x"), "expected training.json, as a complete training leaves it"),
        ((denser, tmp_path / "x"), "the model was changed since"),
        ((tested, full), "expected a new or an empty directory, found other files in it"),
        ((tested, full / "thesis.tex"), "expected a directory to be made, found something else"),
        ((tested, tmp_path / "x", "--to", "onxn"), "did you mean 'onnx'?"),
        ((tested, tmp_path / "x", "--to", "hf", "hf"), "--to: hf is named twice"),
        ((tested, tmp_path / "x", "--push", "me/mine"), "--push: expected --to hf"),
    ):
        code, _, error = run_command(command.main, *words)
        assert code == 2
        assert said in error.splitlines()[-1]
        assert error.count("error: ") == 1
    assert not (tmp_path / "x").exists()
    assert list(full.iterdir()) == [full / "thesis.tex"]
    assert not list(tmp_path.glob(".*.tmp"))


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize("name", ["bundle", "hf", "espnet", "s3prl"])
def test_a_full_disk_leaves_nothing(trained: Trained, tmp_path: Path, name: str):
    with pytest.raises(UserError, match=r"cannot be written \(File too large\)"):
        export(trained, tmp_path / "new", [name], Options())
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_nothing(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("parp_espnet.export.bundle._check", interrupt)
    with pytest.raises(KeyboardInterrupt):
        export(trained, tmp_path / "new", ["bundle"], Options())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("label", ["/", "/a", "./", "../x"])
@pytest.mark.parametrize("name", ["token_list", "merges"])
def test_a_label_is_no_place(name: str, label: str) -> None:
    labels = {"a": label} if name == "merges" else ["<blank>", label]
    told = {"name": "exp/es", name: labels, "inner": {name: labels, "place": "/home/me/x"}}
    expected = {"name": "exp/es", name: labels, "inner": {name: labels, "place": "x"}}
    assert without_places(told) == expected
