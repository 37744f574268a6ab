"""AN4, the CMU Census database: 1078 utterances of names, numbers, dates and spelling, 50 minutes,
US English.

The layout is that of CMU's tarball an4_sphere.tar.gz (64 MB, www.speech.cs.cmu.edu/databases/an4),
unpacked:
`etc/an4_{train,test}.{transcription,fileids}` and `wav/<set>/<speaker>/<utterance>.sph`, or `.raw`
of the tarballs of that kind (16 kHz, 16 bits, in either order of bytes). A tenth of train's
speakers, by a hash, is dev.

Phones are eSpeak NG's of the text, not what an annotator heard. Copyright (c) 1991-2005 Carnegie
Mellon University, free for any purpose as long as its notice stays with it.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parp_espnet.corpora.choose import partition
from parp_espnet.corpora.clips import seconds_of
from parp_espnet.corpora.listed import names_in
from parp_espnet.corpora.mini_an4 import LINE
from parp_espnet.corpora.rejects import Made, Reject, UnusableError, Why
from parp_espnet.corpora.rows import read_lines
from parp_espnet.corpora.take import take
from parp_espnet.data.kaldi import Utterance
from parp_espnet.errors import UserError
from parp_espnet.files import regular
from parp_espnet.names import file_name
from parp_espnet.phones.phonemiser import phones_of
from parp_espnet.sound.wav import write_wav

SPLITS = ("train", "dev", "test")
WHERE = "www.speech.cs.cmu.edu/databases/an4 (an4_sphere.tar.gz)"

_RATE = 16000


@dataclass(frozen=True)
class Line:
    """A line of a list: where it is, the utterance's path below wav/ without its suffix, and what
    is said.
    """

    where: str
    path: Path
    text: str

    @property
    def name(self) -> str:
        """Name of the utterance, such as an251-fash-b."""
        return self.path.name

    @property
    def speaker(self) -> str:
        """Who says it, such as fash."""
        return self.path.parent.name


def read(root: Path, split: str, wavs: Path) -> Made:
    """Return a set (one of `SPLITS`) of the corpus at `root`; what is raw becomes wav in the
    directory `wavs`.

    Raises `UserError` when the directory is not the corpus.
    """
    if split not in SPLITS:
        raise UserError(f"--set {split}: expected one of {' '.join(SPLITS)}")
    folder = _folder(root)
    lines, rejected = _listed(folder, "test" if split == "test" else "train")
    if split != "test":
        sets = partition(Counter(line.speaker for line in lines))
        # partition makes three sets; the tarball has its own test.
        own = []
        for line in lines:
            if (sets[line.speaker] == "dev") == (split == "dev"):
                own.append(line)
        lines = own
    utterances, more = take(
        lines, lambda line: _utterance(line, folder, wavs), float("inf"), f"an4 {split}"
    )
    return Made(utterances, (*rejected, *more))


def _folder(root: Path) -> Path:
    for folder in (root, root / "an4"):
        if (folder / "etc").is_dir() and (folder / "wav").is_dir():
            return folder
    found = names_in(root) or "nothing"
    raise UserError(f"--an4 {root}: expected etc/ and wav/, found {found}; unpack {WHERE} there")


def _listed(folder: Path, name: str) -> tuple[list[Line], list[Reject]]:
    """The utterances of one of the corpus's own lists."""
    paths, rejected = read_lines(folder / "etc" / f"an4_{name}.fileids")
    transcripts, broken = read_lines(folder / "etc" / f"an4_{name}.transcription")
    rejected += broken
    texts = {}
    for _, line in transcripts:
        match = LINE.fullmatch(line.strip())
        if match is not None:
            texts[match["name"]] = match["text"]
    lines = []
    for where, word in paths:
        path = Path(word.strip())
        if path.name in texts:
            lines.append(Line(where, path, texts[path.name]))
        else:
            reason = f"expected its text in etc/an4_{name}.transcription, found none"
            rejected.append(Reject(where, path.name, Why.TEXT, reason))
    return lines, rejected


def _utterance(line: Line, folder: Path, wavs: Path) -> Utterance:
    try:
        phones = phones_of("en", line.text)
    except ValueError as error:
        raise UnusableError(Why.TEXT, str(error)) from None
    recording = folder / "wav" / line.path.with_suffix(".sph")
    raw = recording.with_suffix(".raw")
    if not recording.is_file() and raw.is_file():
        recording = _wav(raw, wavs / file_name(line.name, ".wav"))
    seconds = seconds_of(recording, phones)
    return Utterance(
        f"{line.speaker}-{line.name}",
        line.speaker,
        "en",
        str(recording.resolve()),
        phones,
        line.text,
        seconds,
    )


def _wav(raw: Path, wav: Path) -> Path:
    """Write samples without a header as wav; the order of bytes in which speech is smoother is the
    right one.
    """
    content = regular(raw).read_bytes()
    whole = content[: len(content) // 2 * 2]
    little = np.frombuffer(whole, "<i2").astype(np.int16)
    big = np.frombuffer(whole, ">i2").astype(np.int16)
    wav.parent.mkdir(parents=True, exist_ok=True)
    write_wav(wav, min(little, big, key=_roughness), _RATE, sync=False)
    return wav


def _roughness(samples: NDArray[np.int16]) -> int:
    return int(np.abs(np.diff(samples.astype(np.int32))).sum())
