"""`parp-align`: known tones, whose true times the test knows, and what it says of bad inputs."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.bin import align, recognize
from parp_espnet.tiers.eaf import read_eaf
from parp_espnet.tiers.textgrid import read_textgrid, write_textgrid
from parp_espnet.tiers.tier import Annotation, Tier

type Run = Callable[..., tuple[object, str, str]]
TONE = 0.2
"""Seconds of each."""


@pytest.fixture(autouse=True)
def loud():
    """The command silences the log of this process, which is the tests'."""
    import logging  # noqa: PLC0415

    yield
    logging.disable(logging.NOTSET)


def errors_of(stderr: str) -> list[str]:
    return [line for line in stderr.splitlines() if line.startswith("error: ")]


def tones_of(folder: Path) -> dict[str, list[str]]:
    rows = [line.split() for line in (folder / "text").read_text().splitlines()]
    return {name: said for name, *said in rows}


def test_begins_are_the_true_ones(learned: Path, tones: Path, run_command: Run):
    code, out, err = run_command(align.main, learned, tones, tones / "text", "--format", "json")
    assert (code, errors_of(err)) == (0, [])
    errors = []
    for line in out.splitlines():
        found = json.loads(line)
        said = tones_of(tones)[Path(found["file"]).stem]
        assert found["text"].split() == said
        for place, phone in enumerate(found["phones"]):
            errors.append(abs(phone["begin"] - TONE * place))
            assert 0 <= phone["confidence"] <= 1
            assert len(phone["others"]) == 2
        ends = [phone["end"] for phone in found["phones"]]
        begins = [phone["begin"] for phone in found["phones"]]
        # There is no pause between tones.
        assert ends[:-1] == begins[1:]
    assert len(errors) > 25
    # Of two equal tones one after the other nobody can say where the second begins.
    assert np.median(errors) <= 0.01


def test_what_was_recognised_has_intervals_too(learned: Path, tones: Path, run_command: Run):
    words = (learned, tones / "tone-5.wav", "--format", "json")
    code, out, _ = run_command(recognize.main, *words)
    assert code == 0
    found = json.loads(out)
    assert found["confidence"] == pytest.approx(
        np.mean([phone["confidence"] for phone in found["phones"]]), abs=1e-3
    )
    lengths = [phone["end"] - phone["begin"] for phone in found["phones"]]
    # CTC's marks are of a frame or two.
    assert np.median(lengths) > TONE / 2


def test_annotations_keep_their_times(learned: Path, tones: Path, tmp_path: Path, run_command: Run):
    samples = [soundfile.read(tones / f"tone-{number}.wav")[0] for number in range(3)]
    soundfile.write(tmp_path / "a.wav", np.concatenate(samples), 16000)
    parts, at = [], 0.0
    for number, part in enumerate(samples):
        end = at + len(part) / 16000
        parts.append(Annotation(at, end, " ".join(tones_of(tones)[f"tone-{number}"])))
        at = end
    wrong = [parts[0], Annotation(parts[1].begin, parts[1].end, "q"), parts[2]]
    late = Annotation(at + 1, at + 2, "a")
    for name, annotations in (("a", parts), ("wrong", [*wrong, late])):
        grid = write_textgrid([Tier("tx", annotations)], at + 2)
        (tmp_path / f"{name}.TextGrid").write_text(grid)
    words = (learned, tmp_path / "a.wav")
    out = tmp_path / "out.eaf"
    code, _, _ = run_command(
        align.main, *words, tmp_path / "a.TextGrid", "--format", "eaf", "--out", out
    )
    assert code == 0
    utterances, phones = read_eaf(out).tiers
    assert [one.text for one in utterances.annotations] == [one.text for one in parts]
    assert len(phones.annotations) == sum(len(one.text.split()) for one in parts)
    grid = tmp_path / "out.TextGrid"
    code, _, err = run_command(
        align.main, *words, tmp_path / "wrong.TextGrid", "--format", "textgrid", "--out", grid
    )
    assert code == 1
    q, beyond = errors_of(err)
    assert "the model has no token for q (U+0071), in 'q'" in q
    assert "expected a text within the recording, which has" in beyond
    names = {tier.name: tier for tier in read_textgrid(grid).tiers}
    assert list(names) == ["phones", "utterances", "confidence"]
    assert [one.text for one in names["utterances"].annotations] == [parts[0].text, parts[2].text]


