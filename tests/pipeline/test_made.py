"""What a result and a mask say of how they were made."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from parp_espnet.corpora.known.corpus import Folder
from parp_espnet.glue.settings import Settings as GlueSettings
from parp_espnet.pipeline.made import (
    CONFIGURATIONS,
    SHIPPED,
    of_training,
    options_of,
    origin_of,
)
from parp_espnet.pipeline.options import CALL, options_of_class
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pruning.origin import Origin

USUAL = Settings(recipe=ROOT / "egs2/cldr/es", train_config=Path("../../../conf/train/phn.yaml"))

OPTIONS = options_of_class(Settings)


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


PLACES = [
    name
    for name, option in OPTIONS.items()
    if any(isinstance(note, Folder) and note.published for note in option.notes)
]
HELD = [name for name, option in OPTIONS.items() if option.part is not CALL and name not in PLACES]


def test_where_a_published_corpus_is_says_nothing_of_a_result(tmp_path: Path) -> None:
    assert {"mboshi", "an4", "librispeech"} <= set(PLACES)
    for name in PLACES:
        assert options_of(replace(USUAL, **{name: tmp_path})) == {}, name
    text = GlueSettings(recipe=ROOT / "egs2/glue/cola", task="cola", glue=tmp_path)
    assert "glue" not in options_of(text)


def test_where_a_corpus_was_is_left_out_of_what_a_training_of_before_left(tmp_path: Path) -> None:
    before = {"mboshi": str(tmp_path), "updates": 600, "train_config.grad_clip": 7, "use_lm": True}
    assert of_training(before) == {"updates": 600, "train_config.grad_clip": 7}


def test_what_is_outside_of_the_project_goes_by_its_name(tmp_path: Path) -> None:
    """The same experiment on two machines has the same options, and tells nothing of either."""
    held = []
    for machine in ("one", "other"):
        place = tmp_path / machine
        (place / "xls-r").mkdir(parents=True)
        (place / "mask.safetensors").write_bytes(b"bits")
        upstream, mask = str(place / "xls-r"), place / "mask.safetensors"
        paths = {"upstream": upstream, "teacher": upstream, "own": place / "xls-r"}
        held.append(options_of(replace(USUAL, **paths, initial_mask=mask, raw_speech=place)))
    different = {name for name, value in held[0].items() if held[1][name] != value}
    assert different == {"raw_speech"}
    assert held[0]["upstream"] == held[0]["teacher"] == held[0]["own"] == "xls-r"
    assert held[0]["initial_mask"] == f"mask.safetensors {hashlib.sha256(b'bits').hexdigest()[:8]}"
    assert held[0]["raw_speech"] == "one"


@pytest.mark.parametrize("name", HELD)
def test_every_option_that_differs_is_held(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a: 1\n")
    default, kind = OPTIONS[name].default, OPTIONS[name].kind
    if default is None:
        default = "some" if kind is str else 1
    value = tmp_path / "file" if kind is Path else other_than(default)
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


def test_whose_an_experiment_is() -> None:
    es = replace(USUAL, method="omp", lang="es", seed=2)
    assert origin_of(es) == Origin(None, "omp", "egs2/cldr/es", "es", 2, "multi", "magnitude")
    text = GlueSettings(recipe=ROOT / "egs2/glue/cola", task="cola", method="mpi", model="xlnet")
    assert origin_of(text) == Origin(None, "mpi", "egs2/glue/cola", "cola", 0, "xlnet", "magnitude")
    assert options_of(replace(text, max_length=9))["max_length"] == 9


def test_seeds_of_a_random_upstream_are_of_one_name() -> None:
    labels = {replace(USUAL, upstream_init="random", seed=seed).upstream_label for seed in (0, 1)}
    assert labels == {"multi-random"}
