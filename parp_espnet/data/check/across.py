"""What sets may not share: what is tested on must not have been trained on."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from parp_espnet.data.check.audio import Heard
from parp_espnet.data.check.faults import Fault
from parp_espnet.data.check.folder import Folder


def judge_sets(folders: Sequence[Folder], heard: Sequence[Sequence[Heard]]) -> Iterator[Fault]:
    """Yield what any two sets share. It is the fault of the first of them, so that test sets stay
    what they are.
    """
    recordings = list(map(_digests, heard))
    for (first, own), (second, theirs) in combinations(zip(folders, recordings, strict=True), 2):
        paths = {}
        for recording in first.recordings:
            for part in recording.parts:
                paths[part.utterance] = recording.path
        texts = dict.fromkeys(first.rows("text"), str(first.tables["text"].path))
        yield from _shared("same-audio", first, second, own, theirs, paths)
        yield from _shared(
            "same-sentence", first, second, _sentences(first), _sentences(second), texts
        )
        yield from _speakers(first, second)


def _shared[T](
    kind: str,
    first: Folder,
    second: Folder,
    own: Mapping[str, T],
    theirs: Mapping[str, T],
    where: Mapping[str, str],
) -> Iterator[Fault]:
    """What the two have in common of something that each utterance has, `where` being the file of
    it.
    """
    there: dict[T, str] = {}
    for utterance, value in theirs.items():
        there.setdefault(value, utterance)
    for utterance, value in own.items():
        if value in there:
            found = f"that of {there[value]} in {second.name}"
            yield Fault(
                kind,
                first.name,
                utterance,
                where[utterance],
                f"another than in {second.name}",
                found,
            )


def _digests(heard: Sequence[Heard]) -> dict[str, bytes]:
    digests = {}
    for hearing in heard:
        for sound in hearing.sounds:
            digests[sound.utterance] = sound.digest
    return digests


def _sentences(folder: Folder) -> dict[str, str]:
    sentences = {}
    for id_, text in folder.rows("text").items():
        sentence = " ".join(text.split())
        if sentence:
            sentences[id_] = sentence
    return sentences


def _speakers(first: Folder, second: Folder) -> Iterator[Fault]:
    """One fault for a speaker, however much was said."""
    there = set(map(second.speaker, second.utterances))
    said: dict[str, list[str]] = {}
    for utterance in first.utterances:
        said.setdefault(first.speaker(utterance), []).append(utterance)
    where = str(first.path / "utt2spk")
    for speaker, utterances in said.items():
        if speaker in there:
            found = f"{speaker}, of {len(utterances)} utterances"
            yield Fault(
                "same-speaker", first.name, speaker, where, f"another than in {second.name}", found
            )
