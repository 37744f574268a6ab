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
from parp_espnet.decoding.platt import AS_THEY_ARE
from parp_espnet.errors import UserError
from parp_espnet.export.asked import Asked
from parp_espnet.export.bundle import load_bundle
from parp_espnet.export.decodings import find_tuned
from parp_espnet.export.formats import Options, export
from parp_espnet.export.search import choose
from parp_espnet.export.trained import load_trained
from parp_espnet.interpreter import ROOT
from tests.export.printed import lines_of, texts

LOADED = """
import atexit, os, sys
heavy = ("espnet2", "s3prl", "torch" if os.environ.get("NO_TORCH") else "")
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


def test_a_search_is_as_sure_of_what_it_finds_as_where_it_was_tuned(
    bundle: Path, tuned: Path
) -> None:
    (there,) = find_tuned(tuned)
    (here,) = load_bundle(bundle).decodings
    assert here.calibration == there.calibration != AS_THEY_ARE
    search, _ = choose(Asked(), (here,), load_bundle(bundle).tokens)
    assert search is not None
    assert search.calibration == there.calibration


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
    lexicon = tmp_path / "mine.txt"
    lexicon.write_text("ya i a\neo e o\nq a ʒ\n")
    words = ("--lexicon", lexicon, "--beam_size", 6, "--format", "json")
    code, out, error = run_command(recognize.main, bundle, tones / "tone-0.wav", *words)
    assert code == 0
    assert f"{lexicon}: left out 1 of 3 words, whose phones the model does not know: ʒ" in error
    assert "as asked for: beam 6, decode_beam4_ngram2.arpa × 0.3" in error
    assert ", words of mine.txt" in error
    heard = json.loads(out)
    phones = {"ya": ["i", "a"], "eo": ["e", "o"]}
    spelled = [phone for word in heard["words"] for phone in phones[word["word"]]]
    assert spelled == [phone["phone"] for phone in heard["phones"]]
    assert heard["words"][0]["begin"] == heard["phones"][0]["begin"]
    for given, said in (
        (("--greedy", "--lexicon", lexicon), "--greedy: expected no beam, n-gram, lexicon"),
        (("--beam_size", "1", "--lexicon", lexicon), "--beam_size 1 is greedy, without a lexicon"),
        (("--lexicon", tmp_path / "none.txt"), "none.txt: no such file; expected a list of words"),
        (("--greedy", "--beam_size", "4"), "--greedy: expected no beam"),
        (("--beam_size", "0"), "--beam_size 0: expected at least 1, at most 65536"),
        (("--ngram", tmp_path / "none.arpa"), "no such file; expected an n-gram"),
        (("--lm_weight", "0.5"), "there is no language model of ESPnet's here"),
    ):
        code, _, error = run_command(recognize.main, bundle, tones / "tone-0.wav", *given)
        assert code == 2
        assert said in error.splitlines()[-1]


def test_a_language_model_goes_along(
    tuned_with_lm: Path,
    tuned: Path,
    tones: Path,
    tmp_path: Path,
    run_command: Callable[..., tuple[object, str, str]],
):
    """ESPnet's, with the n-gram: stage 12's tokens, which are no others' here."""
    export(load_trained(tuned_with_lm), tmp_path / "new", ["bundle"], Options(data=tones))
    bundle = Path(shutil.move(tmp_path / "new", tmp_path / "moved"))
    gone = tuned_with_lm.parents[1].with_name("gone")
    expected = lines_of(tuned_with_lm / "decode_beam4_lm_ngram2/test/text")
    assert expected != lines_of(tuned_with_lm / "decode_greedy/test/text")
    assert expected != lines_of(tuned / "decode_beam4_ngram2/test/text")
    tuned_with_lm.parents[1].rename(gone)
    try:
        code, out, error = run_command(recognize.main, bundle, tones, "--format", "json")
    finally:
        gone.rename(tuned_with_lm.parents[1])
    assert code == 0
    assert texts(out) == expected
    assert "decoding: beam4_lm_ngram2: beam 4, ESPnet's LM × 2, " in error
    config = (bundle / "lms/decode_beam4_lm_ngram2/config.yaml").read_text()
    assert str(tuned_with_lm.parents[1]) not in config


