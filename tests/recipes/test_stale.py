"""What must be made again when something has changed, and what must not: one table for all inputs
of all stages.

A real experiment is made once. Its steps are those of the template, as a dry run hands them to
`parp_espnet.bin.step`; each row of the table changes one file, asks every step whether it would run
again, and puts the file back. A step that runs again leaves new outputs, which are inputs of
others:
the last tests let whole experiments run after a change.
"""

import json
import os
import shutil
import subprocess
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from parp_espnet.pipeline.contents import plain_word_of
from parp_espnet.pipeline.step import Step, state
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.pool import find_pool
from parp_espnet.pruning.selection import select

ROOT = Path(__file__).resolve().parents[2]
TONES = {"a": 300.0, "e": 600.0, "i": 1200.0, "o": 2400.0}
RATE = 16000
SETS = {"train": 8, "dev": 4, "test": 4}
TAG = "exp/stale"
Run = Callable[..., "subprocess.CompletedProcess[str]"]
Change = Callable[[Path, bytes | None], set[str]]


def write_tone(path: Path, phones: list[str], seconds: float = 0.2, rate: int = RATE) -> None:
    """A wav in which every phone is a tone of its own pitch."""
    times = np.arange(round(seconds * rate)) / rate
    samples = np.concatenate([np.sin(2 * np.pi * TONES[phone] * times) for phone in phones])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((0.3 * samples * 32767).astype("<i2").tobytes())


