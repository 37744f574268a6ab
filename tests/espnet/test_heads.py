"""How many heads configurations tell of."""

from pathlib import Path

import pytest
import torch

from parp_espnet.espnet.heads import count_heads
from parp_espnet.files import write_json

UPSTREAMS = Path(__file__).resolve().parents[2] / "egs2/cldr/ssl1/upstreams"


@pytest.mark.parametrize(
    ("config", "heads"),
    [({"num_attention_heads": 12}, 12), ({"n_head": 4}, 4), ({"num_attention_heads": "12"}, None)],
)
def test_of_a_directory_and_a_file_in_it(tmp_path: Path, config: dict[str, object], heads) -> None:
    write_json(tmp_path / "config.json", config)
    assert count_heads(tmp_path) == count_heads(tmp_path / "model.safetensors") == heads


@pytest.mark.parametrize("key", ["model_cfg", "cfg"])
def test_of_a_checkpoint_of_s3prl(tmp_path: Path, key: str) -> None:
    torch.save({key: {"encoder_attention_heads": 8}, "x": {}}, tmp_path / "model.pt")
    assert count_heads(tmp_path / "model.pt") == 8


@pytest.mark.parametrize(
    ("content", "heads"),
    [({"model_cfg": {"encoder_attention_heads": 8}}, 8), ({"model": {"w": torch.ones(2)}}, 12)],
)
def test_what_a_checkpoint_says_goes_before_what_is_beside_it(
    tmp_path: Path, content: dict[str, object], heads: int
) -> None:
    write_json(tmp_path / "config.json", {"num_attention_heads": 12})
    torch.save(content, tmp_path / "model.pt")
    assert count_heads(tmp_path / "model.pt") == heads
    torch.save({"weight": torch.ones(2)}, tmp_path / "pytorch_model.bin")
    assert count_heads(tmp_path / "pytorch_model.bin") == 12


def test_of_a_model_of_espnet(tmp_path: Path) -> None:
    upstream = f"frontend_conf: {{path_or_url: '{UPSTREAMS}/multi'}}"
    (tmp_path / "config.yaml").write_text(f"token_list: [a]\nfrontend_conf: {{{upstream}}}\n")
    assert count_heads(tmp_path / "valid.loss.ave.pth") == 4


def test_of_what_tells_nothing(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(2)}, tmp_path / "model.pt")
    assert count_heads(tmp_path / "model.pt") is None
    assert count_heads(tmp_path / "model.safetensors") is None
