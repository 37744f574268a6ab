"""Common Voice, any release of it: sentences that volunteers read, in the paper's ten languages.

The layout is that of an unpacked release, `DIR/<language>/{clips/*.mp3,validated.tsv,train.tsv,dev.tsv,test.tsv}`, or
the language's directory itself. It is downloaded, after its terms have been agreed to, from
mozilladatacollective.com, as "Common Voice Scripted Speech"; older releases were at commonvoice.mozilla.org/datasets.

Sets are the release's train, dev and test; where it lacks them, the speakers of validated.tsv are divided by a hash. A
speaker or a sentence of test is left out of dev and train, one of dev out of train. Clips are taken speaker by speaker
in turn, in the order of a hash, until there are enough minutes: ten are the beginning of sixty. Phones are eSpeak NG's
of the sentence (`parp_espnet.phones.phonemiser`).

With the published splits (`--commonvoice_splits DIR`), sets and phones are those of Rivière et al. 2020, "Unsupervised
pretraining transfers well across languages" (arXiv 2002.02848); see `parp_espnet.corpora.published`.
"""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.corpora.choose import partition, rank, taking_turns
from parp_espnet.corpora.clips import seconds_of
from parp_espnet.corpora.kaldi import Utterance
from parp_espnet.corpora.published import Published, read_published
from parp_espnet.corpora.rejects import Made, Reject, UnusableError, Why
from parp_espnet.corpora.rows import read_table
from parp_espnet.corpora.table import CORPORA
from parp_espnet.corpora.take import falls_short, need_minutes, take
from parp_espnet.errors import UserError
from parp_espnet.phones.letters import describe_dropped
from parp_espnet.phones.phonemiser import WrongScriptError, phones_of
from parp_espnet.sound.decoders import need_mp3

SPLITS = ("train", "dev", "test")
LANGUAGES = CORPORA["commonvoice"].languages or {}
"""Common Voice's codes of the paper's languages, and the project's."""
WHERE = "mozilladatacollective.com"

_NAME = re.compile(r"common_voice_([A-Za-z-]+)_\d+(?:\.mp3)?")


@dataclass(frozen=True, slots=True)
class Clip:
    """A row of a table: where it stands, the recording's name without .mp3, whose it is, and the sentence.

    `phones` are the published ones, where there are any.
    """

    where: str
    name: str
    client: str
    sentence: str
    phones: tuple[str, ...] | None = None


def read(root: Path, language: str, split: str, minutes: float, splits: Path | None = None) -> Made:
    """Return a set (one of `SPLITS`) of a language (a key of `LANGUAGES`), about `minutes` of it.

    With the published `splits`, dev and test are theirs, as a whole.

    Raises `UserError` when the directory is not of this corpus or language, there is no mp3 decoder, or there is less
    training speech than asked for.
    """
    if split not in SPLITS:
        raise UserError(f"--set {split}: expected one of {' '.join(SPLITS)}")
    need_mp3()
    folder = find_folder(root, language)
    if splits is None:
        clips, rejected, note = _released(folder, language, split)
        wanted = minutes
    else:
        published = read_published(splits, language, split, minutes)
        clips, rejected, note = _published(folder, published)
        wanted = minutes if split == "train" else float("inf")
    turns = taking_turns(clips, lambda clip: clip.client, lambda clip: clip.name)
    dropped: Counter[str] = Counter()
    utterances, more = take(
        turns, lambda clip: _utterance(clip, folder, language, dropped), wanted, f"{language} {split}"
    )
    note = "; ".join(filter(None, [note, describe_dropped(dropped)]))
    if split == "train":
        need_minutes(str(folder), utterances, wanted, len(more) + len(rejected))
    elif less := falls_short(utterances, wanted):
        note = "; ".join(filter(None, [note, f"{less}: {split} has no more"]))
    return Made(utterances, (*rejected, *more), note)


def find_folder(root: Path, language: str) -> Path:
    """Return the directory of a language in a release, or the release's language directory that `root` is.

    Raises `UserError` with what is in `root`, where it is none of them.
    """
    for folder in (root / language, *sorted(root.glob(f"*/{language}")), root):
        if any((folder / f"{name}.tsv").is_file() for name in ("validated", "train")):
            if not (folder / "clips").is_dir():
                raise UserError(f"{folder}: no clips/ beside its tables; unpack the release ({WHERE}) as a whole")
            return folder
    found = sorted(path.name for path in root.iterdir()) if root.is_dir() else []
    if any(name.startswith("ss-corpus") for name in found) or "audios" in found:
        raise UserError(
            f"--commonvoice {root}: expected Scripted Speech, found Spontaneous Speech: egs2/own/mine/run.sh --own "
            f"{root} --phonemise LANG reads it"
        )
    packed = next((name for name in found if name.endswith((".tar", ".tar.gz", ".tgz"))), None)
    todo = f"unpack it: tar -xf {packed}" if packed else f"download the language from {WHERE} and unpack it there"
    raise UserError(
        f"--commonvoice {root}: expected {language}/ with clips/, validated.tsv and train.tsv, "
        f"found {', '.join(found[:6]) or 'nothing'}; {todo}"
    )


