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


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("encoder.layers.3.attention.q_proj.weight", Place(3, "attention.q_proj")),
        ("encoder.layers.3.attention.q_proj.bias", Place(3, "attention.q_proj")),
        ("encoder.layer.10.attention.output.dense.weight", Place(10, "attention.output.dense")),
        ("layer.0.rel_attn.q", Place(0, "rel_attn.q")),
        ("layer.0.ff.layer_1.weight", Place(0, "ff.layer_1")),
        ("pooler.dense.weight", Place(None, "pooler.dense")),
    ],
)
def test_places(name: str, place: Place) -> None:
    assert place_of(name) == place


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
