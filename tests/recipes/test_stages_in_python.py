"""`pipeline.stages` says what phn.sh does: the same steps and commands, for every recipe and option."""

import os
import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from parp_espnet.pipeline.command_line import read
from parp_espnet.pipeline.experiment import Command, First, Queues, SpeechExperiment
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pipeline.stages import STAGES, acts_of
from parp_espnet.pipeline.step import Step, describe

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "egs2/TEMPLATE/phn1/phn.sh"
EXPORTED = ("cmd_backend", "data_cmd", "stats_cmd", "cuda_cmd", "decode_cmd")
OPTIONS = {
    "as it is": "",
    "dense": "--method dense",
    "of random weights": "--method rp --sparsity 0.7 --prune_biases false",
    "uniform": "--first_mask uniform --scope 2:4 --sparsity 0.5",
    "omp": "--method omp --sparsity 0.6 --scope layer",
    "imp": "--method imp --sparsity 0.5 --updates 30 --round_updates 7",
    "random upstream": "--upstream mono --upstream_init random --seed 3",
    "upstream's settings": "--mask_time_prob 0.1 --layerdrop 0.2 --prune_pattern attention",
    "speeds": "--speed_perturb_factors '0.9 1.1' --allow_pipes true --skip_check true",
    "a search": "--beam_size 4 --penalty 0.5 --metric wer",
    "an n-gram": "--use_ngram true --ngram_weight 0.3",
    "a language model": "--use_lm true --keep_checkpoints true",
    "both": "--use_lm true --use_ngram true --compare_decoding true",
    "ESPnet's search": "--search espnet --beam_size 3 --inference_nj 2",
    "a tag": "--phn_tag mine --ngpu 1 --nj 3",
    "elsewhere": "--expdir /tmp/elsewhere/exp --stage 3 --stop_stage 9",
    "no training": "--skip_train true",
}


def exported(environment: dict[str, str]) -> Queues:
    """What cmd.sh says of queues in an environment."""
    script = f'. "{ROOT}/cmd.sh"; for name in {" ".join(EXPORTED)}; do echo "${{!name}}"; done'
    words = ["bash", "-c", script]
    shown = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    return Queues.of(dict(zip(EXPORTED, shown.stdout.splitlines(), strict=True)))


def in_python(settings: Settings, queues: Queues) -> Iterator[Step | Command]:
    """What an experiment does, with the finetunings that it needs."""
    for act in acts_of(SpeechExperiment(settings, queues)):
        if isinstance(act, First):
            yield from in_python(act.settings, queues)
        else:
            yield act


def options_of(recipe: Path) -> list[str]:
    """What a recipe's run.sh gives to the template."""
    line = (recipe / "run.sh").read_text().rpartition("phn.sh")[2]
    words = shlex.split(line.replace("\\\n", " ").replace('"${here}"', str(recipe)))
    return [word for word in words if word not in ("$@", '"')]


def shown(act: Step | Command) -> str:
    if isinstance(act, Step):
        return describe(act)
    return f"{act.label}: {shlex.join(act.words)}"


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_both_say_the_same(
    options: str, steps_of: Callable[[Sequence[str]], tuple[list[Step], str]], monkeypatch
) -> None:
    recipe = ROOT / "egs2/cldr/es"
    words = ["--recipe", str(recipe), "--corpus", "cldr", "--lang", "es", *shlex.split(options)]
    steps, text = steps_of([str(TEMPLATE), *words])
    settings = read([*words, "--dry_run", "true"])
    monkeypatch.chdir(recipe)
    acts = list(in_python(settings, exported(dict(os.environ))))
    for mine, theirs in zip([act for act in acts if isinstance(act, Step)], steps, strict=True):
        assert mine == theirs
    assert [shown(act) for act in acts] == text.splitlines()


def test_the_stages_have_their_names() -> None:
    from parp_espnet.pipeline.settings import STAGES as NAMES

    assert {number: stage.name for number, stage in STAGES.items()} == NAMES
