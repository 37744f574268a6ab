"""Stages 5, 7, 8 and 9: the upstream is looked at, finetuned while it is pruned, and summed up."""

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from parp_espnet.pipeline.acts import Act, Command, ours, python
from parp_espnet.pipeline.experiment import SpeechExperiment
from parp_espnet.pipeline.pool_checks import check_pool
from parp_espnet.pipeline.stages_masks import first_weights, mask_of, weights_of
from parp_espnet.pipeline.step import Step
from parp_espnet.pruning.origin import EXPERIMENT, ORIGIN
from parp_espnet.upstreams.starts import ROWS, SUMMARY

SHAPES = ("speech_shape", "text_shape")
KEYS = ("stats_keys", "batch_keys")
SETS = ("train", "valid")
RECOMPUTES = "--gradient_checkpointing"
"""The same model is made with it and without."""
SLURM = "python3 -m parp_espnet.bin.run_queue --backend slurm"


def look_at_upstream(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Stage 5: the upstream can be loaded, and its pool is whole."""
    settings = experiment.settings
    random = settings.upstream_init != "pretrained"
    left = list(experiment.upstream_files)
    words: list[object] = ["--upstream", settings.upstream, "--out", experiment.upstream]
    if random:
        left.append(experiment.upstream / "model.safetensors")
        words += ["--random_seed", settings.seed]
    for name, value in settings.upstream_settings.items():
        words += ["--set", f"{name}={value:g}"]
    yield Step(
        label=label,
        command=ours("preflight", *words),
        aside=tuple(settings.pool_options),
        record=experiment.upstreams / ".steps" / f"{experiment.upstream.name}.json",
        inputs=experiment.upstream_weights,
        outputs=tuple(left),
    )
    yield from check_pool(experiment, label)


def collect_statistics(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Stage 7: how long every utterance is, for ESPnet's batches."""
    stats = experiment.stats
    collected = stats / "collected"
    config = Path(experiment.project) / "conf/stats.yaml"
    left = _of_sets(collected, SHAPES)
    for kind in SETS:
        left += [collected / kind / name for name in KEYS]
    yield Step(
        label=label,
        command=ours(
            *("train", "--collect_stats", "true", "--config", config),
            *("--token_list", experiment.tokens, *_train_data(experiment)),
            *("--output_dir", collected),
        ),
        record=stats / ".steps/collect.json",
        inputs=(*_texts(experiment), config),
        formatted=_sound(experiment),
        outputs=tuple(left),
        runner=experiment.queues.for_statistics(),
        log=stats / "log/collect.log",
    )
    yield Step(
        label=label,
        command=python(
            *("espnet2.bin.aggregate_stats_dirs", "--input_dir", collected, "--output_dir", stats),
        ),
        record=stats / ".steps/aggregate.json",
        inputs=(*_texts(experiment), *left),
        outputs=_shapes(experiment),
        runner=experiment.queues.for_statistics(),
        log=stats / "log/aggregate.log",
    )


def train(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Stage 8: the upstream is finetuned, and pruned while it is."""
    settings, exp = experiment.settings, experiment.exp
    config, mask, weights = exp / "train.yaml", mask_of(experiment), weights_of(experiment)
    if settings.mask_source != "finetuned":  # which has made them
        yield from first_weights(experiment, label)
    begins = [file for file in (mask, weights, settings.teacher_model) if file is not None]
    # Refuses when the directory holds a training with other settings.
    yield Command(
        label,
        ours(
            *("make_config", "--settings", exp / EXPERIMENT),
            *("--frontend", experiment.upstream / "frontend.json"),
            *("--initial_mask", mask or "", "--out", config),
        ),
    )
    log = exp / "log/train.log"
    runner = experiment.queues.for_training(settings.ngpu)
    left = ("mask.safetensors", SUMMARY, "config.yaml")
    masks = (f"{settings.mask_source}_mask.safetensors", "pruned.safetensors")
    # Other settings are another experiment, and refused; other data make the same one again.
    yield Step(
        label=label,
        command=_training(experiment, config, log),
        record=exp / ".steps/train.json",
        keep=True,
        afresh=True,
        keep_earlier=settings.keep_checkpoints,
        # The same training may go on, or be found complete, where there is no GPU.
        regardless=("--ngpu" if settings.ranks == 1 else "--cmd", RECOMPUTES),
        settings=(config,),
        inputs=(
            *_texts(experiment),
            *experiment.upstream_weights,
            *experiment.upstream_files,
            *_shapes(experiment),
            *begins,
            *settings.ranking_inputs,
        ),
        formatted=_sound(experiment),
        recordings=settings.disturbing_lists,
        speech=() if settings.raw_speech is None else (settings.raw_speech,),
        spared=(EXPERIMENT, "train.yaml", ROWS, ORIGIN, *masks),
        outputs=(experiment.model, *(exp / name for name in left)),
        # ESPnet's launcher submits by itself.
        runner=runner if settings.ranks == 1 else (),
        log=log,
        progress=(exp / "progress.json",),
    )


def _training(experiment: SpeechExperiment, config: Path, log: Path) -> tuple[str, ...]:
    settings = experiment.settings
    shapes: list[object] = []
    weights = weights_of(experiment)
    begins = [] if weights is None else ["--init_param", weights]
    for path in _shapes(experiment):
        shapes += [f"--{path.parent.name}_shape_file", path]
    recomputes = (RECOMPUTES, "true") if settings.gradient_checkpointing else ()
    command = ours(
        *("train", "--config", config, "--token_list", experiment.tokens),
        *(*_train_data(experiment), *shapes, "--resume", "true"),
        *("--ngpu", settings.ngpu, *recomputes, *begins, "--output_dir", experiment.exp),
    )
    if settings.ranks == 1:
        return command
    cuda = experiment.queues.cuda
    if cuda.startswith(SLURM):
        # The launcher knows Slurm by its command's name in Kaldi.
        cuda = shlex.quote(f"{experiment.project}/local/slurm.pl") + cuda.removeprefix(SLURM)
    return python(
        *("espnet2.bin.launch", "--log", log, "--ngpu", settings.ngpu),
        *("--num_nodes", settings.num_nodes, "--cmd", cuda),
        *("--init_file_prefix", f"{experiment.exp}/.ranks/", "--", *command),
    )


def sum_up(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Stage 9: what training has left; it pruned the averaged model again, and verified it."""
    exp = experiment.exp
    yield Step(
        label=label,
        command=ours("show_training", "--exp", exp),
        record=exp / ".steps/finalise.json",
        inputs=(exp / SUMMARY, experiment.model, exp / "mask.safetensors"),
    )
    if not experiment.settings.keep_checkpoints:
        yield Command(label, ours("remove_checkpoints", "--exp", exp))


def _train_data(experiment: SpeechExperiment) -> tuple[str, ...]:
    words: list[str] = []
    for kind, data in _data(experiment):
        option = f"--{kind}_data_path_and_name_and_type"
        words += [option, f"{data}/wav.scp,speech,sound", option, f"{data}/text,text,text"]
    return tuple(words)


def _data(experiment: SpeechExperiment) -> tuple[tuple[str, Path], ...]:
    return ("train", experiment.train_data), ("valid", experiment.valid_data)


def _texts(experiment: SpeechExperiment) -> tuple[Path, ...]:
    return (*(data / "text" for _, data in _data(experiment)), experiment.tokens)


def _sound(experiment: SpeechExperiment) -> tuple[Path, ...]:
    return tuple(data / "wav.scp" for _, data in _data(experiment))


def _shapes(experiment: SpeechExperiment) -> tuple[Path, ...]:
    return tuple(_of_sets(experiment.stats, SHAPES))


def _of_sets(folder: Path, names: Iterable[str]) -> list[Path]:
    """Files of these names, of all sets."""
    paths: list[Path] = []
    for name in names:
        paths += [folder / kind / name for kind in SETS]
    return paths
