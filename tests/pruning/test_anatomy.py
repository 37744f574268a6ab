"""Masks by layer and by kind."""

import pytest
import torch

from parp_espnet.pruning.anatomy import (
    Place,
    by_kind,
    by_layer,
    groups,
    iou_by,
    place_of,
    sparsity_by,
)
from parp_espnet.pruning.families import FAMILIES, Family
from parp_espnet.pruning.scopes import parts


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("encoder.layers.3.attention.q_proj.weight", Place(3, "attention.q_proj")),
        ("encoder.layers.3.attention.q_proj.bias", Place(3, "attention.q_proj")),
        ("encoder.layer.10.attention.output.dense.weight", Place(10, "attention.output.dense")),
        ("layer.0.rel_attn.q", Place(0, "rel_attn.q")),
        ("layer.0.ff.layer_1.weight", Place(0, "ff.layer_1")),
        ("encoder.encoders.2.cgmlp.channel_proj1.0.weight", Place(2, "cgmlp.channel_proj1.0")),
        ("own.encoders.1.fc.weight", Place(1, "fc")),
        (
            "feature_extractor.conv_layers.1.conv.weight",
            Place(None, "feature_extractor.conv_layers.1.conv"),
        ),
        ("pooler.dense.weight", Place(None, "pooler.dense")),
    ],
)
def test_places(name: str, place: Place) -> None:
    assert place_of(name) == place


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_has_layers_for_scope_and_for_statistics(family: Family) -> None:
    names = []
    for number in (0, 1, 10):
        names += [family.canonical(number, kind) for kind in family.kinds]
    pool = dict.fromkeys([*names, *family.single.values()], 1)
    parts_of_layers = parts(pool, "layer")
    assert [len(part) for part in parts_of_layers[:3]] == [len(set(names)) // 3] * 3
    assert len(parts_of_layers) == 3 + len(set(family.single.values()))
    assert [place_of(next(iter(part))).layer for part in parts_of_layers[:3]] == [0, 1, 10]
    kinds = {place_of(name).kind for name in names}
    assert not any("10" in kind for kind in kinds)


def masks(share: float) -> dict[str, torch.Tensor]:
    names = [
        f"encoder.layers.{layer}.{kind}"
        for layer in (10, 2)
        for kind in ("fc1.weight", "fc1.bias", "fc2.weight")
    ]
    return {
        name: torch.arange(10 * (place + 1)) < share * 10 * (place + 1)
        for place, name in enumerate(names)
    }


def test_layers_come_in_the_order_of_their_numbers() -> None:
    assert list(groups(masks(0.5) | {"pooler.weight": torch.ones(2)}, by_layer)) == [
        "layer 2",
        "layer 10",
        "no layer",
    ]


def test_sparsity_and_overlap_of_groups() -> None:
    kept = masks(1.0)
    kept["encoder.layers.2.fc2.weight"][:] = False
    assert sparsity_by(kept, by_layer) == {"layer 2": pytest.approx(60 / 150), "layer 10": 0.0}
    assert sparsity_by(kept, by_kind) == {"fc1": 0.0, "fc2": pytest.approx(60 / 90)}
    assert iou_by(masks(0.5), masks(1.0), by_kind) == {"fc1": 0.5, "fc2": 0.5}