def _released(folder: Path, language: str, split: str) -> tuple[list[Clip], list[Reject], str]:
    """The clips of a set by the release's tables, without what another set has."""
    if all((folder / f"{name}.tsv").is_file() for name in SPLITS):
        tables = {name: _read(folder / f"{name}.tsv", language) for name in SPLITS}
        own = {name: clips for name, (clips, _) in tables.items()}
        rejected = tables[split][1]
    else:
        clips, rejected = _read(folder / "validated.tsv", language)
        sizes: dict[str, float] = {}
        for clip in clips:
            sizes[clip.client] = sizes.get(clip.client, 0) + 1
        sets = partition(sizes)
        own = {name: [clip for clip in clips if sets[clip.client] == name] for name in SPLITS}
    others = {"train": ("dev", "test"), "dev": ("test",), "test": ()}[split]
    taken = [clip for name in others for clip in own[name]]
    clients, sentences = {clip.client for clip in taken}, {clip.sentence for clip in taken}
    left = [clip for clip in own[split] if clip.client not in clients and clip.sentence not in sentences]
    gone = len(own[split]) - len(left)
    return left, rejected, f"{gone} clips of speakers or sentences of {' and '.join(others)} left out" if gone else ""


def _published(folder: Path, published: Published) -> tuple[list[Clip], list[Reject], str]:
    """The clips of a published list; speakers and sentences are the release's, where it still has them."""
    known: dict[str, Clip] = {}
    for name in ("validated", *SPLITS):
        if (folder / f"{name}.tsv").is_file():
            known |= {clip.name: clip for clip in _read(folder / f"{name}.tsv", None)[0]}
    clips = []
    for name, phones in published.phones.items():
        row = known.get(name, Clip(str(published.path), name, name, ""))
        clips.append(Clip(str(published.path), name, row.client, row.sentence, phones))
    return clips, list(published.rejected), f"sets and phones of {published.path}"


def _read(path: Path, language: str | None) -> tuple[list[Clip], list[Reject]]:
    """The clips of a table, and the rows that are none. Raises `UserError` when it is of another language."""
    table = read_table(path)
    client, name, sentence = table.columns(("client_id", "path", "sentence"))
    locale = table.header.index("locale") if "locale" in table.header else None
    rejected = list(table.rejected)
    clips: dict[str, Clip] = {}
    for row in table.rows:
        clip = Clip(
            row.where,
            row.fields[name].strip().removesuffix(".mp3"),
            row.fields[client].strip(),
            " ".join(row.fields[sentence].split()),
        )
        if language is not None:
            _check_language(row.where, clip.name, row.fields[locale] if locale is not None else "", language)
        reason = (
            "expected the speaker in client_id, found none" if not clip.client
            else "expected a recording in path, found none" if not clip.name
            else "expected a recording, found a path that leads elsewhere" if "/" in clip.name
            else f"expected each clip once, found it first in {clips[clip.name].where}" if clip.name in clips
            else "expected a sentence, found none" if not clip.sentence
            else None
        )  # fmt: skip
        if reason is None:
            clips[clip.name] = clip
        else:
            why = Why.TEXT if not clip.sentence else Why.ROW
            rejected.append(Reject(row.where, clip.name, why, reason))
    return list(clips.values()), rejected


def _check_language(where: str, name: str, locale: str, language: str) -> None:
    match = _NAME.fullmatch(name)
    found = locale.strip() or (match[1] if match else language)
    if found != language:
        raise UserError(
            f"{where}: expected clips of {language}, found {found} ({name}); give the directory of {language}, or run "
            f"the recipe of {found}"
        )


def _utterance(clip: Clip, folder: Path, language: str, dropped: Counter[str]) -> Utterance:
    path = folder / "clips" / f"{clip.name}.mp3"
    if not path.is_file():
        raise UnusableError(Why.MISSING, f"expected the recording {path}, found none")
    phones = clip.phones
    if phones is None:
        try:
            phones = phones_of(LANGUAGES[language], clip.sentence, dropped)
        except WrongScriptError as error:
            raise UnusableError(Why.SCRIPT, str(error)) from None
        except ValueError as error:
            raise UnusableError(Why.TEXT, str(error)) from None
    seconds = seconds_of(path, phones)
    # Clients are hashes of 128 digits; a few keep them apart.
    speaker = rank(clip.client)[:12]
    text = clip.sentence or " ".join(phones)
    return Utterance(f"{speaker}-{clip.name}", speaker, language, str(path.resolve()), phones, text, seconds)
