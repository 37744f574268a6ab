"""What the tests share: a tiny upstream, a tiny language of tones, and a training of seconds."""

import contextlib
import fcntl
import gc
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# One thread, here and in every process that a test starts: what is learned depends, in its last
# bits, on their number.
os.environ["OMP_NUM_THREADS"] = "1"

OF_ELSEWHERE = re.compile(
    r"LC_.*|LANG(UAGE)?|COLUMNS"
    r"|GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|OBJECT_DIRECTORY)"
    r"|(SLURM|SBATCH|PBS|SGE)_.*|JOB_ID|cmd_.*|.*_cmd"
)
"""Variables of a shell, a git hook or a queue's job: with them programs say more, or something
else; git would commit to the repository of the hook, and a recipe submit its jobs.
"""
for name in [*os.environ]:
    if OF_ELSEWHERE.fullmatch(name):
        del os.environ[name]
os.environ["LC_ALL"] = "C.UTF-8"
# Where a machine's name leads nowhere, gloo warns, and takes this interface.
os.environ["GLOO_SOCKET_IFNAME"] = "lo"

# What tests and their modules consist of stays: looking through it for garbage takes a fifth of the
# time that it takes to find them, and more of it with each collection.
gc.disable()

import numpy as np
import pytest
import torch
import yaml
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from parp_espnet.scoring.result import Result

# A shell without job control starts background jobs with Ctrl-C ignored, and what they start
# inherits that: a test run in the background could not interrupt anything. With a handler here, the
# tests' processes begin with the default.
signal.signal(signal.SIGINT, signal.default_int_handler)

