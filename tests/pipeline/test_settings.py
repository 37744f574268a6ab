import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.files import write_json
from parp_espnet.interpreter import ROOT
from parp_espnet.names import check_name
from parp_espnet.pipeline.call_options import STAGES
from parp_espnet.pipeline.command_line import read
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pipeline.shipped import upstream_name


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    (tmp_path / "upstream").mkdir()
    (tmp_path / "mask.safetensors").touch()
    return tmp_path


def settings_of(recipe: Path, *words: str) -> Settings:
    upstream = str(recipe / "upstream")
    return read(
        [
            "--recipe",
            str(recipe),
            "--corpus",
            "cldr",
            "--lang",
            "es",
            "--upstream",
            upstream,
            *words,
        ]
    )


def test_defaults(recipe: Path) -> None:
    found = settings_of(recipe)
    assert (found.method, found.sparsity, found.interval, found.train_minutes) == (
        "parp",
        0.5,
        5,
        10.0,
    )
    assert found.train_name == "train_10min"


def test_dense_has_neither_sparsity_nor_interval(recipe: Path) -> None:
    found = settings_of(recipe, "--method", "dense", "--interval", "7")
    assert (found.sparsity, found.interval) == (0.0, None)


def test_whole_units_of_which_a_layer_would_keep_none(recipe: Path) -> None:
    sizes = {"num_attention_heads": 4, "intermediate_size": 64}
    (recipe / "upstream/config.json").write_text(json.dumps(sizes))
    words = ("--method", "omp", "--pattern", "units")
    assert "_units_" in settings_of(recipe, *words, "--sparsity", "0.75").tag
    assert settings_of(recipe, *words[:2], "--pattern", "ffn", "--sparsity", "0.9").scope == "ffn"
    with pytest.raises(UserError, match=r"--pattern units: sparsity 0\.9: heads: .* 4 of 4"):
        settings_of(recipe, *words, "--sparsity", "0.9")


SIX = {"num_attention_heads": 4, "intermediate_size": 64, "num_hidden_layers": 6}


@pytest.mark.parametrize(
    ("pattern", "sparsity", "sizes", "message"),
    [
        # Of 24 heads 18 leave one in each layer.
        ("heads-free", "0.8", SIX, r"heads: .* each of 6 layers, found 19 of 24 pruned"),
        ("units-free", "0.8", SIX, r"heads: .* each of 6 layers, found 19 of 24 pruned"),
        ("heads-free", "0.75", SIX, None),
        ("heads-free", "0.1", SIX, None),
        ("heads-free", "0.01", SIX, r"one at least that is pruned, found none of 24 heads; take a"),
        ("units-free", "0.01", SIX, None),
        ("ffn-free", "0.99", SIX, r"each of 6 layers, found 380 of 384 pruned"),
        ("heads", "0.8", SIX, None),
        ("heads", "0.1", SIX, "pruned in each layer, found none of 4 heads; take a higher"),
        ("heads-free", "0.8", {"n_head": 4, "n_layer": 6}, r"found 19 of 24 pruned"),
        # Who does not say how many layers there are is asked when it trains.
        ("heads-free", "0.8", {"num_attention_heads": 4}, None),
    ],
)
def test_units_that_are_ranked_over_all_layers(
    recipe: Path, pattern: str, sparsity: str, sizes: dict[str, int], message: str | None
) -> None:
    (recipe / "upstream/config.json").write_text(json.dumps(sizes))
    words = ("--method", "omp", "--pattern", pattern, "--sparsity", sparsity)
    if message is None:
        assert settings_of(recipe, *words).scope == pattern
        return
    with pytest.raises(UserError, match=message):
        settings_of(recipe, *words)


def test_channels_of_convolutions(recipe: Path) -> None:
    sizes = {"num_attention_heads": 4, "intermediate_size": 64, "conv_dim": [8, 2]}
    config = recipe / "upstream/config.json"
    config.write_text(json.dumps(sizes))
    words = ("--pattern", "units+conv")
    found = settings_of(recipe, *words, "--sparsity", "0.5")
    assert "_units+conv_" in found.tag
    assert found.pruning.prunes_channels
    message = r"--pattern units\+conv: sparsity 0\.75: channels of convolutions: .* 2 of 2 pruned"
    with pytest.raises(UserError, match=message):
        settings_of(recipe, *words, "--sparsity", "0.75")
    fewer = settings_of(recipe, "--pattern", "units+0.5conv", "--sparsity", "0.75")
    assert "_units+0.5conv_" in fewer.tag
    assert fewer.pruning.prunes_channels
    config.write_text(json.dumps(sizes | {"model_type": "wavlm"}))
    with pytest.raises(UserError, match=r"Hugging Face's names, .* found wavlm; prune units alone"):
        settings_of(recipe, *words)


