"""What stage 2 does with recordings that are too long to train on: a model cuts them."""

from collections.abc import Iterator
from pathlib import Path

from parp_espnet.pipeline.acts import LOCAL, Act, ours, tables
from parp_espnet.pipeline.experiment import SpeechExperiment
from parp_espnet.pipeline.step import Step

UNCUT = 1e6
"""Seconds of a recording that is longer than any."""
DESCRIBED = ("utt2spk", "utt2lang", "orig_text")
SEGMENTED = ("segments", "reco2file_and_channel")


def cut_sets(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Put pieces in the place of long recordings, of training and validation; nothing without
    `--align_with`.
    """
    settings = experiment.settings
    if settings.align_with is None:
        return
    yield _cut(experiment, label, settings.align_with, settings.train_name, needed=True)
    if settings.valid_set != settings.train_name:
        yield _cut(experiment, label, settings.align_with, settings.valid_set, needed=False)


def _cut(experiment: SpeechExperiment, label: str, model: Path, name: str, needed: bool) -> Step:
    """A set without recordings that are too long: their pieces are in their place."""
    settings = experiment.settings
    data = experiment.data / name
    out = data.with_name(f"{name}{settings.cut_tag}")
    words: list[object] = ["--data", data, "--out", out, "--model", model]
    words += ["--max_duration", settings.longest_piece]
    words += ["--allow_pipes"] if settings.allow_pipes else []
    words += ["--needed"] if needed else []
    runner: tuple[str, ...] = ()
    log = None
    # On this machine its words are seen, as those of all steps of data.
    if experiment.queues.backend != LOCAL:
        runner = experiment.queues.for_decoding(settings.ngpu)
        log = experiment.exp / "log" / f"cut_{name}.log"
    return Step(
        label=label,
        command=ours("cut_data", *words, "--device", "cuda" if settings.ngpu else "cpu"),
        record=experiment.data / ".steps" / f"{out.name}.json",
        inputs=(*tables(data, ("wav.scp", "text")), *experiment.aligner_files),
        optional=tables(data, (*SEGMENTED, *DESCRIBED)),
        recordings=(data / "wav.scp",),
        # They lie open: whoever corrects a piece is right.
        editable=tables(out, ("wav.scp", "segments", "text", "utt2spk")),
        regardless=("--device",),
        runner=runner,
        log=log,
    )
