"""Finetuning text models with pruning in it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import DebertaConfig, DebertaForSequenceClassification

from parp_espnet.errors import UserError
from parp_espnet.glue.command_line import MINILM_POOL, read
from parp_espnet.glue.finetune import Finetuning
from parp_espnet.glue.models import WHEEL, load_classifier
from parp_espnet.glue.score import compare, score
from parp_espnet.glue.settings import MODEL, Settings
from parp_espnet.glue.tasks import TASKS
from parp_espnet.pipeline.kept import keep
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.pool import find_pool, shapes_of
from parp_espnet.pruning.pruner import nonzero_count
from parp_espnet.pruning.selection import select
from parp_espnet.scoring.result import Result
from parp_espnet.upstreams.weights import load_weights

Make = Callable[..., Settings]


class StoppedError(Exception):
    pass


class Interrupted(Finetuning):
    """Ends in the middle of its second half."""

    def _update(self, examples):
        if self.at.update == 30:
            raise StoppedError
        return super()._update(examples)


def experiment(settings: Settings, folder: Path) -> Path:
    folder.mkdir()
    keep(settings, folder)
    return folder


def events(folder: Path) -> list[dict[str, object]]:
    lines = (folder / "pruning.jsonl").read_text().splitlines()
    return [json.loads(line) | {"seconds": None} for line in lines]


def trained_twice(settings: Settings, folder: Path) -> tuple[Path, Path]:
    """A run that nobody interrupted and one that was continued, to the same bits."""
    whole, parts = (experiment(settings, folder / name) for name in ("whole", "parts"))
    Finetuning(settings, None, whole).run()
    with pytest.raises(StoppedError):
        Interrupted(settings, None, parts).run()
    Finetuning(settings, None, parts).run()
    assert (whole / MODEL).read_bytes() == (parts / MODEL).read_bytes()
    masks = [Mask.load(one / "mask.safetensors") for one in (whole, parts)]
    assert masks[0].sha256 == masks[1].sha256
    assert events(whole) == events(parts)
    return whole, parts


@pytest.fixture(scope="module")
def there(text_recipe: Path):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(text_recipe)
        yield


@pytest.mark.usefixtures("there")
def test_parp_learns_is_exactly_sparse_and_continues_to_the_same_bits(
    settings_of: Make, tmp_path: Path
):
    settings = settings_of("--method", "parp", "--sparsity", "0.5", "--interval", "3")
    whole, parts = trained_twice(settings, tmp_path)
    name = "initial_mask.safetensors"
    assert Mask.load(whole / name).sha256 == Mask.load(parts / name).sha256

    mask, pool = Mask.load(whole / "mask.safetensors"), find_pool(load_weights(whole / MODEL))
    assert nonzero_count(pool) == mask.total - round(0.5 * mask.total)
    assert len(pool) == 2 * 6 + 1
    result = score(whole)
    assert result == Result.read(whole / "result.json")
    assert result.scores is not None
    assert list(result.scores) == ["matthews", "accuracy"]
    assert result.scores["matthews"] == pytest.approx(1 - result.error_rate)
    assert result.scores["accuracy"] > 0.9
    assert (result.language, result.sparsity_measured, result.train_examples) == (
        "cldr_order",
        0.5,
        64,
    )
    score(parts)
    files = [one / "predictions.tsv" for one in (whole, parts)]
    assert compare(*files, "matthews").difference == 0


@pytest.mark.usefixtures("there")
def test_another_score_continues_to_the_same_bits(settings_of: Make, tmp_path: Path):
    options = ("--sparsity", "0.5", "--interval", "3", "--score", "activation")
    settings = settings_of("--method", "parp", *options)
    whole, parts = trained_twice(settings, tmp_path)
    masks = [Mask.load(one / "mask.safetensors") for one in (whole, parts)]
    assert masks[0].made.ranking == masks[1].made.ranking == "activation"


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("method", ["dense", "lora"])
def test_what_prunes_nothing_continues_to_the_same_bits(
    settings_of: Make, tmp_path: Path, method: str
):
    whole, _ = trained_twice(settings_of("--method", method), tmp_path)
    assert score(whole).method == method


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(
    "method", ["parp-p", "parp-ste", "rigl", "movement", "movement-p", "router"]
)
def test_other_ways_to_move_a_mask_continue_to_the_same_bits(
    settings_of: Make, tmp_path: Path, method: str
):
    settings = settings_of("--method", method, "--sparsity", "0.5", "--interval", "3")
    whole, _ = trained_twice(settings, tmp_path)
    assert Mask.load(whole / "mask.safetensors").sparsity == 0.5
    assert score(whole).method == method


@pytest.mark.usefixtures("there")
def test_a_router_goes_on_with_finetuned_weights(settings_of: Make, tmp_path: Path):
    """Its weights are those of the other model, as far as the mask keeps them."""
    dense = experiment(settings_of("--method", "dense"), tmp_path / "dense")
    Finetuning(settings_of("--method", "dense"), None, dense).run()
    before = find_pool(load_weights(dense / MODEL))
    file = tmp_path / "mask.safetensors"
    Mask(select(before, 0.5), origin="a test", sparsity_target=0.5).save(file)
    options = ("--method", "router-p", "--sparsity", "0.5", "--first_mask", "finetuned")
    settings = settings_of(*options)
    assert settings.finetuning_runs == 2
    exp = experiment(settings, tmp_path / "exp")
    Finetuning(settings, file, exp, dense / MODEL).run()
    kept = Mask.load(exp / "mask.safetensors").kept
    after = find_pool(load_weights(exp / MODEL))
    assert all(bool((after[name] == before[name] * kept[name]).all()) for name in kept)


@pytest.mark.usefixtures("there")
def test_a_fixed_mask_stays_and_only_the_head_trains_at_first(
    settings_of: Make, tmp_path: Path, bert: Path
):
    pool = find_pool(load_weights(bert))
    Mask(select(pool, 0.4), origin="a test", sparsity_target=0.4).save(
        tmp_path / "mask.safetensors"
    )
    settings = settings_of(
        *(
            "--method",
            "transfer",
            "--sparsity",
            "0.4",
            "--initial_mask",
            str(tmp_path / "mask.safetensors"),
        ),
        *("--updates", "4", "--freeze_updates", "4"),
    )
    exp = experiment(settings, tmp_path / "exp")
    Finetuning(settings, tmp_path / "mask.safetensors", exp).run()
    kept = Mask.load(tmp_path / "mask.safetensors").kept
    found = find_pool(load_weights(exp / MODEL))
    assert all(bool((found[name] == pool[name] * kept[name]).all()) for name in pool)
    assert json.loads((exp / "training.json").read_text())["iou_initial_final"] == 1


@pytest.mark.usefixtures("there")
def test_texts_longer_than_a_model_has_places_for_are_refused_before_the_first_update(
    settings_of: Make, tmp_path: Path
):
    settings = settings_of("--method", "dense", "--max_length", "513")
    with pytest.raises(UserError, match="--max_length 513: expected at most 512, the tokens that"):
        Finetuning(settings, None, experiment(settings, tmp_path / "exp"))
    assert not (tmp_path / "exp" / MODEL).exists()


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(("kind", "length"), [("bert", "512"), ("xlnet", "600")])
def test_texts_that_fit_are_taken(
    settings_of: Make, tmp_path: Path, request: pytest.FixtureRequest, kind: str, length: str
):
    model = str(request.getfixturevalue(kind))
    settings = settings_of("--method", "dense", "--max_length", length, "--model", model)
    Finetuning(settings, None, experiment(settings, tmp_path / "exp"))


@pytest.mark.usefixtures("there")
def test_xlnet(settings_of: Make, tmp_path: Path, xlnet: Path):
    settings = settings_of(
        "--method", "mpi", "--sparsity", "0.5", "--model", str(xlnet), "--updates", "6"
    )
    exp = experiment(settings, tmp_path / "exp")
    Finetuning(settings, None, exp).run()
    mask = Mask.load(exp / "mask.safetensors")
    assert len(mask.kept) == 2 * 6
    assert score(exp).sparsity_measured == 0.5


@pytest.mark.usefixtures("there")
def test_a_mask_of_a_speech_model_is_refused(settings_of: Make, tmp_path: Path, upstream: Path):
    pool = find_pool(load_weights(upstream))
    Mask(select(pool, 0.5), origin="speech", sparsity_target=0.5).save(
        tmp_path / "speech.safetensors"
    )
    settings = settings_of(
        "--method", "transfer", "--initial_mask", str(tmp_path / "speech.safetensors")
    )
    with pytest.raises(
        UserError,
        match=r"speech.safetensors: the mask does not fit the model \(13 missing: .* extra",
    ):
        Finetuning(
            settings, tmp_path / "speech.safetensors", experiment(settings, tmp_path / "exp")
        ).run()


def test_models_that_are_none_are_refused(upstream: Path, bert: Path, tmp_path: Path):
    task = TASKS["cldr_order"]
    with pytest.raises(
        UserError, match=r"expected a text model such as BERT or XLNet, found one of type hubert"
    ):
        load_classifier(str(upstream), task)
    with pytest.raises(UserError, match=r"expected a model of transformers, found none"):
        load_classifier(str(tmp_path), task)
    for file in bert.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    with pytest.raises(
        UserError, match=r"6 of 19 that may be pruned are not there .* such as bert.encoder.layer.2"
    ):
        load_classifier(str(tmp_path), task)


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("method", ["dense", "parp"])
def test_a_loss_that_is_not_a_number_is_no_result(settings_of: Make, tmp_path: Path, method: str):
    settings = settings_of("--method", method, "--lr", "1e6", "--updates", "20")
    exp = experiment(settings, tmp_path / "exp")
    message = (
        r"exp: update \d+: the loss or its gradient is not a number, at a learning rate of "
        r".*; train again with"
    )
    for _ in range(2):
        with pytest.raises(UserError, match=message) as caught:
            Finetuning(settings, None, exp).run()
        assert "\n" not in str(caught.value)
        assert not (exp / "training.json").exists()


def test_a_model_whose_pool_is_a_part_is_refused_unless_the_pool_is_ones_own(tmp_path: Path):
    sizes = {"vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = DebertaConfig(**sizes, intermediate_size=64)
    DebertaForSequenceClassification(config).save_pretrained(tmp_path)
    task = TASKS["cldr_order"]
    message = (
        rf"{tmp_path}: a model of type deberta: .* no "
        rf"deberta.encoder.layer.N.attention.self.query.weight"
    )
    with pytest.raises(UserError, match=message):
        load_classifier(str(tmp_path), task)
    own = r"encoder\.layer\.\d+\.output\.dense\.weight"
    model = load_classifier(str(tmp_path), task, pattern=own)
    assert len(find_pool(dict(model.named_parameters()), own)) == 2


def test_the_pool_of_minilm_is_the_papers():
    pytest.importorskip(WHEEL)
    model = load_classifier("minilm", TASKS["cldr_kind"])
    pool = find_pool(dict(model.named_parameters()))
    assert len(pool) == 6 * 6 + 1
    assert (
        sum(tensor.numel() for tensor in pool.values())
        == 6 * (4 * 384**2 + 2 * 384 * 1536) + 384**2
    )
    own = find_pool(dict(model.named_parameters()), MINILM_POOL)
    assert set(pool) - set(own) == {"pooler.dense.weight"}
    assert set(shapes_of(pool)) == {
        "pooler.dense.weight",
        *(
            f"encoder.layer.{layer}.{kind}.weight"
            for layer in range(6)
            for kind in (
                *(f"attention.self.{part}" for part in ("query", "key", "value")),
                "attention.output.dense", "intermediate.dense", "output.dense",
            )
        ),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--task", "colla"], "--task: expected one of .* did you mean 'cola'"),
        (["--task", "cola"], r"--task cola: expected --glue DIR, or GLUE=DIR in db.sh"),
        (["--model", "./nowhere"], "--model ./nowhere: no such directory"),
        (["--validations", "50"], "--validations 50: expected at most --updates 40"),
        (["--method", "transfer"], "starts from a mask file"),
        (["--stage", "7"], "expected stages from 1 to 6"),
        (["--sparsity", "70"], "did you mean 0.7"),
        (["--glue_tag", ".."], r"--glue_tag \.\.: expected letters, digits"),
        (["--glue_tag", "."], r"--glue_tag \.: expected letters, digits"),
        (["--glue_tag", "a/b"], "--glue_tag a/b: expected letters, digits"),
        (["--glue_tag", "x" * 300], "expected at most 200 bytes"),
    ],
)
def test_wrong_options_are_refused(
    settings_of: Make, options: list[str], said: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("GLUE", raising=False)
    with pytest.raises(UserError, match=said):
        settings_of(*options)


def test_experiments_have_names_of_their_own(settings_of: Make, text_recipe: Path):
    tags = {
        settings_of(*options).tag
        for options in (
            [], ["--method", "dense"], ["--lr", "0.1"], ["--seed", "1"], ["--updates", "41"],
            ["--sparsity", "0.7"],
            ["--model", "minilm"], ["--batch_size", "8"], ["--interval", "9"], ["--train_examples",
            "7"],
        )
    }  # fmt: skip
    assert len(tags) == 10
    omp = read(
        ["--recipe", str(text_recipe), "--task", "cldr_sim", "--method", "omp", "--sparsity", "0.7"]
    )
    assert (
        omp.dense.tag
        == read(["--recipe", str(text_recipe), "--task", "cldr_sim", "--method", "dense"]).tag
    )
    assert omp.finetuning_runs == 2
    # MiniLM's pooler was never trained: it is no part of the pool.
    assert omp.prune_pattern == MINILM_POOL
    assert omp.dense.prune_pattern is None