def test_bad_inputs_are_one_line_each(learned: Path, tones: Path, tmp_path: Path, run_command: Run):
    wav = tones / "tone-0.wav"
    (tmp_path / "long.txt").write_text("a e " * 100)
    (tmp_path / "empty.txt").write_text("\n")
    (tmp_path / "broken.txt").write_bytes(b"\xff\xfe\xff")
    for text, said in (
        ("long.txt", "s for a text of 200 phones, found 0.600 s"),
        ("empty.txt", "expected a text to align, found ''"),
        ("broken.txt", "expected UTF-8"),
    ):
        code, out, err = run_command(align.main, learned, wav, tmp_path / text)
        assert (code, out) == (1, "")
        (line,) = errors_of(err)
        assert said in line
    (tmp_path / "text").write_text("tone-0 a\ntone-0 e\n")
    for words in (
        (wav, tmp_path / "text"),
        (wav, tmp_path / "gone"),
        (tones, tmp_path / "long.txt"),
    ):
        code, _, err = run_command(align.main, learned, *words)
        assert code == 2
        assert len(errors_of(err)) == 1


def test_an_inventory(learned: Path, tones: Path, tmp_path: Path, run_command: Run):
    (tmp_path / "some").write_text("a e ŋ\n")
    words = (learned, tones, "--format", "json", "--inventory", tmp_path / "some")
    code, out, err = run_command(recognize.main, *words)
    assert code == 0
    assert "the model does not know, and leaves out: ŋ\n" in err
    heard = set()
    for line in out.splitlines():
        heard.update(json.loads(line)["text"].split())
    assert heard <= {"a", "e"}
    (tmp_path / "none").write_text("ŋ q")
    (tmp_path / "empty").write_text("")
    for given, said in (
        (tmp_path / "none", "error: --inventory: expected phones that the model knows"),
        (tmp_path / "empty", f"error: --inventory {tmp_path / 'empty'}: expected phones apart by"),
        ("xx", "error: --inventory xx: expected a file, found none; no phone inventory"),
    ):
        code, _, err = run_command(recognize.main, learned, tones, "--inventory", given)
        assert code == 2
        assert errors_of(err)[0].startswith(said)


def test_words_are_phonemised(learned: Path, tones: Path, tmp_path: Path, run_command: Run):
    said = tones_of(tones)["tone-1"]
    rules = tmp_path / "rules.csv"
    rules.write_text("Orth,Phon\n" + "".join(f"{tone}x,{tone}\n" for tone in set(said)))
    (tmp_path / "words.txt").write_text("".join(f"{tone}X" for tone in said) + "!\n")
    words = (learned, tones / "tone-1.wav", tmp_path / "words.txt", "--format", "json")
    code, out, err = run_command(align.main, *words, "--phonemise", rules)
    assert (code, errors_of(err)) == (0, [])
    assert json.loads(out)["text"].split() == said
    code, _, err = run_command(align.main, *words)
    assert code == 1
    assert "the model has no token for" in errors_of(err)[0]
    assert err.endswith("not aligned: 1; nothing was. Of words, --phonemise makes phones\n")


