import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from parp_espnet.errors import UserError
from parp_espnet.names import digest
from parp_espnet.pipeline.made import options_of
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pruning.methods import METHODS
from parp_espnet.scoring.result import Result
from parp_espnet.study.beginnings import RECORDINGS, check_beginnings
from parp_espnet.study.figures.curves import lines_of
from parp_espnet.study.plan import Study
from parp_espnet.study.table import table
from parp_espnet.upstreams.pretrain.config import read_config

QUICK = ROOT / "conf/study/quick.yaml"


def test_the_quick_study_is_what_the_readme_says() -> None:
    study = Study.read(QUICK)
    arms = {(one.arm, one.language) for one in study.experiments}
    languages = {language for _, language in arms}
    assert len(languages) == 2
    assert {arm for arm, _ in arms} == {"dense", "omp", "mpi", "parp", "transfer"}
    assert len(arms) == 9
    assert len({one.settings.sparsity for one in study.experiments if one.arm != "dense"}) == 1


def test_a_transfer_begins_with_the_mask_of_the_other_language() -> None:
    study = Study.read(QUICK)
    (transfer,) = [one for one in study.experiments if one.arm == "transfer"]
    (source,) = [
        one for one in study.experiments if one.arm == "omp" and one.language != transfer.language
    ]
    mask = transfer.settings.initial_mask
    assert mask is not None
    assert (
        transfer.settings.recipe / mask
    ).resolve() == ROOT / source.directory / "finetuned_mask.safetensors"
    assert transfer.settings.method == "parp"


def test_dense_models_and_their_masks_come_first() -> None:
    study = Study.read(QUICK)
    first, second = study.waves()
    assert {one.arm for one in first} == {"dense"}
    assert len(first) + len(second) == 9
    for one in first:
        assert [(mask.arm, mask.language) for mask in study.masks_of(one)] == [
            ("omp", one.language)
        ]
    assert study.masks_of(second[0]) == []


def test_weights_that_were_finetuned_come_after_dense_and_are_counted(tmp_path: Path) -> None:
    """A router of finetuned weights needs the dense model; its own mask is that of its end."""
    file = tmp_path / "study.yaml"
    arms = {
        "dense": {"method": "dense"},
        "learned": {"method": ["router", "router-p"], "sparsity": 0.5},
        "other": {
            "method": "transfer",
            "sparsity": 0.5,
            "languages": ["es"],
            "mask_of": {"arm": "learned", "method": "router-p", "languages": ["tr"]},
        },
    }
    recipes = {"es": "egs2/cldr/es", "tr": "egs2/cldr/tr"}
    file.write_text(yaml.safe_dump({"recipes": recipes, "arms": arms}))
    study = Study.read(file)
    waves = study.waves()
    assert [sorted({one.settings.method for one in wave}) for wave in waves] == [
        ["dense"],
        ["router", "router-p"],
        ["transfer"],
    ]
    costs = {one.settings.method: one.settings.finetuning_runs for one in waves[1]}
    assert costs == {"router": 1, "router-p": 2}
    (other,) = waves[2]
    (source,) = [one for one in waves[1] if one.directory in other.needs]
    assert (source.language, source.settings.method) == ("tr", "router-p")
    assert other.settings.initial_mask is not None
    assert other.settings.initial_mask.name == "mask.safetensors"
    assert len(source.finetunings) == 2


