"""`experiment.json`, and what older versions had in its place."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from parp_espnet.errors import UserError
from parp_espnet.files import read_json, write_json
from parp_espnet.glue.settings import Settings as GlueSettings
from parp_espnet.pipeline import kept
from parp_espnet.pipeline.contents import Contents, word_of
from parp_espnet.pipeline.options import options_of_class
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pruning.origin import EXPERIMENT, ORIGIN, Origin

USUAL = Settings(recipe=ROOT / "egs2/cldr/es", train_config=Path("../../../conf/train/phn.yaml"))
TEXT = GlueSettings(recipe=ROOT / "egs2/glue/cola", task="cola", method="mpi", model="xlnet")
MINE = replace(USUAL, scope="layer", lr=0.01, phn_tag="mine", use_ngram=True, lang="es")


def leave_as_before(settings: Settings | GlueSettings, directory: Path) -> None:
    """Leave what version 0.2.0 and those before it left of MINE, or of other options."""
    directory.mkdir(exist_ok=True)
    options = json.dumps(asdict(settings), default=str)
    (directory / "settings.json").write_text(f"{options}\n")
    origin = {"method": "parp", "recipe": "egs2/cldr/es", "language": "es", "seed": 0}
    origin |= {"upstream": "multi", "ranking": "magnitude"}
    trained = {"scope": "layer", "lang": "es", "lr": 0.01}
    write_json(directory / ORIGIN, origin | {"languages": ["es"], "options": trained})


@pytest.mark.parametrize("settings", [MINE, TEXT], ids=["speech", "text"])
def test_the_options_are_read_back(settings: Settings | GlueSettings, tmp_path: Path) -> None:
    kept.keep(settings, tmp_path)
    assert kept.load(tmp_path) == kept.load(tmp_path / EXPERIMENT) == settings
    (tmp_path / EXPERIMENT).write_text(kept.options_json(settings))
    assert kept.load(tmp_path) == settings
    # As --help has them.
    assert list(read_json(tmp_path / EXPERIMENT)["options"]) == list(
        options_of_class(type(settings))
    )


def test_it_says_what_differs_and_how_it_was_trained(tmp_path: Path) -> None:
    kept.keep(MINE, tmp_path)
    kept.keep_trained(MINE, tmp_path)
    found = read_json(tmp_path / EXPERIMENT)
    assert list(found) == ["options", "differing", "trained"]
    assert found["differing"] == {"scope": "layer", "lang": "es", "lr": 0.01, "use_ngram": True}
    assert found["trained"] == {
        "method": "parp",
        "recipe": "egs2/cldr/es",
        "language": "es",
        "seed": 0,
        "upstream": "multi",
        "ranking": "magnitude",
        "languages": ["es"],
        "options": {"scope": "layer", "lang": "es", "lr": 0.01},
    }


def test_what_is_the_same_is_not_written_again(tmp_path: Path) -> None:
    kept.keep(MINE, tmp_path)
    kept.keep_trained(MINE, tmp_path)
    before = (tmp_path / EXPERIMENT).stat()
    kept.keep(MINE, tmp_path)
    kept.keep_trained(MINE, tmp_path)
    after = (tmp_path / EXPERIMENT).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_later_call_does_not_change_what_a_model_was_trained_with(tmp_path: Path) -> None:
    kept.keep(MINE, tmp_path)
    kept.keep_trained(MINE, tmp_path)
    later = replace(MINE, lr=0.5, scope="global", metric="cer", merge=tmp_path / "gone")
    kept.keep(later, tmp_path)
    trained = {"scope": "layer", "lang": "es", "lr": 0.01}
    scored = {"metric": "cer", "merge": "gone"}
    decoded = {"use_ngram": True}
    found = kept.options_of_result(later, tmp_path, decoded_so=True)
    assert found == trained | scored | decoded
    # The greedy decoding beside it was made without the n-gram.
    assert kept.options_of_result(later, tmp_path, decoded_so=False) == trained | scored
    # A training of before left nothing of its options.
    now = {"lang": "es", "lr": 0.5}
    assert kept.options_of_result(later, tmp_path / "old", decoded_so=False) == now | scored


@pytest.mark.parametrize(
    ("name", "content"),
    [(ORIGIN, "[]"), (EXPERIMENT, "[]"), (EXPERIMENT, '{"trained": []}'), (EXPERIMENT, "{")],
)
def test_a_damaged_file_is_named(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    for read in (
        Origin.of_experiment,
        lambda directory: kept.options_of_result(MINE, directory, decoded_so=True),
    ):
        with pytest.raises(UserError, match=re.escape(name)):
            read(tmp_path)
    # The next call writes it anew.
    kept.keep(MINE, tmp_path)
    kept.keep_trained(MINE, tmp_path)
    assert Origin.of_experiment(tmp_path).language == "es"


def test_languages_that_only_the_data_say(tmp_path: Path) -> None:
    (tmp_path / "dump/raw/train").mkdir(parents=True)
    (tmp_path / "dump/raw/train/utt2lang").write_text("a-1 xx\na-2 yy\nb-1 xx\n")
    kept.keep_trained(replace(USUAL, recipe=tmp_path, method="omp"), tmp_path)
    assert Origin.of_experiment(tmp_path).language == "xx yy"
    assert read_json(tmp_path / EXPERIMENT)["trained"]["languages"] == ["xx", "yy"]


def test_a_directory_of_an_older_version_is_read_and_stays_complete(tmp_path: Path) -> None:
    leave_as_before(MINE, tmp_path)
    assert kept.load(tmp_path) == MINE
    assert Origin.of_experiment(tmp_path).language == "es"
    later = replace(MINE, lr=0.5)
    trained = {"scope": "layer", "lang": "es", "lr": 0.01}
    assert kept.options_of_result(later, tmp_path, decoded_so=False) == trained
    # What the record of the score has read is the same file, with the same content.
    file = kept.trained_file(tmp_path)
    word = word_of(file)
    kept.keep(MINE, tmp_path)
    kept.keep_trained(MINE, tmp_path)
    assert (kept.trained_file(tmp_path), word_of(file)) == (tmp_path / ORIGIN, word)
    assert sorted(path.name for path in tmp_path.iterdir()) == [EXPERIMENT, ORIGIN]
    assert kept.load(tmp_path) == MINE


def test_another_training_takes_the_place_of_what_an_older_version_says(tmp_path: Path) -> None:
    leave_as_before(MINE, tmp_path)
    other = replace(MINE, scope="tensor")
    kept.keep(other, tmp_path)
    kept.keep_trained(other, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [EXPERIMENT]
    assert kept.options_of_result(other, tmp_path, decoded_so=False)["scope"] == "tensor"


def test_options_that_are_younger_have_their_defaults(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"recipe": "egs2/cldr/es", "method": "omp"}')
    assert kept.load(tmp_path) == Settings(recipe=Path("egs2/cldr/es"), method="omp")
    (tmp_path / "settings.json").write_text('{"lang": "es"}')
    with pytest.raises(UserError, match="expected settings of an experiment"):
        kept.load(tmp_path)


def changed(found: dict[str, Any], part: str) -> dict[str, Any]:
    return found | {part: found[part] | {"other": 1}}


def test_of_an_experiment_counts_what_it_says_of_its_training(tmp_path: Path) -> None:
    kept.keep(MINE, tmp_path)
    kept.keep_trained(MINE, tmp_path)
    file = tmp_path / EXPERIMENT
    found, word = read_json(file), Contents().of(file)
    write_json(file, changed(changed(found, "options"), "differing"))
    assert Contents().of(file) == word
    write_json(file, changed(found, "trained"))
    assert Contents().of(file) != word
