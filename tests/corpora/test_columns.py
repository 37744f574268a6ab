import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from parp_espnet.corpora import own
from parp_espnet.corpora.columns import Told
from parp_espnet.corpora.layouts import SPLITS, Item, read_items
from parp_espnet.corpora.sets import How, choose_set
from parp_espnet.errors import UserError

Record = Callable[..., Path]

SENTENCES = [
    "hello world, again",
    "the press your",
    "three four five, six",
    "seven eight",
    "nine ten",
]


@pytest.fixture
def root(tmp_path: Path, record: Record) -> Path:
    """Five recordings, in the folders where corpora have them."""
    for folder in ("", "wavs", "clips"):
        for number in range(5):
            record(tmp_path / "corpus" / folder / f"{number}.wav", seconds=0.5, seed=number)
    return tmp_path / "corpus"


def write(path: Path, header: str, line: str, end: str = "\n") -> Path:
    """A table with a line for each recording: N is its number, S the sentence, Q the sentence in
    quotes.
    """
    lines = [header] if header else []
    for number, sentence in enumerate(SENTENCES):
        words = line.replace("Q", f'"{sentence}"').replace("S", sentence.replace(",", ""))
        lines.append(words.replace("N", str(number)))
    path.write_bytes((end.join(lines) + end).encode())
    return path


def read(path: Path, told: Told | None = None) -> list[Item]:
    items = read_items(path, told).items
    assert all(Path(item.audio).is_file() for item in items)
    return list(items)


SCRIPTED = (
    "client_id\tpath\tsentence_id\tsentence\tsentence_domain\tup_votes\tdown_votes\tage\tgender\taccents\tvariant\t"
    "locale\tsegment"
)
SPONTANEOUS = (
    "client_id\taudio_id\taudio_file\tduration_ms\tprompt_id\tprompt\ttranscription\tvotes\tage\tgender\tlanguage\t"
    "split\tchar_per_sec\tquality_tags"
)


@pytest.mark.parametrize(
    ("name", "header", "line", "speaker"),
    [
        ("a.csv", "wav_filename,wav_filesize,transcript", "N.wav,3204N,Q", None),
        ("a.tsv", SCRIPTED, "cN\tN.wav\tabN\tS\t\t2\t0\t\t\t\t\tes\t", "c0"),
        ("a.tsv", "client_id\tpath\tsentence\tup_votes\tlocale", "cN\tN.wav\tS\t1\tes", "c0"),
        ("a.tsv", SPONTANEOUS, "cN\tN\tN.wav\t500\t1\tWhy?\tS\t1\t\t\ttr\t\t1\t", "c0"),
        ("metadata.csv", "", "N|S|S", None),
        ("metadata.csv", "", "N|S", None),
        ("metadata.csv", "file_name,transcription", "wavs/N.wav,Q", None),
        ("a.csv", "Audio File;Orthography;Gloss;Speaker ID", "wavs\\N.wav;S;gloss;ANN", "A00"),
        ("a.csv", "audio_file|text|speaker_name", "wavs/N.wav|S|spN", "sp0"),
        ("a.csv", "AudioFile\tText", "N.wav\tS", None),
        ("a.csv", "Hablante;Transcripción;Archivo de audio;Glosa", "spN;S;wavs/N.wav;x", "sp0"),
        ("a.csv", "Fichier audio,Transcription "
                  "orthographique,Traduction,Locuteur", "N.wav,Q,x,spN", "sp0"),
        ("a.csv", "Arquivo de A\u0301udio;Transcric\u0327a\u0303o;Falante", "N.wav;S;spN", "sp0"),
        ("a.csv", "sound file,word,gloss,consultant", "N.wav,Q,x,spN", "sp0"),
        ("a.csv", "file,text,word", "N.wav,Q,x", None),
        ("a.csv", "sep=;\nfile;text", "N.wav;S", None),
        ("a.csv", "file, text, speaker", 'N.wav, Q, "sp, N"', "sp, 0"),
        ("a.csv", "file,text,,", "N.wav,Q,,\n,,,\n,,,", None),
        ("a.csv", "file,text", "N.WAV,Q", None),
        ("a.csv", "file,text", "file://ROOT/wavs/N.wav,Q", None),
    ],
)  # fmt: skip
def test_columns_that_people_use(
    root: Path, name: str, header: str, line: str, speaker: str | None
) -> None:
    if "ANN" in line:
        line = line.replace("ANN", "A0N")
    items = read(write(root / name, header, line.replace("ROOT", str(root))))
    assert [item.text.replace(",", "") for item in items] == [
        sentence.replace(",", "") for sentence in SENTENCES
    ]
    assert items[0].speaker == speaker


