"""How far the begins of phones are from the true ones, and how often a phone is what it seems."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parp_espnet.aligning.align import Aligner
from parp_espnet.aligning.spelling import Speller
from parp_espnet.corpora.times import say_again
from parp_espnet.data.kaldi import is_command
from parp_espnet.data.lines import read_table
from parp_espnet.decoding.label_prior import LabelPrior
from parp_espnet.decoding.platt import AS_THEY_ARE
from parp_espnet.errors import UserError
from parp_espnet.recognition.audio import Failure, Source, read
from parp_espnet.recognition.calibration import Calibration
from parp_espnet.recognition.hearing import Hearing, Recording
from parp_espnet.recognition.intervals import find_phones
from parp_espnet.recognition.labels import spans
from parp_espnet.recognition.search import Search
from parp_espnet.recognition.windows import Labels
from parp_espnet.scoring.alignment import which_are_right

OURS = "parp-align"
PATH = "likeliest path of CTC"
STOCK = "ESPnet's ForcedAligner"
CONFIDENCE = "confidence"
UNCALIBRATED = "as it was before calibration"
RAW = "frames' posterior"

SAME = 0.001
"""Seconds by which two recordings of the same may differ."""

type Begins = Callable[[NDArray[np.float32], Sequence[str]], Sequence[float]]
"""Takes samples at 16 kHz and their tokens; returns when each begins, in seconds."""


@dataclass(frozen=True)
class Errors:
    """Errors of begins, in seconds, (phones,); above 0 is too late."""

    seconds: NDArray[np.float64]

    def summary(self) -> dict[str, Any]:
        """Return what is told of them, in milliseconds."""
        sizes = 1000 * np.abs(self.seconds)
        return {
            "phones": len(sizes),
            "median_ms": round(float(np.median(sizes)), 2),
            "percentile_90_ms": round(float(np.percentile(sizes, 90)), 2),
            "bias_ms": round(1000 * float(np.median(self.seconds)), 2),
            "within_20_ms": round(float((sizes <= 20).mean()), 4),
        }


@dataclass(frozen=True)
class Known:
    """A data directory's utterances: recordings, and what is said in them."""

    sources: tuple[Source, ...]
    texts: Mapping[str, tuple[str, ...]]


def read_known(folder: Path) -> Known:
    """Read `wav.scp` and `text` of a data directory; paths of recordings count from here, or from a
    directory that it is in.

    Raises `UserError` where a file is missing, or a recording is, or is what a command prints, or
    utterances are parts of recordings.
    """
    if (folder / "segments").is_file():
        raise UserError(
            f"{folder}: expected a recording for each utterance, found parts of some (segments); "
            f"give what stages 2 and 3 make of it, below dump/raw"
        )
    recordings = read_table(folder / "wav.scp")
    texts = {key: tuple(said.split()) for key, said in read_table(folder / "text").items()}
    sources = []
    for utterance, written in recordings.items():
        if utterance not in texts:
            continue
        if is_command(written):
            raise UserError(f"{folder / 'wav.scp'}: expected files, found a command: {written}")
        places = [above / written for above in (*folder.absolute().parents, Path.cwd())]
        found = [place for place in places if place.is_file()]
        if not found:
            raise UserError(f"{folder / 'wav.scp'}: {written}: no such file")
        sources.append(Source(found[0], Path(utterance)))
    if not sources:
        raise UserError(f"{folder}: expected recordings with texts, found none")
    return Known(tuple(sources), texts)


