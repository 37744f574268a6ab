"""Mask files: a round trip, and everything that can be wrong with one."""

import json
import re
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given
from hypothesis.extra import numpy as hnp
from safetensors import safe_open
from safetensors.torch import save_file

from parp_espnet.errors import UserError
from parp_espnet.pruning.mask_file import pack, unpack
from parp_espnet.pruning.masks import Mask, flips, flips_by, iou, random_iou
from parp_espnet.pruning.origin import Origin


@pytest.fixture
def mask() -> Mask:
    generator = torch.Generator().manual_seed(0)
    kept = {
        "encoder.layers.0.w": torch.rand(7, 5, generator=generator) > 0.5,
        "encoder.layers.0.b": torch.rand(7, generator=generator) > 0.5,
    }
    return Mask(
        kept,
        origin="magnitudes of the pre-trained weights",
        sparsity_target=0.5,
        step=3,
        parent="abc",
    )


def test_a_mask_survives_its_file(mask: Mask, tmp_path: Path):
    path = tmp_path / "mask.safetensors"
    mask.save(path)
    again = Mask.load(path)
    assert all(torch.equal(again.kept[name], kept) for name, kept in mask.kept.items())
    assert (again.origin, again.scope, again.sparsity_target, again.step, again.parent) == (
        mask.origin,
        "global",
        0.5,
        3,
        "abc",
    )
    assert again.sha256 == mask.sha256
    assert (
        again.sparsity
        == mask.sparsity
        == 1 - sum(int(kept.sum()) for kept in mask.kept.values()) / 42
    )


@given(hnp.arrays("bool", hnp.array_shapes(max_dims=3, max_side=9), elements=st.booleans()))
def test_packing_takes_a_bit_a_weight(array):
    kept = {"w": torch.from_numpy(array)}
    packed = pack(kept)
    assert len(packed["w"]) == (array.size + 7) // 8
    assert torch.equal(unpack(packed, {"w": array.shape})["w"], kept["w"])


def test_a_file_is_a_bit_a_weight(tmp_path: Path):
    path = tmp_path / "mask.safetensors"
    Mask({"w": torch.ones(1000, 1000, dtype=torch.bool)}, origin="", sparsity_target=0.0).save(path)
    assert path.stat().st_size * 8 <= 1.01 * 1_000_000


def test_the_same_mask_is_the_same_bytes(mask: Mask, tmp_path: Path):
    contents = set()
    for number in range(8):
        path = tmp_path / f"{number}.safetensors"
        mask.save(path)
        contents.add(path.read_bytes())
    assert len(contents) == 1
    (content,) = contents
    length = int.from_bytes(content[:8], "little")
    names = list(json.loads(content[8 : 8 + length])["__metadata__"])
    assert names == sorted(names)
    assert length % 8 == 0


def test_the_hash_is_of_the_bits_only(mask: Mask):
    same = Mask(dict(reversed(mask.kept.items())), origin="elsewhere", sparsity_target=0.4)
    assert same.sha256 == mask.sha256
    changed = {name: kept.clone() for name, kept in mask.kept.items()}
    changed["encoder.layers.0.b"][0] ^= True
    assert Mask(changed, origin=mask.origin, sparsity_target=0.5).sha256 != mask.sha256


def test_overlap():
    a = {"w": torch.tensor([True, True, False, False])}
    b = {"w": torch.tensor([True, False, True, False])}
    assert iou(a, a) == 1.0
    assert iou(a, b) == 1 / 3
    assert flips(a, b) == 2
    assert sum(flips_by(a, b).values()) == 2
    assert flips_by(a, b).keys() == a.keys()
    assert random_iou(0.5) == pytest.approx(1 / 3)
    generator = torch.Generator().manual_seed(0)
    random = [{"w": torch.rand(100_000, generator=generator) > 0.7} for _ in range(2)]
    assert iou(*random) == pytest.approx(random_iou(0.7), abs=0.01)


def save_with(path: Path, changes: dict[str, str]) -> Path:
    """Save a mask whose file says something else than it would."""
    Mask({"w": torch.ones(20, dtype=torch.bool)}, origin="", sparsity_target=0.0).save(path)
    with safe_open(path, framework="pt") as file:
        tensors, metadata = {"w": file.get_tensor("w")}, file.metadata()
    save_file(tensors, path, metadata=metadata | changes)
    return path


def test_missing_file(tmp_path: Path):
    with pytest.raises(UserError, match="no such mask file"):
        Mask.load(tmp_path / "mask.safetensors")


@pytest.mark.parametrize("size", [0, 5, 100, -1])
def test_truncated_file(mask: Mask, tmp_path: Path, size: int):
    path = tmp_path / "mask.safetensors"
    mask.save(path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UserError, match="expected a mask"):
        Mask.load(path)


