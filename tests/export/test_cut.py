"""Units that are pruned as a whole are removed, and the outputs stay."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from parp_espnet.bin import export as command
from parp_espnet.errors import UserError
from parp_espnet.export.bundle import load_bundle
from parp_espnet.export.cut import cut
from parp_espnet.export.formats import Options, export
from parp_espnet.export.model import PaddedNorm, ctc_module
from parp_espnet.export.onnx import metadata
from parp_espnet.export.opened import open_model
from parp_espnet.export.prepared import prepare
from parp_espnet.export.recogniser import PlainRecogniser
from parp_espnet.export.trained import Trained, load_trained
from parp_espnet.files import read_json, write_json
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.selection import prune_
from parp_espnet.recognition.audio import read
from parp_espnet.upstreams.starts import NARROWED

UNITS = {"units": Ranking(pattern="units", heads=4), "ffn": Ranking(pattern="ffn")}
UNITS |= {"free": Ranking(pattern="units-free", heads=4)}
CHANNELS = Ranking(pattern="units+conv", heads=4)
FEWER_CHANNELS = Ranking(pattern="units+0.5conv", heads=4)
NORMS = ("hubert", "wav2vec2, group norm", "XLSR")
"""A LayerNorm behind each convolution, a group norm behind the first, the former and biases."""


@pytest.fixture(scope="module", params=UNITS)
def pruned(trained: Trained, request: pytest.FixtureRequest) -> Trained:
    """A model of which half of the units are zero."""
    return without(trained, UNITS[request.param])


def without(trained: Trained, ranking: Ranking) -> Trained:
    states = {name: tensor.clone() for name, tensor in trained.states.items()}
    pruned = replace(trained, states=states)
    if ranking.prunes_channels:
        conf = dict(trained.config["prune_conf"]) | {"pattern": ranking.pattern}
        pruned = replace(pruned, config=dict(trained.config) | {"prune_conf": conf})
    prune_(pruned.pool, 0.5, ranking)
    return pruned


@torch.inference_mode()
def logprobs(trained: Trained, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    waves = 0.1 * torch.randn(1, 16000, generator=torch.Generator().manual_seed(1))
    module = ctc_module(trained).to(dtype)
    found: torch.Tensor = module(waves.to(dtype), torch.tensor([16000]))[0]
    return found


def test_what_is_left_is_smaller_and_says_the_same(pruned: Trained) -> None:
    smaller = cut(pruned, ["bundle", "onnx"])
    assert smaller.cut is not None
    assert torch.allclose(logprobs(smaller), logprobs(pruned), atol=1e-5)
    assert smaller.cut.difference < 1e-5
    before, after = smaller.cut.before, smaller.cut.after
    gone = 64 * 65
    if NARROWED in smaller.upstream:
        gone += 4 * 8 * 32 * 4 + 4 * 8 * 3
    assert before.parameters - after.parameters == gone
    assert before.products > after.products
    assert sum(smaller.cut.units) == 64
    assert smaller.cut.lines()[0].startswith("cut: ")


def test_a_file_tells_of_no_mask_that_fits_nothing(pruned: Trained) -> None:
    told = replace(pruned, training=pruned.training | {"mask_sha256": "ab"})
    assert metadata(told)["mask_sha256"] == "ab"
    assert "mask_sha256" not in metadata(cut(told, ["onnx"]))


@pytest.mark.parametrize(
    "ranking", [*UNITS.values(), Ranking(pattern="conv")], ids=[*UNITS, "conv"]
)
def test_no_training_begins_with_layers_that_no_class_has(
    trained: Trained, tmp_path: Path, ranking: Ranking
) -> None:
    """Without some channels alone all shapes fit a stock class, which computes something else."""
    smaller = cut(without(trained, ranking), ["bundle"])
    export(replace(smaller, result=None), tmp_path / "cut", ["bundle"])
    upstream = str(tmp_path / "cut")
    if NARROWED in smaller.upstream:
        with pytest.raises(UserError, match=r"cut/config\.json: .* without --cut"):
            prepare(upstream, tmp_path / "out", (), None, None, True)
    else:
        assert prepare(upstream, tmp_path / "out", (), None, None, True).startswith(upstream)


def test_a_bundle_builds_its_layers_again(trained: Trained, tones: Path, tmp_path: Path) -> None:
    pruned = without(trained, UNITS["units"])
    smaller = cut(pruned, ["bundle"])
    export(smaller, tmp_path / "cut", ["bundle"], Options(data=tones))
    bundle = load_bundle(tmp_path / "cut")
    assert bundle.upstream[NARROWED] == {"units": [32, 32], "heads": [2, 2]}
    assert bundle.weights["hubert.encoder.layers.1.attention.q_proj.weight"].shape == (16, 32)
    samples = read(tones / "tone-0.wav")
    (heard,) = PlainRecogniser(bundle).listen([samples])
    export(pruned, tmp_path / "whole", ["bundle"], Options(data=tones))
    (whole,) = PlainRecogniser(load_bundle(tmp_path / "whole")).listen([samples])
    assert np.allclose(heard.logprobs, whole.logprobs, atol=1e-5)
    card = (tmp_path / "cut/README.md").read_text()
    assert "32 of 64 feed-forward units and 2 of 4 heads are left in each layer" in card
    assert "| multiply–adds, G |" in card
    assert "No stock class of transformers" in card
    told = read_json(tmp_path / "cut/bundle.json")
    # A mask of what is no more would fit nothing.
    assert told["mask_sha256"] is None
    assert not (tmp_path / "cut/mask.safetensors").exists()
    assert (tmp_path / "whole/mask.safetensors").is_file()
    assert told["sparsity"] == smaller.sparsity < pruned.sparsity
    told["upstream"][NARROWED]["heads"] = [2]
    write_json(tmp_path / "cut/bundle.json", told)
    with pytest.raises(UserError, match=r"heads: expected a number for each of 2 layers"):
        PlainRecogniser(load_bundle(tmp_path / "cut"))


@pytest.mark.parametrize(
    ("kind", "ranking", "share"),
    [*((kind, CHANNELS, 0.5) for kind in NORMS), ("hubert", FEWER_CHANNELS, 0.25)],
)
def test_channels_are_removed(
    kind: str,
    ranking: Ranking,
    share: float,
    make_drawn: Callable[..., Path],
    tmp_path: Path,
) -> None:
    drawn = load_trained(make_drawn(kind, tmp_path / "drawn"))
    pruned = without(drawn, ranking)
    # Of the channels of drawn weights a norm makes much, and of others nothing.
    for name, tensor in pruned.states.items():
        if "feature_extractor" in name and name.endswith("layer_norm.bias") and "4.lay" not in name:
            tensor.add_(0.5)
    smaller = cut(pruned, ["bundle", "onnx", "openvino"])
    told = smaller.cut
    assert told is not None
    before = tuple(drawn.upstream["conv_dim"])
    assert told.channels.before == before
    assert told.channels.left == tuple(count - round(share * count) for count in before)
    assert told.difference < 1e-5 * max(1.0, float(logprobs(pruned).abs().max()))
    assert torch.allclose(logprobs(smaller), logprobs(pruned), atol=1e-5)
    assert not torch.allclose(logprobs(drawn), logprobs(pruned), atol=1e-2)
    assert smaller.upstream["conv_dim"] == list(told.channels.left)
    assert "channels of" in told.told
    export(replace(smaller, result=None), tmp_path / "bundle", ["bundle"])
    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.upstream[NARROWED]["channels"] == list(before)
    samples = (0.1 * torch.randn(16000, generator=torch.Generator().manual_seed(1))).numpy()
    (heard,) = PlainRecogniser(bundle).listen([samples])
    assert np.allclose(heard.logprobs, logprobs(pruned)[0].numpy(), atol=1e-5)
    with pytest.raises(UserError, match=r"--to hf --cut: a stock class has no LayerNorm that"):
        cut(pruned, ["hf"])


def test_a_norm_counts_zeros_that_are_not_there() -> None:
    random = torch.Generator().manual_seed(0)
    norm = torch.nn.LayerNorm(7)
    torch.nn.init.normal_(norm.weight, generator=random)
    numbers = torch.randn(2, 5, 7, generator=random) + 2
    numbers[..., [1, 4]] = 0
    left = [0, 2, 3, 5, 6]
    fewer = torch.nn.LayerNorm(5)
    fewer.load_state_dict({"weight": norm.weight[left], "bias": norm.bias[left]})
    padded = PaddedNorm(fewer, 7)
    assert padded.state_dict().keys() == norm.state_dict().keys()
    assert torch.allclose(padded(numbers[..., left]), norm(numbers)[..., left], atol=1e-6)


def test_units_alone_leave_a_plain_model(trained: Trained, tmp_path: Path) -> None:
    from transformers import AutoModelForCTC  # noqa: PLC0415  # it takes seconds

    pruned = without(trained, UNITS["ffn"])
    smaller = cut(pruned, ["hf", "espnet", "s3prl", "sparse"])
    # In doubles: in floats two orders of the same sums differ by what the processor makes of them.
    pruned_logprobs = logprobs(pruned, torch.float64)
    folder = tmp_path / "hf"
    model_of(smaller, folder)
    loaded = AutoModelForCTC.from_pretrained(folder).double()
    assert loaded.config.intermediate_size == 32
    waves = 0.1 * torch.randn(1, 16000, generator=torch.Generator().manual_seed(1)).double()
    if smaller.do_normalize:
        waves = (waves - waves.mean()) / (waves.var(correction=0) + smaller.epsilon).sqrt()
    with torch.inference_mode():
        found = loaded(waves).logits.log_softmax(-1)
    assert torch.allclose(found, pruned_logprobs, atol=1e-5)


def model_of(trained: Trained, folder: Path) -> None:
    """Write it for transformers; its tokens are not those of stage 12, which had all units."""
    export(replace(trained, result=None), folder, ["hf"])


def test_onnx_hears_the_same(trained: Trained, tones: Path, tmp_path: Path) -> None:
    pruned = replace(without(trained, UNITS["units"]), result=None)
    smaller = cut(pruned, ["onnx"])
    export(smaller, tmp_path / "onnx", ["onnx"])
    hears, _ = open_model(tmp_path / "onnx")
    (heard,) = hears.listen([read(tones / "tone-0.wav")])
    export(pruned, tmp_path / "bundle", ["bundle"])
    (whole,) = PlainRecogniser(load_bundle(tmp_path / "bundle")).listen(
        [read(tones / "tone-0.wav")]
    )
    assert np.allclose(heard.logprobs, whole.logprobs, atol=1e-4)


@pytest.mark.parametrize(
    ("ranking", "formats", "message"),
    [
        (UNITS["units"], ["bundle", "hf"], r"--to hf --cut: 2 of 4 heads are left, and no stock"),
        (UNITS["free"], ["espnet"], r"--to espnet --cut: .* take --to bundle, onnx or openvino"),
        (Ranking(), ["bundle"], r"expected a model of which whole units are pruned, by --pattern"),
    ],
)
def test_what_cannot_be_cut(
    trained: Trained, ranking: Ranking, formats: list[str], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        cut(without(trained, ranking), formats)


def test_uneven_layers_are_no_stock_class(trained: Trained) -> None:
    pruned = without(trained, Ranking(pattern="ffn-free"))
    name = next(
        name for name in pruned.states if name.endswith("1.feed_forward.output_dense.weight")
    )
    with torch.no_grad():
        pruned.states[name][:, :40] = 0
    with pytest.raises(UserError, match=r"--to hf --cut: layers keep .* as many in each"):
        cut(pruned, ["hf"])
    assert cut(pruned, ["openvino"]).cut is not None


def test_the_command(tested: Path, tmp_path: Path, run_command: Callable[..., object]) -> None:
    code, _, error = run_command(command.main, tested, tmp_path / "out", "--cut")  # type: ignore[misc]
    assert code == 2
    assert "--cut: expected a model of which whole units are pruned" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["wavlm", "data2vec"])
def test_a_zip_has_the_whole_upstream_of_s3prls_own_code(
    make_drawn: Callable[..., Path], tmp_path: Path, kind: str
) -> None:
    """Its layers would not fit the weights, as whoever loads it would see."""
    pruned = without(load_trained(make_drawn(kind, tmp_path / "exp/drawn")), UNITS["ffn"])
    with pytest.raises(UserError, match=r"--to espnet --cut: .* take --to bundle, hf, onnx or op"):
        cut(pruned, ["hf", "espnet"])
    smaller = cut(pruned, ["hf", "bundle"])
    assert smaller.cut is not None
    assert smaller.upstream["intermediate_size"] == 32