def test_a_teacher(recipe: Path) -> None:
    found = settings_of(recipe, "--teacher", "dense", "--pattern", "units")
    assert "_taught_" in found.tag
    assert found.finetuning_runs == 2
    assert found.teacher_model == Path("exp") / found.dense.tag / "valid.cer_ctc.ave.pth"
    assert found.dense == settings_of(recipe, "--method", "dense")
    omp = settings_of(recipe, "--teacher", "dense", "--method", "omp", "--teacher_weight", "2")
    assert (omp.finetuning_runs, omp.teacher_tags) == (2, ["taught2"])
    folder = recipe / "exp/other"
    folder.mkdir(parents=True)
    with pytest.raises(
        UserError, match=r"--teacher .*: expected dense, or the directory of a comp"
    ):
        settings_of(recipe, "--teacher", str(folder))
    (folder / "training.json").touch()
    (folder / "valid.cer_ctc.ave.pth").touch()
    other = settings_of(recipe, "--teacher", str(folder))
    assert (other.finetuning_runs, other.tag != found.tag) == (1, True)
    with pytest.raises(UserError, match="--teacher_weight 2 changes nothing without --teacher"):
        settings_of(recipe, "--teacher_weight", "2")
    with pytest.raises(UserError, match="expected a method without rounds, found imp"):
        settings_of(recipe, "--teacher", "dense", "--method", "imp")


@pytest.mark.parametrize("method", ["mpi", "omp"])
def test_a_fixed_mask_has_no_interval(recipe: Path, method: str) -> None:
    assert (
        settings_of(recipe, "--method", method).tag
        == settings_of(recipe, "--method", method, "--interval", "9").tag
    )


@pytest.mark.parametrize(
    "words",
    [
        ["--method", "mpi"],
        ["--sparsity", "0.6"],
        ["--interval", "6"],
        ["--freeze_updates", "10"],
        ["--updates", "301"],
        ["--seed", "1"],
        ["--train_minutes", "5"],
        ["--train_set", "other"],
        ["--upstream", "facebook/hubert-base-ls960"],
        ["--upstream_init", "random"],
        ["--mask_time_prob", "0.3"],
        ["--lr", "4e-4"],
        ["--mask_feature_prob", "0.3"],
        ["--mask_feature_length", "64"],
        ["--layerdrop", "0.05"],
        ["--init_head", "none"],
        ["--speed_perturb_factors", "0.9 1.0 1.1"],
        ["--speed_perturb_factors", "0.8 1.0"],
        ["--first_mask", "random"],
        ["--scope", "layer"],
        ["--method", "parp-p", "--start_sparsity", "0.2"],
        ["--method", "parp-p", "--sparsity_path", "cubic"],
        ["--method", "imp", "--round_updates", "9"],
    ],
)
def test_every_setting_that_the_weights_depend_on_is_in_the_tag(
    recipe: Path, words: list[str]
) -> None:
    assert settings_of(recipe).tag != settings_of(recipe, *words).tag


def test_a_mask_and_a_configuration_are_in_the_tag(recipe: Path) -> None:
    masked = settings_of(recipe, "--initial_mask", str(recipe / "mask.safetensors"))
    (recipe / "long.yaml").write_text("{}")
    configured = settings_of(recipe, "--train_config", str(recipe / "long.yaml"))
    assert len({masked.tag, configured.tag, settings_of(recipe).tag}) == 3
    assert "long" in configured.tag


@pytest.mark.parametrize(
    "words",
    [
        ("--method", "omp"),
        ("--method", "parp", "--interval", "9", "--teacher", "dense"),
        ("--method", "mpi", "--score", "activation", "--raw_speech", "{}", "--teacher", "dense"),
        ("--method", "parp-p", "--start_sparsity", "0.1", "--sparsity_path", "cubic"),
        ("--method", "parp", "--first_mask", "iterated", "--round_updates", "7"),
        ("--method", "rigl", "--alpha", "0.1", "--scope", "layer", "--prune_biases", "false"),
    ],
)
def test_no_option_of_pruning_makes_another_dense_experiment(
    recipe: Path, tones: Path, words: tuple[str, ...]
) -> None:
    """One that is trained for any method is the same, and a first model's is, too."""
    of_both = ("--label_prior", "0.2", "--seed", "3")
    dense = settings_of(recipe, "--method", "dense", *of_both)
    found = settings_of(recipe, *(word.format(tones) for word in words), *of_both)
    assert found.dense == dense
    assert found.first_round == dense
    assert found.dense.tag == dense.tag


def test_the_dense_experiment_of_omp_is_the_one_a_user_would_run(recipe: Path) -> None:
    omp = settings_of(recipe, "--method", "omp", "--sparsity", "0.7", "--freeze_updates", "3")
    assert omp.dense.tag == settings_of(recipe, "--method", "dense", "--freeze_updates", "3").tag
    assert replace(omp, phn_tag="mine").dense.tag == "mine_dense"