@pytest.mark.parametrize("name", ["moving", "moving_rates"])
def test_the_studies_of_masks_that_move_have_every_such_method(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MBOSHI", str(tmp_path))
    study = Study.read(QUICK.with_name(f"{name}.yaml"))
    methods = {one.settings.method for one in study.experiments}
    assert {method for method, row in METHODS.items() if row.adjusts} <= methods
    assert {"dense", "mpi"} <= methods or name == "moving_rates"


def test_the_study_of_upstreams_has_all_languages_and_a_control_of_five_times_the_updates() -> None:
    study = Study.read(QUICK.with_name("upstreams.yaml"))
    (dense,) = study.waves()
    settings = {(one.arm, one.language): one.settings for one in dense}
    heard = set(read_config(ROOT / "egs2/cldr/ssl1/conf/multi.yaml").languages)
    assert {language for arm, language in settings if arm == "multi"} == heard
    assert {language for arm, language in settings if arm == "mono"} == heard
    assert settings["random", "es"].updates == 5 * settings["multi", "es"].updates
    assert settings["random", "es"].upstream_label == "multi-random"
    assert len({one.directory for one in dense}) == len(dense)


def test_the_study_of_mboshi_is_of_its_recipe(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MBOSHI", str(tmp_path))
    study = Study.read(QUICK.with_name("mboshi.yaml"))
    assert {one.settings.corpus for one in study.experiments} == {"mboshi"}
    monkeypatch.setenv("MBOSHI", "")
    with pytest.raises(UserError, match=r"MBOSHI=DIR in db\.sh") as found:
        Study.read(QUICK.with_name("mboshi.yaml"))
    # Each arm's fault is said once, however many experiments the arm has.
    faults = str(found.value).splitlines()
    assert len(faults) == len(set(faults))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"arms": {}}, "expected a study with arms, options, recipes, found no names under arms$"),
        ({"grid": 1}, "expected a study with arms, options, recipes, found also grid$"),
        ({"arms": {"x": {"method": "prap"}}}, "did you mean 'parp'"),
        ({"arms": {"x": {"method": "parp", "sparsity": 50}}}, "did you mean 0.5"),
        (
            {"arms": {"x": {"method": "parp", "languages": ["fr"]}}},
            "arm x: language fr has no recipe",
        ),
        (
            {"arms": {"x": {"method": "parp", "mask_of": {"arm": "omp", "language": "es"}}}},
            "mask_of has to name",
        ),
        (
            {"arms": {"x": {"method": "parp", "mask_of": {"of": "omp"}}}},
            "mask_of: expected arm and language",
        ),
        (
            {"arms": {"x": {"method": "parp", "mask_of": {"arm": "x", "languages": ["fr"]}}}},
            "fr has no recipe",
        ),
        (
            {"arms": {"x": {"method": "parp", "mask_of": {"arm": "x", "combine": "sum"}}}},
            "expected one of union",
        ),
        ({"arms": {"x": {"method": []}}}, "method: expected a value, found an empty list"),
        (
            {"arms": {"x": {"method": "dense", "languages": []}}},
            "languages: expected one or more, found none",
        ),
        ({"arms": {"x": ["parp"]}}, "expected options by name"),
        (
            {"arms": {"x": {"method": "mpi"}, "y": {"method": "mpi", "sparsity": 0.5}}},
            "x and y: the same experiment",
        ),
        ({"options": {"updats": 3}}, "did you mean --updates"),
        (
            {"options": {"upstream": "mult"}},
            "arm parp: phn.sh: --upstream: .* did you mean 'multi'",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(QUICK.read_text()) | change, sort_keys=False))
    with pytest.raises(UserError, match=message):
        Study.read(path)


@pytest.mark.parametrize(
    ("content", "found"), [("", "nothing"), ("- es\n", "a list"), ("quick\n", "a str")]
)
def test_what_is_no_mapping(tmp_path: Path, content: str, found: str) -> None:
    (tmp_path / "bad.yaml").write_text(content)
    with pytest.raises(
        UserError, match=rf"bad\.yaml: expected a study with arms, options, recipes, found {found}$"
    ):
        Study.read(tmp_path / "bad.yaml")


def test_all_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    arms = {
        "x": {"method": "prap"},
        "y": {"method": "parp", "sparsity": 50},
        "z": {"languages": ["fr"]},
    }
    path = tmp_path / "bad.yaml"
    path.write_text(
        yaml.safe_dump(yaml.safe_load(QUICK.read_text()) | {"arms": arms}, sort_keys=False)
    )
    with pytest.raises(UserError) as found:
        Study.read(path)
    head, *faults = str(found.value).splitlines()
    assert head == f"{path}: 3 faults"
    assert [fault.split(":")[0].strip() for fault in faults] == ["arm z", "arm x", "arm y"]