def spoken(data: Path) -> dict[str, list[str]]:
    """The text of a data directory."""
    lines = (line.split() for line in (data / "text").read_text().splitlines())
    return {words[0]: words[1:] for words in lines}


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe directory, on a path with a space in it, whose three sets have nothing in common."""
    directory = tmp_path_factory.mktemp("my recipe")
    rng = np.random.default_rng(0)
    for name, count in SETS.items():
        data = directory / "data" / name
        data.mkdir(parents=True)
        texts = {
            f"{name}{n}": [str(one) for one in rng.choice(list(TONES), size=3 + n % 3)]
            for n in range(count)
        }
        for utterance, phones in texts.items():
            write_tone(data / f"{utterance}.wav", phones)
        (data / "wav.scp").write_text("".join(f"{one} {data}/{one}.wav\n" for one in texts))
        (data / "text").write_text(
            "".join(f"{one} {' '.join(phones)}\n" for one, phones in texts.items())
        )
        (data / "utt2spk").write_text("".join(f"{one} {one}\n" for one in texts))
    return directory


@pytest.fixture(scope="module")
def command(recipe: Path, upstream: Path) -> list[str]:
    """An experiment that begins with a mask file, and decodes with an n-gram."""
    shutil.copytree(upstream, recipe / "upstream")
    config = yaml.safe_load((ROOT / "conf/train/phn.yaml").read_text())
    config |= {
        "batch_type": "unsorted",
        "batch_size": 4,
        "num_workers": 0,
        "max_epoch": 2,
        "use_tensorboard": False,
    }
    (recipe / "tiny.yaml").write_text(yaml.safe_dump(config))
    (recipe / "merge.tsv").write_text("e i\n")
    return [
        str(ROOT / "egs2/TEMPLATE/phn1/phn.sh"),
        *(
            "--recipe",
            str(recipe),
            "--lang",
            "xx",
            "--upstream",
            str(recipe / "upstream"),
            "--phn_tag",
            "stale",
        ),
        *("--train_config", str(recipe / "tiny.yaml"), "--updates", "8", "--sparsity", "0.3"),
        *("--method", "transfer", "--initial_mask", str(recipe / "first.safetensors")),
        *("--use_ngram", "true", "--merge", str(recipe / "merge.tsv")),
    ]


@pytest.fixture(scope="module")
def run(command: list[str]) -> Run:
    """Run the recipe."""

    def start(*more: str) -> "subprocess.CompletedProcess[str]":
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [*command, *more], capture_output=True, text=True, check=False, env=environment
        )

    return start


@pytest.fixture(scope="module")
def mask(recipe: Path, run: Run, upstream: Path) -> Mask:
    """The mask that the experiment begins with."""
    from safetensors.torch import load_file  # noqa: PLC0415

    pool = find_pool(load_file(upstream / "model.safetensors"))
    kept = select(pool, 0.3)
    made = Mask(kept, origin="a test", sparsity_target=0.3)
    made.save(recipe / "first.safetensors")
    return made


@pytest.fixture(scope="module")
def steps(command: list[str], run: Run, mask: Mask, steps_of, name_of) -> dict[str, Step]:
    """All steps of the experiment, which is complete, by the stage and what they make."""
    done = run()
    assert done.returncode == 0, done.stderr
    found, shown = steps_of(command)
    assert shown.count("# complete\n") == len(found)
    return {name_of(step): step for step in found}


SEARCHES = {"beam12", "beam12_ngram3"}
SCORES = {"score test", *(f"{search} score test" for search in SEARCHES)}
SEARCHED = {f"{search} decode test" for search in SEARCHES}
STATISTICS = {"stats_train collect", "stats_train aggregate"}
GREEDY = {"decode dev", "decode test"}
TUNE = "beam12_ngram3 tune dev"

TABLE: dict[str, set[str]] = {
    # what the user has
    "data/train/wav.scp": {"check_train", "format_train"},
    "data/train/text": {"check_train", "format_train", "lm_train"},
    "data/train/utt2spk": {"check_train", "format_train"},
    "data/train/segments": {"check_train", "format_train"},
    "data/train/utt2lang": {"check_train", "format_train"},
    "data/train/orig_text": {"check_train", "format_train"},
    "data/train/reco2file_and_channel": {"check_train", "format_train"},
    "data/train/utt2dur": {"check_train"},
    "data/train/train0.wav": {"check_train", "format_train", "stats_train collect", "train"},
    "data/dev/wav.scp": {"check_train", "format_dev"},
    "data/dev/text": {"check_train", "format_dev"},
    "data/dev/dev0.wav": {
        "check_train",
        "format_dev",
        "stats_train collect",
        "train",
        "decode dev",
    },
    "data/test/wav.scp": {"check_train", "format_test"},
    "data/test/text": {"check_train", "format_test"},
    "data/test/test0.wav": {"check_train", "format_test", "decode test"},
    "data/README": set(),
    "upstream/model.safetensors": {"upstreams UPSTREAM", "train"},
    "upstream/config.json": {"upstreams UPSTREAM", "train"},
    "upstream/preprocessor_config.json": {"upstreams UPSTREAM", "train"},
    "upstream/README.md": set(),
    "first.safetensors": {"train"},
    "merge.tsv": {TUNE, *SCORES},
    "tiny.yaml": set(),  # what was made of it is compared, setting by setting, before stage 8
    # what stages 2 to 5 left
    "dump/raw/org/train/wav.scp": {"format_train", "filter_train"},
    "dump/raw/org/train/text": {"format_train", "filter_train"},
    "dump/raw/org/train/utt2dur": {"format_train", "filter_train"},
    "dump/raw/org/train/spk2utt": {"format_train"},
    "dump/raw/train/wav.scp": {"filter_train", "stats_train collect", "train"},
    "dump/raw/train/text": {"filter_train", "token_list train", *STATISTICS, "train"},
    "dump/raw/train/utt2dur": {"filter_train", *SCORES},
    "dump/raw/dev/text": {"filter_dev", *STATISTICS, "train", TUNE},
    "dump/raw/dev/utt2dur": {"filter_dev", TUNE},
    "dump/raw/test/text": {"format_test", *SCORES},
    "dump/raw/test/utt2lang": {"format_test", *SCORES},
    "dump/token_list/train.txt": {
        "token_list train",
        *STATISTICS,
        "train",
        "lm_train",
        "ngram_train 3gram",
    },
    "exp/upstreams/UPSTREAM/frontend.json": {"upstreams UPSTREAM", "train", *GREEDY},
    "exp/upstreams/UPSTREAM/config.json": {"upstreams UPSTREAM", "train", *GREEDY},
    "exp/upstreams/UPSTREAM/preprocessor_config.json": {"upstreams UPSTREAM", "train", *GREEDY},
    # what stages 7 to 9 left
    "exp/stats_train/collected/train/speech_shape": STATISTICS,
    "exp/stats_train/collected/valid/batch_keys": STATISTICS,
    "exp/stats_train/train/speech_shape": {"stats_train aggregate", "train"},
    "exp/stats_train/train/text_shape": {"stats_train aggregate", "train"},
    "exp/stats_train/valid/speech_shape": {"stats_train aggregate", "train"},
    "exp/stats_train/valid/text_shape": {"stats_train aggregate", "train"},
    f"{TAG}/train.yaml": {"train"},
    f"{TAG}/valid.cer_ctc.ave.pth": {"train", "finalise", *GREEDY},
    f"{TAG}/mask.safetensors": {"train", "finalise"},
    f"{TAG}/training.json": {"train", "finalise", *SCORES},
    f"{TAG}/config.yaml": {"train", *GREEDY},
    f"{TAG}/pruning.jsonl": set(),
    # what stages 10 to 13 left
    "dump/lm_train.txt": {"lm_train", "ngram_train 3gram"},
    "exp/ngram_train/3gram.arpa": {"ngram_train 3gram", TUNE, "beam12_ngram3 decode test"},
    f"{TAG}/decode_greedy/dev/logprobs.safetensors": {"decode dev", TUNE},
    f"{TAG}/decode_greedy/test/logprobs.safetensors": {"decode test", *SEARCHED},
    f"{TAG}/decode_beam12_ngram3/dev/weights.json": {TUNE, "beam12_ngram3 decode test"},
    f"{TAG}/decode_greedy/test/text": {"decode test", "score test"},
    f"{TAG}/decode_greedy/test/decode.json": {"decode test", "score test"},
    f"{TAG}/decode_beam12/test/text": {"beam12 decode test", "beam12 score test"},
    f"{TAG}/decode_beam12/test/score/result.json": {"beam12 score test"},
    f"{TAG}/decode_greedy/test/score/utterances.tsv": {"score test"},
    f"{TAG}/decode_greedy/test/score/counts.json": {"score test"},
    f"{TAG}/decode_greedy/test/score/confusions.tsv": {"score test"},
    f"{TAG}/decode_greedy/test/score/worst.txt": {"score test"},
    f"{TAG}/decode_greedy/test/score/ref.trn": {"score test"},
    f"{TAG}/decode_greedy/test/score/hyp.trn": {"score test"},
    f"{TAG}/decode_greedy/test/score/README.txt": {"score test"},
    f"{TAG}/decode_beam12_ngram3/dev/tune.tsv": {TUNE},
    # it lies open: that it is gone is seen
    f"{TAG}/decode_greedy/test/ctm": set(),
    # what serves to look at, and nobody reads
    f"{TAG}/log/train.log": set(),
    f"{TAG}/initial_mask.safetensors": set(),
}
"""A file whose content changes, and all steps that run again for it at once."""


@pytest.fixture
def changed(
    recipe: Path, steps: dict[str, Step], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Path], set[str]]]:
    """A function that says which steps would run again with a file as it is now, which is put back
    after the test.
    """
    monkeypatch.chdir(recipe)
    files: dict[Path, bytes | None] = {}

    def would_run(file: Path, content: bytes | None) -> set[str]:
        files.setdefault(file, file.read_bytes() if file.exists() else None)
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)
        return {name for name, step in steps.items() if state(step) != "complete"}

    yield would_run
    for file, content in files.items():
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)
    assert not {name for name, step in steps.items() if state(step) != "complete"}, (
        "what is put back is as it was"
    )


def in_full(words: str, recipe: Path) -> str:
    """A row's words with the upstream's name, in which there is a hash of where it is."""
    (name,) = (
        path.name
        for path in (recipe / "exp/upstreams").iterdir()
        if path.is_dir() and path.name[0] != "."
    )
    return words.replace("UPSTREAM", name)


@pytest.mark.parametrize("file", TABLE)
def test_what_is_made_again_when_a_file_changes(file: str, recipe: Path, changed, request) -> None:
    path = Path(in_full(file, recipe))
    before = path.read_bytes() if path.exists() else b""
    # Of the same length: a size alone would tell.
    content = before[:-2] + bytes([before[-2] ^ 1]) + before[-1:] if len(before) > 1 else b"other\n"
    assert changed(path, content) == {in_full(name, recipe) for name in TABLE[file]}


@pytest.mark.parametrize("file", [name for name in TABLE if name.startswith(("exp", "dump"))])
def test_what_is_cut_off_or_gone_is_made_again_by_the_step_that_made_it(
    file: str, recipe: Path, changed
) -> None:
    path = Path(in_full(file, recipe))
    makers = {in_full(name, recipe) for name in TABLE[file]}
    assert makers == changed(path, path.read_bytes()[: path.stat().st_size // 2])
    # Who reads it cannot say so before it is there again.
    assert changed(path, None) & makers or not makers or path.name == "train.yaml"


def test_a_ctm_that_is_gone_is_made_again(recipe: Path, changed) -> None:
    assert changed(recipe / TAG / "decode_greedy/test/ctm", None) == {"decode test"}


def test_who_leaves_out_a_stage_that_would_run_again_is_told(recipe: Path, run: Run, steps) -> None:
    text = recipe / "data/test/text"
    before = text.read_text()
    text.write_text(before.replace("test0 ", "test0 o "))
    shown = {
        words: run("--dry_run", "true", *words.split()).stderr
        for words in ("", "--stage 13", "--skip_train true")
    }
    shown["--stop_stage 1"] = run("--dry_run", "true", "--stop_stage", "1").stderr
    corrected = run("--stage", "13")
    text.write_text(before)
    told = (
        "warning: stage 1 (data) check_train would be made again, since data/test/text has changed "
        "(and 1 more); this call leaves that stage out and goes on with what is there\n"
    )
    assert shown == {"": "", "--stage 13": told, "--skip_train true": "", "--stop_stage 1": ""}
    assert told in corrected.stderr
    assert corrected.returncode == 0
    assert "warning" not in run("--stage", "13").stderr


def test_what_is_touched_or_copied_is_the_same(
    recipe: Path, steps: dict[str, Step], monkeypatch
) -> None:
    monkeypatch.chdir(recipe)
    for path in [*recipe.rglob("*")]:
        if path.is_file() and not path.is_symlink():
            os.utime(path)
    assert {state(step) for step in steps.values()} == {"complete"}


def test_a_mask_is_its_bits(
    recipe: Path, mask: Mask, changed: Change, steps: dict[str, Step]
) -> None:
    first = recipe / "first.safetensors"
    before = first.read_bytes()
    Mask(mask.kept, origin="made again, by other words", sparsity_target=0.3).save(first)
    after = first.read_bytes()
    first.write_bytes(before)
    assert after != before
    assert changed(first, after) == set()
    assert changed(first, before) == set()


def test_a_file_that_an_upstream_did_not_have_is_noticed(
    recipe: Path, run: Run, steps: dict[str, Step]
) -> None:
    added = recipe / "upstream/generation_config.json"
    added.write_text("{}")
    shown = run("--dry_run", "true")
    added.unlink()
    again = [
        line.partition(":")[0]
        for line in shown.stdout.splitlines()
        if "# again, since other inputs: " in line
    ]
    assert again == ["stage 5 (upstream)", "stage 8 (train)"]


def test_records_of_the_first_format_are_taken_as_they_are(
    recipe: Path, steps: dict[str, Step], monkeypatch
) -> None:
    monkeypatch.chdir(recipe)
    kept = {step.record: step.record.read_text() for step in steps.values()}
    for step in steps.values():
        record = json.loads(kept[step.record])
        # Files alone, and of those only some.
        inputs = {str(path): plain_word_of(path) for path in step.inputs[:1]}
        step.record.write_text(
            json.dumps({"command": record["command"], "inputs": inputs, "complete": True})
        )
    assert {state(step) for step in steps.values()} == {"complete"}
    cut_off = {
        recipe / TAG / "valid.cer_ctc.ave.pth": {"train"},
        recipe / TAG / "mask.safetensors": {"train"},
    }
    for path, expected in cut_off.items():
        content = path.read_bytes()
        path.write_bytes(content[:-100])
        found = {name for name, step in steps.items() if state(step) != "complete"}
        path.write_bytes(content)
        assert expected <= found <= {"train", "finalise", *GREEDY}
    for record, content in kept.items():
        record.write_text(content)


def test_sound_that_is_no_longer_what_stage_2_left_is_not_trained_on(
    recipe: Path, run: Run, steps
) -> None:
    wav = recipe / "data/train/train0.wav"
    before = wav.read_bytes()
    write_tone(wav, spoken(recipe / "data/train")["train0"], rate=8000)
    refused = run("--stage", "7")
    again = run("--stop_stage", "2")
    wav.write_bytes(before)
    assert refused.returncode != 0
    assert (
        "train0.wav: expected 16000 Hz mono, as stage 2 leaves it, found 8000 Hz"
        in refused.stderr.splitlines()[-1]
    )
    assert again.returncode == 0
    assert (
        f"format_train: again, since what data/train/wav.scp names has changed ({wav})"
        in again.stderr
    )
    assert run("--stop_stage", "7").returncode == 0


@pytest.mark.thorough
def test_who_corrects_transcripts_gets_a_model_of_the_corrected_ones(
    recipe: Path, run: Run, steps
) -> None:
    exp, text = recipe / TAG, recipe / "data/train/text"
    before, model = text.read_text(), (exp / "valid.cer_ctc.ave.pth").read_bytes()
    first, *rest = before.splitlines(keepends=True)
    text.write_text(f"{first.split()[0]} o o o\n{''.join(rest)}")
    done = run()
    assert done.returncode == 0, done.stderr
    assert "train: again, since dump/raw/train/text has changed" in done.stderr
    assert "train: what was there before is in exp/stale/earlier/1" in done.stderr
    assert (exp / "earlier/1/valid.cer_ctc.ave.pth").read_bytes() == model
    assert (exp / "earlier/1/result.json").is_file()
    assert not list((exp / "earlier/1").glob("checkpoint*"))
    fresh = run("--phn_tag", "fresh", "--stop_stage", "8")
    assert fresh.returncode == 0, fresh.stderr
    for name in ("valid.cer_ctc.ave.pth", "mask.safetensors"):
        assert (exp / name).read_bytes() == (recipe / "exp/fresh" / name).read_bytes(), name
    assert "started" not in run().stderr


def test_other_recordings_of_the_same_text_are_learned(recipe: Path, run: Run, steps) -> None:
    data = recipe / "data/train"
    scp = (data / "wav.scp").read_text()
    for utterance, phones in spoken(data).items():
        write_tone(data / f"slow-{utterance}.wav", phones, seconds=0.4)
    (data / "wav.scp").write_text(scp.replace("/train/", "/train/slow-"))
    shapes = (recipe / "exp/stats_train/train/speech_shape").read_text()
    done = run("--stop_stage", "8")
    assert done.returncode == 0, done.stderr
    for step in ("format_train", "filter_train", "collect", "aggregate", "train"):
        assert f" {step}: again, since " in done.stderr, step
    for step in ("format_dev", "filter_dev", "format_test"):
        assert f" {step}: complete, skipped" in done.stderr, step
    assert (recipe / "exp/stats_train/train/speech_shape").read_text() != shapes
    # The same recordings elsewhere are the same training.
    for utterance in spoken(data):
        (data / f"slow-{utterance}.wav").rename(data / f"moved-{utterance}.wav")
    (data / "wav.scp").write_text(scp.replace("/train/", "/train/moved-"))
    moved = run("--stop_stage", "8")
    assert moved.returncode == 0, moved.stderr
    assert "format_train: again" in moved.stderr
    assert "stage 8 (train) train: complete, skipped" in moved.stderr
