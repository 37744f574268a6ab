"""Stages 11 to 14: weights of language models are chosen, speech is decoded, and it is scored."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from parp_espnet.data.lines import pairs_of
from parp_espnet.files import lines_of, text_of
from parp_espnet.pipeline.acts import Act, Command, ours, python, tables
from parp_espnet.pipeline.decoding import LM_MODEL, WORDS, Decoding
from parp_espnet.pipeline.experiment import SpeechExperiment
from parp_espnet.pipeline.kept import trained_file
from parp_espnet.pipeline.step import Step
from parp_espnet.scoring.result import GREEDY_DECODING, RESULT
from parp_espnet.upstreams.starts import SUMMARY

SCORES = (
    *(RESULT, "utterances.tsv", "counts.json", "ref.trn", "hyp.trn"),
    *("README.txt", "confusions.tsv", "worst.txt"),
)
"""What scoring leaves; of each language the first two."""
SCORED = ("text", "orig_text", "utt2spk", "utt2lang", "utt2dur")


def tune(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Stage 11: choose the weights that are not given, on the validation set."""
    searches = [search for search in experiment.decoding.searches if search.tunes]
    if not searches:
        return
    yield _greedy(experiment, label, experiment.settings.valid_dump)
    for search in searches:
        yield Search(experiment, search).tuning(label)


