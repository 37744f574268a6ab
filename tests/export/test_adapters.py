"""Language packs of adapters: found in a trained model, stored, and added to the upstream again."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from parp_espnet.bin import recognize
from parp_espnet.errors import UserError
from parp_espnet.export.adapters import Adapter, find_adapters, joined
from parp_espnet.export.formats import Options, export
from parp_espnet.export.pack import OF_ADAPTERS, Pack, load_pack
from parp_espnet.export.packed_language import pack_of
from parp_espnet.export.switching import PackRecogniser
from parp_espnet.export.trained import load_trained
from parp_espnet.files import read_json
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.pool import find_pool
from parp_espnet.recognition.audio import read
from parp_espnet.upstreams.untouched import load_upstream
from tests.export.printed import lines_of, texts

MODEL = "valid.loss.ave.pth"
RANK = 2

type Make = Callable[..., Path]


@pytest.fixture(scope="module")
def adapted(
    make_drawn: Make,
    make_tested: Callable[[Path, Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A complete experiment that lora would leave: adapters added, other norms, a head."""
    folder = tmp_path_factory.mktemp("lora")
    drawn = make_drawn("hubert", folder / "drawn", (), 0.0, sure=True)
    config = yaml.safe_load((drawn / "config.yaml").read_text())
    config["prune_conf"] = {"method": "lora", "adapter_rank": RANK}
    (drawn / "config.yaml").write_text(yaml.safe_dump(config))
    states = torch.load(drawn / MODEL, weights_only=True)
    pool = find_pool(states)
    draw = torch.Generator().manual_seed(0)
    for tensor in pool.values():
        if tensor.dim() == 2:
            rows, columns = tensor.shape
            first = torch.randn(RANK, columns, generator=draw)
            tensor.add_(torch.randn(rows, RANK, generator=draw) @ first, alpha=0.003)
    for name in states:
        if name.endswith("final_layer_norm.weight"):
            states[name] *= 1.25
    torch.save(states, drawn / MODEL)
    whole = {name: torch.ones_like(tensor, dtype=torch.bool) for name, tensor in pool.items()}
    mask = Mask(whole, origin="nothing is pruned", sparsity_target=0.0)
    mask.save(drawn / "mask.safetensors")
    said = read_json(drawn / "training.json")
    said |= {"method": "lora", "mask_sha256": mask.sha256}
    (drawn / "training.json").write_text(json.dumps(said))
    return make_tested(drawn, folder / "exp")


