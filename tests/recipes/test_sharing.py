"""Two runs in one recipe directory, with other options of what they share."""

import os
import subprocess
from pathlib import Path

import pytest

from parp_espnet.locks import Uses

ROOT = Path(__file__).resolve().parents[2]
CHANGES = {
    "raw/.steps/filter_train": ("--max_wav_duration", "0.9"),
    "raw/org/.steps/format_train": ("--lang", "yy"),
    "token_list/.steps/train": ("--token_type", "char"),
}
"""What is read by another run, by its record, and an option with which it would be another."""


def start(recipe: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    phn = str(ROOT / "egs2/TEMPLATE/phn1/phn.sh")
    given = ["--recipe", str(recipe), "--lang", "xx", "--skip_check", "true", "--stop_stage", "4"]
    return subprocess.run(
        [phn, *given, *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def left_in(folder: Path) -> dict[Path, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and ".steps" not in path.parts]
    return {path: path.read_bytes() for path in files}


@pytest.mark.parametrize("record", CHANGES)
def test_what_another_run_reads_is_not_made_with_other_options(
    tone_recipe: Path, record: str
) -> None:
    dump = tone_recipe / "dump"
    made = start(tone_recipe)
    assert made.returncode == 0, made.stderr
    before = left_in(dump)
    with Uses("exp/other") as other:
        other.keep(dump / f"{record}.used")
        refused = start(tone_recipe, *CHANGES[record])
        assert refused.returncode == 2, refused.stderr
        assert " reads what is there; wait for that (--wait true) or end it" in refused.stderr
        assert left_in(dump) == before
        shared = start(tone_recipe)
        assert shared.returncode == 0, shared.stderr
    made = start(tone_recipe, *CHANGES[record])
    assert made.returncode == 0, made.stderr
