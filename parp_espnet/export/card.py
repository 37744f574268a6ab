"""The model card: what a stranger needs to know, at the top of which is what the Hub reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from parp_espnet import __version__
from parp_espnet.export.card_errors import by_default, scores_of, told_of
from parp_espnet.export.costs import is_measured_cut, measured_of
from parp_espnet.export.cut import Cut
from parp_espnet.export.decodings import Tuned
from parp_espnet.export.figure import draw_layers
from parp_espnet.export.formats import Options
from parp_espnet.export.test_set import Compared
from parp_espnet.export.trained import Trained
from parp_espnet.export.uses import USES
from parp_espnet.files import write_text
from parp_espnet.machine import processor, threads
from parp_espnet.phones.spelled import holds_words
from parp_espnet.pruning.anatomy import by_layer, sparsity_by
from parp_espnet.pruning.layers import find_layers
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.methods import METHODS
from parp_espnet.scoring.result import GREEDY, Result

README = "README.md"
CITATION = "CITATION.bib"
FIGURE = "sparsity.png"
LICENCE_UNKNOWN = "unknown"
"""The Hub's word where nobody has said."""
BIBTEX = """\
@inproceedings{lai2021parp,
  title = {{PARP}: Prune, Adjust and Re-Prune for Self-Supervised Speech Recognition},
  author = {Lai, Cheng-I Jeff and Zhang, Yang and Liu, Alexander H. and Chang, Shiyu and
            Liao, Yi-Lun and Chuang, Yung-Sung and Qian, Kaizhi and Khurana, Sameer and
            Cox, David and Glass, James},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {34},
  year = {2021}
}
"""


@dataclass(frozen=True)
class Facts:
    """What is known of one export."""

    format: str
    dtype: str = "fp32"
    compared: Compared | None = None
    search: Tuned | None = None
    """What the folder decodes with by default; None where that is greedily."""
    has_head: bool = True
    """Whether it recognises at all."""

    @property
    def decoding(self) -> str:
        """What the folder decodes with by default, in words."""
        return GREEDY if self.search is None else self.search.told

    @property
    def told_of_tokens(self) -> str:
        """How its tokens compare with stage 12's."""
        if self.compared is None:
            return "tokens were not compared: there is no test set with stage 12's tokens here"
        return self.compared.told


def write_card(trained: Trained, folder: Path, facts: Facts, options: Options) -> None:
    """Write the card, its figure and what to cite. The other files are there already."""
    mask = Mask.load(trained.mask) if trained.mask is not None else None
    layered = {} if mask is None else sparsity_by(mask.kept, by_layer)
    if layered:
        draw_layers(layered, folder / FIGURE)
    write_text(folder / CITATION, BIBTEX)
    scores = scores_of(trained)
    parts = [
        _front(trained, scores, facts, options),
        f"# {trained.name}\n",
        _what(trained),
        _errors(trained, scores, facts),
        _sparsity(trained, layered, mask),
        _sizes(trained, folder, facts),
        _use(trained, facts),
        _limits(trained),
        f"## To cite\n\nSee [{CITATION}]({CITATION}), and the upstream's own makers.\n",
        _origin(trained),
    ]
    write_text(folder / README, "\n".join(part for part in parts if part))


def _front(trained: Trained, scores: Sequence[Result], facts: Facts, options: Options) -> str:
    """The YAML that the Hub reads, by its own client: the errors are of what the folder decodes
    with, or left out.
    """
    from huggingface_hub import EvalResult, ModelCardData  # noqa: PLC0415

    result = trained.result
    score = by_default(scores, facts.search) if facts.has_head else None
    evaluated = None
    if score is not None:
        evaluated = [
            EvalResult(
                task_type="automatic-speech-recognition",
                dataset_type=Path(score.recipe).name,
                dataset_name=f"{score.recipe}, {score.dataset}",
                metric_type=score.metric,
                metric_name=score.metric.upper(),
                metric_value=round(score.error_rate, 4),
            )
        ]
    language = None if result is None else result.language
    data = ModelCardData(
        language=language if language and language.isalpha() and len(language) <= 3 else None,
        license=options.licence or LICENCE_UNKNOWN,
        library_name="transformers",
        pipeline_tag="automatic-speech-recognition",
        tags=_tags(trained),
        model_name=trained.name if evaluated else None,
        eval_results=evaluated,
    )
    return f"---\n{data.to_yaml()}\n---\n"


def _tags(trained: Trained) -> list[str]:
    tags = ["parp", "pruning", "sparse", "ctc"]
    if not holds_words(trained.tokens):
        tags.append("phoneme-recognition")
    return [*tags, trained.family.model_type]


def _what(trained: Trained) -> str:
    result = trained.result
    lines = [
        f"A {trained.family.upstream_class} with a CTC head for {len(trained.tokens)} labels, "
        f"{_pruned(trained)} while it was finetuned.",
    ]
    if result is not None:
        minutes = (
            f"{result.train_minutes:g} minutes" if result.train_minutes else "the training set"
        )
        lines.append(
            f"Upstream `{result.upstream}`, {minutes} of {result.recipe} "
            f"({result.language or 'language not said'}), {result.updates} updates, "
            f"seed {result.seed}."
        )
    return "\n".join(lines) + "\n"


def _pruned(trained: Trained) -> str:
    """What its method did to the upstream's weights."""
    method = str(trained.training.get("method", "?"))
    if method in METHODS and METHODS[method].adapts:
        return f"not pruned, with adapters added by `{method}`"
    return "not pruned" if method == "dense" else f"pruned by `{method}`"


