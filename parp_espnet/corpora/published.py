"""The splits and phones of Common Voice that Rivière et al. 2020 published, and Lai et al. 2021
used.

They are dl.fbaipublicfiles.com/cpc_audio/common_voices_splits.tar.gz, unpacked: for each language
(es, …, sv, zh)

    validated_phones_reduced.txt                <clip> <number of a phone> …
    phonesMatches_reduced.json                  {"phone": number}
    trainSeqs_1.0_uniform_new_version.txt       a clip a line; 1.0 and 5.0 hours
    valSeqs_1.0_uniform_new_version.txt
    testSeqs_uniform_new_version.txt
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.corpora.rejects import Reject, Why
from parp_espnet.errors import UserError
from parp_espnet.files import read_json, regular
from parp_espnet.phones.characters import decomposed

WHERE = "dl.fbaipublicfiles.com/cpc_audio/common_voices_splits.tar.gz"
PHONES, NUMBERS = "validated_phones_reduced.txt", "phonesMatches_reduced.json"


@dataclass(frozen=True)
class Published:
    """A published list: its file, the phones of each clip, and what is not in the transcripts."""

    path: Path
    phones: Mapping[str, tuple[str, ...]]
    rejected: Sequence[Reject]


def read_published(root: Path, language: str, split: str, minutes: float) -> Published:
    """Return the list of a set: the one of an hour for up to 60 `minutes` of training speech, else
    the one of five.

    Raises `UserError` when the directory is not that of the published splits, or a file of it
    cannot be read.
    """
    folder = _folder(root, language)
    path = _list(folder, split, minutes)
    transcripts = _phones(folder)
    phones: dict[str, tuple[str, ...]] = {}
    rejected = []
    for number, line in enumerate(_lines(path), start=1):
        name = Path(line.strip()).stem
        where = f"{path}:{number}"
        if not name:
            continue
        if name in phones:
            rejected.append(Reject(where, name, Why.ROW, "expected each clip once, found it again"))
        elif not transcripts.get(name):
            rejected.append(
                Reject(
                    where, name, Why.TEXT, f"expected its phones in {folder / PHONES}, found none"
                )
            )
        else:
            phones[name] = transcripts[name]
    return Published(path, phones, rejected)


def _folder(root: Path, language: str) -> Path:
    short = language.partition("-")[0]
    below = root / "common_voices_splits"
    for folder in (root / language, root / short, below / language, below / short, root):
        if (folder / PHONES).is_file():
            return folder
    raise UserError(
        f"--commonvoice_splits {root}: expected {short}/{PHONES}, found none; unpack {WHERE} there"
    )


def _list(folder: Path, split: str, minutes: float) -> Path:
    hours = "1.0" if minutes <= 60 else "5.0"
    pattern = {
        "train": f"trainSeqs_{hours}_uniform*.txt",
        "dev": "valSeqs*_uniform*.txt",
        "test": "testSeqs*_uniform*.txt",
    }[split]
    # Both versions may lie there; the new one, whose name goes on, is the one that the papers used.
    lists = sorted(
        folder.glob(pattern), key=lambda path: ("new_version" not in path.name, path.name)
    )
    if not lists:
        names = ", ".join(sorted(path.name for path in folder.glob("*Seqs*"))) or "no list"
        raise UserError(f"{folder}: expected {pattern}, found {names}; unpack {WHERE} again")
    return lists[0]


def _phones(folder: Path) -> dict[str, tuple[str, ...]]:
    numbers = read_json(folder / NUMBERS)
    if not isinstance(numbers, dict) or not all(
        isinstance(number, int) for number in numbers.values()
    ):
        raise UserError(
            f"{folder / NUMBERS}: expected a JSON object of phones and their numbers; unpack "
            f"{WHERE} again"
        )
    names = {str(number): _symbol(phone) for phone, number in numbers.items()}
    transcripts = {}
    for number, line in enumerate(_lines(folder / PHONES), start=1):
        name, *said = line.split() or [""]
        for phone in said:
            if phone not in names:
                raise UserError(
                    f"{folder / PHONES}:{number}: expected numbers of {NUMBERS}, found {phone}"
                )
        transcripts[name] = tuple(names[phone] for phone in said)
    return transcripts


def _symbol(phone: str) -> str:
    """A phone as the project writes it; one without a visible mark would be lost between spaces."""
    return decomposed("".join(phone.split())) or "SIL"


def _lines(path: Path) -> list[str]:
    try:
        return regular(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: expected lines in UTF-8 ({error}); unpack {WHERE} again"
        ) from None