def test_flipped_bit(mask: Mask, tmp_path: Path):
    path = tmp_path / "mask.safetensors"
    mask.save(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="bits do not match its hash"):
        Mask.load(path)


def test_other_safetensors(tmp_path: Path):
    path = tmp_path / "model.safetensors"
    save_file({"w": torch.zeros(3)}, path)
    with pytest.raises(UserError, match="found a safetensors file of 1 other tensors"):
        Mask.load(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"shapes": "{}"},
        {"shapes": '{"w": [7]}'},
        {"shapes": "[1, 2]"},
        {"shapes": "{"},
        {"shapes": '{"w": [20.0]}'},
        {"shapes": '{"w": [true, 20]}'},
        {"shapes": '{"w": [-20]}'},
        {"shapes": '{"w": "20"}'},
        {"shapes": '{"w": null}'},
        {"step": "three"},
        {"sha256": "0"},
        {"step": "-1"},
        {"step": "true"},
        {"step": "1.5"},
        {"fingerprint": "0"},
        {"sparsity_measured": "0.5"},
        {"sparsity_measured": "NaN"},
        {"sparsity_measured": "null"},
        {"sparsity_measured": '"0"'},
        {"language": '["es"]'},
        {"seed": '"0"'},
        {"seed": "true"},
        {"method": "parp"},
    ],
)
def test_metadata_that_is_not_the_masks(tmp_path: Path, changes: dict[str, str]):
    path = save_with(tmp_path / "mask.safetensors", changes)
    with pytest.raises(UserError, match="damaged mask file") as caught:
        Mask.load(path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"shapes": '{"w": null}'}, "sizes of 'w', found none"),
        ({"shapes": '{"w": [true, 20]}'}, "sizes of 'w', found [true, 20]"),
        ({"step": "true"}, "found true"),
        ({"sparsity_measured": "null"}, "it says none"),
        ({"language": '["es"]'}, 'found ["es"]'),
        ({"scope": "units", "heads": "null"}, "found none"),
        ({"step": f'"{"x" * 99}"'}, f"found '{'x' * 60}'"),
    ],
)
def test_what_was_found_is_shown_as_files_have_it(
    tmp_path: Path, changes: dict[str, str], found: str
) -> None:
    path = save_with(tmp_path / "mask.safetensors", changes)
    with pytest.raises(UserError, match=re.escape(found)):
        Mask.load(path)


def test_not_safetensors_at_all(tmp_path: Path):
    path = tmp_path / "mask.safetensors"
    path.write_text("method: parp")
    with pytest.raises(UserError, match="expected a mask"):
        Mask.load(path)


def test_a_mask_that_does_not_fit_names_the_tensors(mask: Mask):
    pool = {"encoder.layers.0.w": torch.zeros(5, 7), "encoder.layers.1.w": torch.zeros(2)}
    with pytest.raises(UserError) as caught:
        mask.check_fits(pool, where="mask.safetensors")
    message = str(caught.value)
    assert "1 missing: encoder.layers.1.w" in message
    assert "1 extra: encoder.layers.0.b" in message
    assert "1 misshapen: encoder.layers.0.w (mask (7, 5), model (5, 7))" in message
    assert "\n" not in message


def test_whose_a_mask_is_stands_in_its_file_as_fields(mask: Mask, tmp_path: Path):
    made = Origin("finetuned", "omp", "egs2/cldr/es", "es", 3, "multi", "magnitude")
    path = tmp_path / "mask.safetensors"
    replace(mask, made=made, step=None).save(path)
    assert Mask.load(path).made == made
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    assert (metadata["method"], metadata["language"], metadata["seed"]) == ('"omp"', '"es"', "3")
    # One of before has none of these fields.
    mask.save(path)
    assert Mask.load(path).made == Origin()


@pytest.mark.parametrize(("source", "step"), [("trained", None), ("pretrained", 3), ("union", 3)])
def test_a_step_that_its_source_contradicts(
    mask: Mask, tmp_path: Path, source: str, step: int | None
):
    replace(mask, made=Origin(source=source), step=step).save(tmp_path / "mask")
    with pytest.raises(UserError, match=rf"damaged mask file \(step: it says {step}"):
        Mask.load(tmp_path / "mask")


def test_a_directory_is_no_mask_but_an_experiment_has_one(tmp_path: Path):
    with pytest.raises(UserError, match=r": expected a mask file, found a directory$"):
        Mask.load(tmp_path)
    (tmp_path / "mask.safetensors").touch()
    with pytest.raises(UserError, match=r"found a directory; there is .*/mask\.safetensors$"):
        Mask.load(tmp_path)


def test_an_error_calls_a_file_by_another_name_where_it_is_told_one(tmp_path: Path):
    with pytest.raises(UserError, match=r"^records: no such mask file"):
        Mask.load(tmp_path / "x", called="records")