def test_what_cannot_be_phonemised(learned: Path, tones: Path, tmp_path: Path, run_command: Run):
    (tmp_path / "rules.csv").write_text("Orth,Phon\nx,a\n")
    (tmp_path / "words.txt").write_text("xyz\n")
    words = (tones / "tone-1.wav", tmp_path / "words.txt", "--phonemise")
    code, _, err = run_command(align.main, learned, *words, tmp_path / "rules.csv")
    assert code == 1
    assert "y" in errors_of(err)[0]
    for given, said in (
        ("letters", "--phonemise letters: expected a language or a table"),
        ("qqq", "parp-align: --phonemise qqq: expected"),
        (tmp_path / "gone.csv", "no such file; expected a lexicon"),
    ):
        code, _, err = run_command(align.main, learned, *words, given)
        assert code == 2
        assert said in errors_of(err)[0]
    # The same model, one of whose phones is now the space between words.
    spelled = shutil.copytree(learned, tmp_path / "spelled")
    config = spelled / "config.yaml"
    config.write_text(config.read_text().replace("\n- e\n", "\n- <space>\n"))
    code, _, err = run_command(align.main, spelled, *words, tmp_path / "rules.csv")
    assert code == 2
    assert "expected a model of phones, found one of letters" in errors_of(err)[0]


def test_marks_of_what_nobody_says(learned: Path, tones: Path, tmp_path: Path, run_command: Run):
    said = tones_of(tones)["tone-1"]
    text = tmp_path / "t.txt"
    words = (learned, tones / "tone-1.wav", text, "--format", "json")
    text.write_text(f"[laughter] {' '.join(said)} &=coughs\n")
    code, out, err = run_command(align.main, *words)
    assert (code, errors_of(err)) == (0, [])
    assert json.loads(out)["text"].split() == said
    assert "left out of the texts: 2 events" in err
    for marks in (f"{' '.join(said)} xxx", "[laughter]"):
        text.write_text(marks)
        code, _, err = run_command(align.main, *words)
        assert code == 1
        assert len(errors_of(err)) == 1
        assert "expected all that is said, found xxx" in err or "found marks alone" in err


def test_each_annotation_that_fails_is_named(
    learned: Path, tones: Path, tmp_path: Path, run_command: Run
):
    texts = [Annotation(number / 10, (number + 1) / 10, "q") for number in range(4)]
    (tmp_path / "a.TextGrid").write_text(write_textgrid([Tier("tx", texts)], 0.6))
    kept = tmp_path / "kept.eaf"
    kept.write_text("corrected")
    words = ("--format", "eaf", "--out", kept, "--overwrite")
    code, _, err = run_command(
        align.main, learned, tones / "tone-1.wav", tmp_path / "a.TextGrid", *words
    )
    assert code == 1
    assert len(errors_of(err)) == 4
    assert "not aligned: 4; nothing was" in err
    assert kept.read_text() == "corrected"


@pytest.mark.parametrize("form", ["text", "textgrid"])
def test_texts_are_not_replaced(
    form: str, learned: Path, tones: Path, tmp_path: Path, run_command: Run
):
    shutil.copy(tones / "tone-1.wav", tmp_path)
    said = " ".join(tones_of(tones)["tone-1"])
    text = tmp_path / ("tone-1.txt" if form == "text" else "tone-1.TextGrid")
    grid = write_textgrid([Tier("tx", [Annotation(0, 0.8, said)])], 0.8)
    text.write_text(f"{said}\n" if form == "text" else grid)
    before = text.read_bytes()
    words = (tmp_path, tmp_path, "--out", tmp_path, "--format", form, "--overwrite")
    code, _, err = run_command(align.main, learned, *words)
    assert code == 2
    assert "which is among what is read" in err
    assert text.read_bytes() == before


