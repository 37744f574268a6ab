import csv
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from parp_espnet.corpora import commonvoice
from parp_espnet.corpora.rejects import Reject, Why, refuse_if_most
from parp_espnet.corpora.rows import read_table
from parp_espnet.errors import UserError
from parp_espnet.phones.ipa import load_inventory

WORDS = {
    "es": "hola mundo", "fr": "bonjour monde", "it": "ciao mondo", "ky": "салам дүйнө",
    "nl": "hallo wereld",
    "ru": "привет мир", "sv-SE": "hej världen", "tr": "merhaba dünya", "tt": "сәлам дөнья",
    "zh-TW": "我們 世界",
}  # fmt: skip

Make = Callable[..., Any]


@pytest.mark.parametrize("language", commonvoice.LANGUAGES)
def test_every_language_is_read_and_has_phones_of_its_inventory(
    release: Make, language: str
) -> None:
    one = release(language)
    one.fill(WORDS[language], speakers=1, clips=1)
    made = commonvoice.read(one.root, language, "test", 1)
    assert made.rejected == ()
    (utterance,) = made.utterances
    assert set(utterance.phones) <= set(load_inventory(commonvoice.LANGUAGES[language]))
    assert (utterance.language, round(utterance.duration, 1)) == (language, 3.0)
    assert utterance.id.startswith(f"{utterance.speaker}-common_voice_{language}_")


def test_no_speaker_and_no_sentence_is_in_two_sets(release: Make) -> None:
    one = release("es")
    one.fill("hola mundo")
    text = (one.folder / "train.tsv").read_text()
    for name, client, sentence in (
        ("91", "test0" * 16, "otra cosa"),
        ("92", "x" * 64, "hola mundo" + " hola" * 13),
    ):
        one.clip(f"common_voice_es_{name}")
        text += one.row(client, f"common_voice_es_{name}.mp3", sentence) + "\n"
    (one.folder / "train.tsv").write_text(text)
    made = commonvoice.read(one.root, "es", "train", 0.2)
    sets = {
        split: commonvoice.read(one.root, "es", split, 0.2).utterances
        for split in commonvoice.SPLITS
    }
    assert made.note == "2 clips of speakers or sentences of dev and test left out"
    for what in ("speaker", "text"):
        found = [{getattr(utterance, what) for utterance in own} for own in sets.values()]
        assert not found[0] & found[1]
        assert not found[0] & found[2]
        assert not found[1] & found[2]


def test_few_minutes_are_the_beginning_of_many_and_speakers_take_turns(release: Make) -> None:
    one = release("es")
    one.fill("hola mundo", speakers=3, clips=3)
    few, many = (
        commonvoice.read(one.root, "es", "train", minutes).utterances for minutes in (0.15, 0.3)
    )
    assert (len(few), len(many)) == (3, 6)
    assert few == many[:3]
    assert len({utterance.speaker for utterance in few}) == 3
    assert many == commonvoice.read(one.root, "es", "train", 0.3).utterances


def test_a_release_without_sets_is_divided_by_speaker(release: Make) -> None:
    one = release("es")
    lines = []
    for speaker in range(6):
        name = f"common_voice_es_{speaker}"
        one.clip(name)
        lines.append(one.row(f"s{speaker}", f"{name}.mp3", "hola" + " mundo" * speaker))
    one.table("validated", lines)
    sets = [
        commonvoice.read(one.root, "es", split, 0.04).utterances for split in commonvoice.SPLITS
    ]
    assert all(sets)
    assert len({utterance.speaker for own in sets for utterance in own}) == sum(map(len, sets))


def test_odd_rows_are_read_as_they_are_meant(release: Make) -> None:
    one = release(
        "tr", columns=("client_id", "path", "sentence", "sentence_domain", "up_votes", "locale")
    )
    written = {
        "1": ('"""Merhaba"", dedi."', '"Merhaba", dedi.'),
        "2": ('Adı "dünya', 'Adı "dünya'),
        "3": (
            unicodedata.normalize("NFD", "Güneş doğdu"),
            unicodedata.normalize("NFD", "Güneş doğdu"),
        ),
        "4": ('"Merhaba dünya"', "Merhaba dünya"),
    }
    for name in written:
        one.clip(f"common_voice_tr_{name}")
    lines = [
        one.row("a" * 8, f"common_voice_tr_{name}", given) for name, (given, _) in written.items()
    ]
    one.table("test", lines, end="\r\n")
    for name in ("train", "dev"):
        one.table(name, [])
    (one.folder / "test.tsv").write_bytes(b"\xef\xbb\xbf" + (one.folder / "test.tsv").read_bytes())
    made = commonvoice.read(one.root, "tr", "test", 60)
    assert made.rejected == ()
    assert sorted(utterance.text for utterance in made.utterances) == sorted(
        text for _, text in written.values()
    )
    phones = {utterance.text: utterance.phones for utterance in made.utterances}
    assert all(unicodedata.is_normalized("NFD", phone) for own in phones.values() for phone in own)
    assert phones["Merhaba dünya"][:3] == ("m", "ɛ", "r")


