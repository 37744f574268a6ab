"""What a first model has heard in untranscribed recordings, as a training set: utterances between
pauses, those of them that it is sure of.

How sure is enough is chosen on the validation set. Its utterances are put in the order of their
confidence (the mean of their phones'); the threshold is the lowest confidence from which on they
have, together, at most a given share of the error rate of all of them.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parp_espnet.data.kaldi import read_data_dir, write_data_dir
from parp_espnet.errors import UserError
from parp_espnet.files import read_json, write_json, write_text
from parp_espnet.names import digest
from parp_espnet.phones.spelled import SPACE
from parp_espnet.pipeline.label_calls import LABELS, LIST
from parp_espnet.recognition.transcripts import Phone
from parp_espnet.recognition.utterances import divide
from parp_espnet.scoring.per import count_errors, total

KINDS = ("phones", "letters")
"""What a transcript's tokens are called in it."""


@dataclass(frozen=True)
class Judged:
    """An utterance of the validation set: how sure its labels are, and how wrong."""

    confidence: float
    errors: int
    reference: int


@dataclass(frozen=True)
class Threshold:
    """From which confidence on labels are taken, and why."""

    confidence: float
    error_rate: float
    """Of the utterances of the validation set that are as sure."""
    of_all: float
    share: float
    """How many of its utterances are."""


@dataclass(frozen=True)
class Labelled:
    """An utterance between two times of a recording, in seconds, with its labels."""

    recording: str
    name: str
    begin: float
    end: float
    labels: tuple[str, ...]
    confidence: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.begin


def choose_threshold(judged: Sequence[Judged], share: float) -> Threshold:
    """Return the lowest confidence from which on utterances have at most this share of the error
    rate of all of them.

    Raises `UserError` where none are so much better than the others.
    """
    order = sorted(judged, key=lambda utterance: utterance.confidence)
    errors = sum(utterance.errors for utterance in order)
    reference = sum(utterance.reference for utterance in order)
    of_all = errors / reference
    for place, utterance in enumerate(order):
        if errors / reference <= share * of_all:
            # Where all are good enough, so is whatever is less sure than any of them.
            least = utterance.confidence if place else 0.0
            return Threshold(least, errors / reference, of_all, 1 - place / len(order))
        errors -= utterance.errors
        reference -= utterance.reference
    raise UserError(
        f"--label_errors {share:g}: expected utterances of the validation set that are surer than "
        f"others and have at most {share:g} of its error rate, {of_all:.1%}, found none; a larger "
        f"one takes more"
    )


def choose(
    recognised: Path, dev: Path, share: float, shortest: float, longest: float, out: Path
) -> str:
    """Write a data directory of the utterances that are sure enough, with `LABELS` in it; return a
    line about it.

    Args:
        recognised: what `unlabelled.recognise` has left.
        dev: the validation set, a complete data directory.
        share: see `choose_threshold`.
        shortest: seconds of an utterance; others are left out.
        longest: likewise.

    Raises `UserError` where the model has other tokens than phones or letters, or no utterance is
    sure enough.
    """
    listed = read_json(recognised / LIST)
    threshold = choose_threshold(_judged(recognised, listed["dev"], dev), share)
    found: list[Labelled] = []
    for name, recording, transcript in listed["speech"]:
        found += _utterances(recording, name, read_json(recognised / transcript))
    fitting = [utterance for utterance in found if shortest <= utterance.seconds <= longest]
    kept = [utterance for utterance in fitting if utterance.confidence >= threshold.confidence]
    folder = Path(listed["folder"])
    if not kept:
        surest = max((utterance.confidence for utterance in fitting), default=0.0)
        raise UserError(
            f"--unlabelled {folder}: expected utterances as sure as {threshold.confidence:.2f}, "
            f"found none of {len(fitting)}; the surest is {surest:.2f}; with more than "
            f"--label_errors {share:g} less sure ones are taken"
        )
    _write(kept, out)
    minutes, of_all = _minutes(kept), _minutes(found)
    write_json(
        out / LABELS,
        {
            "folder": folder.name,
            "minutes": round(minutes, 2),
            "minutes_found": round(of_all, 2),
            "utterances": len(kept),
            "utterances_found": len(found),
            "confidence": round(threshold.confidence, 4),
            "dev_error_rate": round(threshold.of_all, 4),
            "dev_error_rate_kept": round(threshold.error_rate, 4),
            "dev_share_kept": round(threshold.share, 4),
        },
    )
    return (
        f"{folder}: kept {minutes:.1f} of {of_all:.1f} minutes, {len(kept)} of {len(found)} "
        f"utterances, those as sure as {threshold.confidence:.2f}; {threshold.share:.0%} of the "
        f"validation set is, with errors of {threshold.error_rate:.1%}, all of it with "
        f"{threshold.of_all:.1%}"
    )