def test_praats_times_go_in_and_out(learned: Path, tones: Path, tmp_path: Path, run_command: Run):
    samples, rate = soundfile.read(tones / "tone-1.wav")
    silence = np.zeros(rate)
    talk = tmp_path / "a.mp3"
    soundfile.write(talk, np.concatenate([silence, samples, silence]), rate, format="MP3")
    lead = 0.066
    said = " ".join(tones_of(tones)["tone-1"])
    part = Annotation(1.0 + lead, 1.0 + lead + len(samples) / rate, said)
    (tmp_path / "a.TextGrid").write_text(write_textgrid([Tier("tx", [part])], 4.0))
    begins = {}
    for times in ("praat", "decoded"):
        out = tmp_path / f"{times}.TextGrid"
        words = (talk, tmp_path / "a.TextGrid", "--format", "textgrid", "--out", out)
        code, _, err = run_command(align.main, learned, *words, "--mp3_times", times)
        assert (code, errors_of(err)) == (0, [])
        tiers = {tier.name: tier for tier in read_textgrid(out).tiers}
        (utterance,) = [one for one in tiers["utterances"].annotations if one.text]
        assert (utterance.begin, utterance.end) == pytest.approx((part.begin, part.end), abs=2e-3)
        begins[times] = [one.begin for one in tiers["phones"].annotations if one.text]
    true = [1.0 + lead + TONE * number for number in range(len(said.split()))]
    assert np.median(np.abs(np.array(begins["praat"]) - true)) <= 0.02


def test_corrections_are_not_replaced(learned: Path, tones: Path, tmp_path: Path, run_command: Run):
    out = tmp_path / "heard"
    words = (learned, tones / "tone-1.wav", "--format", "eaf", "--out", out)
    assert run_command(recognize.main, *words)[0] == 0
    (made,) = out.glob("*.eaf")
    made.write_text(made.read_text().replace("</", "\n</"))
    corrected = made.read_text()
    code, _, err = run_command(recognize.main, *words)
    assert code == 2
    assert "1 of 1 files are there already" in errors_of(err)[0]
    assert made.read_text() == corrected
    code, _, err = run_command(recognize.main, *words, "--nj", 2)
    assert code == 2
    assert "1 of 1 files that are to be made are there already" in errors_of(err)[0]
    assert made.read_text() == corrected
    assert run_command(recognize.main, *words, "--overwrite")[0] == 0
    assert made.read_text() != corrected
    code, _, err = run_command(recognize.main, *words, "--overwrite", "--nj", 2)
    assert code == 2
    assert "--overwrite: with --nj" in errors_of(err)[0]


@pytest.mark.parametrize("form", ["eaf", "textgrid"])
def test_speakers_keep_their_tiers(
    form: str, learned: Path, tones: Path, tmp_path: Path, run_command: Run
):
    samples = [soundfile.read(tones / f"tone-{number}.wav")[0] for number in range(4)]
    soundfile.write(tmp_path / "a.wav", np.concatenate(samples), 16000)
    said: dict[str, list[Annotation]] = {"ana": [], "luis": []}
    at = 0.0
    for number, part in enumerate(samples):
        end = at + len(part) / 16000
        text = " ".join(tones_of(tones)[f"tone-{number}"])
        said["ana" if number % 2 else "luis"].append(Annotation(at, end, text))
        at = end
    tiers = [Tier(f"tx@{name}", texts, name) for name, texts in said.items()]
    (tmp_path / "in.TextGrid").write_text(write_textgrid(tiers, at))
    out = tmp_path / f"out.{form}"
    words = (learned, tmp_path / "a.wav", tmp_path / "in.TextGrid", "--tier", "tx")
    code, _, err = run_command(align.main, *words, "--format", form, "--out", out)
    assert (code, errors_of(err)) == (0, [])
    read = read_eaf(out) if form == "eaf" else read_textgrid(out)
    found = {tier.name: tier for tier in read.tiers}
    for name, texts in said.items():
        utterances, phones = found[f"utterances@{name}"], found[f"phones@{name}"]
        assert utterances.speaker == name
        assert utterances.is_called("utterances")
        assert [one.text for one in utterances.annotations] == [one.text for one in texts]
        together = " ".join(one.text for one in phones.annotations)
        assert together == " ".join(one.text for one in texts)
