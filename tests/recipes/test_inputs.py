"""Whatever file an option gives, and whatever a step leaves for another, is an input of who opens
it.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from parp_espnet.pipeline.step import Step

ROOT = Path(__file__).resolve().parents[2]
PHN = str(ROOT / "egs2/TEMPLATE/phn1/phn.sh")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe directory in which nothing was made yet."""
    for name in ("train", "dev", "test"):
        (tmp_path / "data" / name).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def own(recipe: Path, upstream: Path) -> Path:
    """Files of the user's that options give."""
    shutil.copytree(upstream, recipe / "own/upstream")
    for name in (
        "ngram.arpa",
        "lm.yaml",
        "lm.txt",
        "merge.tsv",
        "train.yaml",
        "mask.safetensors",
        "lexicon.txt",
    ):
        (recipe / "own" / name).write_text("e i\n")
    return recipe / "own"


def readers(steps: list[Step], path: Path, name_of: Callable[[Step], str]) -> set[str]:
    found = set()
    for step in steps:
        paths = (
            *step.inputs,
            *step.optional,
            *step.settings,
            *step.trees,
            *step.speech,
            *step.recordings,
            *step.formatted,
        )
        if any(str(one) == str(path) for one in paths):
            found.add(name_of(step))
    return found


def test_files_of_language_models_and_scoring(recipe: Path, own: Path, steps_of, name_of) -> None:
    options = {
        "ngram": own / "ngram.arpa",
        "lexicon": own / "lexicon.txt",
        "lm_config": own / "lm.yaml",
        "lm_train_text": own / "lm.txt",
        "merge": own / "merge.tsv",
        "initial_mask": own / "mask.safetensors",
        "upstream": own / "upstream",
    }
    words = [word for name, path in options.items() for word in (f"--{name}", str(path))]
    command = [
        PHN,
        "--recipe",
        str(recipe),
        "--lang",
        "xx",
        "--method",
        "transfer",
        "--use_lm",
        "true",
        *words,
    ]
    steps, _ = steps_of(command)
    found = {
        name: readers(steps, path, name_of) for name, path in options.items() if name != "upstream"
    }
    (lm,) = {name.rpartition(" ")[0] for name in found["lm_config"]}
    (fits,) = {name for name in found["ngram"] if "_fits-" in name}
    (both,) = {name.split()[0] for name in found["ngram"] - {fits}}
    assert found["ngram"] == {fits, f"{both} tune dev", f"{both} decode test"}
    assert found["lexicon"] == found["ngram"]
    assert found["lm_config"] == {f"{lm} collect", f"{lm} train"}
    assert found["lm_train_text"] == {
        name_of(step) for step in steps if step.record.stem.startswith("lm_train")
    }
    assert found["merge"] == {
        name for name in map(name_of, steps) if "score" in name or "tune" in name
    }
    (training,) = found["initial_mask"]
    assert training.endswith(" train")
    for name in ("config.json", "model.safetensors", "preprocessor_config.json"):
        assert training in readers(steps, own / "upstream" / name, name_of), name
    for name in (f"exp/{lm}/config.yaml", f"exp/{lm}/valid.loss.ave.pth"):
        assert readers(steps, Path(name), name_of) == {f"{both} tune dev", f"{both} decode test"}, (
            name
        )


def test_every_file_that_a_step_reads_of_another_is_left_by_one(
    recipe: Path, own: Path, steps_of, name_of
) -> None:
    """Otherwise nobody makes it again."""
    given = [
        "--recipe",
        str(recipe),
        "--lang",
        "xx",
        "--upstream",
        str(own / "upstream"),
        "--train_config",
        str(own / "train.yaml"),
    ]
    ways = [
        ["--method", "parp"],
        ["--method", "omp", "--use_ngram", "true"],
        ["--method", "rp", "--use_lm", "true", "--lm_config", str(own / "lm.yaml")],
        ["--method", "rp", "--first_mask", "uniform", "--compare_decoding", "true"],
        [
            "--upstream_init",
            "random",
            "--search",
            "espnet",
            "--beam_size",
            "4",
            "--inference_nj",
            "2",
        ],
    ]
    for way in ways:
        steps, _ = steps_of([PHN, *given, *way])
        made = {path for step in steps for path in (*step.outputs, *step.editable, *step.lists)}
        for step in steps:
            for path in (*step.inputs, *step.settings, *step.formatted):
                inside = str(path).startswith(("dump", "exp"))
                # Stage 8 writes this one itself.
                assert not inside or path in made or path.name == "train.yaml", (
                    way,
                    name_of(step),
                    path,
                )