def join(data: Path, labelled: Path, labels: Path, out: Path) -> str:
    """Write a data directory of what is transcribed and what was labelled; return a line about it.

    Raises `UserError` where an utterance is in both.
    """
    transcribed, added = read_data_dir(data), read_data_dir(labelled)
    write_data_dir(out, [*transcribed, *added])
    shutil.copyfile(labels, out / LABELS)
    return f"{out}: {len(transcribed)} utterances, and {len(added)} that were labelled"


def labelled_minutes(data: Path) -> float | None:
    """Return how many minutes of a training set were labelled; None where it has none."""
    file = data / LABELS
    return float(read_json(file)["minutes"]) if file.is_file() else None


def _judged(recognised: Path, transcripts: Mapping[str, str], dev: Path) -> list[Judged]:
    said: dict[str, tuple[str, ...]] = {}
    for utterance in read_data_dir(dev):
        said[utterance.id] = utterance.phones
    heard: dict[str, tuple[str, ...]] = {}
    sure: dict[str, float] = {}
    for utterance_id in said:
        tokens = _tokens(read_json(recognised / transcripts[utterance_id]))
        heard[utterance_id] = tuple(token.name for token in tokens)
        sure[utterance_id] = _confidence(tokens)
    counts = count_errors(said, heard)
    if not total(counts).reference:
        raise UserError(f"{dev}: expected a text, found none")
    return [Judged(sure[row.utterance], row.errors, row.reference) for row in counts]


def _tokens(transcript: Mapping[str, Any]) -> list[Phone]:
    """The phones or letters of a transcript, with their times and confidences."""
    kind = next((kind for kind in KINDS if kind in transcript), None)
    if kind is None:
        raise UserError(
            f"--labels_of: expected a model of phones or letters, found "
            f"{', '.join(name for name in transcript if name.endswith('s') and name != 'seconds')}"
        )
    tokens: list[Phone] = []
    for row in transcript[kind]:
        name = row[kind.removesuffix("s")]
        tokens.append(Phone(name, row["begin"], row["end"], row.get("confidence", 0.0)))
    return tokens


def _confidence(tokens: Sequence[Phone]) -> float:
    """The mean of the tokens'; 0 where nothing was heard."""
    return sum(token.confidence or 0.0 for token in tokens) / max(1, len(tokens))


def _utterances(recording: str, name: str, transcript: Mapping[str, Any]) -> Iterator[Labelled]:
    for begin, end, parts in divide(_tokens(transcript), transcript["seconds"]):
        labels = [part.name for part in parts]
        while labels and labels[0] == SPACE:
            labels.pop(0)
        while labels and labels[-1] == SPACE:
            labels.pop()
        # ESPnet's own symbols are none of a language's.
        is_odd = any(label.startswith("<") and label != SPACE for label in labels)
        if labels and not is_odd:
            yield Labelled(recording, name, begin, end, tuple(labels), _confidence(parts))


def _minutes(utterances: Sequence[Labelled]) -> float:
    return sum(utterance.seconds for utterance in utterances) / 60


def _write(utterances: Sequence[Labelled], out: Path) -> None:
    """Write a data directory with segments; each recording is a speaker of its own."""
    lines: dict[str, list[str]] = {}
    for name in ("wav.scp", "segments", "text", "utt2spk", "utt2conf"):
        lines[name] = []
    numbers: dict[str, int] = {}
    for utterance in utterances:
        speaker = f"u{digest(utterance.name)}"
        if speaker not in numbers:
            lines["wav.scp"].append(f"{speaker} {utterance.recording}\n")
        numbers[speaker] = numbers.get(speaker, 0) + 1
        name = f"{speaker}-{numbers[speaker]:05d}"
        times = f"{utterance.begin:.3f} {utterance.end:.3f}"
        lines["segments"].append(f"{name} {speaker} {times}\n")
        lines["text"].append(f"{name} {' '.join(utterance.labels)}\n")
        lines["utt2spk"].append(f"{name} {speaker}\n")
        lines["utt2conf"].append(f"{name} {utterance.confidence:.4f}\n")
    for name, rows in lines.items():
        write_text(out / name, "".join(sorted(rows)))