def test_where_masks_come_from_and_what_they_cost(recipe: Path) -> None:
    def of(*words: str) -> tuple[str, int]:
        found = settings_of(recipe, *words)
        return found.mask_source, found.finetuning_runs

    assert of("--method", "dense") == ("nothing", 1)
    assert of("--method", "rp") == ("random", 1)
    assert of("--method", "omp") == ("finetuned", 2)
    assert of("--method", "imp", "--sparsity", "0.3") == ("iterated", 4)
    assert of("--method", "parp", "--first_mask", "finetuned") == ("finetuned", 2)
    assert of("--method", "omp", "--initial_mask", str(recipe / "mask.safetensors")) == ("file", 1)
    assert settings_of(recipe, "--method", "imp", "--sparsity", "0.25").rounds == [0.1, 0.2, 0.25]
    assert settings_of(recipe).rounds == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--method", "parp", "--sparsity", "0.3"], [0.1, 0.2, 0.3]),
        (["--method", "parp-p", "--sparsity", "0.5"], [0.1, 0.2, 0.3]),
        (["--method", "movement-p", "--sparsity", "0.7"], [0.1, 0.2, 0.3, 0.4, 0.5]),
        (["--method", "parp-p", "--sparsity", "0.9", "--start_sparsity", "0.15"], [0.1, 0.15]),
        (["--method", "parp-p", "--sparsity", "0.5", "--start_sparsity", "0.5"], None),
    ],
)
def test_rounds_end_where_training_begins(
    recipe: Path, words: list[str], expected: list[float] | None
) -> None:
    found = settings_of(recipe, "--first_mask", "iterated", *words)
    assert found.rounds == (expected or [0.1, 0.2, 0.3, 0.4, 0.5])
    assert found.rounds[-1] == found.first_sparsity == found.pruning.schedule.sparsity_at(0)
    assert found.finetuning_runs == 1 + len(found.rounds) == 1 + len(found.round_tags)


@pytest.mark.parametrize(
    "words",
    [
        ["--method", "imp", "--sparsity", "0"],
        ["--first_mask", "iterated", "--sparsity", "0"],
        ["--first_mask", "iterated", "--method", "parp-p", "--start_sparsity", "0"],
        ["--first_mask", "iterated", "--method", "movement-p", "--sparsity", "0.15"],
    ],
)
def test_no_rounds_end_at_nothing(recipe: Path, words: list[str]) -> None:
    with pytest.raises(UserError, match=rf"{words[0]} {words[1]}: expected a sparsity above 0"):
        settings_of(recipe, *words)


@pytest.mark.parametrize(
    "words",
    [
        ["--method", "dense", "--freeze_updates", "300"],
        ["--method", "mpi", "--freeze_updates", "300"],
        ["--method", "rp", "--freeze_updates", "400"],
        ["--method", "parp", "--freeze_updates", "299"],
        ["--method", "parp", "--sparsity", "0", "--freeze_updates", "300"],
        ["--method", "parp", "--interval", "400"],
        ["--method", "parp-p", "--growth_updates", "100", "--freeze_updates", "99"],
        ["--method", "imp", "--freeze_updates", "99"],
        ["--method", "imp", "--freeze_updates", "299", "--round_updates", "300"],
        ["--method", "rigl", "--interval", "299"],
        ["--method", "rigl", "--interval", "149", "--freeze_updates", "297"],
        ["--method", "dense", "--prune_pattern", ".*weight", "--prune_biases", "false"],
        ["--method", "lora", "--prune_pattern", ".*weight", "--prune_biases", "false"],
        ["--method", "parp", "--first_mask", "iterated", "--round_updates", "9"],
    ],
)
def test_what_still_trains_or_moves(recipe: Path, words: list[str]) -> None:
    assert settings_of(recipe, *words).method == words[1]


@pytest.mark.parametrize("method", ["rp", "mpi", "omp", "parp", "router"])
def test_others_have_a_curve_that_begins_at_nothing(recipe: Path, method: str) -> None:
    found = settings_of(recipe, "--method", method, "--sparsity", "0", "--pattern", "units")
    assert (found.rounds, found.first_sparsity) == ([], 0.0)