# By default an example that takes a fifth of a second fails, as it does on a busy machine, and the
# examples are others every time.
settings.register_profile(
    "any machine", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

ROOT = Path(__file__).resolve().parents[1]
NEVER_SECONDS = 1200
"""Whoever waits so long waits for ever. It is no measure: machines differ, and may be busy."""
LONG = (
    "tests/recipes/test_phn.py",
    "tests/cluster",
    "tests/recipes",
    "tests/espnet",
    "tests/upstreams",
    "tests/glue",
    "tests/fuzz",
    "tests/bench",
    "tests/test_",
)
"""Where the long tests are: processes end at about the same time when these come first."""
TOGETHER = "tests/cluster"
"""Here all files stay together: they install packages, start daemons, and count their jobs."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """For more of it: --thorough, --fuzz_seconds 720 tests/fuzz, --kills 100 tests/espnet,
    --thorough --moments 3 tests/recipes.

    On a GPU: --ngpu 1 tests/pruning tests/espnet tests/glue tests/bench.
    """
    parser.addoption(
        "--thorough",
        action="store_true",
        help="run the tests, too, that are marked so: long ones, whose kind others test as well",
    )
    parser.addoption(
        "--ngpu", type=int, default=0, help="1 lets tests/espnet and tests/glue train on a GPU [0]"
    )
    parser.addoption(
        "--fuzz_seconds",
        type=float,
        default=0.0,
        help="seconds that each test of tests/fuzz takes at least [0: for 300 draws, for 1000 "
        "with --thorough]",
    )
    parser.addoption(
        "--kills", type=int, default=3, help="how often trainings are killed in tests/espnet [3]"
    )
    parser.addoption(
        "--moments",
        type=int,
        default=1,
        help="kills of each stage in tests/recipes/test_stages.py [1]",
    )


class ByFile(LoadFileScheduling):
    """How several processes share the tests: a file's stay together for what they share, and long
    files come first.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return TOGETHER if file.startswith(TOGETHER) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Tell xdist. Its own groups, `--dist loadgroup`, do not reach the scheduler of pytest 9."""
    return ByFile(config, log)


def pytest_collection_finish() -> None:
    """From here on what is thrown away is collected."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long files come first; without --thorough what is marked so is left out."""
    if not config.getoption("--thorough"):
        left_out = [item for item in items if item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("thorough")]
    items.sort(
        key=lambda item: next(
            (n for n, long in enumerate(LONG) if item.nodeid.startswith(long)), len(LONG)
        )
    )


def make_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Any]) -> Path:
    """Make a directory, whose path `make` gets, in one of the processes that test; the others wait
    for it.
    """
    common = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent
    directory, made = common / name, common / f"{name}.made"
    with (common / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(directory, ignore_errors=True)
            make(directory)
            made.touch()
    return directory


@pytest.fixture(autouse=True)
def as_if_alone() -> Iterator[None]:
    """Whatever test was before: the same random numbers, environment and folder."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    environment, folder = dict(os.environ), Path.cwd()
    yield
    os.chdir(folder)
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)


@pytest.fixture(scope="session")
def ports() -> Iterator[Callable[[int], list[int]]]:
    """A function (count) that returns so many ports, which are the caller's until the tests end.

    Each is bound here, so that the kernel gives it to nobody else, and another test's process finds
    another; the address may be used again, so that a program which asks for that (daemons,
    libuv) listens there beside it.
    """
    with contextlib.ExitStack() as held:

        def take() -> int:
            holder = held.enter_context(socket.socket())
            holder.bind(("", 0))
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            return holder.getsockname()[1]

        yield lambda count: [take() for _ in range(count)]


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """A function that waits until something is so.

    It fails when the process has ended from which that is expected, or when it never comes.
    """

    def wait(
        met: Callable[[], bool], what: str, process: "subprocess.Popen[Any] | None" = None
    ) -> None:
        deadline = time.monotonic() + NEVER_SECONDS
        while not met():
            if process is not None and process.poll() is not None:
                assert met(), f"the process ended before {what}"
            assert time.monotonic() < deadline, f"waited {NEVER_SECONDS} s for {what}"
            time.sleep(0.01)

    return wait


@pytest.fixture(scope="session")
def end_of() -> Callable[["subprocess.Popen[str]"], tuple[str, str]]:
    """A function that waits for the end of a process; returns what it wrote to stdout
    and stderr.
    """
    return lambda process: process.communicate(timeout=NEVER_SECONDS)


@pytest.fixture
def is_there() -> Callable[[int | str], bool]:
    """A function that says whether a process still runs: one that has ended stays listed where
    nobody asks for its end, as in a container without an init.
    """

    def look(pid: int | str) -> bool:
        try:
            return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False

    return look


@pytest.fixture
def takes_along(
    wait_until: Callable[..., None], is_there: Callable[[int | str], bool]
) -> Callable[["subprocess.Popen[Any]", Path, Path], None]:
    """A function that kills a process, and waits until what that has started was told to end and
    has ended.

    `ready` receives the number of what was started; `told` is there when its trap was run.
    """

    def kill(process: "subprocess.Popen[Any]", ready: Path, told: Path) -> None:
        wait_until(lambda: ready.exists() and ready.read_text() != "", "the trap", process)
        process.kill()
        process.wait()
        left = ready.read_text().strip()
        wait_until(lambda: not is_there(left), "the end of what it had started")
        wait_until(told.exists, "the trap's word")

    return kill


@pytest.fixture
def run_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[object, str, str]]:
    """A function that runs the `main` of a command with words in this process; returns code, stdout
    and stderr.
    """

    def run(main: Callable[[], None], *words: object) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["command", *map(str, words)])
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return run


SMALL = 256 << 10


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may have more than 64 KB: a write ends as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """An empty file system of 256 kB, which a test may fill and enlarge (`mount -o
    remount,size=8m`).
    """
    place = tmp_path / "small disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "none", str(place)], check=False
    )
    if made.returncode:
        pytest.skip("a file system of a few kB cannot be mounted here: that takes root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


RATE = 16000
TONES = {"a": 300.0, "e": 600.0, "i": 1200.0, "o": 2400.0}


def save_upstream(
    directory: Path, family: str = "hubert", norm: str = "layer", **changes: Any
) -> Path:
    """Save a randomly initialised upstream of two layers of 32 dimensions, as the shipped ones are
    saved.
    """
    from transformers import (  # noqa: PLC0415
        HubertConfig,
        HubertModel,
        Wav2Vec2Config,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2Model,
    )

    config_class, model_class = {
        "hubert": (HubertConfig, HubertModel),
        "wav2vec2": (Wav2Vec2Config, Wav2Vec2Model),
    }[family]
    config = config_class(
        **{"do_stable_layer_norm": True, "layerdrop": 0.0} | changes,
        vocab_size=32,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        conv_dim=(32,) * 5,
        conv_kernel=(20, 8, 4, 4, 4),
        conv_stride=(10, 4, 2, 2, 2),
        num_feat_extract_layers=5,
        feat_extract_norm=norm,
        tie_last_hidden_states=True,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
    )
    torch.manual_seed(0)
    model_class(config).save_pretrained(directory)
    Wav2Vec2FeatureExtractor(return_attention_mask=True, do_normalize=True).save_pretrained(
        directory
    )
    return directory


@pytest.fixture(scope="session")
def make_upstream() -> Callable[..., Path]:
    """Save a tiny upstream of one's own: see `save_upstream`."""
    return save_upstream


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny HuBERT with layer norm, dropout and SpecAugment."""
    return save_upstream(tmp_path_factory.mktemp("upstream"))


@pytest.fixture(scope="session")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Kaldi data directory of eight utterances; every "phone" is a tone of its own pitch."""
    directory = tmp_path_factory.mktemp("tones")
    rng = np.random.default_rng(0)
    scp, text = [], []
    for index in range(8):
        phones = [str(phone) for phone in rng.choice(list(TONES), size=3 + index % 3)]
        times = np.arange(int(0.2 * RATE)) / RATE
        samples = np.concatenate([np.sin(2 * np.pi * TONES[phone] * times) for phone in phones])
        samples = 0.3 * samples + 0.01 * rng.standard_normal(len(samples))
        path = directory / f"tone-{index}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((samples * 32767).astype("<i2").tobytes())
        scp.append(f"tone-{index} {path}\n")
        text.append(f"tone-{index} {' '.join(phones)}\n")
    (directory / "wav.scp").write_text("".join(scp))
    (directory / "text").write_text("".join(text))
    (directory / "tokens.txt").write_text(
        "\n".join(["<blank>", "<unk>", *TONES, "<sos/eos>"]) + "\n"
    )
    return directory


@dataclass
class Recipe:
    """A training on the tones; every call of `config` may change any option."""

    upstream: Path
    data: Path
    ngpu: int

    def config(self, directory: Path, **changes: Any) -> Path:
        """Write `train.yaml` for a run in `directory`."""
        data = [f"{self.data}/wav.scp,speech,sound", f"{self.data}/text,text,text"]
        options: dict[str, Any] = {
            "output_dir": str(directory),
            "ngpu": self.ngpu,
            "encoder": None,
            "decoder": None,
            "model_conf": {"ctc_weight": 1.0, "extract_feats_in_collect_stats": False},
            "frontend": "s3prl",
            "frontend_conf": {
                "frontend_conf": {
                    "upstream": "hf_hubert_custom",
                    "path_or_url": str(self.upstream),
                },
                "multilayer_feature": False,
            },
            "specaug": None,
            "normalize": None,
            "init": None,
            "unused_parameters": True,
            "num_att_plot": 0,
            "use_tensorboard": False,
            "use_matplotlib": False,
            "best_model_criterion": [["valid", "loss", "min"]],
            "keep_nbest_models": 3,
            "resume": True,
            "token_type": "word",
            "token_list": str(self.data / "tokens.txt"),
            "train_data_path_and_name_and_type": [item.split(",") for item in data],
            "valid_data_path_and_name_and_type": [item.split(",") for item in data],
            "train_shape_file": [str(self.data / "text")],
            "valid_shape_file": [str(self.data / "text")],
            "batch_type": "unsorted",
            "batch_size": 4,
            "num_workers": 0,
            "num_iters_per_epoch": 6,
            "max_epoch": 3,
            "optim": "adam",
            "optim_conf": {"lr": 0.002, "weight_decay": 0.01},
            "scheduler": "tristagelr",
            "scheduler_conf": {"max_steps": 18},
            "prune_conf": {"method": "parp", "sparsity": 0.5, "interval": 4},
        }
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / "train.yaml"
        path.write_text(yaml.safe_dump(options | changes))
        return path

    def train(self, directory: Path, **changes: Any) -> Path:
        """Train in this process; return the directory."""
        from parp_espnet.espnet.task import PruningASRTask  # noqa: PLC0415

        PruningASRTask.main(cmd=["--config", str(self.config(directory, **changes))])
        return directory

    def overfit(self, directory: Path, method: str, sparsity: float) -> Path:
        """Train until the tones are learnt by heart."""
        return self.train(
            directory,
            max_epoch=4,
            num_iters_per_epoch=60,
            keep_nbest_models=1,
            optim_conf={"lr": 0.01},
            scheduler_conf={"max_steps": 240},
            prune_conf={"method": method, "sparsity": sparsity, "interval": 5},
        )


@pytest.fixture(scope="session")
def ngpu(pytestconfig: pytest.Config) -> int:
    """How many GPUs the tests' trainings use."""
    return int(pytestconfig.getoption("ngpu"))


@pytest.fixture(scope="session")
def recipe(upstream: Path, tones: Path, ngpu: int) -> Recipe:
    """The tiny recipe."""
    return Recipe(upstream, tones, ngpu)


@pytest.fixture(scope="session")
def calm_upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny HuBERT without dropout and SpecAugment, which learns fast."""
    off = dict.fromkeys(
        ("hidden_dropout", "attention_dropout", "activation_dropout", "mask_time_prob"), 0.0
    )
    return save_upstream(tmp_path_factory.mktemp("calm"), **off)


@pytest.fixture(scope="session")
def calm_recipe(tones: Path, calm_upstream: Path, ngpu: int) -> Recipe:
    """The tiny recipe on an upstream that learns fast."""
    return Recipe(calm_upstream, tones, ngpu)


@pytest.fixture(scope="session")
def learned(calm_recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An experiment of PARP at 0.5 that knows the tones."""
    return make_once(
        tmp_path_factory, "learned", lambda directory: calm_recipe.overfit(directory, "parp", 0.5)
    )


@pytest.fixture(scope="session")
def recipe_on(tones: Path, ngpu: int) -> Callable[..., Recipe]:
    """The tiny recipe on another upstream, and on other data with its `tokens.txt` if a second
    directory is given.
    """
    return lambda upstream, data=tones: Recipe(upstream, data, ngpu)


@pytest.fixture
def lines() -> Callable[[Path], list[dict[str, Any]]]:
    """Read a JSON lines file."""
    return lambda path: [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="session")
def make_result() -> Callable[..., Result]:
    """Make a result as an experiment leaves it; what is not given is a Spanish PARP's."""

    def make(**given: Any) -> Result:
        usual = {
            "recipe": "egs2/cldr/es", "language": "es", "train_minutes": 10.0, "upstream": "multi",
            "method": "parp",
            "sparsity_target": 0.5, "sparsity_measured": 0.5, "freeze_updates": 0, "interval": 5,
            "seed": 0,
            "updates": 300, "finetuning_runs": 1, "initial_mask": None, "mask_sha256": "ab",
            "iou_initial_final": 0.9,
            "metric": "per", "dataset": "test", "error_rate": 0.1, "ci95": (0.09, 0.11), "sub": 5,
            "del_": 3, "ins": 2,
            "reference_length": 100, "pfer": None, "train_seconds": 60.0, "decode_seconds": None,
            "audio_seconds": 360.0, "versions": {"python": "3.12.1"}, "git": "0123",
        }  # fmt: skip
        return Result(**usual | given)

    return make


@pytest.fixture(scope="session")
def make_training() -> Callable[..., Path]:
    """Write `tiny.yaml`, a training configuration that learns a few utterances by heart, into a
    folder; return it.
    """

    def make(folder: Path, max_epoch: int = 4) -> Path:
        config = yaml.safe_load((ROOT / "conf/train/phn.yaml").read_text())
        config |= {
            "batch_type": "unsorted",
            "batch_size": 4,
            "num_workers": 0,
            "optim_conf": {"lr": 0.005},
        }
        config |= {"max_epoch": max_epoch, "use_tensorboard": False}
        (folder / "tiny.yaml").write_text(yaml.safe_dump(config))
        return folder / "tiny.yaml"

    return make


@pytest.fixture(scope="module")
def tone_recipe(tmp_path_factory: pytest.TempPathFactory, tones: Path) -> Path:
    """A recipe directory, on a path with a space in it, with the tones as training, validation and
    test set.
    """
    directory = tmp_path_factory.mktemp("my recipe")
    for name in ("train", "dev", "test"):
        (directory / "data" / name).mkdir(parents=True)
        for file in ("wav.scp", "text"):
            shutil.copy(tones / file, directory / "data" / name)
    return directory


@pytest.fixture
def no_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take ffmpeg off PATH; bash and cat stay."""
    folder = tmp_path / "bin without ffmpeg"
    folder.mkdir()
    for program in ("bash", "cat"):
        (folder / program).symlink_to(shutil.which(program) or program)
    monkeypatch.setenv("PATH", str(folder))
