"""`python3 -m parp_espnet.bin.mask`."""

import math
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch

from parp_espnet.bin.mask import main
from parp_espnet.espnet.states import load_model_state
from parp_espnet.pipeline.kept import keep
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.origin import EXPERIMENT, Origin
from parp_espnet.pruning.pool import find_pool
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.selection import select
from parp_espnet.upstreams.weights import load_weights


@pytest.fixture
def mask(
    run_command: Callable[..., tuple[object, str, str]],
) -> Callable[..., tuple[object, str, str]]:
    """Run the command; return exit code, stdout and stderr."""
    return partial(run_command, main)


def test_from_upstream_info_and_diff(mask, upstream: Path, tmp_path: Path):
    one, other = tmp_path / "one.safetensors", tmp_path / "other.safetensors"
    assert mask("from-upstream", "--upstream", upstream, "--sparsity", 0.5, "--out", one)[0] == 0
    assert mask("from-upstream", "--upstream", upstream, "--sparsity", 0.25, "--out", other)[0] == 0
    assert Mask.load(one).sparsity == 0.5
    _, out, _ = mask("info", one)
    assert "magnitudes of the pre-trained weights" in out
    assert "0.500000 measured, 0.5 asked for, global ranking" in out
    assert "layer 0" in out
    assert "attention.q_proj" in out
    _, out, _ = mask("diff", one, one)
    assert "IOU over kept weights  1.0000" in out
    assert "of random masks        0.3333" in out
    assert "highest possible" not in out
    _, out, _ = mask("diff", one, other)
    assert "IOU over kept weights  0.6667" in out
    assert "sparsities differ" in out
    # (0.5 · 0.75) / (0.5 + 0.75 − 0.5 · 0.75)
    assert "of random masks        0.4286" in out
    # 0.5 / 0.75: the sparser one is in the other.
    assert "highest possible       0.6667" in out
    assert "layer 1" in out


def test_a_shipped_upstream_has_a_name(mask, tmp_path: Path):
    named, found = tmp_path / "named", tmp_path / "found"
    shipped = ROOT / "egs2/cldr/ssl1/upstreams/multi"
    assert mask("from-upstream", "--upstream", "multi", "--sparsity", 0.5, "--out", named)[0] == 0
    assert mask("from-upstream", "--upstream", shipped, "--sparsity", 0.5, "--out", found)[0] == 0
    assert Mask.load(named).sha256 == Mask.load(found).sha256
    assert mask("pool", "multi")[0] == 0
    assert mask("verify", named, "multi")[0] == 1


def test_whole_units(mask, upstream: Path, tmp_path: Path):
    for words in (("from-upstream", "--upstream"), ("random", "--seed", 1, "--model")):
        out = tmp_path / f"{words[0]}.safetensors"
        options = ("--scope", "units", "--sparsity", 0.5, "--out", out)
        assert mask(*words, upstream, *options)[0] == 0
        _, told, _ = mask("info", out)
        assert "0.182510 measured, 0.5 asked for, units ranking" in told
        assert "units        64 of 128 feed-forward units and 4 of 8 heads pruned" in told
    options = ("--scope", "units", "--sparsity", 0.9, "--out", tmp_path / "no")
    code, _, error = mask("from-upstream", "--upstream", upstream, *options)
    assert code == 2
    assert "pattern units: sparsity 0.9: heads: expected one at least that is left" in error


def test_pool_says_what_stays(mask, upstream: Path):
    code, out, _ = mask("pool", upstream)
    assert code == 0
    assert "in 24 tensors would be pruned" in out
    assert "prune  attention.q_proj" in out
    assert "feature_projection.projection.weight" in out.splitlines()[-1]
    code, out, _ = mask("pool", upstream, "--pattern", r"feature_projection\.projection\.weight")
    assert "in 1 tensors would be pruned" in out


def test_random_combine_apply_and_verify(mask, upstream: Path, tmp_path: Path):
    one, other, both = (tmp_path / f"{name}.safetensors" for name in ("one", "other", "both"))
    for seed, path in enumerate((one, other)):
        assert (
            mask("random", "--model", upstream, "--sparsity", 0.5, "--seed", seed, "--out", path)[0]
            == 0
        )
    code, out, _ = mask("combine", "intersection", one, other, "--out", both)
    assert code == 0
    assert Mask.load(both).sparsity == pytest.approx(0.75, abs=0.02)
    code, out, _ = mask("verify", both, upstream)
    assert code == 1
    assert "not sparse" in out
    assert mask("apply", both, upstream, "--out", tmp_path / "pruned")[0] == 0
    code, out, _ = mask("verify", both, tmp_path / "pruned")
    assert code == 0
    assert "exactly sparse" in out
    # What both keep is less than what one of them keeps, so the copy is sparse under that one too.
    assert mask("verify", one, tmp_path / "pruned")[0] == 0