def test_paths_are_of_the_caller_and_become_absolute_outside_of_the_project(
    recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(recipe)
    found = settings_of(recipe, "--upstream", "./upstream", "--initial_mask", "mask.safetensors")
    assert found.upstream == str(recipe / "upstream")
    assert found.initial_mask == recipe / "mask.safetensors"


def test_names_of_changed_speech_and_of_a_changed_upstream(recipe: Path) -> None:
    found = settings_of(recipe, "--speed_perturb_factors", "1.0 0.9 1.1", "--mask_time_prob", "0.3")
    assert (found.train_name, found.train_dump, found.speeds) == (
        "train_10min",
        "train_10min_sp",
        (0.9, 1.0, 1.1),
    )
    assert (
        settings_of(recipe, "--speed_perturb_factors", "0.8 1").train_dump == "train_10min_sp0.8-1"
    )
    assert found.upstream_settings == {"mask_time_prob": 0.3}
    assert found.upstream_name == settings_of(recipe).upstream_name + "-mask_time0.3"
    assert found.upstream_label == settings_of(recipe).upstream_label


def test_upstream_names() -> None:
    assert upstream_name("../ssl1/upstreams/multi") == "multi"
    assert upstream_name("facebook/hubert-base-ls960") == "facebook__hubert-base-ls960"
    assert upstream_name("/a/model.pt") != upstream_name("/b/model.pt")


def test_a_name_of_a_file_is_no_part_of_a_tag_that_cannot_be_one(recipe: Path) -> None:
    config, upstream = recipe / "it's, my config.yaml", recipe / "my upstream"
    config.touch()
    upstream.mkdir()
    found = settings_of(
        recipe, "--train_config", str(config), "--upstream", str(upstream), "--method", "imp"
    )
    for tag in (found.tag, found.dense.tag, *found.round_tags):
        check_name("--phn_tag", tag)
    (recipe / "x.yaml").touch()
    assert settings_of(recipe, "--train_config", str(recipe / "x.yaml")).tag.startswith(
        "phn_parp_s0.5_n5_x_"
    )


def test_scoring_changes_no_weights_and_is_passed_on_where_it_is_unusual(recipe: Path) -> None:
    (recipe / "merge.txt").write_text("ɛː ɛ\n")
    found = settings_of(recipe, "--metric", "cer", "--merge", str(recipe / "merge.txt"))
    assert found.score_options == ["--metric", "cer", "--merge", str(recipe / "merge.txt")]
    assert settings_of(recipe).score_options == []
    assert found.tag == settings_of(recipe).tag


def test_settings_are_read_back(recipe: Path) -> None:
    (recipe / "merge.txt").write_text("ɛː ɛ\n")
    words = [
        "--initial_mask",
        str(recipe / "mask.safetensors"),
        "--merge",
        str(recipe / "merge.txt"),
    ]
    settings = settings_of(recipe, *words)
    kept = json.loads(json.dumps(asdict(settings), default=str))
    assert Settings.of(kept, "settings.json") == settings
    with pytest.raises(UserError, match="expected settings of an experiment"):
        Settings.of({"lang": "es"}, "settings.json")


def test_skipping() -> None:
    runs = [
        stage
        for stage in STAGES
        if not Settings(stage=4, stop_stage=13, skip_train=True).skips(stage)
    ]
    assert runs == [4, 10, 11, 12, 13]
    assert not Settings(stage=9, skip_eval=True).skips(9)
    assert Settings(skip_eval=True).skips(10)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--sparsity", "50"], r"expected a fraction in \[0, 1\), found 50"),
        (["--sparsity", "1"], r"expected a fraction in \[0, 1\), found 1"),
        (["--sparsity", "nan"], "--sparsity nan: expected a number"),
        (["--stage", "15"], "--stage 15 --stop_stage 14: expected stages from 1 to 14"),
        (["--stage", "0"], "expected stages from 1 to 14"),
        (["--stage", "5", "--stop_stage", "4"], "--stage 5 is beyond --stop_stage 4"),
        (["--method", "prap"], "did you mean 'parp'"),
        (["--method", "dense", "--sparsity", "0.5"], "prunes nothing"),
        (
            ["--method", "dense", "--first_mask", "random"],
            "--first_mask random: method dense prunes nothing; leave it out",
        ),
        (["--method", "rigl", "--pattern", "units+conv"], r"pattern none, found units\+conv: "),
        (["--method", "imp", "--pattern", "2:4"], "--pattern 2:4 has one sparsity; expected a"),
        (["--method", "transfer"], "starts from a mask file"),
        (["--interval", "0"], "interval"),
        (["--freeze_updates", "-1"], "freeze_updates"),
        (["--method", "dense", "--pattern", "conv"], "--pattern conv: expected none, since method"),
        (["--method", "dense", "--pattern", "2:4"], "--pattern 2:4: expected none, since method"),
        (["--method", "dense", "--scope", "units"], "--scope units: expected global, since method"),
        (["--method", "dense", "--scope", "x.yaml"], "--scope x.yaml: expected global, since"),
        (["--method", "dense", "--score", "activation"], "--score activation: .* dense prunes not"),
        (
            ["--method", "lora", "--pattern", "conv"],
            "--pattern conv: .* method lora prunes nothing",
        ),
        (["--method", "lora", "--scope", "layer"], "--scope layer: .* method lora prunes nothing"),
        (["--round_updates", "9"], "--round_updates 9: .* such as .*, found .* pretrained"),
        (["--method", "omp", "--round_updates", "9"], "--round_updates 9: .* found .* finetuned"),
        (["--freeze_updates", "300"], "fewer than the run's 300 updates with method parp, whose"),
        (["--method", "movement", "--freeze_updates", "400"], "with method movement, .* found 400"),
        (
            ["--method", "parp-p", "--growth_updates", "99", "--freeze_updates", "99"],
            "--growth_updates: expected more than the 99 freeze_updates, .* found 99",
        ),
        (["--method", "omp", "--freeze_updates", "300"], "the 300 updates with --method omp"),
        (
            ["--method", "mpi", "--first_mask", "finetuned", "--freeze_updates", "300"],
            "the 300 updates with --first_mask finetuned, whose first mask is of weights",
        ),
        (
            ["--method", "imp", "--freeze_updates", "100"],
            r"--freeze_updates 100: .* the 100 updates of a round \(--round_updates\) with",
        ),
        (["--method", "rigl", "--interval", "300"], "before the last of 300 updates, .* found 300"),
        (
            ["--method", "rigl", "--interval", "150", "--freeze_updates", "150"],
            "before the last of 300 updates behind 150 freeze_updates, .* found 150",
        ),
        (["--updates", "0"], "--updates 0: expected 1 or more"),
        (["--updates", "-1"], "--updates -1: expected 0 or more"),
        (["--updates", "0", "--method", "omp"], "--updates 0: .* without updates one of dense, rp"),
        (
            ["--updates", "0", "--method", "mpi", "--teacher", "dense"],
            "--teacher dense changes nothing with --updates 0",
        ),
        (
            ["--updates", "0", "--method", "dense", "--upstream", "mono"],
            "--updates 0: expected 1 or more, or an upstream with a head, .* found none in mono",
        ),
        (["--updates", "0", "--method", "dense", "--init_head", "none"], "learned to hear phones"),
        (
            ["--init_head", "equal", "--upstream", "multi"],
            "--init_head equal: expected an upstream with a head, .* found none in multi",
        ),
        (
            ["--init_head", "none", "--upstream_init", "random"],
            "--init_head none changes nothing with --upstream_init random",
        ),
        (
            ["--init_head", "equal", "--method", "router-p", "--sparsity", "0.5"],
            "--init_head equal changes nothing with --method router-p",
        ),
        (
            ["--init_head", "near"],
            "--init_head: expected one of nearest, .* did you mean 'nearest'",
        ),
        (
            ["--initial_mask", "upstream"],
            "expected an upstream with mask.safetensors, .* found none",
        ),
        (["--nj", "0"], "--nj 0"),
        (["--ngpu", "-1"], "--ngpu -1"),
        (["--beam_size", "0"], "--beam_size 0"),
        (["--beam_size", "65537"], "--beam_size 65537: expected at least 1, at most 65536"),
        (["--train_minutes", "0"], "--train_minutes 0: expected more than 0"),
        (["--test_minutes", "nan"], "--test_minutes nan"),
        (["--min_wav_duration", "3", "--max_wav_duration", "2"], "expected 0 <= min < max"),
        (["--lang", "xx"], "--lang xx: no voice for it; expected one of"),
        (["--corpus", "clrd"], "--corpus clrd: expected one of cldr"),
        (["--corpus", "none", "--train_minutes", "3"], "--train_minutes is for --corpus cldr"),
        (["--corpus", "mboshi", "--lang", "mb"], "expected --mboshi DIR"),
        (["--corpus", "mboshi"], "--lang es: no language of --corpus mboshi; expected one of mb"),
        (["--corpus", "own"], "expected --own DIR"),
        (
            ["--corpus", "own", "--lang", "es fr"],
            "--lang es fr: expected one language; several are for --corpus cldr",
        ),
        (["--text_column", "gloss"], "--text_column gloss is for --corpus own alone"),
        (["--corpus", "none", "--marks", "keep"], "--marks keep is for --corpus own alone"),
        (
            ["--corpus", "own", "--marks", "all"],
            "--marks all: expected one of drop, text, utterance, keep",
        ),
        (
            ["--corpus", "own", "--phonemise", "xx"],
            "--phonemise xx: expected letters, or one of en",
        ),
        (
            ["--corpus", "librilight", "--lang", "en", "--train_minutes", "5"],
            "expected 10, 60 or 600",
        ),
        (["--corpus", "librilight", "--lang", "en", "--fold", "6"], "--fold 6: expected 0 to 5"),
        (["--fold", "1"], "--fold 1 is for --corpus librilight"),
        (["--mask_feature_length", "0"], "--mask_feature_length 0: expected 1 or more"),
        (["--layerdrop", "1"], "--layerdrop 1: expected at least 0 and less than 1"),
        (["--mboshi", "/nowhere/mb"], "--mboshi /nowhere/mb: no such file or directory"),
        (["--initial_mask", "/nowhere/m"], "--initial_mask /nowhere/m: no such"),
        (["--train_config", "/nowhere/c"], "--train_config /nowhere/c: no such"),
        (["--upstream", "/nowhere/u"], "--upstream /nowhere/u: no such file or directory"),
        (["--upstream", "a b"], "no name of an upstream"),
        (
            ["--upstream", "mult"],
            "expected one of mono, multi, owner/model, found 'mult'; did you mean 'multi'",
        ),
        (["--upstream", "nowhere"], "expected one of mono, multi, owner/model, found 'nowhere'$"),
        (["--first_mask", "uniforn"], "--first_mask: expected one of .* did you mean 'uniform'"),
        (
            ["--first_mask", "random", "--initial_mask", "/dev/null"],
            "expected one of them, found both",
        ),
        (["--round_updates", "0"], "--round_updates 0"),
        (["--upstream_init", "none"], "--upstream_init none: expected pretrained or random"),
        (["--lr", "0"], "--lr 0: expected more than 0"),
        (["--mask_time_prob", "30"], "--mask_time_prob 30: expected at least 0 and less than 1"),
        (["--mask_feature_prob", "nan"], "--mask_feature_prob nan"),
        (
            ["--speed_perturb_factors", "90 100"],
            "factors 90 100: expected different factors from 0.5 to 2",
        ),
        (["--speed_perturb_factors", "1.1 1.1"], "expected different factors"),
        (["--speed_perturb_factors", "fast"], "expected different factors"),
        (["--recipe", "/nowhere"], "--recipe /nowhere: no such directory"),
        (["--phn_tag", "../x"], "--phn_tag ../x: expected letters"),
        (["--seed", "4294967296"], "--seed 4294967296: expected at least 0, at most 4294967295"),
        (
            ["--prune_pattern", "("],
            r"--prune_pattern '\(': expected a regular expression of whole names",
        ),
        (["--prune_pattern=-x"], "--prune_pattern '-x': expected a regular expression .* a dash"),
        (["--corpus", "none", "--lang=-x"], "--lang '-x': expected the code of a language"),
        (["--upstream", "a\nb"], r"--upstream a\\nb: no such file or directory"),
        (["--lang", "es fr es"], "--lang es fr es: expected each language once"),
        (["--expdir", ""], "--expdir '': expected the path of a directory"),
        (["--datadir", " "], "--datadir ' ': expected the path of a directory"),
        (["--dumpdir", "a\nb"], r"--dumpdir 'a\\nb': expected a path of printable letters"),
        (["--dumpdir", "a,b"], "--dumpdir a,b: expected a path without commas"),
        (["--expdir", "/scratch/a,b"], "--expdir /scratch/a,b: expected a path without commas"),
        (["--corpus", "own", "--lang", "x\ny"], r"--lang 'x\\ny': expected the code of a language"),
        (["--corpus", "none", "--lang", " "], "--lang ' ': expected the code of a language"),
        (["--lm_weight", "0.3"], "--lm_weight 0.3 changes nothing without --use_lm true"),
        (["--ngram_weight", "0.3"], "--ngram_weight 0.3 changes nothing without --use_ngram true"),
        (
            ["--lm_train_text", "/dev/null"],
            "--lm_train_text /dev/null changes nothing without --use_lm true or",
        ),
        (["--penalty", "1"], "--penalty 1.0 changes nothing without --beam_size of 2 or more"),
        (["--use_ngram", "true", "--ngram_weight", "-1"], "--ngram_weight -1: expected 0 or more"),
        (["--beam_size", "2", "--penalty", "nan"], "--penalty nan: expected a number"),
        (
            ["--use_ngram", "true", "--beam_size", "1"],
            "--beam_size 1 is greedy, without a language model",
        ),
        (["--ngram", "/nowhere/n"], "--ngram /nowhere/n: no such file"),
        (["--lexicon", "/nowhere/l"], "--lexicon /nowhere/l: no such file"),
        (["--lexicon", "/dev/null"], "--lexicon: /dev/null: expected a file, found a device"),
        (["--label_prior", "1.5"], "--label_prior 1.5: expected more than 0, at most 1"),
        (
            ["--updates", "0", "--label_prior", "0.3"],
            "--label_prior 0.3 changes nothing with --updates 0: nothing learns",
        ),
        (["--ngram_num", "0"], "--ngram_num 0: expected 1 or more"),
        (["--use_lm", "true", "--lm_config", "/nowhere/c"], "--lm_config /nowhere/c: no such file"),
        (["--search", "viterbi"], "--search viterbi: expected one of prefix, espnet"),
        (["--search", "espnet", "--use_ngram", "true"], "--search espnet: expected no n-gram"),
        (["--search", "espnet", "--use_lm", "true"], "expected --lm_weight and --penalty"),
        (["--metric", "bleu"], "--metric bleu: expected one of per, wer, cer"),
        (
            ["--merge", "/nowhere/m"],
            "--merge: /nowhere/m: no such file; expected the table of merged phones",
        ),
    ],
)
def test_what_is_wrong_is_named(
    recipe: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.delenv("MBOSHI", raising=False)
    with pytest.raises(UserError, match=message):
        settings_of(recipe, *words)


def test_what_is_told_of_a_table_of_ones_own(recipe: Path) -> None:
    (recipe / "a.csv").touch()
    words = ["--corpus", "own", "--own", str(recipe / "a.csv")]
    usual = settings_of(recipe, *words, "--lang", "xx").set_options("train")
    assert usual[-2:] == ["--lang", "xx"]
    told = ["--text_column", "Orthography", "--marks", "text", "--words_as_tokens", "true"]
    found = settings_of(recipe, *words, "--lang", "xx", *told).set_options("train")
    assert found[len(usual) :] == told
    # Each command is told of all sets, since dev and test are taken from train.
    found = settings_of(recipe, *words, "--lang", "xx", "--valid_minutes", "2").set_options("train")
    assert found[len(usual) :] == ["--of_dev", "2.0"]
    found = settings_of(recipe, *words, "--lang", "xx", "--valid_minutes", "2").set_options("dev")
    assert found[len(usual) :] == ["--minutes", "2.0", "--of_dev", "2.0"]


@pytest.mark.parametrize(
    "name", [".", "..", "...", ".steps", "../x", "/x", "a/b", "a b", " ", "a\nb", "x" * 201]
)
@pytest.mark.parametrize("option", ["phn_tag", "train_set", "valid_set", "test_set"])
def test_what_becomes_a_folder_is_a_name(recipe: Path, option: str, name: str) -> None:
    with pytest.raises(
        UserError, match=f"phn.sh: --{option} .*: expected (letters, digits|at most 200 bytes)"
    ):
        settings_of(recipe, f"--{option}", name)


@pytest.mark.parametrize("option", ["valid_set", "test_set"])
def test_a_set_has_a_name(recipe: Path, option: str) -> None:
    with pytest.raises(UserError, match=f"--{option} '': expected letters"):
        settings_of(recipe, f"--{option}", "")


@pytest.mark.parametrize("option", ["train_minutes", "valid_minutes", "test_minutes"])
@pytest.mark.parametrize("corpus", ["mini_an4", "an4", "none"])
def test_minutes_of_a_corpus_that_is_as_large_as_it_is(
    recipe: Path, corpus: str, option: str
) -> None:
    words = ["--corpus", corpus, "--lang", "en", "--an4", str(recipe), f"--{option}", "2"]
    with pytest.raises(UserError, match=f"phn.sh: --{option} is for --corpus cldr, commonvoice"):
        settings_of(recipe, *words)


@pytest.mark.parametrize("option", ["valid_minutes", "test_minutes"])
def test_minutes_of_libri_lights_sets_are_those_of_training(recipe: Path, option: str) -> None:
    words = ["--corpus", "librilight", "--lang", "en", "--train_minutes", "10", f"--{option}", "2"]
    with pytest.raises(UserError, match=f"--{option} is for --corpus cldr, commonvoice, own;"):
        settings_of(recipe, *words, "--librilight", str(recipe), "--librispeech", str(recipe))


@pytest.mark.parametrize(
    "words", [["--valid_set", "test"], ["--train_set", "dev"], ["--test_set", "train_10min"]]
)
def test_sets_that_are_made_have_names_of_their_own(recipe: Path, words: list[str]) -> None:
    with pytest.raises(UserError, match="expected a name of its own for each set that is made"):
        settings_of(recipe, "--corpus", "cldr", "--lang", "es", *words)
    if words[0] != "--test_set":
        settings_of(recipe, "--corpus", "none", *words)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["--test_set", "dev"], "dev_whole"),
        (["--test_set", "train"], "train_whole"),
        (["--train_set", "test"], "test_whole"),
        (["--valid_set", "test"], "test_whole"),
        (["--test_set", "train_sp", "--speed_perturb_factors", "0.9 1.0 1.1"], "train_sp_whole"),
        ([], "test"),
        (["--train_set", "dev"], "test"),
        (["--test_set", "eval"], "eval"),
        (["--valid_set", "train"], "test"),
    ],
)
def test_what_is_reported_on_is_never_a_set_that_is_filtered(
    recipe: Path, words: list[str], name: str
) -> None:
    settings = settings_of(recipe, "--corpus", "none", *words)
    assert settings.test_dump == name
    assert name not in (settings.train_dump, settings.valid_dump)


