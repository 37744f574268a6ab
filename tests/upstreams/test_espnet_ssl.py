"""Models of ESPnet's own pretraining: whole, or refused in one line."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from parp_espnet.errors import UserError
from parp_espnet.pruning.pool import find_pool, shapes_of
from parp_espnet.upstreams.preflight import preflight
from parp_espnet.upstreams.starts import is_experiment, is_pretraining
from parp_espnet.upstreams.table import page
from parp_espnet.upstreams.weights import load_weights
from tests.upstreams.branchformer import save_branchformer


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_branchformer(tmp_path_factory.mktemp("xeus"))


def test_it_is_adapted_and_its_pool_is_that_of_the_file(model: Path, tmp_path: Path) -> None:
    checked = preflight(str(model), tmp_path / "out")
    assert checked.changed == {"layer_drop_rate": (0.1, 0.0)}
    left = str(tmp_path / "out/model.pth")
    assert checked.frontend == {"frontend": "espnet_ssl", "path_or_url": left}
    own, adapted = (
        find_pool(load_weights(model)),
        find_pool(load_weights(tmp_path / "out/model.pth")),
    )
    assert all(torch.equal(own[name], adapted[name]) for name in own)
    # Two layers of ten matrices, and their biases.
    assert len(own) == len(adapted) == 40
    assert own["encoder.encoders.1.cgmlp.channel_proj1.0.weight"].shape == (64, 32)


def test_it_is_no_experiment(model: Path, tmp_path: Path) -> None:
    assert is_pretraining(model.parent / "config.yaml")
    assert not is_experiment(model)
    assert not is_experiment(model.parent)
    (tmp_path / "config.yaml").write_text("encoder: linear\nloss: []\nutil: []\nctc_conf: {}\n")
    assert not is_pretraining(tmp_path / "config.yaml")


def test_pools_of_ones_own(model: Path) -> None:
    """As docs/upstreams.md has them."""
    weights = load_weights(model)
    written = re.findall(r"--prune_pattern '(.+)'", page())
    narrow, wide = (set(find_pool(weights, line)) for line in written if "encoders" in line)
    usual = set(find_pool(weights))
    assert {name.split(".", 3)[3] for name in usual - narrow} == {
        f"cgmlp.{kind}.{part}"
        for kind in ("channel_proj1.0", "channel_proj2")
        for part in ("weight", "bias")
    }
    assert {name.split(".", 3)[3] for name in wide - usual} == {
        "merge_proj.weight",
        "merge_proj.bias",
    }


def test_an_encoder_behind_an_upstream_is_none(model: Path) -> None:
    """ESPnet's recognisers may have an E-Branchformer between an upstream and their head."""
    weights = load_weights(model)
    behind = {name: tensor for name, tensor in weights.items() if name.startswith("encoder.")}
    before = {f"frontend.upstream.{name}": tensor for name, tensor in weights.items()}
    assert shapes_of(find_pool(before | behind)) == shapes_of(find_pool(before))
    pool = find_pool(before | behind)
    assert (
        pool["encoder.encoders.0.attn.linear_q.weight"]
        is before["frontend.upstream.encoder.encoders.0.attn.linear_q.weight"]
    )


def without(name: str) -> Callable[[Path], None]:
    def leave(folder: Path) -> None:
        weights = torch.load(folder / "xeus.pth")
        kept = {key: tensor for key, tensor in weights.items() if name not in key}
        torch.save(kept, folder / "xeus.pth")

    return leave


def configured(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = yaml.safe_load((folder / "config.yaml").read_text())
        inner = changes.get("encoder_conf", {})
        changed = config | changes | {"encoder_conf": config["encoder_conf"] | inner}
        (folder / "config.yaml").write_text(yaml.safe_dump(changed))

    return change


@pytest.mark.parametrize(
    ("spoil", "settings", "says"),
    [
        (without("1.cgmlp.channel_proj2"), {}, r"2 weights are missing, .*1\.cgmlp\.channel_proj2"),
        (without("encoders.1."), {}, r"38 weights are missing, .* and 35 more; fetch both again"),
        (without("losses."), {}, ""),
        (configured(encoder_conf={"num_blocks": 1}), {}, r"38 weights are .*encoders\.1\."),
        (configured(encoder_conf={"linear_units": 8}), {}, r"12 weights .* misshapen"),
        (configured(encoder_conf={"attention_heads": 3}), {}, r"ESPnet cannot build it"),
        (configured(encoder_conf={"macaron_ffn": False}), {}, r"weights are .* none of the model"),
        (configured(encoder="conformer"), {}, r"with encoder conformer; known are e_branchformer"),
        (configured(), {"mask_time_prob": 0.3}, r"runs in ESPnet's frontend .* hides nothing"),
        (configured(), {"hidden_dropout": 0.3}, r"hidden_dropout: expected a Hugging Face dir"),
    ],
)
def test_a_part_of_one_is_refused(
    tmp_path: Path, spoil: Callable[[Path], None], settings: dict[str, Any], says: str
) -> None:
    file = save_branchformer(tmp_path / "in")
    spoil(file.parent)
    if not says:
        preflight(str(file), tmp_path / "out", settings)
        return
    with pytest.raises(UserError, match=says) as caught:
        preflight(str(file), tmp_path / "out", settings)
    assert "\n" not in str(caught.value)


def test_layers_without_macaron_parts_have_no_whole_pool(tmp_path: Path) -> None:
    file = save_branchformer(tmp_path / "in", macaron_ffn=False)
    with pytest.raises(UserError, match=r"no encoder\.encoders\.N\.feed_forward_macaron\.w_1"):
        preflight(str(file), tmp_path / "out")


def test_a_directory_is_told_to_give_its_file(model: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"of what ESPnet pretrained, give the model file: .*\.pth"):
        preflight(str(model.parent), tmp_path / "out")


def test_the_architecture_alone(model: Path, tmp_path: Path) -> None:
    preflight(str(model), tmp_path / "out", random_seed=1)
    drawn = load_weights(tmp_path / "out/model.pth")
    name = "encoder.encoders.0.attn.linear_q.weight"
    assert not torch.equal(drawn[name], load_weights(model)[name])