def _errors(trained: Trained, scores: Sequence[Result], facts: Facts) -> str:
    lines = ["## Errors\n"]
    if not scores:
        lines.append("Not measured.")
    else:
        lines += ["| set | decoding | metric | rate | 95 % interval |", "|---|---|---|---|---|"]
        lines += map(_row, scores)
    for tuned in trained.decodings:
        lines.append(f"\nTuned: {tuned.name}: {tuned.told}.")
    if facts.has_head:
        lines.append(f"\nUsed by default here: {facts.decoding}. Checked at export: ")
        lines[-1] += f"{facts.told_of_tokens}."
    else:
        lines.append("\nOf the recogniser: here is its upstream alone, without the head.")
    return "\n".join(lines) + "\n"


def _row(score: Result) -> str:
    low, high = score.ci95
    return (
        f"| {score.dataset} | {told_of(score)} | {score.metric.upper()} | "
        f"{score.error_rate:.4f} | [{low:.4f}, {high:.4f}] |"
    )


def _sparsity(trained: Trained, layered: Mapping[str, float], mask: Mask | None) -> str:
    layers = find_layers(trained.states)
    count = "" if layers is None else f" of {len(layers.numbered)} layers"
    lines = ["## Sparsity\n"]
    if trained.cut is None:
        lines.append(f"{100 * trained.sparsity:.2f} % of the pool{count} is zero, exactly.")
    else:
        lines.append(
            f"Whole units were pruned{count.replace(' of', ' in')}, and are removed here: "
            f"{trained.cut.told}. Of the pool that is left {100 * trained.sparsity:.2f} % is zero; "
            f"what follows is of the model before."
        )
    if mask is not None:
        lines.append(f"Mask: sha256 `{mask.sha256}`.")
    if layered:
        cells = ", ".join(f"{name} {100 * share:.1f} %" for name, share in layered.items())
        lines += [f"\n![Share of zeros by layer]({FIGURE})\n", f"{cells}."]
    return "\n".join(lines) + "\n"


def _cost(cut: Cut) -> list[str]:
    """What was removed is worth."""
    lines = [
        f"\n| {cut.before.seconds:g} s in PyTorch, fp32 | before | after |",
        "|---|---|---|",
    ]
    rows = {
        "parameters, M": (cut.before.parameters / 1e6, cut.after.parameters / 1e6),
        "multiply–adds, G": (cut.before.products / 1e9, cut.after.products / 1e9),
        f"milliseconds ({processor()}, threads: {threads()})": (
            cut.before.milliseconds,
            cut.after.milliseconds,
        ),
    }
    for name, (before, after) in rows.items():
        lines.append(f"| {name} | {before:.2f} | {after:.2f} |")
    if not cut.stock:
        lines.append(
            "\nNo stock class of transformers has layers like these: they leave as ONNX, as "
            "OpenVINO, and as a bundle, whose configuration says how to build them."
        )
    return lines


def _sizes(trained: Trained, folder: Path, facts: Facts) -> str:
    lines = ["## Size and speed\n", "| file | bytes |", "|---|---|"]
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            lines.append(f"| {path.relative_to(folder)} | {path.stat().st_size} |")
    if facts.compared is not None and facts.compared.audio_seconds:
        speed = facts.compared.audio_seconds / max(facts.compared.seconds, 1e-9)
        lines.append(
            f"\nRecognising {facts.compared.audio_seconds:.0f} s of {facts.compared.name}, one "
            f"utterance at a time, ran {speed:.0f} times as fast as it is spoken, on "
            f"{processor()} (threads: {threads()})."
            f"{' Zeros save disk, not time.' if trained.cut is None else ''}"
        )
    if trained.cut is not None:
        lines += _cost(trained.cut)
    lines += _others(trained)
    return "\n".join(lines) + "\n"


def _others(trained: Trained) -> list[str]:
    """What a study has measured of files in this format and others."""
    measured = measured_of(trained.folder)
    if not measured or trained.result is None:
        return []
    metric = trained.result.metric.upper()
    without = ""
    if is_measured_cut(trained.folder):
        without = ", without the units that are pruned where a format can hold what is left"
    lines = [
        f"\nMeasured by a study, on one thread of {measured[0].processor}{without}: on the whole "
        f"test set, an utterance at a time.\n",
        f"| exported as | MB | ms for a second of speech | {metric} |",
        "|---|---|---|---|",
    ]
    for one in measured:
        lines.append(
            f"| {one.name} | {one.bytes / 1e6:.2f} | {one.milliseconds:.1f} | "
            f"{one.error_rate:.4f} |"
        )
    return lines


def _use(trained: Trained, facts: Facts) -> str:
    use = USES.get(facts.format)
    if use is None:
        return ""
    filled = use.replace("{field}", str(trained.grid.field))
    filled = filled.replace("{s3prl}", f"hf_{trained.family.model_type}_custom")
    return f"## Use\n\n{filled}\n"


def _limits(trained: Trained) -> str:
    lines = [
        "## What it is not good for\n",
        "Other languages, other recordings than those it was trained on, and what decides "
        "over people. Speech that was synthesised (recipes `cldr`) is a stand-in: results on it "
        "are no evidence about human speech.",
    ]
    if trained.upstream.get("feat_extract_norm") == "group":
        lines.append(
            "\nIts first convolution has a group norm: in a padded batch stock software lets an "
            "utterance see the padding, and gives it other labels than alone. One utterance at a "
            "time is right everywhere; parp-espnet's own loader is right in batches, too."
        )
    return "\n".join(lines) + "\n"


def _origin(trained: Trained) -> str:
    versions = ""
    if trained.result is not None:
        trainer = (trained.result.options or {}).get("trainer")
        by = "" if trainer is None else f" by {trainer}"
        versions = f" Trained{by} with {trained.result.environment}."
    return f"*Written by parp-espnet {__version__}.{versions}*\n"
