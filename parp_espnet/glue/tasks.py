"""The tasks: where their examples are, what the labels are, and what is measured.

The nine of GLUE (Wang et al. 2019) are read from its own TSV folders. Four more are made of CLDR's
names, so that there is always something to run: see `made`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class Source:
    """A file of a task's GLUE folder, and its columns, by the header's names or, where it has no
    header, by number.
    """

    file: str
    sentences: tuple[str, ...] | tuple[int, ...]
    label: str | int


@dataclass(frozen=True)
class Task:
    """One task."""

    title: str
    labels: tuple[str, ...] | None
    """In the order of their numbers; None where the label is a number itself."""
    metrics: tuple[str, ...]
    """Names of `metrics.METRICS`; the first is the one that is reported as the error rate, 1 −
    score.
    """
    folder: str | None = None
    """The folder in GLUE's; None where the task is made."""
    pairs: bool = True
    """Whether an example is two sentences."""
    train: Source | None = None
    tests: Mapping[str, Source] = field(default_factory=dict)
    """What is reported on, by name: GLUE's development sets, since the labels of its test sets are
    secret.
    """
    spelled: Mapping[str, str] = field(default_factory=dict)
    """What a label is in the files, where that is not its name."""
    bounds: tuple[float, float] | None = None
    """Smallest and largest label, where it is a number."""
    ragged: bool = False
    """Whether GLUE's own file has lines that are cut short, which everybody leaves out."""


def _glue(
    title: str,
    folder: str,
    sentences: tuple[str, ...] | tuple[int, ...],
    label: str | int,
    **more: object,
) -> Task:
    values = {
        "pairs": len(sentences) == 2,
        "train": Source("train.tsv", sentences, label),
        "tests": {"dev": Source("dev.tsv", sentences, label)},
    }
    return Task(title=title, folder=folder, **values | more)  # type: ignore[arg-type]  # each caller names its fields


_YES_NO = ("not_entailment", "entailment")
_ZERO_ONE = {"0": "no", "1": "yes"}
_NO_YES = ("no", "yes")
_SENTENCES = ("sentence1", "sentence2")
_MNLI = ("contradiction", "neutral", "entailment")

TASKS: Mapping[str, Task] = {
    "cola": _glue(
        "CoLA: is the sentence grammatical", "CoLA", (3,), 1,
        labels=_NO_YES, spelled=_ZERO_ONE, metrics=("matthews", "accuracy"),
    ),
    "sst2": _glue(
        "SST-2: is the review positive", "SST-2", ("sentence",), "label",
        labels=_NO_YES, spelled=_ZERO_ONE, metrics=("accuracy",),
    ),
    "mrpc": _glue(
        "MRPC: do two sentences of the news say the "
        "same", "MRPC", ("#1 String", "#2 String"), "Quality",
        labels=_NO_YES, spelled=_ZERO_ONE, metrics=("accuracy", "f1"),
    ),
    "stsb": _glue(
        "STS-B: how similar are two sentences, 0 to 5", "STS-B", _SENTENCES, "score",
        labels=None, bounds=(0.0, 5.0), metrics=("pearson", "spearman"),
    ),
    "qqp": _glue(
        "QQP: do two questions ask the same", "QQP", ("question1", "question2"), "is_duplicate",
        labels=_NO_YES, spelled=_ZERO_ONE, metrics=("accuracy", "f1"), ragged=True,
    ),
    "mnli": _glue(
        "MNLI: does the premise entail or contradict the "
        "hypothesis", "MNLI", _SENTENCES, "gold_label",
        labels=_MNLI, metrics=("accuracy",),
        tests={
            "dev_matched": Source("dev_matched.tsv", _SENTENCES, "gold_label"),
            "dev_mismatched": Source("dev_mismatched.tsv", _SENTENCES, "gold_label"),
        },
    ),
    "qnli": _glue(
        "QNLI: does the sentence answer the question", "QNLI", ("question", "sentence"), "label",
        labels=_YES_NO, metrics=("accuracy",),
    ),
    "rte": _glue(
        "RTE: does the text entail the "
        "hypothesis", "RTE", _SENTENCES, "label", labels=_YES_NO, metrics=("accuracy",),
    ),
    "wnli": _glue(
        "WNLI: what does the pronoun refer to", "WNLI", _SENTENCES, "label",
        labels=_NO_YES, spelled=_ZERO_ONE, metrics=("accuracy",),
    ),
    "cldr_kind": Task(
        "what kind of name "
        "is it", ("territory", "language", "script", "currency", "city"), ("accuracy",),
        pairs=False,
    ),
    "cldr_same": Task("do two names in two languages mean the same", _NO_YES, ("accuracy", "f1")),
    "cldr_order": Task("is this phrase in its natural "
                       "order", _NO_YES, ("matthews", "accuracy"), pairs=False),
    "cldr_sim": Task("what share of two lists is "
                     "common", None, ("pearson", "spearman"), bounds=(0.0, 5.0)),
}  # fmt: skip