@pytest.mark.parametrize("method", [["omp"], ["rp"], ["rp", "--first_mask", "uniform"], ["parp"]])
def test_text_has_no_file_that_nobody_makes(
    method: list[str], tmp_path: Path, steps_of, name_of
) -> None:
    model, glue = tmp_path / "model", tmp_path / "glue"
    model.mkdir()
    glue.mkdir()
    for name in (
        "config.json",
        "model.safetensors",
        "vocab.txt",
        "tokenizer.json",
        "spiece.model",
        "README.md",
    ):
        (model / name).write_text("{}")
    run = str(ROOT / "egs2/glue/rte/run.sh")
    steps, _ = steps_of(
        [
            run,
            "--model",
            str(model),
            "--glue",
            str(glue),
            "--expdir",
            str(tmp_path),
            "--method",
            *method,
        ]
    )
    made = {path for step in steps for path in (*step.outputs, *step.editable)}
    for step in steps:
        read = (*step.inputs, *step.settings)
        lost = [path for path in read if path not in made and path.parent != model]
        assert not lost, (name_of(step), lost)
    assert {step.record.name for step in steps if glue in step.trees} == {"rte.json"}
    (training,) = [
        step
        for step in steps
        if step.record.name == "train.json" and "dense" not in str(step.record)
    ]
    assert {path.name for path in training.inputs if path.parent == model} == {
        path.name for path in model.iterdir() if path.suffix != ".md"
    }


CORPORA = {
    "mboshi": ["mboshi"],
    "an4": ["an4"],
    "librilight": ["librilight", "librispeech/dev-other", "librispeech/test-clean"],
    "commonvoice": ["commonvoice/es", "splits"],
    "own": ["own corpus"],
    "cldr": [],
    "mini_an4": [],
}
RECIPES = {
    "librilight": "librilight/1h",
    "commonvoice": "commonvoice/es",
    "own": "own/mine",
    "mini_an4": "mini_an4/en",
}
OPTIONS = {
    "mboshi": ["mboshi"],
    "an4": ["an4"],
    "librilight": ["librilight", "librispeech"],
    "commonvoice": ["commonvoice", "commonvoice_splits=splits"],
    "own": ["own=own corpus"],
}


@pytest.mark.parametrize("corpus", CORPORA)
def test_a_corpus_is_an_input_of_stage_1(
    corpus: str, tmp_path: Path, upstream: Path, steps_of
) -> None:
    for name in CORPORA[corpus]:
        (tmp_path / name).mkdir(parents=True)
    words = [word.partition("=") for word in OPTIONS.get(corpus, [])]
    options = [
        part for name, _, place in words for part in (f"--{name}", str(tmp_path / (place or name)))
    ]
    recipe = RECIPES.get(
        corpus, {"mboshi": "mboshi/mb", "an4": "an4/en", "cldr": "cldr/es"}.get(corpus, "")
    )
    steps, _ = steps_of([str(ROOT / "egs2" / recipe / "run.sh"), *options, "--stop_stage", "1"])
    makers = [step for step in steps if "parp_espnet.bin.make_corpus" in step.command]
    assert len(makers) == 3
    for step in makers:
        assert list(step.trees) == [tmp_path / name for name in CORPORA[corpus]]
        assert step.aside[0] == "--anew"


@pytest.mark.parametrize("recipe_of", ["cldr/es", "glue/cldr_kind"])
def test_a_pool_without_biases_is_told(recipe_of: str, steps_of) -> None:
    command = [str(ROOT / "egs2" / recipe_of / "run.sh"), "--prune_biases", "false"]
    steps, _ = steps_of([*command, "--sparsity", "0.5", "--updates", "40"])
    assert any("--no-biases" in step.aside for step in steps)