GRID = {
    "dense": {"method": "dense", "seed": [0, 1]},
    "curves": {"method": ["omp", "parp"], "sparsity": [0.5, 0.7], "seed": [0, 1]},
    "omp": {"method": "omp", "sparsity": [0.6]},
    "moved": {"method": ["transfer", "parp"], "sparsity": 0.6, "mask_of": {"arm": "omp"}},
    "union": {"method": "transfer", "sparsity": 0.6, "mask_of": {"arm": "omp", "combine": "union"}},
    "again": {
        "method": "transfer",
        "sparsity": 0.6,
        "languages": ["tr"],
        "mask_of": {"arm": "once", "language": "es"},
    },
}


def test_a_grid_is_every_combination(tmp_path: Path) -> None:
    arms = {name: arm for name, arm in GRID.items() if name != "again"}
    path = tmp_path / "grid.yaml"
    path.write_text(
        yaml.safe_dump(yaml.safe_load(QUICK.read_text()) | {"arms": arms}, sort_keys=False)
    )
    study = Study.read(path)
    counts = {name: sum(one.arm == name for one in study.experiments) for name in arms}
    # Moved: both sources for parp; for the fixed mask only the other language's, since its own is
    # OMP's.
    assert counts == {"dense": 4, "curves": 16, "omp": 2, "moved": 6, "union": 2}
    assert len({one.directory for one in study.experiments}) == 30
    first, second = study.waves()
    assert {one.arm for one in first} == {"dense"}
    assert len(second) == 26
    union = next(one for one in study.experiments if one.arm == "union")
    assert union.combined is not None
    assert [mask.name for mask in union.combined.masks] == ["finetuned_mask.safetensors"] * 2
    assert union.settings.initial_mask is not None
    assert (
        union.settings.recipe / union.settings.initial_mask
    ).resolve() == ROOT / union.combined.path


