"""Gather a study's evidence from what its experiments left."""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

from parp_espnet.pipeline.settings import ROOT
from parp_espnet.pruning.anatomy import by_kind, by_layer, groups, iou_by, sparsity_by
from parp_espnet.pruning.masks import Mask, iou
from parp_espnet.scoring.result import Result
from parp_espnet.scoring.utterances import compare, read_utterances
from parp_espnet.study.evidence import Adjusting, Anatomy, Comparison, Confused, Cost, Evidence, Overlap, Training
from parp_espnet.study.names import method_of
from parp_espnet.study.plan import Experiment
from parp_espnet.study.state import updates_of

Done = tuple[Experiment, Result]
AGAINST = ("dense", "mpi", "omp", "imp")
"""What every other method is compared with, in the same language, at the same sparsity, with the same seed."""
MOST_CONFUSED = 12
MPI = "mpi"


def gather(done: Sequence[Done]) -> Evidence:
    """Read curves, masks, logs and scores of complete experiments, where they are; files that are not are named."""
    missing: list[str] = []

    def each[T](read: Callable[[Done], T], some: Sequence[Done] = done) -> Iterator[T]:
        for one in some:
            try:
                yield read(one)
            except FileNotFoundError as error:
                missing.append(str(error.filename))

    with_masks = [one for one in done if one[1].sparsity_target > 0]
    first_seed = [one for one in with_masks if one[1].seed == min(result.seed for _, result in done)]
    moving = [one for one in first_seed if one[1].interval is not None]
    dense = [one for one in done if one[1].method == "dense"]
    return Evidence(
        costs=[_cost(one) for one in done],
        trainings=[one for one in each(_training) if one.updates],
        overlaps=list(overlaps(first_seed)),
        anatomies=list(each(_anatomy, first_seed)),
        adjustings=list(each(_adjusting, moving)),
        comparisons=list(comparisons(done)),
        confusions=[pair for found in each(_confusions, dense) for pair in found],
        missing=sorted(set(missing)),
    )


def _cost(one: Done) -> Cost:
    experiment, result = one
    updates = updates_of(experiment, set())
    pace = None if result.train_seconds is None else result.train_seconds / result.updates
    return Cost(
        result.language or "", method_of(result), result.sparsity_target, result.seed, result.freeze_updates,
        result.error_rate, updates, result.finetuning_runs, None if pace is None else pace * updates,
    )  # fmt: skip


def _training(one: Done) -> Training:
    # Imported here: it takes seconds.
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: PLC0415

    experiment, result = one
    folder = ROOT / experiment.directory / "tensorboard/valid"
    curves: dict[str, dict[int, float]] = {"cer_ctc": {}, "loss": {}}
    for file in sorted(folder.glob("events.*")):
        events = EventAccumulator(str(file)).Reload()
        for name in curves.keys() & set(events.Tags()["scalars"]):
            # A resumed run repeats nothing, but may begin another file.
            curves[name] |= {event.step: event.value for event in events.Scalars(name)}
    epochs = sorted(curves["cer_ctc"].keys() & curves["loss"].keys())
    each = result.updates / max(epochs, default=1)
    return Training(
        result.language or "", method_of(result), result.sparsity_target, result.seed,
        [round(each * epoch) for epoch in epochs],
        [curves["cer_ctc"][epoch] for epoch in epochs], [curves["loss"][epoch] for epoch in epochs],
    )  # fmt: skip


def overlaps(done: Sequence[Done]) -> Iterator[Overlap]:
    """Overlap of the OMP masks of all languages, and of each with MPI, of one upstream, sparsity and schedule."""
    settings = dict.fromkeys((r.upstream, r.sparsity_target, r.freeze_updates) for _, r in done if r.method == "omp")
    for upstream, sparsity, frozen in settings:
        masks: dict[str, Mask] = {}
        for experiment, result in done:
            here = (result.upstream, result.sparsity_target, result.freeze_updates) == (upstream, sparsity, frozen)
            file = ROOT / experiment.mask
            if here and method_of(result) in ("omp", MPI) and file.is_file():
                masks.setdefault(MPI if result.method == MPI else result.language or "", Mask.load(file))
        # Any MPI mask will do: it depends on the upstream alone.
        for one, other in combinations(sorted(masks, key=lambda name: (name == MPI, name)), 2):
            a, b = masks[one].kept, masks[other].kept
            if masks[one].fingerprint == masks[other].fingerprint:
                yield Overlap(sparsity, upstream, frozen, one, other, iou(a, b), iou_by(a, b, by_layer))


def _anatomy(one: Done) -> Anatomy:
    experiment, result = one
    kept = Mask.load(_existing(ROOT / experiment.directory / "mask.safetensors")).kept
    table = {layer: sparsity_by(part, by_kind) for layer, part in groups(kept, by_layer).items()}
    return Anatomy(result.language or "", method_of(result), result.sparsity_target, table)


def _adjusting(one: Done) -> Adjusting:
    experiment, result = one
    text = (ROOT / experiment.directory / "pruning.jsonl").read_text(encoding="utf-8")
    events = [json.loads(line) for line in text.splitlines()]
    return Adjusting(
        result.language or "", method_of(result), result.sparsity_target, result.interval or 0, result.seed,
        [event["step"] for event in events], [event["flips"] or 0 for event in events],
        [event["iou_first"] for event in events],
    )  # fmt: skip


def comparisons(done: Sequence[Done]) -> Iterator[Comparison]:
    """Every method against those of `AGAINST`, paired, where both were scored on the same utterances."""
    for experiment, result in done:
        for other, reference in done:
            if _comparable(result, reference):
                files = [ROOT / one.directory / "utterances.tsv" for one in (experiment, other)]
                if not all(file.is_file() for file in files):
                    continue
                paired = compare(read_utterances(files[0]), read_utterances(files[1]))
                yield Comparison(
                    result.language or "", result.sparsity_target, result.seed, result.freeze_updates,
                    _label(result), _label(reference), paired.difference, paired.difference_interval,
                    paired.ratio, paired.ratio_interval, paired.p,
                )  # fmt: skip


def _comparable(result: Result, other: Result) -> bool:
    alike = ("recipe", "dataset", "train_minutes", "upstream", "updates", "seed", "freeze_updates", "metric")
    if any(getattr(result, name) != getattr(other, name) for name in alike) or method_of(other) not in AGAINST:
        return False
    dense = other.method == "dense"
    different = method_of(result) != method_of(other) and result.method != "dense"
    return different and (dense or result.sparsity_target == other.sparsity_target)


def _label(result: Result) -> str:
    usual = result.interval in (None, 5)
    return method_of(result) if usual else f"{method_of(result)}, n = {result.interval}"


def _confusions(one: Done) -> list[Confused]:
    experiment, result = one
    scored = ROOT / experiment.directory / experiment.settings.decode_name / result.dataset / "score"
    file = scored / "confusions.tsv"
    _, *lines = file.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines[:MOST_CONFUSED]]
    return [Confused(result.language or "", said, heard, int(count), int(whole)) for said, heard, count, whole in rows]


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(2, "no such file", str(path))
    return path
