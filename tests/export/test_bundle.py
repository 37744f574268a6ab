"""A bundle, moved elsewhere, recognises as its experiment did, and without ESPnet."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from parp_espnet.bin import recognize
from parp_espnet.errors import UserError
from parp_espnet.export.bundle import load_bundle
from parp_espnet.export.formats import Options, export
from parp_espnet.export.trained import load_trained
from parp_espnet.interpreter import ROOT

LOADED = """
import atexit, sys
heavy = ("espnet2", "s3prl")
atexit.register(lambda: sys.stderr.write(f"LOADED {sorted(set(sys.modules) & set(heavy))}"))
import runpy
runpy.run_module("parp_espnet.bin.recognize", run_name="__main__")
"""


@pytest.fixture(scope="module")
def bundle(tuned: Path, tones: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle on another path than it was written to."""
    folder = tmp_path_factory.mktemp("bundle")
    said = export(load_trained(tuned), folder / "new", ["bundle"], Options(data=tones))["bundle"]
    assert said[0] == "8 of 8 utterances of test have stage 12's tokens"
    assert said[1].startswith("decodes by default: beam 4, decode_beam4_ngram2.arpa × 0.3") or (
        said[1].startswith("decodes by default: beam 4, 2gram.arpa × 0.3")
    )
    return Path(shutil.move(folder / "new", folder / "moved"))


def texts(printed: str) -> dict[str, str]:
    found = {}
    for line in printed.splitlines():
        told = json.loads(line)
        found[Path(told["file"]).stem] = told["text"]
    return found


def lines_of(path: Path) -> dict[str, str]:
    return dict(line.partition(" ")[::2] for line in path.read_text().splitlines())


def test_the_tuned_search_is_the_default_and_says_so(
    bundle: Path,
    tuned: Path,
    tones: Path,
    run_command: Callable[..., tuple[object, str, str]],
):
    for model in (bundle, tuned):
        code, out, error = run_command(recognize.main, model, tones, "--format", "json")
        assert code == 0
        assert texts(out) == lines_of(tuned / "decode_beam4_ngram2/test/text")
        assert "decoding: beam4_ngram2: beam 4, " in error
        assert "tuned on " in error
        code, out, error = run_command(recognize.main, model, tones, "--format", "json", "--greedy")
        assert texts(out) == lines_of(tuned / "decode_greedy/test/text")
        assert "decoding: greedy" in error


def test_other_searches(
    bundle: Path,
    tuned: Path,
    tones: Path,
    tmp_path: Path,
    run_command: Callable[..., tuple[object, str, str]],
):
    ngram = tmp_path / "mine.arpa"
    shutil.copyfile(tuned.parents[1] / "exp/2gram.arpa", ngram)
    words = ("--ngram", ngram, "--ngram_weight", 0.5, "--beam_size", 6, "--penalty", 0.25)
    code, _, error = run_command(recognize.main, bundle, tones / "tone-0.wav", *words)
    assert code == 0
    assert "as asked for: beam 6, mine.arpa × 0.5, penalty 0.25" in error
    for given, said in (
        (("--greedy", "--beam_size", "4"), "--greedy: expected no beam"),
        (("--beam_size", "0"), "--beam_size: expected 1 at least, found 0"),
        (("--ngram", tmp_path / "none.arpa"), "no such file; expected an n-gram"),
        (("--lm_weight", "0.5"), "there is no language model of ESPnet's here"),
    ):
        code, _, error = run_command(recognize.main, bundle, tones / "tone-0.wav", *given)
        assert code == 2
        assert said in error.splitlines()[-1]


def test_espnet_is_not_loaded(bundle: Path, tuned: Path, tones: Path):
    for model in (bundle, tuned):
        done = subprocess.run(
            [sys.executable, "-c", LOADED, str(model), str(tones / "tone-0.wav")],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        assert done.stderr.endswith("LOADED []"), done.stderr[-500:]


def test_what_is_no_bundle(bundle: Path, tmp_path: Path):
    def changed(**changes: object) -> Path:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        shutil.copytree(bundle, folder)
        found = json.loads((folder / "bundle.json").read_text()) | changes
        (folder / "bundle.json").write_text(json.dumps(found))
        return folder

    for folder, said in (
        (changed(format=2), "expected format 1, found 2"),
        (changed(family="whisper"), "found whisper, which is unknown"),
        (changed(decodings=[{"name": "x"}]), "decodings: the file is damaged"),
    ):
        with pytest.raises(UserError, match=said):
            load_bundle(folder)
    escaping = json.loads((bundle / "bundle.json").read_text())["decodings"]
    escaping[0]["ngram"] = "../../x.arpa"
    with pytest.raises(UserError, match="decodings: the file is damaged"):
        load_bundle(changed(decodings=escaping))