def measure_borders(
    hearing: Hearing, known: Known, stock: Begins, prior: LabelPrior | None = None
) -> dict[str, Errors]:
    """Return the errors of begins of utterances of `cldr`: ours, those of the likeliest path of CTC
    labels, and those of another aligner, which takes samples and their tokens.

    Args:
        prior: what the model was trained with, if it was; the other aligner knows nothing of it.

    Raises `UserError` where an utterance is of another corpus, or has other phones, or the true
    begins of none are known.
    """
    listener = hearing.recogniser
    aligner = Aligner(listener, Speller(listener.tokens), prior)
    spoken = say_again(source.name.name for source in known.sources)
    errors: dict[str, list[float]] = {OURS: [], PATH: [], STOCK: []}
    for source, recording in heard_of(hearing, known):
        utterance = source.name.name
        said = known.texts[utterance]
        if (
            spoken[utterance].phones != said
            or abs(spoken[utterance].duration - recording.seconds) > SAME
        ):
            raise UserError(
                f"utterance {utterance}: expected what the synthesiser says today, found other "
                f"phones or another length; make the data anew (stage 1)"
            )
        labels = aligner.path(recording.logprobs, aligner.speller.spell(" ".join(said)))
        begins = {
            OURS: [phone.begin for phone in find_phones(listener, recording, labels)],
            PATH: [phone.begin for phone in listener.phones(labels, recording.seconds)],
            STOCK: stock(read(source.path), said),
        }
        for name, found in begins.items():
            for begin, true in zip(found, spoken[utterance].begins, strict=True):
                if true is not None:
                    errors[name].append(begin - true)
    if not errors[OURS]:
        raise UserError(
            f"expected phones whose true begins are known in {len(known.sources)} utterances, "
            f"found none; give more of them"
        )
    return {name: Errors(np.array(found)) for name, found in errors.items()}


def measure_confidence(
    hearing: Hearing, known: Known, search: Search | None
) -> dict[str, Calibration]:
    """Return how sure phones are that are recognised, and which are right: their confidence, and
    the mean of the probability that the model gives them in the frames where they are. Where the
    search has a calibration, what they would be without it is told, too.

    Raises `UserError` where a recording is damaged, or nothing is recognised in any.
    """
    listener = hearing.recogniser
    calibration = AS_THEY_ARE if search is None else search.calibration
    confidences: list[float] = []
    posteriors: list[float] = []
    are_right: list[bool] = []
    for source, recording in heard_of(hearing, known):
        labels = recording.labels if search is None else search.labels(recording.logprobs)
        phones = find_phones(listener, recording, labels)
        raw = _raw(recording, labels)[: len(phones)]
        heard = tuple(phone.name for phone in phones)
        if not heard:
            continue
        are_right += which_are_right(known.texts[source.name.name], heard)
        confidences += [phone.confidence or 0.0 for phone in phones]
        posteriors += raw
    if not confidences:
        raise UserError(
            f"expected phones to be recognised in {len(known.sources)} recordings, found none: the "
            f"model hears nothing yet; train it longer"
        )
    before = np.array(confidences)
    kinds = {CONFIDENCE: calibration(before), RAW: np.array(posteriors)}
    if calibration != AS_THEY_ARE:
        kinds[UNCALIBRATED] = before
    return {name: Calibration(values, np.array(are_right)) for name, values in kinds.items()}


def _raw(recording: Recording, labels: Labels) -> list[float]:
    """The mean probability of each token of a path in its frames."""
    means = []
    for token, begin, end in spans(labels.tolist()):
        means.append(float(np.exp(recording.logprobs[begin:end, token]).mean()))
    return means


def heard_of(hearing: Hearing, known: Known) -> Iterator[tuple[Source, Recording]]:
    """Yield what is heard of each utterance. Raises `UserError` where a recording is damaged."""
    for heard in hearing.hear(known.sources):
        if isinstance(heard, Failure):
            raise UserError(str(heard))
        yield heard


def draw_borders(errors: Mapping[str, Errors], path: Path) -> None:
    """Draw which share of begins is how near to the true one into a PNG, a line each."""
    import matplotlib  # noqa: PLC0415  # half a second

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(figsize=(4.8, 3.4), layout="constrained")
    colours = ("#0072B2", "#009E73", "#D55E00")
    for (name, found), colour in zip(errors.items(), colours, strict=False):
        sizes = np.sort(1000 * np.abs(found.seconds))
        shares = np.arange(1, len(sizes) + 1) / len(sizes)
        label = f"{name} (median {np.median(sizes):.1f} ms)"
        axes.plot(sizes, shares, color=colour, label=label)
    axes.set_xlim(0, 80)
    axes.set_ylim(0, 1)
    axes.set_xlabel("error of a phone's begin, ms")
    axes.set_ylabel("share of phones that are nearer")
    axes.legend(frameon=False, fontsize="small", loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120, metadata={"Software": None})
    pyplot.close(figure)