@pytest.mark.parametrize("weight", [math.inf, -math.inf, math.nan, -1.5, 0.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_what_is_pruned_of_a_model_is_0_whatever_it_was(
    mask, upstream: Path, tmp_path: Path, weight: float, dtype: torch.dtype
) -> None:
    states = {name: tensor.to(dtype) for name, tensor in load_weights(upstream).items()}
    name = "encoder.layers.0.attention.q_proj.weight"
    made, model, pruned = (tmp_path / f"{part}.pth" for part in ("mask", "model", "pruned"))
    kept = {own: torch.ones_like(one, dtype=torch.bool) for own, one in find_pool(states).items()}
    kept[name][0, :3] = False
    Mask(kept, origin="", sparsity_target=3 / sum(one.numel() for one in kept.values())).save(made)
    states[name] = states[name].clone()
    states[name][0, :3] = weight
    torch.save(states, model)
    assert mask("apply", made, model, "--out", pruned)[0] == 0
    found = load_model_state(pruned)
    assert found[name].dtype == dtype
    assert (found[name][0, :3] == 0).all()
    assert not found[name][0, :3].signbit().any()
    states[name][0, :3] = 0
    assert all(torch.equal(found[own], states[own]) for own in states)
    assert mask("verify", made, pruned)[0] == 0


def test_from_model(mask, recipe, tmp_path: Path):
    run = {"max_epoch": 1, "keep_nbest_models": 1, "prune_conf": {"method": "dense"}}
    model = recipe.train(tmp_path / "dense", **run) / "valid.loss.best.pth"
    assert (
        mask("from-model", "--model", model, "--sparsity", 0.5, "--out", tmp_path / "mask")[0] == 0
    )
    made = Mask.load(tmp_path / "mask")
    expected = select(find_pool(load_model_state(model)), 0.5)
    assert all(torch.equal(made.kept[name], kept) for name, kept in expected.items())
    assert "finetuned" in made.origin


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("from-upstream", "--upstream", "nowhere", "--sparsity", 0.5),
            "--upstream nowhere: expected a Hugging Face model",
        ),
        (("from-upstream", "--upstream", "UPSTREAM", "--sparsity", 50), "did you mean 0.5?"),
        (
            ("from-model", "--model", "UPSTREAM/config.json", "--sparsity", 0.5),
            "not a checkpoint that loads safely",
        ),
        (("from-model", "--model", "nowhere.pth", "--sparsity", 0.5), "nowhere.pth: no such model"),
        (("random", "--model", "UPSTREAM", "--sparsity", -1), "expected a fraction in [0, 1)"),
        (
            ("random", "--model", "UPSTREAM", "--sparsity", 0.5, "--pattern", "x("),
            "expected a regular expression",
        ),
        (
            ("random", "--model", "UPSTREAM", "--sparsity", 0.5, "--pattern", "x"),
            "named as in the pattern 'x'",
        ),
        (("info", "UPSTREAM/model.safetensors"), "expected a mask file"),
    ],
)
def test_bad_input_is_one_line(
    mask, upstream: Path, tmp_path: Path, arguments: tuple[object, ...], message: str
):
    given = [str(argument).replace("UPSTREAM", str(upstream)) for argument in arguments]
    out = ["--out", str(tmp_path / "mask")] if given[0] != "info" else []
    code, _, err = mask(*given, *out)
    assert code == 2
    errors = [line for line in err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert message in errors[0]
    assert not (tmp_path / "mask").exists()


def test_info_of_a_mask_with_a_tensor_of_no_weights(mask, tmp_path: Path):
    kept = {
        "layers.0.empty.weight": torch.ones(0, 3, dtype=torch.bool),
        "layers.1.full.weight": torch.ones(4) > 0,
    }
    Mask(kept, origin="a test", sparsity_target=0.0).save(tmp_path / "mask")
    code, out, err = mask("info", tmp_path / "mask")
    assert (code, err) == (0, "")
    assert "no weights  layer 0" in out
    assert "0.0000  layer 1" in out
    assert mask("diff", tmp_path / "mask", tmp_path / "mask")[0] == 0


def test_what_a_file_says_reaches_the_terminal_as_letters(mask, tmp_path: Path):
    bad = "\x1b]0;owned\x07\x9b2J\r\n\u202eevil"
    kept = {f"layers.0.{bad}.weight": torch.ones(4) > 0}
    made = Origin(source=bad, method=bad, recipe=bad, language=bad, upstream=bad, ranking=bad)
    Mask(
        kept, origin=bad, sparsity_target=0.0, ranking=Ranking(scope=bad), parent=bad, made=made
    ).save(tmp_path / "mask")
    code, out, err = mask("info", tmp_path / "mask")
    assert (code, err) == (0, "")
    assert out.count(r"\x1b]0;owned\x07\x9b2J\r\n\u202eevil") >= 10
    other = {f"layers.1.{bad}.weight": torch.ones(4) > 0}
    Mask(other, origin=bad, sparsity_target=0.0).save(tmp_path / "other")
    code, _, err = mask("diff", tmp_path / "mask", tmp_path / "other")
    assert code == 2
    for text in (out, err):
        assert not set("\x1b\x07\x9b\r\u202e") & set(text)


def test_whose_a_mask_is(mask, upstream: Path, tmp_path: Path):
    settings = Settings(
        recipe=ROOT / "egs2/cldr/tr", method="rp", sparsity=0.5, lang="tr", seed=4, upstream="multi"
    )
    keep(settings, tmp_path)
    given = ("--upstream", upstream, "--sparsity", 0.5, "--settings", tmp_path / EXPERIMENT)
    assert mask("from-upstream", *given, "--out", tmp_path / "mask")[0] == 0
    made = Mask.load(tmp_path / "mask").made
    # Weights drawn at random are in the place of the pre-trained ones.
    assert made == Origin("random", "rp", "egs2/cldr/tr", "tr", 4, "multi", "magnitude")
    assert "language     tr" in mask("info", tmp_path / "mask")[1]


@pytest.mark.parametrize(
    "pool",
    [("--no-biases",), ("--pattern", r"encoder\.layers\.\d\.attention\.q_proj\.weight")],
    ids=["weights", "queries"],
)
def test_a_mask_of_another_pool_is_applied_and_verified(
    mask, upstream: Path, tmp_path: Path, pool: tuple[str, ...]
):
    made = tmp_path / "mask.safetensors"
    assert (
        mask("from-upstream", "--upstream", upstream, "--sparsity", 0.5, *pool, "--out", made)[0]
        == 0
    )
    assert mask("apply", made, upstream, "--out", tmp_path / "pruned")[0] == 0
    code, out, _ = mask("verify", made, tmp_path / "pruned")
    assert (code, "exactly sparse" in out) == (0, True)
    # The same weights inside of another model.
    weights = load_weights(tmp_path / "pruned")
    torch.save(
        {f"frontend.upstream.{name}": tensor for name, tensor in weights.items()},
        tmp_path / "wrapped.pth",
    )
    assert mask("verify", made, tmp_path / "wrapped.pth")[0] == 0


NATIVE = {
    "attention": "self_attn",
    "feed_forward.intermediate_dense": "fc1",
    "feed_forward.output_dense": "fc2",
}


@pytest.mark.parametrize("pool", [(), ("--no-biases",)])
@pytest.mark.parametrize("without", ["", "bias"])
def test_a_mask_fits_a_model_of_other_names(
    mask, upstream: Path, tmp_path: Path, pool: tuple[str, ...], without: str
):
    """Those of s3prl and fairseq; a mask without biases fits a model without them, too."""
    made, pruned = tmp_path / "mask.safetensors", tmp_path / "pruned.pth"
    options = ("--upstream", upstream, "--sparsity", 0.5, *pool, "--out", made)
    assert mask("from-upstream", *options)[0] == 0
    native = {}
    for name, tensor in load_weights(upstream).items():
        called = name
        for own, other in NATIVE.items():
            called = called.replace(f".{own}.", f".{other}.")
        in_pool = re.search(r"\.(self_attn\.\w+|fc[12])\.bias$", called)
        if not (without and in_pool):
            native[called] = tensor
    torch.save(native, tmp_path / "native.pth")
    code, _, said = mask("apply", made, tmp_path / "native.pth", "--out", pruned)
    if without and not pool:
        assert code == 2
        assert "bias" in said
        return
    assert code == 0, said
    assert mask("verify", made, pruned)[0] == 0


def test_a_model_whose_pool_would_be_a_part_is_refused(mask, tmp_path: Path):
    kinds = [f"self_attn.{part}_proj" for part in ("q", "k", "v", "output")] + [
        "ffn.up_proj",
        "ffn.down_proj",
    ]
    unknown = {
        f"encoder.layers.{number}.{kind}.weight": torch.ones(4, 4)
        for number in range(2)
        for kind in kinds
    }
    torch.save(unknown, tmp_path / "unknown.pt")
    for words in (
        ("pool", tmp_path / "unknown.pt"),
        (
            "from-model",
            "--model",
            tmp_path / "unknown.pt",
            "--sparsity",
            0.5,
            "--out",
            tmp_path / "mask",
        ),
        (
            "random",
            "--model",
            tmp_path / "unknown.pt",
            "--sparsity",
            0.5,
            "--out",
            tmp_path / "mask",
        ),
    ):
        code, _, said = mask(*words)
        assert code == 2
        assert "but there is no encoder.layers.N.ffn.inner_proj.weight, " in said
        assert "ffn.output_proj.weight" in said
        assert len(said.splitlines()) == 1
    assert not (tmp_path / "mask").exists()
    own = r"encoder\.layers\.\d\.(self_attn|ffn)\.\w+_proj\.weight"
    code, out, _ = mask("pool", tmp_path / "unknown.pt", "--pattern", own)
    assert (code, "(100.0%) in 12 tensors" in out) == (0, True)
