"""The last transformers before 5 loads what is written for Hugging Face, to the same text."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.export.formats import Options, export
from parp_espnet.export.hf import write_processor
from parp_espnet.export.trained import Trained
from parp_espnet.phones.spelled import SPACE

VERSION = "4.57.1"
PACKAGES = (f"transformers=={VERSION}", "tokenizers>=0.22,<=0.23.0", "huggingface_hub>=0.34,<1")
"""What it needs of other versions; torch and the rest are those that are installed."""
SCRIPT = """
import json, sys
from pathlib import Path
import soundfile, torch, transformers
from transformers import AutoModelForCTC, AutoProcessor, AutoTokenizer, pipeline
folder, sounds, letters = sys.argv[1:]
recognise = pipeline("automatic-speech-recognition", folder)
model, processor = AutoModelForCTC.from_pretrained(folder), AutoProcessor.from_pretrained(folder)
texts, tokens = {}, {}
for path in sorted(Path(sounds).glob("*.wav")):
    waves, rate = soundfile.read(path, dtype="float32")
    heard = recognise({"raw": waves, "sampling_rate": rate}, return_timestamps="char")
    texts[path.stem] = heard["text"]
    inputs = processor(waves, sampling_rate=rate, return_tensors="pt")
    with torch.inference_mode():
        labels = model(**inputs).logits.argmax(-1)[0]
    tokens[path.stem] = processor.tokenizer.decode(labels)
spelled = AutoTokenizer.from_pretrained(letters).decode([2, 3, 3, 0, 3, 2, 2, 4, 2])
assert "parp_espnet" not in sys.modules
print(json.dumps([transformers.__version__, texts, tokens, spelled]))
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the packages are; they are installed once for all times, where a cache can be."""
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "parp_espnet"
        cache.mkdir(parents=True, exist_ok=True)
        can_be = os.access(cache, os.W_OK)
    except (OSError, RuntimeError):  # no home, or one that may not be written
        can_be = False
    if not can_be:
        cache = tmp_path_factory.mktemp("cache")
    place = cache / f"transformers-{VERSION}"
    with place.with_name(f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            new = place.with_name(f"{place.name}.new")
            words = ["install", "--no-deps", "--quiet", "--retries", "0", "--timeout", "15"]
            done = subprocess.run(
                [sys.executable, "-m", "pip", *words, "--upgrade", "--target", new, *PACKAGES],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                (*_, last) = ["it said nothing", *done.stderr.strip().splitlines()]
                pytest.skip(f"transformers {VERSION} cannot be installed here: {last}")
            new.rename(place)
    return place


def test_it_has_stage_12s_text(
    packages: Path,
    trained: Trained,
    tested: Path,
    tones: Path,
    tmp_path: Path,
    bare: Callable[..., str],
) -> None:
    export(trained, tmp_path / "hf", ["hf"], Options(data=tones))
    (tmp_path / "letters").mkdir()
    letters = ("<blank>", "<unk>", SPACE, "a", "ch", "<sos/eos>")
    write_processor(replace(trained, tokens=letters), tmp_path / "letters")
    words = (tmp_path / "hf", tones, tmp_path / "letters")
    printed = bare(SCRIPT, *words, packages=packages)
    version, texts, tokens, spelled = json.loads(printed.splitlines()[-1])
    assert version == VERSION
    lines = (tested / "decode_greedy/test/text").read_text().splitlines()
    expected = {line.partition(" ")[0]: line.partition(" ")[2] for line in lines}
    assert texts == expected
    assert tokens == expected
    assert spelled == "aa ch"
