"""Common Voice, any release of it: sentences that volunteers read, in the paper's ten languages.

The layout is that of an unpacked release,
`DIR/<language>/{clips/*.mp3,validated.tsv,train.tsv,dev.tsv,test.tsv}`, or the language's directory
itself. It is downloaded, after its terms have been agreed to, from mozilladatacollective.com, as
"Common Voice Scripted Speech"; older releases were at commonvoice.mozilla.org/datasets.
A directory of "Spontaneous Speech" is read, too (`parp_espnet.corpora.spontaneous`).

Sets are the release's train, dev and test; where it lacks them, the speakers of validated.tsv are
divided by a hash. A speaker or a sentence of test is left out of dev and train, one of dev out of
train. Clips are taken speaker by speaker in turn, in the order of a hash, until there are enough
minutes: ten are the beginning of sixty. Phones are eSpeak NG's of the sentence
(`parp_espnet.phones.phonemiser`), unless another phonemiser or letters are asked for.

With the published splits (`--commonvoice_splits DIR`), sets and phones are those of Rivière et al.
2020, "Unsupervised pretraining transfers well across languages" (arXiv 2002.02848); see
`parp_espnet.corpora.published`.
"""

from collections.abc import Iterator
from pathlib import Path

from parp_espnet.corpora import spoken_clips, spontaneous
from parp_espnet.corpora.choose import rank, taking_turns
from parp_espnet.corpora.clips import seconds_of
from parp_espnet.corpora.known.commonvoice import LANGUAGES
from parp_espnet.corpora.listed import names_in
from parp_espnet.corpora.published import Published, read_published
from parp_espnet.corpora.rejects import Made, Reject, UnusableError, Why
from parp_espnet.corpora.rows import read_table
from parp_espnet.corpora.spelling import Speller, make_speller
from parp_espnet.corpora.spoken_clips import SPLITS, Clip, check_language, divided, unshared
from parp_espnet.corpora.take import falls_short, need_minutes, take
from parp_espnet.data.kaldi import Utterance
from parp_espnet.errors import UserError
from parp_espnet.sound.decoders import need_mp3

WHERE = "mozilladatacollective.com"


def read(
    root: Path,
    language: str,
    split: str,
    minutes: float,
    splits: Path | None = None,
    phonemise: str | None = None,
) -> Made:
    """Return a set (one of `SPLITS`) of a language (a key of `LANGUAGES`), about `minutes` of it.

    With the published `splits`, dev and test are theirs, as a whole. `phonemise` is as
    `corpora.spelling` has it; None is the language.

    Raises `UserError` when the directory is not of this corpus or language, there is no mp3
    decoder, or there is less training speech than asked for.
    """
    if split not in SPLITS:
        raise UserError(f"--set {split}: expected one of {' '.join(SPLITS)}")
    need_mp3()
    scripted = _scripted(root, language)
    table = None if scripted else spontaneous.find_table(root, language)
    folder = table.parent / spontaneous.AUDIOS if table else find_folder(root, language) / "clips"
    if table is not None:
        if splits is not None:
            found = "Spontaneous Speech; leave --commonvoice_splits out"
            raise UserError(f"--commonvoice {root}: expected Scripted Speech, found {found}")
        clips, rejected, note = spontaneous.read_clips(table, language, split)
        wanted = minutes
    elif splits is None:
        clips, rejected, note = _released(folder.parent, language, split)
        wanted = minutes
    else:
        published = read_published(splits, language, split, minutes)
        clips, rejected, note = _published(folder.parent, published)
        wanted = minutes if split == "train" else float("inf")
    turns = taking_turns(clips, lambda clip: clip.client, lambda clip: clip.name)
    told = phonemise or LANGUAGES[language]
    speller = make_speller(told, _sentences(table, folder.parent, language))
    utterances, more = take(
        turns,
        lambda clip: _utterance(clip, folder, language, speller),
        wanted,
        f"{language} {split}",
    )
    note = "; ".join(filter(None, [note, speller.note]))
    if split == "train":
        need_minutes(str(folder.parent), utterances, wanted, len(more) + len(rejected))
    elif less := falls_short(utterances, wanted):
        note = "; ".join(filter(None, [note, f"{less}: {split} has no more"]))
    return Made(utterances, (*rejected, *more), note)