def test_json_lines(root: Path) -> None:
    lines = [
        {
            "audio_filepath": f"{number}.wav",
            "duration": 0.25,
            "offset": 0.1,
            "text": f"a\nb {number}",
            "speaker": 7,
        }
        for number in range(3)
    ]
    (root / "manifest.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    items = read(root / "manifest.json")
    assert [(item.name, item.text, item.speaker, item.begin, item.end) for item in items][:1] == [
        ("0_0.1-0.35", "a b 0", "7", 0.1, 0.35)
    ]
    rows = [{"file_name": f"{number}.wav", "sentence": "a", "extra": None} for number in range(3)]
    (root / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "{\n")
    found = read_items(root / "metadata.jsonl")
    assert [item.name for item in found.items] == ["0", "1", "2"]
    assert "expected a JSON object in one line" in found.rejected[0].reason
    (root / "array.json").write_text(json.dumps([{"audio": {"path": "1.wav"}, "text": "a"}]))
    assert [item.name for item in read(root / "array.json")] == ["1"]


def test_manifests_of_lhotse(root: Path) -> None:
    recordings, supervisions = [], []
    for number in range(3):
        channels = [0, 1] if number == 2 else [0]
        sources = [{"type": "file", "channels": channels, "source": f"{number}.wav"}]
        recordings.append(
            {"id": f"r{number}", "sources": sources, "duration": 0.5, "channel_ids": channels}
        )
        part = {
            "id": f"s{number}",
            "recording_id": f"r{number}",
            "start": 0.1 * number,
            "duration": 0.5 - 0.1 * number,
        }
        supervisions.append(
            part | {"channel": channels[-1], "text": f"a {number}", "speaker": f"p{number}"}
        )
    supervisions.append(
        {"id": "lost", "recording_id": "r9", "start": 0, "duration": 1, "text": "a"}
    )
    for name, objects in (("recordings", recordings), ("supervisions", supervisions)):
        with gzip.open(root / f"x_{name}_all.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(value) + "\n" for value in objects)
    for path in (root / "x_supervisions_all.jsonl.gz", root):
        found = read_items(path)
        assert [
            (item.name, item.text, item.speaker, item.begin, item.end, item.channel)
            for item in found.items
        ] == [
            ("s0", "a 0", "p0", None, None, None),
            ("s1", "a 1", "p1", 0.1, 0.5, None),
            ("s2", "a 2", "p2", 0.2, 0.5, 1),
        ]
        assert (
            "r9 among lhotse's, found none"
            in {reject.item: reject.reason for reject in found.rejected}["lost"]
        )
    (root / "x_recordings_all.jsonl.gz").unlink()
    with pytest.raises(
        UserError, match=r"expected x_recordings_all.jsonl.gz beside it, found none"
    ):
        read_items(root)


@pytest.mark.parametrize(
    ("header", "line", "told", "message"),
    [
        ("Datei,Wortlaut", "N.wav,Q", None, r"a.csv:1: .* of the recording \(audio, "
                                            r".*--audio_column NAME"),
        ("file,Wortlaut", "N.wav,Q", None, r"a column of the text \(text, .*found file, Wortlaut: "
                                           r".*--text_column"),
        ("file,text,ipa", "N.wav,Q,x", None, "found text and ipa: say which one, --text_column "
                                             "'text'"),
        ("file,transcript", "N.wav,3204N", None, "expected texts in column 2, found numbers such "
                                                 "as 32040"),
        ("", "N.wav,sp,S", None, "found in the third what looks like texts .*--text_column 3 "
                                 "--speaker_column 2"),
        ("", "S,N.wav", None, "found the recording in another column; say which is which, by "
                              "numbers"),
        ("", "N.wav,a,b,S", None, "found 4 columns; say which is which, by numbers"),
        ("", "N.wav,a,b,S", Told("1"), "found --audio_column alone"),
        ("", "N.wav,a,b,S", Told("1", "text"), "--text_column text: expected a number from 1 to 4"),
        ("file,text,who", "N.wav,Q,me", Told(speaker="2"), "than that of the text, found column 2 "
                                                           "for both"),
        ("file,text", "N.wav,Q", Told("x"), "--audio_column x: expected a column of this table, "
                                            "found file, text"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_asked_about(
    root: Path, header: str, line: str, told: Told | None, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        read(write(root / "a.csv", header, line), told)


@pytest.mark.parametrize(
    ("header", "line", "told"),
    [
        ("Datei,Wortlaut,Wer", "N.wav,Q,me", Told("Datei", "wortlaut", "Wer")),
        ("file,text,ipa", "N.wav,x,Q", Told(text="ipa")),
        ("", "me,N.wav,a,Q", Told("2", "4", "1")),
        ("Datei,Wortlaut", "N.wav,Q", Told("1", "2")),
    ],
)
def test_columns_that_are_told(root: Path, header: str, line: str, told: Told) -> None:
    items = read(write(root / "a.csv", header, line), told)
    assert [item.text for item in items] == SENTENCES
    assert items[0].speaker == ("me" if told.speaker else None)


@pytest.mark.parametrize(
    ("content", "texts", "rejected"),
    [
        ('file,text\n0.wav,"a\nb, c"\n1.wav,d\n', ["a b, c", "d"], []),
        ('file\ttext\n0.wav\t"a\r\nb"\r\n1.wav\td\n', ["a b", "d"], []),
        ('file\ttext\n0.wav\t"a\n1.wav\td\n', ['"a', "d"], []),
        ("file\ttext\n0.wav\ta\nb\n1.wav\td\n", ["d"], ["found 1", "seems to go on in the line "
                                                                   "below"]),
        ('file,text\n0.wav,"a\n1.wav,d\n2.wav,e"\n', ["d", 'e"'], ["expected a cell that is "
                                                                   "closed by a quote"]),
        ("file,text\r0.wav,a\r1.wav,d\r", ["a", "d"], []),
    ],
)  # fmt: skip
def test_cells_of_several_lines(
    root: Path, content: str, texts: list[str], rejected: list[str]
) -> None:
    table = root / "a.csv" if "," in content else root / "a.tsv"
    table.write_bytes(content.encode())
    found = read_items(table)
    assert [item.text for item in found.items] == texts
    reasons = [reject.reason for reject in found.rejected if reject.where.startswith(f"{table}:")]
    assert len(reasons) == len(rejected)
    assert all(part in reason for part, reason in zip(rejected, reasons, strict=True))


def test_columns_of_what_is_no_table(root: Path) -> None:
    (root / "0.txt").write_text("a")
    with pytest.raises(
        UserError,
        match="--text_column is for tables, found a folder of recordings with transcripts",
    ):
        read(root, Told(text="gloss"))
    (root / "wav.scp").write_text("a 0.wav\n")
    with pytest.raises(UserError, match="--audio_column is for tables, found a Kaldi directory"):
        read(root, Told("1"))


def test_spreadsheets_unicode_text(root: Path) -> None:
    (root / "a.csv").write_bytes("file\ttext\r\n0.wav\tŋa\r\n".encode("utf-16"))
    assert [item.text for item in read(root / "a.csv")] == ["ŋa"]


def test_lists_by_name_and_a_column_are_the_sets(root: Path, tmp_path: Path) -> None:
    for number, name in enumerate(("train", "valid", "test")):
        (root / f"{name}.csv").write_text(
            f"wav_filename,wav_filesize,transcript\n{number}.wav,9,a {name}\n"
        )
    sets = [own.read(root, split, tmp_path, "xx") for split in SPLITS]
    assert [[one.text for one in made.utterances] for made in sets] == [
        ["a train"],
        ["a valid"],
        ["a test"],
    ]
    assert [reject.item for reject in sets[0].rejected][:2] == ["3.wav", "4.wav"]
    assert not sets[1].rejected
    for name in ("train", "valid", "test"):
        (root / f"{name}.csv").unlink()
    rows = "".join(
        f"{number}.wav,a {number},{name}\n"
        for number, name in enumerate(("test", "train", "dev", "", "x"))
    )
    (root / "all.csv").write_text("path,text,split\n" + rows)
    sets = [own.read(root, split, tmp_path, "xx") for split in SPLITS]
    assert [[one.text for one in made.utterances] for made in sets] == [["a 1"], ["a 2"], ["a 0"]]
    reasons = {reject.item: reject.reason for reject in sets[0].rejected}
    assert reasons["4"] == "expected a set in its column (train, dev, test), found x"


def test_a_cell_of_several_lines_before_the_recording(root: Path) -> None:
    items = read(write(root / "a.csv", "text,file", '"S\nand\n\nmore",N.wav'))
    assert [item.text for item in items] == [
        f"{words.replace(',', '')} and more" for words in SENTENCES
    ]
    # A quote that nobody closed takes in no row.
    (root / "a.csv").write_text('text,file\n"a,0.wav\nb,1.wav\nc,2.wav\n')
    found = read_items(root / "a.csv")
    assert [item.text for item in found.items] == ["b", "c"]
    assert found.rejected[0].why == "row"


def test_empty_rows_are_none(root: Path) -> None:
    (root / "a.csv").write_text("file,text,speaker\n0.wav,a b,x\n" + ",,\n" * 50)
    assert [reject for reject in read_items(root / "a.csv").rejected if reject.why == "row"] == []


@pytest.mark.parametrize(
    ("header", "line", "part"),
    [
        ("file,text,start_ms,end_ms", "0.wav,Q,100,250", (0.1, 0.25)),
        ("file\tText\tBegin Time - msec\tDuration - msec", "0.wav\tS\t100\t150", (0.1, 0.25)),
        ("file\tText\tBegin Time - ss.msec\tEnd Time - "
         "ss.msec", "0.wav\tS\t0.100\t0.250", (0.1, 0.25)),
        ("file\tText\tBegin Time - hh:mm:ss.ms\tEnd Time - "
         "hh:mm:ss.ms", "0.wav\tS\t00:00:00.1\t00:00:00.25",
         (0.1, 0.25)),
        ("file,text,start,end", "0.wav,Q,1:02:03.5,1:02:04", (3723.5, 3724.0)),
        ("file;text;Inicio;Fin", "0.wav;S;0,1;0,25", (0.1, 0.25)),
        ("file\tText\tBegin Time - hh:mm:ss.ms\tBegin Time - ss.msec\tBegin Time - msec\t"
         "End Time - hh:mm:ss.ms\tEnd Time - msec",
         "0.wav\tS\t00:00:00.100\t0.1\t100\t00:00:00.250\t250", (0.1, 0.25)),
        ("file\tText\tBegin Time - msec\tBegin Time - ss.msec\tDuration - ss.msec\tDuration - msec",
         "0.wav\tS\t100\t0.1\t0.15\t150", (0.1, 0.25)),
        # Of all of it, nobody asks how long it is.
        ("file,text,duration,duration_ms", "0.wav,Q,0.5,499", (None, None)),
        ("file,text,duration,dur", "0.wav,Q,0.5,3", (None, None)),
        ("file,text,start,duration", "0.wav,Q,,0.5", (None, None)),
        ("file,text,start,end", "0.wav,Q,,", (None, None)),
        ("file,text,start,end", "0.wav,Q,,-1", (None, None)),
        ("file,text,start,end", "0.wav,Q,,0.25",
         "expected a begin of what ends at 0.25 s, found none"),
        ("file,text,end_ms", "0.wav,Q,250", "expected a begin of what ends at 0.25 s, found none"),
        ("file,text,start,end", "0.wav,Q,0.1,-1", (0.1, None)),
        ("file,text,start,end", "0.wav,Q,0,-1", (None, None)),
        ("file,text,start", "0.wav,Q,0", (None, None)),
        ("file,text,start", "0.wav,Q,1.5", "expected an end or a duration of what begins at 1.5 "
                                           "s, found none"),
        ("file,text,start,end", "0.wav,Q,1:75,2:00", "expected seconds, found 1:75 and 2:00"),
        ("file,text,start,end", "0.wav,Q,0.25,0.1", "expected a part from 0 s on, found 0.25 to "
                                                    "0.1 s"),
        ("file,text,start,end", "0.wav,Q,2,-2", "expected a part from 0 s on, found 2 to -2 s"),
    ],
)  # fmt: skip
def test_times(
    root: Path, header: str, line: str, part: tuple[float | None, float | None] | str
) -> None:
    found = read_items(write(root / "a.csv", header, line))
    if isinstance(part, str):
        assert found.rejected[0].reason == part
        assert not found.items
        return
    first = found.items[0]
    assert (first.begin, first.end) == pytest.approx(part)


@pytest.mark.parametrize(
    ("header", "line", "said"),
    [
        ("start,offset,end", "0.1,0.2,0.4", "one time of the begin, found 0.1 in start and 0.2 in"),
        ("start,start_ms,end", "0.1,1,0.4", "one time of the begin, found 0.1 in start and 1 in"),
        ("start,end,stop", "0.1,0.4,0.5", "one time of the end, found 0.4 in end and 0.5 in stop"),
        ("start,dur,duration", "0,0.4,0.5", "one time of the duration, found 0.4 in dur and 0.5"),
    ],
)
def test_columns_of_a_time_that_differ(root: Path, header: str, line: str, said: str) -> None:
    with pytest.raises(UserError, match=f"a.csv:2: expected {said}"):
        read_items(write(root / "a.csv", f"file,text,{header}", f"N.wav,Q,{line}"))


@pytest.mark.parametrize(
    ("columns", "cells", "names"),
    [
        ("channel", ["1", "2"], ["0", "0_channel2"]),
        ("channel,start,end", ["A,0.1,0.2", "B,0.1,0.2"], ["0_0.1-0.2", "0_0.1-0.2_channel2"]),
        ("channel", ["1", "2", "2"], ["0", "0_channel2"]),
        ("channel", ["1", "1"], ["0"]),
    ],
)
def test_each_channel_of_a_recording_is_one(
    root: Path, columns: str, cells: list[str], names: list[str]
) -> None:
    lines = [f"0.wav,a {number},{cell}\n" for number, cell in enumerate(cells)]
    (root / "a.csv").write_text(f"file,text,{columns}\n" + "".join(lines))
    found = read_items(root / "a.csv")
    assert [item.name for item in found.items] == names
    twice = [reject for reject in found.rejected if "once, found it first" in reject.reason]
    assert len(twice) == len(cells) - len(names)


@pytest.mark.parametrize(
    ("sets", "lacking"),
    [
        ("train train train test test", "dev"),
        ("train train train valid valid", "test"),
        ("dev dev dev test test", "train"),
        ("train train train x x", ""),
        ("test test test test test", ""),
    ],
)
def test_two_sets_of_a_column_are_not_divided_anew(root: Path, sets: str, lacking: str) -> None:
    rows = [f"{number}.wav,a {number},{name}\n" for number, name in enumerate(sets.split())]
    (root / "a.csv").write_text("file,text,split\n" + "".join(rows))
    if lacking:
        with pytest.raises(UserError, match=f"and no {lacking}: give some rows to {lacking}, or"):
            choose_set(root / "a.csv", "train", How())
    else:
        assert choose_set(root / "a.csv", "train", How()).note == "sets by sentence"


@pytest.mark.parametrize(
    ("words", "numbers"),
    [("1 2", [0, 1]), ("0 1", [0, 1]), ("A b", [0, 1]), ("left right", [0, 1]), ("phone room",
    [None, None]),
     ("UCx1 12345", [None, None]), ("2 2", [1, 1])],
)  # fmt: skip
def test_channels(root: Path, words: str, numbers: list[int | None]) -> None:
    lines = [f"{number}.wav,{SENTENCES[3]},{word}\n" for number, word in enumerate(words.split())]
    (root / "a.csv").write_text("file,text,channel\n" + "".join(lines))
    assert [item.channel for item in read(root / "a.csv")] == numbers


@pytest.mark.parametrize(
    ("rows", "texts", "speakers"),
    [
        # Phones, and speakers whose names are some of them.
        ([("m a s a", "M"), ("s o m", "S"), ("k i m", "M")], ["m a s a", "s o m", "k i m"],
         ["M", "S", "M"]),
        # Words, and speakers called as one of them.
        ([("ana come pan", "Ana"), ("ana bebe", "Ana"), ("luis y ana", "Luis")],
         ["ana come pan", "ana bebe", "luis y ana"], ["Ana", "Ana", "Luis"]),
        # LJSpeech's: the same, with numbers and abbreviations written out.
        ([("in 1455, so", "in fourteen fifty-five, so"), ("the press", "the press"),
          ("Mr. A said no", "Mister A said no")],
         ["in fourteen fifty-five, so", "the press", "Mister A said no"], [None] * 3),
        # Written out, numbers are most of the words.
        ([("In 1435, on May 1.", "in fourteen thirty five, on may the first."),
          ("Mr. Smith had £125.", "mister smith had one hundred and twenty five pounds.")],
         ["in fourteen thirty five, on may the first.",
          "mister smith had one hundred and twenty five pounds."], [None] * 2),
    ],
)  # fmt: skip
def test_a_third_column_without_a_name(
    root: Path, rows: list[tuple[str, str]], texts: list[str], speakers: list[str | None]
) -> None:
    lines = [f"{number}.wav|{second}|{third}\n" for number, (second, third) in enumerate(rows)]
    (root / "a.csv").write_text("".join(lines))
    items = read(root / "a.csv")
    assert [item.text for item in items] == texts
    assert [item.speaker for item in items] == speakers


CUT = {
    "id": "c", "type": "MonoCut", "start": 0.1, "duration": 0.3, "channel": 0,
    "supervisions": [{"id": "s", "recording_id": "r", "start": 0.05, "duration": 0.2, "text": "a b",
    "channel": 0}],
    "recording": {"id": "r", "sources": [{"type": "file", "channels": [0], "source": "0.wav"}],
    "duration": 0.5},
}  # fmt: skip


@pytest.mark.parametrize("name", ["cuts.jsonl", "manifest.jsonl.gz", "x.json"])
def test_cuts_of_lhotse_by_any_name(root: Path, name: str) -> None:
    content = (json.dumps(CUT) + "\n").encode()
    (root / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    (item,) = read(root / name)
    assert (item.name, item.text) == ("s", "a b")
    assert (item.begin, item.end) == pytest.approx((0.15, 0.35))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "MixedCut", "tracks": [], "supervisions": None}, "found several, mixed"),
        ({"supervisions": []}, "expected a cut of one recording with its supervisions, found none"),
        ({"recording": CUT["recording"] | {"transforms": [{"name": "Speed",
        "kwargs": {"factor": 1.1}}]}},  # type: ignore[operator]
         "expected a recording as it is in its file, found it changed by lhotse (Speed)"),
        ({"recording": CUT["recording"] | {"transforms": [{"name": "Resample", "kwargs": {}}]}},
        ""),  # type: ignore[operator]
    ],
)  # fmt: skip
def test_cuts_of_lhotse_that_are_no_part_of_a_file(
    root: Path, change: dict[str, object], reason: str
) -> None:
    (root / "cuts.jsonl").write_text(json.dumps(CUT | change) + "\n")
    found = read_items(root / "cuts.jsonl")
    assert len(found.items) == (not reason)
    if reason:
        assert reason in found.rejected[0].reason