def test_libri_light_may_report_on_what_validates(recipe: Path) -> None:
    words = ["--corpus", "librilight", "--lang", "en", "--train_minutes", "10"]
    folders = ["--librilight", str(recipe), "--librispeech", str(recipe)]
    sets = ["--valid_set", "dev_other", "--test_set", "dev_other"]
    assert settings_of(recipe, *words, *folders, *sets).test_set == "dev_other"
    with pytest.raises(UserError, match="expected a name of its own"):
        settings_of(recipe, *words, *folders, "--train_set", "dev_other", *sets)


@pytest.mark.parametrize("name", ["train", "train-clean.100", "a_b=c+1", "ñ"])
def test_usual_names_of_sets(recipe: Path, name: str) -> None:
    assert settings_of(recipe, "--train_set", name, "--phn_tag", name).train_name == name


@pytest.mark.parametrize(
    "words",
    [
        ["--merge"],
        ["--ngram"],
        ["--lexicon"],
        ["--lm_config", "--use_lm", "true"],
        ["--lm_train_text", "--use_lm", "true"],
        ["--train_config"],
        ["--initial_mask"],
    ],
)
def test_a_file_that_is_a_pipe_or_a_folder(recipe: Path, words: list[str]) -> None:
    option, *others = words
    os.mkfifo(recipe / "fifo")
    for path, found in ((recipe / "fifo", r"a pipe \(FIFO\)"), (recipe, "a directory")):
        with pytest.raises(
            UserError, match=f"phn.sh: {option}: .*: expected a file, found {found}"
        ):
            settings_of(recipe, option, str(path), *others)


