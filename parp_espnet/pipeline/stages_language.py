"""Stage 10: the language models that decoding needs."""

from collections.abc import Iterator
from pathlib import Path

from parp_espnet.pipeline.acts import Act, Command, ours, python
from parp_espnet.pipeline.decoding import LM_MODEL
from parp_espnet.pipeline.experiment import SpeechExperiment
from parp_espnet.pipeline.step import Step


def make_language_models(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Their text, the n-gram of it, and ESPnet's own model."""
    settings, decoding = experiment.settings, experiment.decoding
    makes_ngram = decoding.uses_ngram and settings.ngram is None
    if makes_ngram or decoding.uses_lm:
        yield _text(experiment, label)
    if makes_ngram:
        yield _ngram(experiment, label)
    if decoding.uses_lm:
        yield from _espnets_own(experiment, label)


def _text(experiment: SpeechExperiment, label: str) -> Step:
    # Of the data, not of the dump: speed perturbation would count each sentence several times.
    said = experiment.data / experiment.settings.train_name / "text"
    text = experiment.settings.lm_train_text or said
    out = Path(experiment.decoding.lm_text)
    model = experiment.subwords
    subwords = () if model is None else ("--subwords", model)
    return Step(
        label=label,
        command=ours(
            *("language_model", "text", "--text", text),
            *("--token_list", experiment.tokens, "--out", out, *subwords),
        ),
        record=experiment.dump / ".steps" / f"{out.stem}.json",
        inputs=(text, experiment.tokens, *([] if model is None else [model])),
        outputs=(out,),
    )


def _ngram(experiment: SpeechExperiment, label: str) -> Step:
    order = experiment.settings.ngram_num
    text, out = Path(experiment.decoding.lm_text), Path(experiment.decoding.ngram_file)
    return Step(
        label=label,
        command=ours(
            *("language_model", "ngram", "--text", text, "--token_list", experiment.tokens),
            *("--order", order, "--out", out),
        ),
        record=out.parent / ".steps" / f"{order}gram.json",
        inputs=(text, experiment.tokens),
        outputs=(out,),
    )


def _espnets_own(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    settings, queues = experiment.settings, experiment.queues
    directory = Path(experiment.decoding.lm_directory)
    text, valid_text = Path(experiment.decoding.lm_text), experiment.valid_data / "text"
    config = settings.lm_config
    assert config is not None
    inputs = (text, valid_text, experiment.tokens)
    stats = directory / "stats"
    shapes = tuple(stats / kind / "text_shape" for kind in ("train", "valid"))
    lm_train = python(
        *("espnet2.bin.lm_train", "--config", config, "--token_list", experiment.tokens),
        *("--train_data_path_and_name_and_type", f"{text},text,text"),
        *("--valid_data_path_and_name_and_type", f"{valid_text},text,text"),
    )
    collect = ("--collect_stats", "true", "--output_dir", str(stats))
    yield Step(
        label=label,
        command=(
            *(*lm_train, *collect),
            *("--train_shape_file", str(text), "--valid_shape_file", str(valid_text)),
        ),
        record=directory / ".steps/collect.json",
        inputs=inputs,
        settings=(config,),
        outputs=shapes,
        runner=queues.for_statistics(),
        log=directory / "log/collect.log",
    )
    yield Step(
        label=label,
        command=(
            *(*lm_train, "--train_shape_file", str(shapes[0]), "--ngpu", str(settings.ngpu)),
            *("--valid_shape_file", str(shapes[1])),
            *("--resume", "true", "--output_dir", str(directory)),
        ),
        record=directory / ".steps/train.json",
        # ESPnet would go on from the checkpoint of another text.
        keep=True,
        afresh=True,
        keep_earlier=settings.keep_checkpoints,
        regardless=("--ngpu",),
        spared=("stats",),
        inputs=(*inputs, *shapes),
        settings=(config,),
        outputs=(directory / LM_MODEL, directory / "config.yaml"),
        runner=queues.for_training(settings.ngpu),
        log=directory / "log/train.log",
    )
    if not settings.keep_checkpoints:
        yield Command(label, ours("remove_checkpoints", "--exp", directory, "--model", LM_MODEL))