@pytest.mark.parametrize("path", sorted(QUICK.parent.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_study_can_be_run(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MBOSHI", str(tmp_path))
    monkeypatch.setenv("GLUE", str(tmp_path))
    study = Study.read(path)
    directories = {one.directory for one in study.experiments}
    assert len(directories) == sum(map(len, study.waves())) == len(study.experiments)
    assert all(need in directories for one in study.experiments for need in one.needs)
    # Masks and models are there, or made by it; recordings without transcripts are made before.
    given = {one for one in study.experiments for name in RECORDINGS if has(one.settings, name)}
    check_beginnings(study, [one for one in study.experiments if one not in given], path)


def has(settings: object, name: str) -> bool:
    return getattr(settings, name, None) is not None


def test_a_mask_file_of_another_experiment_comes_first(tmp_path: Path) -> None:
    """As by `mask_of`, which takes masks of the same sparsity and ranking alone."""
    sparse = {"method": "mpi", "sparsity": 0.7}
    study = yaml.safe_load(QUICK.read_text()) | {"recipes": {"es": "egs2/cldr/es"}}
    study["arms"] = {"first": sparse}
    path = tmp_path / "grid.yaml"
    path.write_text(yaml.safe_dump(study))
    (first,) = Study.read(path).experiments
    later = {"method": "parp-p", "sparsity": 0.9, "score": "moment"}
    elsewhere = first.directory.with_name("phn_of_another_study")
    for folder, needs in ((first.directory, (first.directory,)), (elsewhere, ())):
        for name in ("mask.safetensors", "initial_mask.safetensors"):
            study["arms"]["later"] = later | {"initial_mask": str(ROOT / folder / name)}
            path.write_text(yaml.safe_dump(study, sort_keys=False))
            found = Study.read(path)
            assert found.experiments[1].needs == needs
            assert len(found.waves()) == 1 + len(needs)


@pytest.mark.parametrize("with_dense", [True, False])
def test_a_mask_of_omp_is_made_with_the_dense_model(with_dense: bool, tmp_path: Path) -> None:
    """Of which it is ranked; where that is no arm, OMP makes both."""
    study = yaml.safe_load(QUICK.read_text())
    if not with_dense:
        del study["arms"]["dense"]
    path = tmp_path / "grid.yaml"
    path.write_text(yaml.safe_dump(study))
    waves = [{one.arm for one in wave} for wave in Study.read(path).waves()]
    if with_dense:
        assert waves == [{"dense"}, {"omp", "mpi", "parp", "transfer"}]
    else:
        assert waves == [{"omp", "mpi", "parp"}, {"transfer"}]


def test_a_dense_model_is_trained_once_where_several_need_it(tmp_path: Path) -> None:
    """As the first round of pseudo-labels, or where it goes on from another model."""
    study = yaml.safe_load(QUICK.read_text()) | {"recipes": {"es": "egs2/cldr/es"}}
    onwards = {"upstream_of": {"arm": "dense", "language": "es"}}
    study["arms"] = {
        "dense": {"method": "dense"},
        "labelled": {"method": "dense", "unlabelled": str(tmp_path / "speech")},
        "onwards": {"method": "dense", **onwards},
        "pruned": {"method": "omp", "sparsity": 0.6, **onwards},
        "taught": {"method": "mpi", "sparsity": 0.6, "teacher": "dense"},
        "fixed": {"method": "mpi", "sparsity": 0.6},
    }
    path = tmp_path / "grid.yaml"
    path.write_text(yaml.safe_dump(study, sort_keys=False))
    waves = [[one.arm for one in wave] for wave in Study.read(path).waves()]
    assert waves == [["dense"], ["labelled", "onwards", "taught", "fixed"], ["pruned"]]


def test_data_are_prepared_without_what_prunes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MBOSHI", str(tmp_path))
    data = ("--train_minutes", "10", "--upstream", "multi")
    last = ("--method", "dense", "--stop_stage", "7")
    (one,) = Study.read(QUICK.with_name("adjusting.yaml")).preparations()
    assert one == ("egs2/cldr/es/run.sh", *data, "--updates", "300", "--seed", "0", *last)
    found = Study.read(QUICK.with_name("overlap.yaml")).preparations()
    assert (len(found), found[-1]) == (11, ("egs2/mboshi/mb/run.sh", "--updates", "600", *last))
    assert found[0] == ("egs2/cldr/es/run.sh", *data, "--updates", "100", *last)


def test_data_are_prepared_without_raw_speech(tones: Path, tmp_path: Path) -> None:
    """What is prepared is a dense model's, which has no use for it."""
    wanda = {"method": "mpi", "sparsity": 0.6, "score": "activation", "raw_speech": str(tones)}
    plain = {"method": "mpi", "sparsity": 0.6}
    path = tmp_path / "grid.yaml"
    study = yaml.safe_load(QUICK.read_text()) | {"arms": {"wanda": wanda, "plain": plain}}
    path.write_text(yaml.safe_dump(study, sort_keys=False))
    read = Study.read(path)
    assert len({one.directory for one in read.experiments}) == 4
    assert not any("--raw_speech" in words for words in read.preparations())
    assert len(read.preparations()) == 2


def test_tasks_of_text_are_planned_like_languages() -> None:
    study = Study.read(QUICK.with_name("glue.yaml"))
    assert (len(study.experiments), [len(wave) for wave in study.waves()]) == (110, [12, 98])
    one = next(one for one in study.experiments if one.arm == "adjusting")
    assert one.directory.parts[:3] == ("egs2", "glue", "cldr_kind")
    pool = f"pool{digest(one.settings.prune_pattern)}"
    assert one.needs == (Path("egs2/glue/cldr_same/exp/glue_dense_batch16_minilm_u200_seed0"),)
    omp = f"glue_omp_s0.7_{pool}_batch16_minilm_u200_seed0"
    assert one.settings.initial_mask == Path("../cldr_same/exp", omp, "finetuned_mask.safetensors")


def test_a_mask_is_of_the_method_that_is_named(tmp_path: Path) -> None:
    arms = {
        "both": {"method": ["omp", "parp"], "sparsity": 0.6},
        "moved": {
            "method": "transfer",
            "sparsity": 0.6,
            "mask_of": {"arm": "both", "method": "omp"},
        },
    }
    path = tmp_path / "grid.yaml"
    path.write_text(
        yaml.safe_dump(yaml.safe_load(QUICK.read_text()) | {"arms": arms}, sort_keys=False)
    )
    moved = [one for one in Study.read(path).experiments if one.arm == "moved"]
    assert all("phn_omp" in str(one.needs[0]) for one in moved)


def test_who_begins_with_a_final_mask_comes_after_it(tmp_path: Path) -> None:
    arms = {
        "once": {"method": "parp", "sparsity": 0.6, "languages": ["es"]},
        "again": GRID["again"],
    }
    path = tmp_path / "grid.yaml"
    path.write_text(
        yaml.safe_dump(yaml.safe_load(QUICK.read_text()) | {"arms": arms}, sort_keys=False)
    )
    assert [[one.arm for one in wave] for wave in Study.read(path).waves()] == [["once"], ["again"]]


def test_what_a_recipe_gives_to_phn_sh_is_in_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MBOSHI", str(tmp_path))
    (dense,) = [
        one for one in Study.read(QUICK.with_name("mboshi.yaml")).experiments if one.arm == "dense"
    ]
    words = [str(ROOT / "egs2/mboshi/mb/run.sh"), *dense.options, "--dry_run", "true"]
    printed = subprocess.run(words, capture_output=True, text=True, check=True, cwd="/").stdout
    assert f"--output_dir exp/{dense.settings.tag}" in printed
    assert dense.settings.train_dump == "train_sp"


@pytest.mark.parametrize(
    ("script", "message"),
    [(None, "no recipe: expected a run.sh in it"), ("echo phn.sh", "expected a line that begins")],
)
def test_what_is_no_recipe(tmp_path: Path, script: str | None, message: str) -> None:
    if script:
        (tmp_path / "run.sh").write_text(script)
    study = {
        "recipes": {"es": str(tmp_path)},
        "options": {},
        "arms": {"dense": {"method": "dense"}},
    }
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(study))
    with pytest.raises(UserError, match=message):
        Study.read(tmp_path / "x.yaml")


def test_no_such_study(tmp_path: Path) -> None:
    shipped = ", ".join(sorted(path.stem for path in QUICK.parent.glob("*.yaml")))
    with pytest.raises(UserError, match=f"no such study; there are {shipped}"):
        Study.read(QUICK.with_name("huge.yaml"))
    (tmp_path / "x.yaml").write_text("a: [")
    with pytest.raises(UserError, match="expected YAML"):
        Study.read(tmp_path / "x.yaml")


SCOPES = {
    "omp": {"method": "omp", "sparsity": 0.6, "scope": ["global", "layer"], "lr": [0.001, 0.002]},
    "moved": {"method": "parp", "sparsity": 0.6, "scope": "layer", "lr": [0.001, 0.002],
    "mask_of": {"arm": "omp"}},
    "union": {
        "method": "transfer", "sparsity": 0.6, "scope": ["global", "layer"], "lr": [0.001, 0.002],
        "mask_of": {"arm": "omp", "combine": "union"},
    },
}  # fmt: skip


def test_a_mask_is_that_of_the_same_options_and_no_two_are_in_one_place(tmp_path: Path) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text(
        yaml.safe_dump(yaml.safe_load(QUICK.read_text()) | {"arms": SCOPES}, sort_keys=False)
    )
    study = Study.read(path)
    by_directory = {one.directory: one for one in study.experiments}
    for one in study.experiments:
        for need in one.needs:
            source = by_directory[need].settings
            assert (source.scope, source.lr) == (one.settings.scope, one.settings.lr)  # type: ignore[attr-defined]
    places: dict[Path, set[tuple[Path, ...]]] = {}
    for one in study.experiments:
        if one.combined is not None:
            places.setdefault(one.combined.path, set()).add(one.combined.masks)
            assert one.settings.initial_mask is not None
            assert (
                one.settings.recipe / one.settings.initial_mask
            ).resolve() == ROOT / one.combined.path
    assert len(places) == 4
    assert all(len(masks) == 1 for masks in places.values())


def test_every_value_that_an_arm_lists_has_a_row_and_a_name(
    tmp_path: Path, make_result: Callable[..., Result]
) -> None:
    """Three runs of another scope are three rows, whose errors are not averaged."""
    arms = {
        "scopes": {
            "method": "parp",
            "sparsity": [0.5, 0.6],
            "scope": ["global", "layer", "tensor"],
            "seed": [0, 1],
        }
    }
    path = tmp_path / "grid.yaml"
    path.write_text(
        yaml.safe_dump(yaml.safe_load(QUICK.read_text()) | {"arms": arms}, sort_keys=False)
    )
    results = []
    for one in Study.read(path).experiments:
        settings = one.settings
        results.append(
            make_result(
                recipe=f"egs2/cldr/{one.language}", language=one.language,
                sparsity_target=settings.sparsity,
                seed=settings.seed, options=options_of(settings),
            )
        )  # fmt: skip
    head, _, *rows = table(results).splitlines()
    column = [cell.strip() for cell in head.split("|")].index("scope")
    assert Counter(row.split("|")[column].strip() for row in rows) == {
        "default": 8,
        "layer": 8,
        "tensor": 8,
    }
    assert len(set(lines_of(results))) == 3


@pytest.mark.parametrize("name", ["warm", "warm_mboshi"])
def test_who_goes_on_from_an_experiment_comes_after_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MBOSHI", str(tmp_path))
    study = Study.read(QUICK.with_name(f"{name}.yaml"))
    waves = study.waves()
    place = {}
    for number, wave in enumerate(waves):
        for experiment in wave:
            place[experiment.directory] = number
    warm = [experiment for experiment in study.experiments if experiment.start is not None]
    assert warm
    for experiment in warm:
        assert experiment.start is not None
        assert place[experiment.start] < place[experiment.directory]
        recipe = experiment.settings.recipe
        assert (recipe / experiment.settings.upstream).resolve() == ROOT / experiment.start  # type: ignore[attr-defined]
        mask = experiment.settings.initial_mask
        if experiment.arm.startswith("sparse"):
            assert mask is not None
            assert (recipe / mask).resolve() == ROOT / experiment.start / "mask.safetensors"
        # What it goes on from is not there when data are prepared.
        assert not {"--upstream", "--updates"} & set(experiment.preparation)
    # Each joint model has data of its own where it has other languages.
    joint = [experiment for experiment in study.experiments if experiment.language == "joint"]
    heard = {(e.settings.lang, e.settings.dumpdir, e.settings.expdir) for e in joint}  # type: ignore[attr-defined]
    assert len({folder for _, folder, _ in heard}) == len({langs for langs, _, _ in heard})


def test_an_experiment_to_go_on_from_has_to_be_one(tmp_path: Path) -> None:
    recipes = {"es": "egs2/cldr/es", "tr": "egs2/cldr/tr"}
    dense = {"method": "dense", "seed": [0, 1]}
    wrong = {
        "nobody": {"arm": "gone", "language": "es"},
        "unlike": {"arm": "dense"},
        "elsewhere": {"arm": "dense", "language": "zh"},
    }
    arms = {"dense": dense} | {
        name: {"method": "dense", "languages": ["tr"], "seed": 2, "upstream_of": values}
        for name, values in (wrong | {"other seed": {"arm": "dense", "language": "es"}}).items()
    }
    arms["both"] = arms["nobody"] | {"upstream": "mono"}
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump({"recipes": recipes, "arms": arms}))
    with pytest.raises(UserError) as caught:
        Study.read(file)
    said = str(caught.value)
    assert said.count("\n") == len(wrong) + 2
    assert "arm nobody: upstream_of has to name one experiment of an arm above it" in said
    assert "arm unlike: upstream_of: expected arm and language, found" in said
    assert "arm elsewhere: upstream_of: language zh has no recipe" in said
    assert "arm other seed: upstream_of has to name one" in said
    assert "arm both: upstream and upstream_of: expected one of them" in said