def test_a_lexicon_of_the_project_is_read_where_it_was_given(recipe: Path) -> None:
    words = ROOT / "parp_espnet/phones/inventories/es.txt"
    given = settings_of(
        recipe, *("--corpus", "none", "--token_type", "char", "--lexicon", str(words))
    )
    # What is within the project is called from the recipe's directory, which is not this one.
    assert given.lexicon is not None
    assert not given.lexicon.is_absolute()
    assert (recipe / given.lexicon).resolve() == words


def test_an_upstream_that_is_a_pipe(recipe: Path) -> None:
    os.mkfifo(recipe / "fifo")
    with pytest.raises(
        UserError, match=r"phn.sh: --upstream: .*fifo: expected a file, found a pipe \(FIFO\)"
    ):
        settings_of(recipe, "--upstream", str(recipe / "fifo"))


def test_a_damaged_experiment_is_no_upstream(recipe: Path) -> None:
    before = recipe / "exp/before"
    before.mkdir(parents=True)
    (before / "experiment.json").touch()
    # As the recipe sees it, too.
    said = r"phn.sh: --upstream .*before: .* found no config.yaml"
    for word in (str(before), "exp/before"):
        with pytest.raises(UserError, match=said):
            settings_of(recipe, "--upstream", word)
    (before / "config.yaml").touch()
    with pytest.raises(UserError, match=r"before: expected training.json, .* complete it first"):
        settings_of(recipe, "--upstream", "exp/before")
    with pytest.raises(UserError, match=r"found config.yaml; take the directory that it is in"):
        settings_of(recipe, "--upstream", str(before / "config.yaml"))
    # It may be complete by then.
    settings_of(recipe, "--upstream", "exp/before", "--dry_run", "true")
    (before / "training.json").touch()
    assert settings_of(recipe, "--upstream", "exp/before").upstream.endswith("exp/before")


