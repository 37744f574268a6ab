"""LibriSpeech with Libri-light's lists for limited supervision: ten minutes, one hour or ten hours
of read English.

- `librilight` is librispeech_finetuning, unpacked: `1h/{0,…,5}/{clean,other}/…`, six folds of ten
  minutes, and
  `9h/{clean,other}/…` (Kahn et al. 2020, arXiv 1912.07875;
  dl.fbaipublicfiles.com/librilight/data/librispeech_finetuning.tgz, 0.6 GB);
- `librispeech` is LibriSpeech, unpacked (openslr.org/12): `{dev,test}-{clean,other}`, 0.3 GB each.

Both have `<speaker>/<chapter>/<speaker>-<chapter>-<n>.flac` and `<speaker>-<chapter>.trans.txt`.
The text is letters, with `<space>` between words, or phones of the words. Ten minutes are one fold,
an hour is all six, ten hours the nine besides.
"""

from collections.abc import Mapping
from pathlib import Path

from parp_espnet.corpora.rejects import Made, Reject, UnusableError
from parp_espnet.corpora.spelling import make_speller
from parp_espnet.data.kaldi import Utterance
from parp_espnet.data.lines import read_table
from parp_espnet.errors import UserError
from parp_espnet.phones.letters import letters_of
from parp_espnet.phones.phonemiser import LETTERS
from parp_espnet.progress import track
from parp_espnet.sound.reader import open_sound

SETS: Mapping[str, str] = {
    "dev_clean": "dev-clean",
    "dev_other": "dev-other",
    "test_clean": "test-clean",
    "test_other": "test-other",
}
"""Sets to validate and to report on, and their directories in LibriSpeech."""
FOLDS = range(6)
WHOLE = 0.85
"""Part of the minutes that a list has to have, not to count as half downloaded."""

_FINETUNING = "dl.fbaipublicfiles.com/librilight/data/librispeech_finetuning.tgz"


def read(
    librilight: Path,
    librispeech: Path,
    name: str,
    minutes: float | None = None,
    fold: int = 0,
    phonemise: str | None = None,
) -> Made:
    """Return train (10, 60 or 600 `minutes` of it; of 10, one of six folds), or one of `SETS`.

    `phonemise` is as `corpora.spelling` has it; None spells each transcript.

    Raises `UserError` when a directory is not what it should be, a set lacks recordings or
    transcripts, or there is no such set.
    """
    if name == "train":
        folders = train_folders(librilight, minutes, fold)
    elif name in SETS:
        folders = [
            _folder(
                librispeech,
                "librispeech",
                "LibriSpeech",
                SETS[name],
                f"openslr.org/12, {SETS[name]}.tar.gz",
            )
        ]
    else:
        raise UserError(f"--set {name}: expected train or one of {' '.join(SETS)}")
    recordings: list[Path] = []
    for folder in folders:
        recordings += sorted(folder.rglob("*.flac"))
    if not recordings:
        raise UserError(
            f"{folders[0]}: no recording in it; expected <speaker>/<chapter>/*.flac: unpack it "
            f"again"
        )
    speller = None if phonemise in (None, LETTERS) else make_speller(phonemise)
    utterances: list[Utterance] = []
    rejected: list[Reject] = []
    for path in track(recordings, name, "utt", len(recordings)):
        text = _transcript(path)
        try:
            units = _letters(path, text) if speller is None else speller.units(text)
        except UnusableError as error:
            rejected.append(Reject(str(path), path.stem, error.why, str(error)))
            continue
        utterances.append(_utterance(path, text, units))
    found = sum(one.duration for one in utterances) / 60
    if minutes is not None and name == "train" and found < WHOLE * minutes:
        raise UserError(
            f"{librilight}: expected about {minutes:g} minutes, found {found:.1f} in "
            f"{len(utterances)} recordings; it "
            f"seems to be half there: unpack {_FINETUNING} again"
        )
    return Made(utterances, rejected, "" if speller is None else speller.note)


def train_folders(root: Path, minutes: float | None, fold: int) -> list[Path]:
    """Return the directories of a list. Raises `UserError` when there is no such list, or it is not
    there.
    """
    if fold not in FOLDS or (fold and minutes != 10):
        raise UserError(
            f"--fold {fold}: expected one of {FOLDS[0]} to {FOLDS[-1]}, and 0 for more than ten "
            f"minutes"
        )
    hour = [f"1h/{number}" for number in FOLDS]
    lists = {10.0: [f"1h/{fold}"], 60.0: hour, 600.0: [*hour, "9h"]}
    if minutes not in lists:
        raise UserError(f"--minutes {minutes}: expected 10, 60 or 600, the lists of Libri-light")
    folders = []
    for name in lists[minutes]:
        folders.append(_folder(root, "librilight", "librispeech_finetuning", name, _FINETUNING))
    return folders


def _folder(root: Path, option: str, usual: str, name: str, where: str) -> Path:
    for folder in (root / name, root / usual / name):
        if folder.is_dir():
            return folder
    found = ", ".join(sorted(path.name for path in root.iterdir())[:6]) if root.is_dir() else ""
    raise UserError(
        f"--{option} {root}: expected {name}/ in it, found {found or 'nothing'}; unpack {where} "
        f"there"
    )


def _transcript(recording: Path) -> str:
    """The line of a recording in its chapter's transcript."""
    listed = recording.parent / f"{recording.stem.rpartition('-')[0]}.trans.txt"
    texts = read_table(listed, "no such transcript; unpack the corpus again", empty=True)
    if not texts.get(recording.stem):
        raise UserError(
            f"{listed}: expected a line {recording.stem} and its words, found none; unpack the "
            f"corpus again"
        )
    return texts[recording.stem]


def _letters(recording: Path, text: str) -> tuple[str, ...]:
    try:
        return letters_of(text)
    except ValueError as error:
        raise UserError(f"{recording}: its text: {' '.join(str(error).split())}") from None


def _utterance(recording: Path, text: str, units: tuple[str, ...]) -> Utterance:
    with open_sound(recording) as sound:
        sound.need_whole()
        seconds = sound.frames() / sound.rate
    speaker = recording.stem.partition("-")[0]
    return Utterance(recording.stem, speaker, "en", str(recording.resolve()), units, text, seconds)
