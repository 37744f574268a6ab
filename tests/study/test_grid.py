from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.study.plan import Study

TWO = "recipes: {es: egs2/cldr/es, tr: egs2/cldr/tr}\n"
OMP = f"{TWO}arms:\n  o: {{method: omp, sparsity: 0.5}}\n"
FIXED = "  a: {method: transfer, sparsity: 0.5, "


def study_of(text: str, folder: Path) -> Study:
    file = folder / "own.yaml"
    file.write_text(text, encoding="utf-8")
    return Study.read(file)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{TWO}arms:\n  a: {{method: dense}}\n  a: {{method: mpi}}\n", "a in lines 3 and 4$"),
        (f"{TWO}arms:\n  a:\n    updates: 2\n    updates: 3\n", "updates in lines 4 and 5$"),
        (f"{TWO}arms:\n  1: {{method: dense}}\n  '1': {{method: mpi}}\n", "1 in lines 3 and 4$"),
        (f"{TWO}options: {{seed: 1}}\noptions: {{lr: 1}}\narms: {{a: {{}}}}\n", "options in lines"),
        ("recipes: {es: egs2/cldr/es, es: egs2/cldr/tr}\narms: {a: {}}\n", "es in lines 1 and 1$"),
        (f"{OMP}{FIXED}mask_of: {{arm: o, arm: p}}}}\n", "arm in lines 4 and 4$"),
        (f"{TWO}arms: {{a: {{top_k: 1, top-k: 2}}}}\n", "top-k: expected each option once"),
    ],
)
def test_what_is_said_twice_is_named(text: str, found: str, tmp_path: Path) -> None:
    """YAML would take the last one."""
    with pytest.raises(UserError, match=found):
        study_of(text, tmp_path)


@pytest.mark.parametrize(
    "arms",
    [
        "  a: &a {method: dense, updates: 20}\n  b: {<<: *a, updates: 30}\n",
        "  a-b: {method: dense, updates: 20}\n  a_b: {method: dense, updates: 30}\n",
        "  a: {method: dense, updates: 20}\n  b: {method: dense, updates: 30}\n",
    ],
)
def test_what_is_said_otherwise_is_allowed(arms: str, tmp_path: Path) -> None:
    study = study_of(f"recipes: {{es: egs2/cldr/es}}\narms:\n{arms}", tmp_path)
    assert [one.settings.updates for one in study.experiments] == [20, 30]


@pytest.mark.parametrize(
    ("mask_of", "message"),
    [
        ("{arm: o, language: es, languages: [tr]}", "expected one of them, found both"),
        ("{arm: o, languages: [es, es]}", "expected each once, found es twice"),
        ("{arm: o, languages: [es, tr, es], combine: majority}", "expected each once"),
    ],
)
def test_masks_that_are_not_told_clearly(mask_of: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        study_of(f"{OMP}{FIXED}mask_of: {mask_of}}}\n", tmp_path)


def test_the_others_combined_are_without_the_targets_own(tmp_path: Path) -> None:
    mask_of = "{arm: o, languages: others, combine: union}"
    study = study_of(f"{OMP}{FIXED}mask_of: {mask_of}}}\n", tmp_path)
    needs = {}
    for experiment in study.experiments:
        if experiment.combined is not None:
            needs[experiment.language] = [need.parts[2] for need in experiment.needs]
    assert needs == {"es": ["tr"], "tr": ["es"]}


@pytest.mark.parametrize(
    "mask_of",
    [
        "{arm: a}",
        "{arm: b}",
        "{arm: o, languages: [es]}",
        "{arm: o, languages: others}",
        "{arm: o, languages: others, combine: union}",
    ],
)
def test_an_arm_without_an_experiment_is_named(mask_of: str, tmp_path: Path) -> None:
    """Of one language there is no other's mask; a study of nothing else ended with a traceback."""
    text = "recipes: {es: egs2/cldr/es}\narms:\n  o: {method: omp, sparsity: 0.5}\n"
    with pytest.raises(UserError, match=r"arm a: expected a mask of another language"):
        study_of(f"{text}{FIXED}mask_of: {mask_of}}}\n", tmp_path)


@pytest.mark.parametrize(
    "option", ["stage: 3", "stop-stage: 7", "dry_run: true", "skip_eval: true"]
)
def test_an_option_with_which_nothing_is_complete(option: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected the name of an option of an experiment"):
        study_of(f"{TWO}arms: {{a: {{method: dense, {option}}}}}\n", tmp_path)


@pytest.mark.parametrize("options", ["[]", "''", "false", "0", "[seed]"])
def test_options_are_by_name(options: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="options: expected one value for each option"):
        study_of(f"{TWO}options: {options}\narms: {{a: {{method: dense}}}}\n", tmp_path)


def test_an_arms_name_is_no_path(tmp_path: Path) -> None:
    text = OMP.replace("  o:", "  ../../../../o:")
    mask_of = "{arm: ../../../../o, combine: union}"
    study = study_of(f"{text}{FIXED}mask_of: {mask_of}}}\n", tmp_path)
    made = {one.combined.path.parent for one in study.experiments if one.combined is not None}
    assert made == {Path("exp/masks")}