def decode(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Stage 12: the best path, and the searches beside it."""
    for name in _decoded_sets(experiment):
        yield _greedy(experiment, label, name)
        for search in experiment.decoding.searches:
            yield Search(experiment, search).of_set(name, label)
    if experiment.settings.search == "espnet" and experiment.decoding.beam > 1:
        yield from _by_espnet(experiment, label)


def score(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Stage 13: errors, and which."""
    settings, exp = experiment.settings, experiment.exp
    merge = [] if settings.merge is None else [settings.merge]
    for name in _decoded_sets(experiment):
        data = experiment.sets / name
        for decoding in experiment.decoding.names:
            decoded = exp / decoding / name
            yield Step(
                label=label,
                command=ours(
                    *("score", "--exp", exp, "--data", data, "--decoded", decoded),
                    *settings.score_options,
                ),
                record=decoded / ".steps/score.json",
                inputs=(
                    decoded / "text",
                    *tables(data, SCORED),
                    experiment.train_data / "utt2dur",
                    exp / SUMMARY,
                    *merge,
                ),
                # The options of the training, which a result holds.
                optional=(decoded / "decode.json", trained_file(exp)),
                outputs=tuple(_left_by_scoring(decoded / "score", data)),
            )


def _left_by_scoring(score: Path, data: Path) -> Iterator[Path]:
    yield from tables(score, SCORES)
    for language in _languages(data / "utt2lang"):
        yield from tables(score / "by_language" / language, SCORES[:2])


def _languages(file: Path) -> list[str]:
    """The languages of a set of several, those whose names are folders' as they are."""
    if not file.is_file():
        return []
    languages: set[str] = set()
    for _, language in pairs_of(lines_of(text_of(file))):
        if language:
            languages.add(language)
    if len(languages) < 2:
        return []
    return sorted(name for name in languages if re.fullmatch(r"[A-Za-z0-9_-]+", name))


def report(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Stage 14: the result, and a table of all that are there."""
    settings, exp = experiment.settings, experiment.exp
    scored = exp / experiment.decoding.name / settings.test_dump / "score"
    words = ("--expdir", settings.expdir, "--score", scored, "--out", exp / RESULT)
    yield Command(label, ours("report", *words))


def _decoded_sets(experiment: SpeechExperiment) -> list[str]:
    """What is decoded and scored: a comparison shows the validation set as well."""
    settings = experiment.settings
    compared = [settings.valid_dump] if settings.compare_decoding else []
    return list(dict.fromkeys([*compared, settings.test_dump]))


def _greedy(experiment: SpeechExperiment, label: str, name: str) -> Step:
    """The best path, and where a search follows, what it needs of the model."""
    settings, exp = experiment.settings, experiment.exp
    out = exp / GREEDY_DECODING / name
    searched = bool(experiment.decoding.searches)
    scores = (out / "logprobs.safetensors",) if searched else ()
    return Step(
        label=label,
        command=ours(
            *("decode", "--model", experiment.model, "--data", experiment.sets / name),
            *("--out", out, "--device", "cuda" if settings.ngpu else "cpu"),
        ),
        aside=("--logprobs",) if searched else (),
        record=out / ".steps/decode.json",
        inputs=(experiment.model, exp / "config.yaml", *experiment.upstream_files),
        formatted=(experiment.sets / name / "wav.scp",),
        outputs=(out / "text", out / "decode.json", *scores),
        asked=scores,
        # A linguist may correct the times.
        editable=(out / "ctm",),
        regardless=("--device",),
        runner=experiment.queues.for_decoding(settings.ngpu),
        log=out / "log/decode.log",
    )


@dataclass(frozen=True)
class Search:
    """One of our own searches, over what greedy decoding has left of a set."""

    experiment: SpeechExperiment
    decoding: Decoding

    @property
    def directory(self) -> Path:
        """Where its decoded sets are."""
        return self.experiment.exp / self.decoding.name

    @property
    def tuned(self) -> Path:
        """The weights that tuning has chosen."""
        return self.directory / self.experiment.settings.valid_dump / "weights.json"

    def tuning(self, label: str) -> Step:
        """Choose its weights on the validation set."""
        experiment, settings = self.experiment, self.experiment.settings
        out, data = self.tuned.parent, experiment.valid_data
        name = f"tune_{self.decoding.name}.log"
        runner, log = experiment.queues.for_data(1, experiment.exp / "log" / name)
        return Step(
            label=label,
            command=ours(
                *("search", "tune", "--logprobs", self._logprobs(settings.valid_dump)),
                *("--data", data, "--out", out, "--beam", self._beam),
                *(*model_options(self.decoding), *weight_options(self.decoding)),
                *settings.score_options,
            ),
            record=out / ".steps/tune.json",
            inputs=(
                self._logprobs(settings.valid_dump),
                *tables(data, ("text", "utt2spk", "utt2lang", "utt2dur")),
                *opened_models(self.decoding),
                *([] if settings.merge is None else [settings.merge]),
            ),
            outputs=(self.tuned, out / "tune.tsv"),
            runner=runner,
            log=log,
        )

    def of_set(self, name: str, label: str) -> Step:
        """Decode a set, with the weights that tuning has found or those that are given."""
        out = self.directory / name
        weights: tuple[object, ...] = weight_options(self.decoding)
        if self.decoding.tunes:
            weights = ("--weights", self.tuned)
        words = () if self.decoding.settings.lexicon is None else (out / WORDS,)
        return Step(
            label=label,
            command=ours(
                *("search", "decode", "--beam", self._beam, "--logprobs", self._logprobs(name)),
                *("--out", out, *model_options(self.decoding), *weights),
            ),
            record=out / ".steps/decode.json",
            inputs=(
                self._logprobs(name),
                *opened_models(self.decoding),
                *([self.tuned] if self.decoding.tunes else []),
            ),
            outputs=(out / "text", out / "decode.json", *words),
            runner=self.experiment.queues.for_decoding(),
            log=out / "log/decode.log",
        )

    @property
    def _beam(self) -> int:
        """One beam for all searches of an experiment, so that they can be compared."""
        return max(search.beam for search in self.experiment.decoding.searches)

    def _logprobs(self, name: str) -> Path:
        return self.experiment.exp / GREEDY_DECODING / name / "logprobs.safetensors"


def model_options(decoding: Decoding) -> tuple[str, ...]:
    """What a search is told of its language models."""
    return tuple(chain.from_iterable(decoding.model_files.items()))


def opened_models(decoding: Decoding) -> tuple[Path, ...]:
    """The files of its language models: ESPnet's has its configuration beside it."""
    files: list[Path] = []
    beside: list[Path] = []
    for option, name in decoding.model_files.items():
        file = Path(name)
        files.append(file)
        if option == "--lm":
            beside.append(file.with_name("config.yaml"))
    return (*files, *beside)


def weight_options(decoding: Decoding) -> tuple[str, ...]:
    """The weights that are given."""
    words: list[str] = []
    for name, value in decoding.given_weights.items():
        words += [f"--{name}", f"{value:g}"]
    return tuple(words)


def _by_espnet(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """ESPnet's own search, in several jobs."""
    settings, exp, decoding = experiment.settings, experiment.exp, experiment.decoding
    data = experiment.sets / settings.test_dump
    out = exp / decoding.name / settings.test_dump
    logs, jobs = out / "log", settings.inference_nj
    keys = tuple(logs / f"keys.{part}.scp" for part in range(1, jobs + 1))
    heard = tuple(logs / f"output.{part}/1best_recog/text" for part in range(1, jobs + 1))
    yield Step(
        label=label,
        command=ours("shards", "split", "--data", data, "--parts", jobs, "--out", logs),
        record=out / ".steps/split.json",
        inputs=tables(data, ("wav.scp", "utt2dur")),
        outputs=keys,
    )
    lm = Path(decoding.lm_directory)
    stock: tuple[object, ...] = ()
    if settings.use_lm:
        stock = ("--lm_train_config", lm / "config.yaml", "--lm_file", lm / LM_MODEL)
    yield Step(
        label=label,
        command=python(
            *("espnet2.bin.asr_inference", "--ctc_weight", "1.0", "--beam_size", decoding.beam),
            *(*stock, "--lm_weight", settings.lm_weight or "0.0"),
            *("--penalty", settings.penalty or "0.0", "--batch_size", "1"),
            *("--ngpu", settings.ngpu, "--asr_train_config", exp / "config.yaml"),
            *("--asr_model_file", experiment.model),
            *("--data_path_and_name_and_type", f"{data}/wav.scp,speech,sound"),
            *("--key_file", logs / "keys.JOB.scp", "--output_dir", logs / "output.JOB"),
        ),
        aside=("--num_workers", "0"),
        record=out / ".steps/decode.json",
        inputs=(
            *(experiment.model, exp / "config.yaml", *experiment.upstream_files),
            *(*keys, *opened_models(decoding)),
        ),
        formatted=(data / "wav.scp",),
        outputs=heard,
        regardless=("--ngpu",),
        runner=(*experiment.queues.for_decoding(settings.ngpu), f"JOB=1:{jobs}"),
        log=logs / "decode.JOB.log",
    )
    yield Step(
        label=label,
        command=ours(
            *("shards", "join", "--logs", logs, "--parts", jobs, "--out", out / "text"),
            *("--beam", decoding.beam, *model_options(decoding), *weight_options(decoding)),
        ),
        record=out / ".steps/join.json",
        inputs=heard,
        outputs=(out / "text",),
    )