def test_broken_rows_and_clips_are_listed_and_skipped(release: Make, tmp_path: Path) -> None:
    one = release("es")
    one.fill("hola mundo", speakers=2, clips=2)
    broken = {
        "empty": "", "dots": "...", "greek": "hola κόσμε", "english": "the hola 世界",
        "gone": "hola",
        "cut": "hola tres", "html": "hola cuatro", "silent": "hola cinco", "short": "hola " * 40,
        "nothing": "hola seis",
    }  # fmt: skip
    lines = (one.folder / "dev.tsv").read_text().splitlines()
    for name, sentence in broken.items():
        one.clip(f"common_voice_es_{name}")
        lines.append(one.row(f"client-{name}", f"common_voice_es_{name}.mp3", sentence))
    lines += [
        lines[1],
        "a\tb",
        one.row("", "common_voice_es_5.mp3", "hola"),
        one.row("x", "../../etc/passwd", "hola"),
    ]
    (one.folder / "dev.tsv").write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\tx\n")
    clips = one.folder / "clips"
    (clips / "common_voice_es_gone.mp3").unlink()
    whole = (clips / "common_voice_es_cut.mp3").read_bytes()
    (clips / "common_voice_es_cut.mp3").write_bytes(whole[: len(whole) // 2])
    (clips / "common_voice_es_html.mp3").write_bytes(b"<html>404</html>" * 30)
    (clips / "common_voice_es_nothing.mp3").write_bytes(b"")
    soundfile.write(clips / "common_voice_es_silent.mp3", [0.0] * 96000, 48000, format="MP3")
    soundfile.write(clips / "common_voice_es_short.mp3", [0.1, -0.1] * 2400, 48000, format="MP3")
    one.clip("common_voice_es_stereo")
    lines.append(one.row("client-stereo", "common_voice_es_stereo.mp3", "hola seis"))
    (one.folder / "dev.tsv").write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\tx\n")
    soundfile.write(
        clips / "common_voice_es_stereo.mp3", [[0.1, -0.1], [0.2, 0.1]] * 24000, 48000, format="MP3"
    )

    made = commonvoice.read(one.root, "es", "dev", 60)
    assert len(made.utterances) == 5
    reasons = {
        reject.item.removeprefix("common_voice_es_"): (reject.why, reject.reason)
        for reject in made.rejected
    }
    assert {name: str(why) for name, (why, _) in reasons.items() if name in broken} == {
        "empty": "text", "dots": "text", "greek": "script", "english": "script", "gone": "missing",
        "cut": "audio",
        "html": "decoder", "silent": "silent", "short": "short", "nothing": "empty",
    }  # fmt: skip
    for name, found in {
        "cut": "found fewer: it ends after", "short": "expected 120 frames of 20 ms or more, found",
        "html": "it is a web page: download the recording itself",
        "silent": "silent: ", "greek": "found κ (GREEK)", "100": "expected each clip once, found "
                                                                 "it first in",
        "a": "expected 10 fields, found 2", "": "expected UTF-8, found byte "
                                                "0xFF", "5": "expected the speaker",
        "../../etc/passwd": "leads elsewhere",
    }.items():  # fmt: skip
        assert found in reasons[name][1], (name, reasons[name])
    assert all(reject.where.startswith(f"{one.folder}/dev.tsv:") for reject in made.rejected)


def test_published_sets_and_phones(release: Make, tmp_path: Path) -> None:
    one = release("sv-SE")
    one.fill("hej världen", speakers=2, clips=1)
    splits = tmp_path / "common_voices_splits" / "sv"
    splits.mkdir(parents=True)
    (splits / "phonesMatches_reduced.json").write_text('{"h": 0, "ɛ": 1, "j": 2, "\\u00e3": 3}')
    names = [f"common_voice_sv-SE_{number}00" for number in range(3)]
    (splits / "validated_phones_reduced.txt").write_text(
        "".join(f"{name} 0 1 2 3\n" for name in names)
    )
    (splits / "trainSeqs_1.0_uniform_new_version.txt").write_text(f"{names[0]}\n")
    (splits / "valSeqs_1.0_uniform_new_version.txt").write_text(
        f"{names[1]}\nmissing_clip\n{names[1]}\n\n"
    )
    (splits / "testSeqs_uniform_new_version.txt").write_text(f"{names[2]}.mp3\n")
    for root in (splits.parent, tmp_path, splits):
        (train,) = commonvoice.read(one.root, "sv-SE", "train", 0.05, root).utterances
        assert (train.phones, train.text) == (("h", "ɛ", "j", "a\u0303"), "hej världen")
    made = commonvoice.read(one.root, "sv-SE", "dev", 20, splits.parent)
    assert [utterance.id.partition("-")[2] for utterance in made.utterances] == [names[1]]
    assert [reject.item for reject in made.rejected] == ["missing_clip", names[1]]
    (test,) = commonvoice.read(one.root, "sv-SE", "test", 60, splits.parent).utterances
    assert test.id.endswith(names[2])
    with pytest.raises(
        UserError, match=r"expected trainSeqs_5.0_uniform\*.txt, found testSeqs_uniform_"
    ):
        commonvoice.read(one.root, "sv-SE", "train", 300, splits.parent)
    with pytest.raises(
        UserError,
        match=r"expected sv/validated_phones_reduced.txt, found none; unpack dl.fbaipublic",
    ):
        commonvoice.read(one.root, "sv-SE", "train", 60, one.root)


def test_directories_that_are_not_the_language(release: Make, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(
        UserError,
        match=r"expected es/ with clips/, validated.tsv and train.tsv, found nothing; down",
    ):
        commonvoice.read(empty, "es", "train", 10)
    (empty / "cv-corpus-7.0-es.tar.gz").touch()
    with pytest.raises(
        UserError,
        match=r"found cv-corpus-7.0-es.tar.gz; unpack it: tar -xf cv-corpus-7.0-es.tar.gz",
    ):
        commonvoice.read(empty, "es", "train", 10)
    one = release("ky")
    one.fill("салам дүйнө", speakers=1, clips=1)
    with pytest.raises(UserError, match=r"expected es/ with clips/.*found ky;"):
        commonvoice.read(one.root, "es", "train", 10)
    with pytest.raises(
        UserError, match=r"train.tsv:2: expected clips of es, found ky \(common_voice_ky_000\)"
    ):
        commonvoice.read(one.folder, "es", "test", 10)
    assert commonvoice.read(tmp_path, "ky", "test", 10).utterances
    for clip in (one.folder / "clips").iterdir():
        clip.unlink()
    (one.folder / "clips").rmdir()
    with pytest.raises(UserError, match="ky: no clips/ beside its tables; unpack the release"):
        commonvoice.read(one.root, "ky", "train", 10)


def test_another_table(release: Make) -> None:
    one = release("es", columns=("name", "file", "words"))
    one.fill("hola mundo", speakers=1, clips=1)
    with pytest.raises(
        UserError,
        match=r"tsv: expected the columns client_id, path, sentence, found name, file, words ",
    ):
        commonvoice.read(one.root, "es", "test", 1)


def test_too_little_speech_says_how_much_there_is(release: Make) -> None:
    one = release("es")
    one.fill("hola mundo", speakers=1, clips=4)
    with pytest.raises(
        UserError, match=r"expected 10 minutes of .*, found 0.20 .* give --train_minutes 0.2"
    ):
        commonvoice.read(one.root, "es", "train", 10)
    assert len(commonvoice.read(one.root, "es", "dev", 10).utterances) == 4


@pytest.mark.parametrize(
    ("language", "sentence", "gone", "message"),
    [
        (
            "es",
            "привет мир",
            False,
            "expected Latin letters .es., found п .CYRILLIC.*so it is with 6 of 6 looked at",
        ),
        (
            "es",
            "hola mundo",
            True,
            "expected the recording .*: is all of the corpus there, and do these paths hold",
        ),
    ],
)
def test_a_corpus_that_is_mostly_broken_is_refused(
    release: Make, tmp_path: Path, language: str, sentence: str, gone: bool, message: str
) -> None:
    one = release(language)
    one.fill(sentence)
    for clip in (one.folder / "clips").iterdir() if gone else ():
        clip.unlink()
    made = commonvoice.read(one.root, language, "train", 1)
    with pytest.raises(UserError, match=message):
        refuse_if_most(made, tmp_path / "rejected.tsv")


def test_no_decoder(release: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfile, "available_formats", lambda: {"WAV": "WAV"})
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        UserError, match=r"decodes no mp3, .* 1.1 or later: pip install --upgrade soundfile"
    ):
        commonvoice.read(Path(), "es", "train", 1)


def test_a_table_keeps_pythons_own_csv(tmp_path: Path) -> None:
    texts = ["plain", 'say "hi"', '"', '""', "it's", 'a "b" c', '"all"']
    with (tmp_path / "a.tsv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerows([["id", "text"], *([str(n), text] for n, text in enumerate(texts))])
    assert [row.fields[1] for row in read_table(tmp_path / "a.tsv").rows] == texts


def test_a_reject_is_one_line() -> None:
    assert Reject("a", "b", Why.TEXT, "c").why == "text"


def test_a_set_that_falls_short_says_so(release: Make) -> None:
    one = release("es")
    one.fill("hola mundo", speakers=1, clips=2)
    made = commonvoice.read(one.root, "es", "dev", 10)
    assert made.note == "0.1 of the 10 minutes asked for: dev has no more"


SPONTANEOUS = (
    "client_id", "audio_id", "audio_file", "duration_ms", "prompt_id", "prompt", "transcription",
    "votes", "age",
    "gender", "language", "split", "char_per_sec", "quality_tags",
)  # fmt: skip


def spontaneous(folder: Path, rows: Sequence[tuple[str, str, str]], language: str = "tr") -> Path:
    """A release of Spontaneous Speech, of rows of a client, a transcription and a set."""
    (folder / "audios").mkdir(parents=True)
    lines = ["\t".join(SPONTANEOUS)]
    for number, (client, text, split) in enumerate(rows):
        name = f"spontaneous-speech-{language}-{number}.mp3"
        noise = 0.2 * np.random.default_rng(number).standard_normal(3 * 48000)
        soundfile.write(folder / "audios" / name, noise, 48000, format="MP3")
        values = dict(
            zip(
                ("client_id", "audio_file", "transcription", "split"),
                (client, name, text, split),
                strict=True,
            )
        )
        values |= {"prompt": "Neden?", "duration_ms": "3000", "language": language}
        lines.append("\t".join(values.get(column, "") for column in SPONTANEOUS))
    (folder / f"ss-corpus-{language}.tsv").write_text("\n".join(lines) + "\n")
    return folder


ANSWERS = [
    ("a", "merhaba dünya", "train"),
    ("b", "dünya [laugh] merhaba", "train"),
    ("c", "merhaba merhaba", "dev"),
    ("d", "dünya", "test"),
    ("a", "", ""),
    ("a", '"bir\niki"', "train"),
    ("d", "dünya dünya", "train"),
    ("e", "merhaba [unintelligible]", "train"),
    ("f", "dünya merhaba", ""),
]


@pytest.mark.parametrize("above", [False, True])
def test_spontaneous_speech(tmp_path: Path, above: bool) -> None:
    folder = spontaneous(tmp_path / "sps-corpus-1.0-2025-09-05-tr", ANSWERS)
    root = tmp_path if above else folder
    texts = {}
    for split in commonvoice.SPLITS:
        made = commonvoice.read(root, "tr", split, 0.04)
        texts[split] = {utterance.text for utterance in made.utterances}
        assert {utterance.language for utterance in made.utterances} == {"tr"}
    assert (texts["dev"], texts["test"]) == ({"merhaba merhaba"}, {"dünya"})
    made = commonvoice.read(root, "tr", "train", 0.15)
    assert {one.text for one in made.utterances} == {"merhaba dünya", "dünya merhaba", "bir iki"}
    assert (
        "1 clips of speakers or sentences of dev and test left out; marks in texts: 1 event"
        in made.note
    )
    assert [
        (reject.item[-1], reject.why, reject.reason.partition(", found")[2])
        for reject in made.rejected
    ] == [
        ("4", "alone", " none"),
        ("8", "alone", " none"),
        ("7", "alone", " [unintelligible] (speech that is not written)"),
    ]


def test_spontaneous_speech_without_sets(tmp_path: Path) -> None:
    rows = [(client, f"merhaba {'dünya ' * place}", "") for place, client in enumerate("abcdef")]
    folder = spontaneous(tmp_path, rows)
    sets = [commonvoice.read(folder, "tr", split, 0.04) for split in commonvoice.SPLITS]
    assert all(made.utterances for made in sets)
    assert sets[0].note == "sets by speaker, since the column split has not all three"


def test_spontaneous_speech_of_another_language_or_half_of_it(tmp_path: Path) -> None:
    folder = spontaneous(tmp_path / "sps", ANSWERS)
    with pytest.raises(
        UserError, match=r"expected ss-corpus-es.tsv, found Spontaneous Speech of tr"
    ):
        commonvoice.read(tmp_path, "es", "train", 1)
    with pytest.raises(UserError, match="leave --commonvoice_splits out"):
        commonvoice.read(folder, "tr", "train", 1, tmp_path)
    (folder / "audios").rename(folder / "clips")
    with pytest.raises(
        UserError, match=r"no audios/ beside ss-corpus-tr.tsv; unpack the release as a whole"
    ):
        commonvoice.read(folder, "tr", "train", 1)
    (folder / "clips").rename(folder / "audios")
    table = folder / "ss-corpus-tr.tsv"
    table.write_text(table.read_text().replace("\ttr\t", "\tes\t"))
    with pytest.raises(UserError, match="expected clips of tr, found es"):
        commonvoice.read(folder, "tr", "train", 1)