@pytest.fixture(scope="module")
def pack(adapted: Path, tones: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack") / "out"
    said = export(load_trained(adapted), folder, ["pack"], Options(data=tones))["pack"]
    # Two layers of four 32 × 32 and two 32 × 64: 2 · 2 · (4 · 64 + 2 · 96) numbers.
    assert said[1] == (
        "adapters of rank 2: 7168 bytes before compression; a mask of their 16384 weights has 2048"
    )
    assert said[2] == "8 of 8 utterances of test have stage 12's tokens"
    return folder / "es.pack"


def test_a_pack_has_the_adapters_and_nothing_of_a_mask(adapted: Path, pack: Path) -> None:
    loaded, made = load_pack(pack), pack_of(load_trained(adapted)).pack
    assert not loaded.masks
    assert len(loaded.adapters) == 12
    assert {adapter.rank for adapter in loaded.adapters.values()} == {RANK}
    for name, adapter in made.adapters.items():
        assert torch.equal(loaded.adapters[name].first, adapter.first)
        assert torch.equal(loaded.adapters[name].second, adapter.second)
    upstream = load_upstream(adapted.parent / "upstream")
    weights, trained = loaded.weights(upstream.weights), load_trained(adapted).weights()
    assert loaded.changed == set(weights)
    for name, tensor in weights.items():
        assert torch.allclose(tensor, trained[name], atol=1e-6), name
    card = (pack.parent / "README.md").read_text()
    assert "--upstream UPSTREAM --pack" in card
    assert "not pruned, with adapters added by `lora` while it was finetuned" in card


def test_half_precision_takes_half_the_bytes(adapted: Path) -> None:
    whole, half = (pack_of(load_trained(adapted), dtype).pack for dtype in ("fp32", "fp16"))
    for name, adapter in half.adapters.items():
        assert adapter.first.dtype == torch.float16
        assert 2 * adapter.nbytes == whole.adapters[name].nbytes


def test_adapters_that_half_the_bytes_do_not_hold_are_refused() -> None:
    before = {"layer.weight": torch.zeros(8, 8)}
    after = {"layer.weight": torch.full((8, 8), 1e10)}
    adapter = find_adapters(after, before, "fp32", "exp")["layer.weight"]
    assert torch.allclose(adapter.added_to(before["layer.weight"]), after["layer.weight"])
    with pytest.raises(UserError, match=r"exp: adapter of layer\.weight: .*give --dtype fp32"):
        find_adapters(after, before, "fp16", "exp")


def test_masks_and_adapters_are_switched_on_one_upstream(
    adapted: Path, pack: Path, tones: Path
) -> None:
    upstream = load_upstream(adapted.parent / "upstream")
    adapters = load_pack(pack)
    name = next(iter(adapters.adapters))
    bits = np.full(128, 0xF0, np.uint8)
    masked = Pack(**vars(adapters) | {"adapters": {}, "masks": {name: bits}})
    wave = read(sorted(tones.glob("*.wav"))[0])

    def heard(recogniser: PackRecogniser) -> np.ndarray:
        (said,) = recogniser.listen([wave])
        return said.logprobs

    alone = [heard(PackRecogniser(upstream, one)) for one in (adapters, masked)]
    assert not np.array_equal(*alone)
    recogniser = PackRecogniser(upstream, adapters)
    for number in (1, 0, 0, 1, 0):
        recogniser.switch((adapters, masked)[number])
        assert np.array_equal(heard(recogniser), alone[number])


def test_the_command(
    adapted: Path, pack: Path, tones: Path, run_command: Callable[..., tuple[object, str, str]]
) -> None:
    words = ("--upstream", adapted.parent / "upstream", "--pack", pack, tones, "--format", "json")
    code, out, _ = run_command(recognize.main, *words)
    assert code == 0
    assert texts(out) == lines_of(adapted / "decode_greedy/test/text")


def test_what_was_not_added_by_adapters(adapted: Path) -> None:
    dense = {"w": torch.randn(8, 8, generator=torch.Generator().manual_seed(0)), "b": torch.ones(8)}
    assert find_adapters(dense, dense, "fp32", "exp") == {}
    for other, said in (
        ({"w": dense["w"] * dense["w"]}, "found a rank of 8 in w, which is no smaller than its w"),
        ({"b": dense["b"] * 2}, "expected the upstream's weights with adapters added, found othe"),
        ({"c": dense["b"]}, "found others in c: was the upstream changed since"),
    ):
        with pytest.raises(UserError, match=said):
            find_adapters(other, dense, "fp32", "exp")
    with pytest.raises(ValueError, match="have no product"):
        Adapter.of(torch.zeros(2, 3), torch.zeros(4, 3))
    with pytest.raises(KeyError):
        joined({"w.a": np.zeros((2, 3), np.float32)})


def test_a_pack_of_other_tensors(pack: Path, adapted: Path, tmp_path: Path) -> None:
    loaded = load_pack(pack)
    dense = load_upstream(adapted.parent / "upstream").weights
    name, adapter = next(iter(loaded.adapters.items()))
    thin = Adapter.of(adapter.first[:, :3].contiguous(), adapter.second)
    for adapters in ({name: thin}, {"hubert.none": adapter}):
        other = Pack(**vars(loaded) | {"adapters": adapters})
        with pytest.raises(UserError, match=r"the upstream has none of shape .*export it again"):
            other.weights(dense)
    assert OF_ADAPTERS == 2
    content = pack.read_bytes().replace(b'\\"format\\": 2', b'\\"format\\": 3')
    (tmp_path / "later.pack").write_bytes(content)
    with pytest.raises(UserError, match=r"later.pack: expected a language pack"):
        load_pack(tmp_path / "later.pack")
