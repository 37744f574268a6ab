"""What stage 3 does with untranscribed speech: a first model labels it, and its surest labels join
the training set.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from parp_espnet.corpora.registry import CORPORA, NONE
from parp_espnet.corpora.rejects import SOURCES
from parp_espnet.pipeline.acts import Act, First, ours, tables
from parp_espnet.pipeline.experiment import LEFT_OF_A_SET, SpeechExperiment
from parp_espnet.pipeline.label_calls import LABELS, LIST
from parp_espnet.pipeline.model_options import MODEL
from parp_espnet.pipeline.stages_masks import alone
from parp_espnet.pipeline.step import Step
from parp_espnet.upstreams.starts import CONFIG

CHOSEN = ("wav.scp", "segments", "text", "utt2spk", LABELS)


def label_speech(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Recognise untranscribed speech, and take what is sure enough; nothing where there is none."""
    settings = experiment.settings
    if settings.unlabelled is None:
        return
    if settings.needs_first_round:
        first = alone(settings.first_round, experiment)
        yield First(label, experiment.with_settings(first))
    yield _recognised(experiment, label)
    yield _chosen(experiment, label)


def join_speech(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Make the training set of both."""
    settings, raw = experiment.settings, experiment.raw
    if settings.unlabelled is None:
        return
    parts = raw / settings.labelled_dump, raw / settings.label_set
    out, labels = experiment.raw / settings.train_dump, _set(experiment) / LABELS
    yield Step(
        label=label,
        command=ours(
            *("pseudo_labels", "join", "--data", parts[0], "--labelled", parts[1]),
            *("--labels", labels, "--out", out),
        ),
        record=raw / ".steps" / f"join_{settings.label_set}_{settings.labelled_dump}.json",
        inputs=(*tables(parts[0], LEFT_OF_A_SET), *tables(parts[1], LEFT_OF_A_SET), labels),
        outputs=(*tables(out, LEFT_OF_A_SET), out / LABELS),
    )


def chosen_speech(experiment: SpeechExperiment) -> Path | None:
    """The data directory of what was labelled; None where there is no such speech."""
    return None if experiment.settings.unlabelled is None else _set(experiment)


def _set(experiment: SpeechExperiment) -> Path:
    return experiment.dump / "unlabelled" / experiment.settings.label_set


def _recognised(experiment: SpeechExperiment, label: str) -> Step:
    """Through the queue of cmd.sh, and so without a runner of its own."""
    settings = experiment.settings
    assert settings.unlabelled is not None
    out, model, dev = _transcripts(experiment), Path(settings.labelling), _dev(experiment)
    sets = [experiment.data / name for name in (settings.valid_set, settings.test_set)]
    train = experiment.data / settings.train_name
    words: list[object] = ["--model", model, "--speech", settings.unlabelled, "--dev", dev]
    words += ["--train", train, "--tested", *sets, "--out", out]
    words += ["--device", "cuda" if settings.ngpu else "cpu"]
    transcribed = experiment.raw / settings.labelled_dump
    words += ["--transcribed", transcribed]
    scps = [directory / "wav.scp" for directory in (train, *sets)]
    is_own = settings.corpus != NONE and CORPORA[settings.corpus].of_user is not None
    return Step(
        label=label,
        command=ours("pseudo_labels", "recognise", *words),
        aside=("--nj", str(settings.inference_nj)),
        regardless=("--device",),
        record=out.parent / ".steps" / f"{out.name}.json",
        inputs=(*_files_of(experiment, model), dev / "wav.scp", transcribed / "text"),
        # Of one's own recordings sets may have cut parts alone.
        optional=tuple(directory / SOURCES for directory in sets if is_own),
        recordings=tuple(dict.fromkeys(scps)),
        speech=(settings.unlabelled,),
        formatted=(dev / "wav.scp",),
        outputs=(out / LIST,),
    )


def _files_of(experiment: SpeechExperiment, model: Path) -> Sequence[Path]:
    """The files that make a model what it is."""
    there = experiment.settings.recipe / model
    may_come = experiment.settings.needs_first_round or not there.exists()
    if may_come or (there / MODEL).is_file():
        return tables(model, (MODEL, CONFIG))
    return experiment.files_of_recogniser(model)


def _chosen(experiment: SpeechExperiment, label: str) -> Step:
    settings, out, dev = experiment.settings, _set(experiment), _dev(experiment)
    recognised = _transcripts(experiment)
    limits = (settings.min_wav_duration, settings.max_wav_duration)
    return Step(
        label=label,
        command=ours(
            *("pseudo_labels", "choose", "--recognised", recognised, "--dev", dev),
            *("--errors", f"{settings.label_errors:g}", "--out", out),
            *("--min_duration", limits[0], "--max_duration", limits[1]),
        ),
        record=out.parent / ".steps" / f"{out.name}.json",
        inputs=(recognised / LIST, *tables(dev, LEFT_OF_A_SET)),
        trees=(recognised / "speech", recognised / "dev"),
        outputs=tables(out, CHOSEN),
    )


def _dev(experiment: SpeechExperiment) -> Path:
    return experiment.raw / experiment.settings.valid_dump


def _transcripts(experiment: SpeechExperiment) -> Path:
    """Of whichever share of them is taken."""
    settings = experiment.settings
    return experiment.dump / "unlabelled" / f"transcripts_{settings.transcript_set}"