def test_a_language_model_that_is_gone_is_asked_for_where_it_is_needed(
    tuned_with_lm: Path,
    tones: Path,
    tmp_path: Path,
    run_command: Callable[..., tuple[object, str, str]],
):
    recipe = tmp_path / "recipe"
    shutil.copytree(tuned_with_lm.parents[1], recipe, symlinks=True)
    experiment, bundle = recipe / "exp/tones", tmp_path / "bundle"
    export(load_trained(experiment), bundle, ["bundle"])
    # As stage 12's record has it, from its recipe's directory.
    (told,) = experiment.glob("decode_beam4_lm_ngram2/test/decode.json")
    said = json.loads(told.read_text())
    told.write_text(json.dumps(said | {"lm": "exp/lm/valid.loss.ave.pth", "ngram": "exp/2.arpa"}))
    shutil.rmtree(recipe / "exp/lm")
    shutil.rmtree(bundle / "lms")
    ngram = Path(shutil.move(recipe / "exp/2gram.arpa", tmp_path / "mine.arpa"))
    shutil.rmtree(bundle / "ngrams")
    greedy = lines_of(experiment / "decode_greedy/test/text")
    for model in (experiment, bundle):
        words = (recognize.main, model, tones, "--format", "json")
        code, out, _ = run_command(*words, "--greedy")
        assert (code, texts(out)) == (0, greedy)
        code, out, error = run_command(*words, "--ngram", ngram)
        assert code == 0
        assert "mine.arpa × 0.3, penalty " in error
        assert ", without the language model that was tuned: " in error
        code, out, error = run_command(*words)
        assert (code, out) == (2, "")
        assert "valid.loss.ave.pth is gone; bring it back" in error.splitlines()[-1]
    # A bundle has all that was tuned; other formats have none of it.
    with pytest.raises(UserError, match=r"is gone; .* or remove .*/decode_beam4_lm_ngram2"):
        export(load_trained(experiment), tmp_path / "refused", ["bundle"])
    export(load_trained(experiment), tmp_path / "packed", ["espnet"])
    assert not (tmp_path / "refused").exists()
    # What was tuned is not read where it is not wanted.
    (weights,) = experiment.glob("decode_beam4_lm_ngram2/*/weights.json")
    weights.write_text("{}")
    code, out, _ = run_command(recognize.main, experiment, tones, "--format", "json", "--greedy")
    assert (code, texts(out)) == (0, greedy)
    code, _, error = run_command(recognize.main, experiment, tones)
    assert code == 2
    assert "expected weights of a search" in error


def test_with_onnx_beside_it_a_bundle_needs_no_torch(
    tuned: Path,
    tones: Path,
    tmp_path: Path,
    run_command: Callable[..., tuple[object, str, str]],
):
    pytest.importorskip("onnxruntime")
    folder = tmp_path / "bundle"
    said = export(load_trained(tuned), folder, ["bundle"], Options(data=tones, onnx=True))["bundle"]
    assert said[0] == "8 of 8 utterances of test have stage 12's tokens"
    assert said[2].startswith("model.onnx: starts without torch, log-probabilities within ")
    for words, decoded in (((), "decode_beam4_ngram2"), (("--greedy",), "decode_greedy")):
        code, out, _ = run_command(recognize.main, folder, tones, "--format", "json", *words)
        assert code == 0
        assert texts(out) == lines_of(tuned / decoded / "test/text")
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(folder), str(tones / "tone-0.wav")],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NO_TORCH": "1"},
    )
    assert done.stderr.endswith("LOADED []"), done.stderr[-500:]
    # All else of a bundle is there, and read where there is no such model.
    (folder / "recogniser.json").unlink()
    code, again, _ = run_command(recognize.main, folder, tones, "--format", "json", *words)
    assert (code, again) == (0, out)


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
