"""Where masks move, and when."""

import json
from pathlib import Path

import torch

from parp_espnet.pruning.masks import Mask
from parp_espnet.study.evidence import Adjusting, Anatomy
from parp_espnet.study.figures.moved import kept_maps, moved_maps
from parp_espnet.study.moved import PARTS, moved_in

NAMES = [f"layers.{layer}.{kind}" for layer in (0, 1) for kind in ("k_proj.weight", "fc.weight")]


def test_changes_are_counted_by_layer_kind_and_time(tmp_path: Path) -> None:
    kept = {name: torch.ones(10, 10, dtype=torch.bool) for name in NAMES}
    mask = tmp_path / "mask.safetensors"
    Mask(kept, origin="a test", sparsity_target=0.0).save(mask)
    events = [
        {"step": 0, "moved": {}},
        {"step": 10, "moved": {NAMES[0]: 20}},
        {"step": 11, "moved": {NAMES[1]: 40, NAMES[3]: 10}},
        {"step": 120, "moved": {NAMES[3]: 50}},
    ]
    ends, by_layer, by_kind = moved_in(events, mask, 120)
    assert (len(ends), ends[0], ends[-1]) == (PARTS, 10, 120)
    assert by_layer["layer 0"][:2] == [0.1, 0.2]
    assert by_layer["layer 1"] == [0.0, 0.05, *[0.0] * (PARTS - 3), 0.25]
    assert by_kind["fc"][1] == 0.25
    assert moved_in(events, tmp_path / "none", 120) == ([], {}, {})
    old = [{"step": 10}]
    assert moved_in(old, mask, 120) == ([], {}, {})
    json.dumps([ends, by_layer, by_kind])


def run(language: str, method: str, sparsity: float, moved: bool = True) -> Adjusting:
    shares = {"layer 0": [0.1] * PARTS, "layer 1": [0.2] * PARTS} if moved else {}
    ends = list(range(10, 10 * PARTS + 1, 10)) if moved else []
    return Adjusting(
        language, method, sparsity, 5, 0, [0, 5], [0, 4], [1.0, 0.9],
        ends=ends, by_layer=shares, by_kind={"attention.k_proj": [0.1] * PARTS} if moved else {},
    )  # fmt: skip


def test_a_map_for_every_method_at_its_highest_sparsity() -> None:
    some = [
        run("es", "rigl", 0.7), run("es", "rigl", 0.9), run("es", "router", 0.9),
        run("tr", "movement", 0.9), run("es", "parp", 0.9, moved=False),
    ]  # fmt: skip
    drawn = moved_maps(some)
    assert set(drawn) == {"moved_rigl", "moved_router"}
    caption, figure = drawn["moved_rigl"]
    assert caption.endswith("rigl.")
    left, right = figure.axes[:2]
    assert [tick.get_text() for tick in left.get_yticklabels()] == ["layer 0", "layer 1"]
    assert [tick.get_text() for tick in right.get_yticklabels()] == ["k_proj"]
    assert figure.get_suptitle() == "rigl, es, sparsity 0.9"
    assert moved_maps([run("es", "parp", 0.9, moved=False)]) == {}


def test_what_is_left_of_the_first_mask() -> None:
    table = {"layer 0": {"attention.k_proj": 0.5}}
    some = [
        Anatomy("es", "router", 0.9, table, overlap={"layer 0": {"attention.k_proj": 0.8}}),
        Anatomy("es", "mpi", 0.9, table),
    ]
    ((name, (_, figure)),) = kept_maps(some).items()
    assert name == "kept_router"
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.80"]
