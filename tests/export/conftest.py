"""What tests of exports share: a complete tiny experiment, tested and tuned, and a bare process."""

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import torch
import yaml

from parp_espnet.data.kaldi import Utterance, write_data_dir
from parp_espnet.decoding.tune import Given
from parp_espnet.decoding.witten_bell import estimate
from parp_espnet.espnet.decode import LOGPROBS, decode
from parp_espnet.espnet.found import find_model
from parp_espnet.espnet.stock import LMTask
from parp_espnet.export.trained import Trained, load_trained
from parp_espnet.files import read_json
from parp_espnet.pipeline import search


@pytest.fixture(autouse=True)
def loud() -> Iterator[None]:
    """Commands silence the log of this process, which is the tests'."""
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="session")
def make_tested(make_result, tones: Path) -> Callable[[Path, Path], Path]:
    """Copy a training, and test it on the tones as stages 11 to 13 do."""

    def make(training: Path, experiment: Path) -> Path:
        shutil.copytree(training, experiment, symlinks=True)
        decode(find_model(experiment), tones, experiment / "decode_greedy/test")
        said = read_json(experiment / "training.json")
        result = make_result(
            sparsity_measured=said["sparsity_measured"], mask_sha256=said.get("mask_sha256")
        )
        result.write(experiment / "result.json")
        return experiment

    return make


@pytest.fixture(scope="session")
def make_drawn(make_upstream: Callable[..., Path], tones: Path, recipe_on) -> Callable[..., Path]:
    """Make an experiment of drawn weights on an upstream of a kind, or a shipped one."""

    def make(
        kind: str,
        folder: Path,
        tokens: Sequence[str] = (),
        sparsity: float = 0.0,
        has_speech: bool = True,
        sure: bool = False,
    ) -> Path:
        from tests.export.drawn import draw, upstream_of  # noqa: PLC0415  # seconds of imports

        upstream = upstream_of(kind, folder.parent / "upstream", make_upstream)
        train = recipe_on(upstream).config(folder)
        labels = list(tokens) or (tones / "tokens.txt").read_text().split()
        return draw(folder, upstream, train, labels, sparsity, has_speech, tones if sure else None)

    return make


@pytest.fixture(scope="session")
def tested(
    learned: Path,
    make_tested: Callable[[Path, Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """An experiment that is complete, and greedy."""
    return make_tested(learned, tmp_path_factory.mktemp("tested") / "exp" / "tones")


@pytest.fixture(scope="session")
def trained(tested: Path) -> Trained:
    """The same, read."""
    return load_trained(tested)


@pytest.fixture(scope="session")
def tuned(tested: Path, tones: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a search whose weights were tuned, by a bigram in the recipe's directory."""
    experiment = tmp_path_factory.mktemp("tuned") / "exp" / "tones"
    shutil.copytree(tested, experiment, symlinks=True)
    recipe = experiment.parents[1]
    texts = dict(line.partition(" ")[::2] for line in (tones / "text").read_text().splitlines())
    sentences = [tuple(said.split()) for said in texts.values()]
    utterances = [
        Utterance(name, "tone", "xx", str(tones / f"{name}.wav"), tuple(said.split()), said, 1.0)
        for name, said in texts.items()
    ]
    data = recipe / "dump/raw/dev"
    write_data_dir(data, utterances)
    ngram = recipe / "exp" / "2gram.arpa"
    estimate(sentences, list("aeio"), 2).write(ngram)
    decode(find_model(experiment), tones, experiment / "decode_greedy/dev", keep_logprobs=True)
    files = search.ModelFiles(ngram=ngram)
    tune(experiment, "decode_beam4_ngram2", files, Given(ngram_weight=0.3))
    return experiment


@pytest.fixture(scope="session")
def tuned_with_lm(tuned: Path, tones: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same whose only search weighs ESPnet's language model, too."""
    recipe = tmp_path_factory.mktemp("tuned with an LM")
    shutil.copytree(tuned.parents[1], recipe, symlinks=True, dirs_exist_ok=True)
    experiment = recipe / "exp" / "tones"
    shutil.rmtree(experiment / "decode_beam4_ngram2")
    lm = save_lm(recipe / "exp" / "lm", tones / "tokens.txt")
    files = search.ModelFiles(lm=lm, ngram=recipe / "exp" / "2gram.arpa")
    tune(experiment, "decode_beam4_lm_ngram2", files, Given(lm_weight=2.0, ngram_weight=0.3))
    return experiment


def tune(experiment: Path, name: str, files: search.ModelFiles, given: Given) -> None:
    """Tune a search as stages 11 and 12 do, and decode the test set with it."""
    greedy = experiment / "decode_greedy/dev" / LOGPROBS
    out = experiment / name
    data = experiment.parents[1] / "dump/raw/dev"
    search.tune(greedy, data, out / "dev", files, 4, given)
    weights = search.read_weights(out / "dev" / "weights.json")
    search.decode(greedy, out / "test", files, 4, weights)


def save_lm(folder: Path, tokens: Path) -> Path:
    """A recurrent language model of random weights, as ESPnet's training leaves it."""
    folder.mkdir()
    words = ["--lm", "seq_rnn", "--lm_conf", "unit=8", "--lm_conf", "nlayers=1"]
    words += ["--token_type", "word", "--token_list", str(tokens), "--output_dir", str(folder)]
    options = LMTask.get_parser().parse_args(words)
    torch.manual_seed(0)
    model = LMTask.build_model(options)
    # As sure as a trained one.
    for parameter in model.parameters():
        parameter.data.mul_(8)
    (folder / "config.yaml").write_text(yaml.safe_dump(vars(options)))
    torch.save(model.state_dict(), folder / "valid.loss.ave.pth")
    return folder / "valid.loss.ave.pth"


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Run Python in an empty directory, where this package is not, and return what it printed.

    `packages` is a directory of some that come before those that are installed.
    """

    def run(script: str, *words: object, packages: Path | None = None) -> str:
        folder = tmp_path_factory.mktemp("empty")
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        if packages is not None:
            environment["PYTHONPATH"] = str(packages)
        done = subprocess.run(
            [sys.executable, "-P", "-c", script, *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env=environment | {"HF_HUB_OFFLINE": "1", "XDG_CACHE_HOME": str(folder / "cache")},
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    return run
