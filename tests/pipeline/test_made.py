"""What a result and a mask say of how they were made."""

import hashlib
from dataclasses import fields, replace
from pathlib import Path

import pytest
import yaml

from parp_espnet.corpora.table import FOLDERS
from parp_espnet.errors import UserError
from parp_espnet.files import read_json
from parp_espnet.glue.settings import Settings as GlueSettings
from parp_espnet.pipeline.made import (
    CALL,
    CONFIGURATIONS,
    SHIPPED,
    load_settings,
    options_of,
    options_of_result,
    origin_of,
    write_origin,
)
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pipeline.shell import settings_json
from parp_espnet.pruning.origin import ORIGIN, Origin

USUAL = Settings(recipe=ROOT / "egs2/cldr/es", train_config=Path("../../../conf/train/phn.yaml"))


def other_than(value: object) -> object:
    """Another value of the same kind as a default."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return "0.9 1.0" if value == "" else "other"


def test_what_is_as_usual_is_no_option() -> None:
    assert options_of(USUAL) == {}
    assert options_of(replace(USUAL, upstream="../ssl1/upstreams/multi")) == {}


@pytest.mark.parametrize(
    "name", [field.name for field in fields(Settings) if field.name not in CALL]
)
def test_every_option_that_differs_is_held(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a: 1\n")
    default = next(field.default for field in fields(Settings) if field.name == name)
    kinds = {
        "train_config",
        "lm_config",
        "merge",
        "ngram",
        "lm_train_text",
        "initial_mask",
        *FOLDERS,
    }
    value = tmp_path / "file" if name in kinds else other_than(1 if default is None else default)
    found = options_of(replace(USUAL, **{name: value}))
    assert {option.partition(".")[0] for option in found} == {name}
    assert all(isinstance(value, bool | int | float | str) for value in found.values())


def test_a_configuration_is_what_it_says_otherwise(tmp_path: Path) -> None:
    shared = yaml.safe_load((ROOT / "conf/train/phn.yaml").read_text())
    same, other = tmp_path / "same.yaml", tmp_path / "phn.yaml"
    same.write_text(yaml.safe_dump(shared))
    other.write_text(
        yaml.safe_dump(shared | {"grad_clip": 7, "optim_conf": shared["optim_conf"] | {"lr": 0.5}})
    )
    # Its name is nothing, what it says is.
    assert options_of(replace(USUAL, train_config=same)) == {}
    assert options_of(replace(USUAL, train_config=other)) == {
        "train_config.optim_conf.lr": 0.5, "train_config.grad_clip": 7,
    }  # fmt: skip


def test_the_project_has_the_configurations_that_it_shipped() -> None:
    """Whoever changes one gives its new hash to `SHIPPED`: results of the old one are told apart by
    their commit.
    """
    for option, path in CONFIGURATIONS.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == SHIPPED[option]


@pytest.mark.parametrize("option", sorted(CONFIGURATIONS))
@pytest.mark.parametrize("given", [False, True])
def test_a_configuration_that_was_edited_in_its_place_is_told(
    option: str, given: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = CONFIGURATIONS[option]
    edited = tmp_path / usual.name
    edited.write_text(usual.read_text() + "batch_bins: 7\n")
    settings = replace(USUAL, train_config=None, use_lm=True)
    assert options_of(settings) == {"use_lm": True}
    monkeypatch.setitem(CONFIGURATIONS, option, edited)  # type: ignore[call-overload]
    found = options_of(replace(settings, **{option: edited if given else None}))
    digest = hashlib.sha256(edited.read_bytes()).hexdigest()[:8]
    assert found == {"use_lm": True, option: f"{usual.name} {digest}"}


def test_a_language_models_configuration_is_told_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CONFIGURATIONS, "lm_config", tmp_path / "gone.yaml")  # type: ignore[call-overload]
    assert options_of(USUAL) == {}


def test_a_file_is_told_by_its_content(tmp_path: Path) -> None:
    table = tmp_path / "merge.txt"
    found = []
    for text in ("a b\n", "a c\n", "a b\n"):
        table.write_text(text)
        found.append(options_of(replace(USUAL, merge=table))["merge"])
    assert found[0] == found[2] != found[1]
    assert str(found[0]).startswith("merge.txt ")


def test_a_later_call_does_not_change_what_a_model_was_trained_with(tmp_path: Path) -> None:
    write_origin(replace(USUAL, scope="layer", lr=0.01, phn_tag="mine", use_ngram=True), tmp_path)
    later = replace(
        USUAL, phn_tag="mine", lr=0.5, use_ngram=True, metric="cer", merge=tmp_path / "gone"
    )
    trained = {"scope": "layer", "lr": 0.01}
    scored = {"metric": "cer", "merge": "gone"}
    assert options_of_result(later, tmp_path, decoded_so=True) == trained | scored | {
        "use_ngram": True
    }
    # The greedy decoding beside it was made without the n-gram.
    assert options_of_result(later, tmp_path, decoded_so=False) == trained | scored
    # A training of before left nothing of its options.
    assert options_of_result(later, tmp_path / "old", decoded_so=False) == {"lr": 0.5} | scored
    (tmp_path / ORIGIN).write_text("[]")
    with pytest.raises(UserError, match=r"origin\.json: expected the options of a training"):
        options_of_result(later, tmp_path, decoded_so=True)


def test_whose_an_experiment_is(tmp_path: Path) -> None:
    es = replace(USUAL, method="omp", lang="es", seed=2)
    assert origin_of(es) == Origin(None, "omp", "egs2/cldr/es", "es", 2, "multi", "magnitude")
    # Of data that the user made, these say it.
    (tmp_path / "dump/raw/train").mkdir(parents=True)
    (tmp_path / "dump/raw/train/utt2lang").write_text("a-1 xx\na-2 yy\nb-1 xx\n")
    write_origin(replace(es, recipe=tmp_path, lang=None), tmp_path)
    assert Origin.of_experiment(tmp_path).language == "xx yy"
    assert read_json(tmp_path / ORIGIN)["languages"] == ["xx", "yy"]
    text = GlueSettings(recipe=ROOT / "egs2/glue/cola", task="cola", method="mpi", model="xlnet")
    assert origin_of(text) == Origin(None, "mpi", "egs2/glue/cola", "cola", 0, "xlnet", "magnitude")
    (tmp_path / "settings.json").write_text(settings_json(text))
    assert load_settings(tmp_path / "settings.json") == text
    assert options_of(replace(text, max_length=9))["max_length"] == 9


def test_seeds_of_a_random_upstream_are_of_one_name() -> None:
    labels = {replace(USUAL, upstream_init="random", seed=seed).upstream_label for seed in (0, 1)}
    assert labels == {"multi-random"}