def test_a_mask_is_of_the_model_that_a_training_ended_with(recipe: Path) -> None:
    before = recipe / "exp/before"
    before.mkdir(parents=True)
    for name in ("config.yaml", "mask.safetensors", "3epoch.pth", "valid.cer_ctc.ave.pth"):
        (before / name).touch()
    write_json(before / "training.json", {"model": "valid.cer_ctc.ave.pth"})
    (before / "latest.pth").symlink_to("valid.cer_ctc.ave.pth")
    for model in ("", "valid.cer_ctc.ave.pth", "latest.pth"):
        upstream = str(before / model)
        found = settings_of(recipe, "--upstream", upstream, "--initial_mask", "upstream")
        assert found.initial_mask is not None
        assert (recipe / found.initial_mask).resolve() == before / "mask.safetensors"
    with pytest.raises(UserError, match=r"--initial_mask upstream: .* found 3epoch.pth"):
        settings_of(recipe, "--upstream", str(before / "3epoch.pth"), "--initial_mask", "upstream")


def test_long_recordings_cut_by_a_model_make_other_sets(recipe: Path) -> None:
    model = recipe / "exp/first"
    model.mkdir(parents=True)
    for name in ("training.json", "valid.cer_ctc.ave.pth"):
        (model / name).touch()
    (model / "config.yaml").write_text("token_list: [<blank>, <unk>, a, tʃ, <sos/eos>]\n")
    plain, cut = settings_of(recipe), settings_of(recipe, "--align_with", "exp/first")
    # As the recipe's directory calls it, wherever the command is given.
    assert cut.align_with is not None
    assert (recipe / cut.align_with).resolve() == model
    assert plain.train_dump == "train_10min"
    assert cut.train_dump == f"train_10min{cut.cut_tag}"
    assert cut.valid_dump == f"dev{cut.cut_tag}"
    assert cut.tag == plain.tag.replace("train_10min", cut.train_dump)
    # Of the set that is not cut another experiment leaves out what is long.
    words = ("--corpus", "none", "--test_set", "dev")
    for cutting in ((), ("--align_with", "exp/first")):
        assert settings_of(recipe, *words, *cutting).test_dump == "dev_whole"
    faster = settings_of(
        recipe, "--align_with", "exp/first", "--speed_perturb_factors", "0.9 1.0 1.1"
    )
    assert faster.train_dump == f"{cut.train_dump}_sp"
    assert faster.longest_piece == pytest.approx(18)


def test_what_long_recordings_cannot_be_aligned_with(recipe: Path) -> None:
    def refused(expected: str, *words: str) -> None:
        with pytest.raises(UserError, match=expected):
            settings_of(recipe, "--align_with", "exp/first", *words)

    refused("--align_with exp/first: expected .*, found no such file or directory")
    assert settings_of(recipe, "--align_with", "exp/first", "--dry_run", "true").cut_tag
    model = recipe / "exp/first"
    model.mkdir(parents=True)
    refused("expected the directory of a complete experiment of phn.sh, .* or what parp-export")
    (model / "config.yaml").write_text("token_list: [<blank>, <unk>, a, tʃ, <sos/eos>]\n")
    refused("expected a complete experiment of phn.sh, found no training.json in it")
    for name in ("training.json", "valid.cer_ctc.ave.pth"):
        (model / name).touch()
    words = ("--corpus", "none", "--token_type", "char")
    refused("expected a model of letters or subwords, for --token_type char", *words)
    (model / "config.yaml").write_text("token_list: [<blank>, <unk>, a, <space>, <sos/eos>]\n")
    refused("expected a model of phones, for --token_type phn, found one of letters")
