"""What experiments of a study share, and would make of different options."""

from pathlib import Path

import pytest
import yaml

from parp_espnet.errors import UserError
from parp_espnet.study.plan import Study
from parp_espnet.study.shared import check_shared
from parp_espnet.study.shell import print_plan

SPEECH = {"es": "egs2/cldr/es"}
TEXT = {"same": "egs2/glue/cldr_same"}
USUAL = {"method": "dense", "updates": 300}


def written(folder: Path, recipes: dict[str, str], *arms: dict[str, object]) -> Path:
    """A study of these arms, a, b, …"""
    named = {"abc"[number]: USUAL | arm for number, arm in enumerate(arms)}
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump({"recipes": recipes, "arms": named}))
    return file


@pytest.mark.parametrize(
    ("recipes", "arms", "said"),
    [
        (TEXT, [{"train_examples": [50, 60]}], "arm a: expected one cldr_same in .*_same/data"),
        (
            SPEECH,
            [{"valid_minutes": 1}, {"valid_minutes": 2, "updates": 20}],
            "arms a and b: .* dev in egs2/cldr/es/data, .* --minutes 1.0 and .* --minutes 2.0",
        ),
        (
            SPEECH,
            [{}, {"valid_minutes": 5, "updates": 20}],
            "one made with .* and one with --minutes 5.0",
        ),
        (SPEECH, [{"test_minutes": 1}, {"test_minutes": 2, "lr": 1e-4}], "one test in .*/data"),
        (
            SPEECH,
            [{}, {"max_wav_duration": 5, "method": "parp"}],
            r"filter_train_10min in .*dump/raw, .* --max_duration 20.0 and .* --max_duration 5.0",
        ),
        (SPEECH, [{}, {"min_wav_duration": 1, "seed": 3}], "--min_duration 0.25 and"),
        (SPEECH, [{}, {"valid_set": "other", "seed": 3}], "collect in .*exp/stats_train_10min"),
    ],
)
def test_what_would_be_made_otherwise_is_refused_before_anything_runs(
    tmp_path: Path, recipes: dict[str, str], arms: list[dict[str, object]], said: str
) -> None:
    file = written(tmp_path, recipes, *arms)
    with pytest.raises(UserError, match=rf"{file}: .*{said}.*studies of their own") as told:
        print_plan(["--profile", str(file)])
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("recipes", "arms"),
    [
        (SPEECH, [{"train_minutes": [5, 10], "seed": [0, 1]}, {"method": "omp", "sparsity": 0.5}]),
        (SPEECH, [{}, {"valid_minutes": 2, "train_set": "mine", "valid_set": "my_dev"}]),
        (SPEECH, [{}, {"test_set": "other", "updates": 20}]),
        (SPEECH, [{"use_ngram": "true", "ngram_num": 2}, {"use_ngram": "true", "lr": 1e-4}]),
        (SPEECH, [{"upstream": ["multi", "mono"]}, {"layerdrop": 0.1}, {"method": "imp"}]),
        (SPEECH, [{}, {"speed_perturb_factors": "0.9 1.0"}, {"token_type": "phn", "seed": 2}]),
        (SPEECH, [{"max_wav_duration": 5}, {"max_wav_duration": 5, "method": "parp"}]),
        (TEXT, [{"train_examples": 50}, {"train_examples": 50, "batch_size": [8, 16]}]),
        (SPEECH | TEXT, [{}, {"method": "parp", "sparsity": [0.5, 0.7]}]),
    ],
)
def test_what_is_made_alike_or_elsewhere_is_shared(
    tmp_path: Path, recipes: dict[str, str], arms: list[dict[str, object]]
) -> None:
    file = written(tmp_path, recipes, *arms)
    check_shared(Study.read(file).experiments, file)


def test_a_study_that_has_run_is_put_together_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, TEXT, {"train_examples": [50, 60]})
    print_plan(["--profile", str(file), "--stage", "5"])
    assert "stages=5" in capsys.readouterr().out