def find_folder(root: Path, language: str) -> Path:
    """Return the directory of a language in a release, or the release's language directory that
    `root` is.

    Raises `UserError` with what is in `root`, where it is none of them.
    """
    folder = _scripted(root, language)
    if folder is not None:
        if not (folder / "clips").is_dir():
            raise UserError(
                f"{folder}: no clips/ beside its tables; unpack the release ({WHERE}) as a whole"
            )
        return folder
    packed = []
    for path in sorted(root.glob("*")):
        if path.name.endswith((".tar", ".tar.gz", ".tgz")):
            packed.append(path.name)
    todo = f"download the language from {WHERE} and unpack it there"
    if packed:
        todo = f"unpack it: tar -xf {packed[0]}"
    raise UserError(
        f"--commonvoice {root}: expected {language}/ with clips/, validated.tsv and train.tsv, "
        f"found {names_in(root) or 'nothing'}; {todo}"
    )


def _scripted(root: Path, language: str) -> Path | None:
    for folder in (root / language, *sorted(root.glob(f"*/{language}")), root):
        if (folder / "validated.tsv").is_file() or (folder / "train.tsv").is_file():
            return folder
    return None


def _released(folder: Path, language: str, split: str) -> tuple[list[Clip], list[Reject], str]:
    """The clips of a set by the release's tables, without what another set has."""
    if all((folder / f"{name}.tsv").is_file() for name in SPLITS):
        own: dict[str, list[Clip]] = {}
        rejected: list[Reject] = []
        for name in SPLITS:
            own[name], unread = _read(folder / f"{name}.tsv", language)
            if name == split:
                rejected = unread
    else:
        clips, rejected = _read(folder / "validated.tsv", language)
        own = divided(clips)
    left, note = unshared(own, split)
    return left, rejected, note


def _sentences(table: Path | None, folder: Path, language: str) -> Iterator[str]:
    """The sentences of all sets, which are spelled alike."""
    if table is not None:
        for split in SPLITS:
            for clip in spontaneous.read_clips(table, language, split)[0]:
                yield clip.sentence
        return
    released = [folder / f"{name}.tsv" for name in SPLITS]
    is_divided = all(path.is_file() for path in released)
    for path in released if is_divided else [folder / "validated.tsv"]:
        for clip in _read(path, language)[0]:
            yield clip.sentence


def _published(folder: Path, published: Published) -> tuple[list[Clip], list[Reject], str]:
    """The clips of a published list; speakers and sentences are the release's, where it still has
    them.
    """
    known: dict[str, Clip] = {}
    for name in ("validated", *SPLITS):
        if (folder / f"{name}.tsv").is_file():
            for clip in _read(folder / f"{name}.tsv", None)[0]:
                known[clip.name] = clip
    clips = []
    for name, phones in published.phones.items():
        row = known.get(name, Clip(str(published.path), name, name, ""))
        clips.append(Clip(str(published.path), name, row.client, row.sentence, phones))
    return clips, list(published.rejected), f"sets and phones of {published.path}"


def _read(path: Path, language: str | None) -> tuple[list[Clip], list[Reject]]:
    """The clips of a table, and the rows that are none. Raises `UserError` when it is of another
    language.
    """
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
            said = "" if locale is None else row.fields[locale]
            check_language(row.where, clip.name, said, language)
        reason = spoken_clips.why_no_clip(clip, clips.get(clip.name), "path")
        if reason is None and not clip.sentence:
            reason = "expected a sentence, found none"
        if reason is None:
            clips[clip.name] = clip
        else:
            why = Why.TEXT if not clip.sentence else Why.ROW
            rejected.append(Reject(row.where, clip.name, why, reason))
    return list(clips.values()), rejected


def _utterance(clip: Clip, folder: Path, language: str, speller: Speller) -> Utterance:
    path = folder / f"{clip.name}.mp3"
    if not path.is_file():
        raise UnusableError(Why.MISSING, f"expected the recording {path}, found none")
    phones = speller.units(clip.sentence) if clip.phones is None else clip.phones
    seconds = seconds_of(path, phones)
    # Clients are hashes of 128 digits; a few keep them apart.
    speaker = rank(clip.client)[:12]
    text = clip.sentence or " ".join(phones)
    return Utterance(
        f"{speaker}-{clip.name}", speaker, language, str(path.resolve()), phones, text, seconds
    )
