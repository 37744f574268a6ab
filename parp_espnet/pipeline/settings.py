"""The settings of one experiment: the options of `phn.sh`, and the names that follow from them."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Self

from parp_espnet.corpora.table import CORPORA, MINUTES_OF_OWN, NONE
from parp_espnet.data.marks import Marks
from parp_espnet.names import plain_name
from parp_espnet.phones.espeak import VOICES
from parp_espnet.phones.phonemiser import LETTERS
from parp_espnet.pipeline.options import CALL, CONTENT, DECODING, OF_MACHINE, SCORING, Range, filled
from parp_espnet.pipeline.paths import ROOT, need_clone
from parp_espnet.pipeline.pruning import FASTEST_RATE, Experiment, digest

SHIPPED = ROOT / "egs2/cldr/ssl1/upstreams"
NAMES = ("multi", "mono")
STAGES = {
    1: "data",
    2: "format",
    3: "filter",
    4: "tokens",
    5: "upstream",
    6: "first mask",
    7: "statistics",
    8: "train",
    9: "finalise",
    10: "language model",
    11: "tune",
    12: "decode",
    13: "score",
    14: "results",
}
MODEL = "valid.cer_ctc.ave.pth"  # ESPnet's name for the best epoch's model, by validation PER
SEARCHES = ("prefix", "espnet")
USUAL_BEAM = 12  # with a language model
USUAL_SPEEDS = (0.9, 1.0, 1.1)
SHARE = Range(least=0, below=1)


@dataclass(frozen=True)
class Settings(Experiment):
    """One experiment. `read` has made its paths relative to the recipe's directory, or absolute."""

    PROGRAM: ClassVar = "phn.sh"
    TAG_OPTION: ClassVar = "phn_tag"
    PREPARED: ClassVar = 7
    MASKED: ClassVar = 6

    # General
    stage: Annotated[int, f"first stage to run, of {len(STAGES)}", CALL] = 1
    stop_stage: Annotated[int, "last stage to run", CALL] = len(STAGES)
    skip_check: Annotated[bool, "leave out the check of the data, at the end of stage 1"] = False
    allow_pipes: Annotated[
        bool, "run the commands of your wav.scp and follow its '..': if you trust it"
    ] = False
    skip_train: Annotated[bool, "leave out stages 5 to 9", CALL] = False
    skip_eval: Annotated[bool, "leave out stages 10 to 14", CALL] = False
    ngpu: Annotated[
        int, "GPUs to train on, of each machine; 0 trains on the CPU", Range(least=0)
    ] = 0
    num_nodes: Annotated[
        int, "machines to train on; more than one takes a queue that gives them", Range(least=1)
    ] = 1
    nj: Annotated[
        int,
        "parallel jobs while preparing data; as many as cores by default",
        OF_MACHINE,
        CALL,
        Range(least=1),
    ] = os.cpu_count() or 1
    inference_nj: Annotated[
        int, "parallel jobs of ESPnet's search; others are one job", CALL, Range(least=1)
    ] = 1
    datadir: Annotated[
        str, "where a corpus's sets go, in the recipe directory; in an absolute --expdir", CALL
    ] = "data"
    dumpdir: Annotated[
        str, "where formatted data goes, in the recipe directory; in an absolute --expdir", CALL
    ] = "dump"
    phn_tag: Annotated[
        str | None, "name of the experiment; made from its settings by default", CALL
    ] = None

    # Data
    corpus: Annotated[
        str, f"one of {' '.join((*CORPORA, NONE))}; none: local/data.sh or you make data/"
    ] = NONE
    lang: Annotated[str | None, "language code, such as es; for cldr also several, 'es fr'"] = None
    mboshi: Annotated[Path | None, "directory of the Mboshi corpus; MBOSHI of db.sh by default"] = (
        None
    )
    commonvoice: Annotated[
        Path | None, "unpacked release of Common Voice; COMMONVOICE of db.sh by default"
    ] = None
    commonvoice_splits: Annotated[
        Path | None, "sets and phones of Rivière et al. 2020; COMMONVOICE_SPLITS"
    ] = None
    librilight: Annotated[
        Path | None, "librispeech_finetuning of Libri-light; LIBRILIGHT of db.sh by default"
    ] = None
    librispeech: Annotated[Path | None, "LibriSpeech; LIBRISPEECH of db.sh by default"] = None
    fold: Annotated[int, "which of Libri-light's six lists of ten minutes, 0 to 5"] = 0
    an4: Annotated[Path | None, "AN4 as CMU has it; AN4 of db.sh by default"] = None
    own: Annotated[
        Path | None, "recordings of your own: Kaldi directory, folder, or table; see egs2/own"
    ] = None
    phonemise: Annotated[
        str | None, "language in which the text of --own is phonemised, or letters"
    ] = None
    audio_column: Annotated[
        str | None, "column of a table of --own that has the recordings: its name, or number"
    ] = None
    text_column: Annotated[
        str | None, "column that has the texts, where it is not known by its name"
    ] = None
    speaker_column: Annotated[str | None, "column that has the speakers"] = None
    marks: Annotated[
        str, f"[laughter], xxx, … in texts of --own: {', '.join(Marks)}; see egs2/own"
    ] = Marks.DROP.value
    words_as_tokens: Annotated[
        bool, "the text holds words, and words are recognised in place of phones"
    ] = False
    train_minutes: Annotated[
        float | None,
        "minutes of training speech; 10 for cldr, 60 for commonvoice, all of own",
        Range(above=0),
    ] = None
    valid_minutes: Annotated[
        float | None,
        "minutes of validation speech; 2 for cldr, 20 for commonvoice, a tenth of own",
        Range(above=0),
    ] = None
    test_minutes: Annotated[
        float | None,
        "minutes of test speech; 6 for cldr, 60 for commonvoice, a tenth of own",
        SCORING,
        Range(above=0),
    ] = None
    train_set: Annotated[
        str | None, "data/NAME to train on; by default train, or train_10min for 10 minutes"
    ] = None
    valid_set: Annotated[str, "data/NAME to validate on"] = "dev"
    test_set: Annotated[str, "data/NAME to report on", SCORING] = "test"
    speed_perturb_factors: Annotated[
        str, "train on copies at these speeds, such as '0.9 1.0 1.1'; 1 is as it was"
    ] = ""
    min_wav_duration: Annotated[float, "leave shorter utterances out of training, in seconds"] = (
        0.25
    )
    max_wav_duration: Annotated[float, "leave longer ones out, in seconds"] = 20.0

    # Model and training
    upstream: Annotated[
        str, "shipped upstream (multi, mono), directory, file, or name of the hub"
    ] = "multi"
    upstream_init: Annotated[
        str, "pretrained; random: its architecture with random weights, a control"
    ] = "pretrained"
    mask_time_prob: Annotated[
        float | None, "hide spans of frames in training; the upstream's own by default", SHARE
    ] = None
    mask_feature_prob: Annotated[
        float | None, "hide spans of channels; the upstream's own by default", SHARE
    ] = None
    mask_feature_length: Annotated[
        int | None,
        "channels of a span that is hidden; the upstream's own by default",
        Range(least=1),
    ] = None
    layerdrop: Annotated[
        float | None, "leave out a layer so often in training; the upstream's own by default", SHARE
    ] = None
    train_config: Annotated[
        Path | None, "ESPnet training configuration; conf/train/phn.yaml by default"
    ] = None
    keep_checkpoints: Annotated[
        bool, "keep what a complete training could be continued from", CALL
    ] = False
    lr: Annotated[
        float | None,
        "peak learning rate; the training configuration's by default",
        Range(above=0, most=FASTEST_RATE),
    ] = None

    # Language models
    use_ngram: Annotated[
        bool, "decode with an n-gram, by default one of the training text", DECODING
    ] = False
    ngram: Annotated[
        Path | None, "n-gram of your own to decode with: ARPA, or KenLM's binary", DECODING, CONTENT
    ] = None
    ngram_num: Annotated[
        int, "words of the longest n-grams of the training text", DECODING, Range(least=1)
    ] = 3
    use_lm: Annotated[bool, "train ESPnet's own language model, and decode with it", DECODING] = (
        False
    )
    lm_config: Annotated[
        Path | None, "its ESPnet training configuration; conf/train/lm.yaml by default", DECODING
    ] = None
    lm_train_text: Annotated[
        Path | None,
        "Kaldi text for both, in the recogniser's tokens; that of --train_set by default",
        DECODING,
        CONTENT,
    ] = None

    # Decoding
    beam_size: Annotated[
        int | None,
        f"beam of the search, 1 is greedy; 1 by default, {USUAL_BEAM} with a language model",
        DECODING,
        Range(least=1),
    ] = None
    ngram_weight: Annotated[
        float | None,
        "weight of the n-gram's natural logarithms; tuned by default",
        DECODING,
        Range(least=0),
    ] = None
    lm_weight: Annotated[
        float | None, "weight of the language model's; tuned by default", DECODING, Range(least=0)
    ] = None
    penalty: Annotated[
        float | None,
        "what every token adds; tuned with a language model, otherwise 0",
        DECODING,
        Range(),
    ] = None
    search: Annotated[
        str, "prefix; espnet: stock asr_inference, whose weights are not tuned", DECODING
    ] = "prefix"
    compare_decoding: Annotated[
        bool, "also decode dev and test by beam, and with each language model", CALL
    ] = False

    # Scoring
    metric: Annotated[
        str, "what errors are counted in: per (phones, or whatever text holds), wer or cer", SCORING
    ] = "per"
    merge: Annotated[
        Path | None,
        "table of phones that are scored as one: two columns, from and to",
        SCORING,
        CONTENT,
    ] = None

    @property
    def tag(self) -> str:
        """Name of the experiment, from every setting that its weights depend on."""
        if self.phn_tag is not None:
            return self.phn_tag
        stem = self.train_config.stem if self.train_config else "phn"
        config = [plain_name(stem)] if stem != "phn" else []
        config += [] if self.lr is None else [f"lr{self.lr:g}"]
        # Each process has batches of its own, so an update is one of as many batches.
        config += [f"ranks{self.ranks}"] if self.ranks > 1 else []
        others = [self.upstream_name, self.train_dump, f"u{self.updates}", f"seed{self.seed}"]
        return "_".join(["phn", self.method, *self.pruning_tags, *config, *others])

    @property
    def ranks(self) -> int:
        """How many processes train."""
        return self.num_nodes * max(1, self.ngpu)

    @property
    def train_name(self) -> str:
        """Name of the training set."""
        if self.train_set is not None:
            return self.train_set
        fold = f"_fold{self.fold}" if self.fold else ""
        return "train" if self.train_minutes is None else f"train_{self.train_minutes:g}min{fold}"

    def set_name(self, split: str) -> str:
        """Name of a set (train, dev or test)."""
        return {"train": self.train_name, "dev": self.valid_set, "test": self.test_set}[split]

    def set_options(self, split: str) -> list[str]:
        """What make_corpus is told to make a set (train, dev or test): all but the corpus."""
        corpus = CORPORA[self.corpus]
        name = self.set_name(split)
        minutes = {
            "train": self.train_minutes,
            "dev": self.valid_minutes,
            "test": self.test_minutes,
        }[split]
        given = {
            "minutes": minutes,
            "seed": 0,
            "fold": self.fold if self.fold and split == "train" else None,
            "jobs": None,
            # What is as usual is not said, so that data made before such options stay as they are.
            "marks": None if self.marks == Marks.DROP else self.marks,
            "words_as_tokens": "true" if self.words_as_tokens else None,
        }
        if self.valid_minutes is not None or self.test_minutes is not None:
            asked = (self.train_minutes, self.valid_minutes, self.test_minutes)
            given |= dict(zip(MINUTES_OF_OWN, asked, strict=True))
        values = {
            option: given.get(option, getattr(self, option, None)) for option in corpus.options
        }
        words = [
            word
            for option, value in values.items()
            if value is not None
            for word in (f"--{option}", str(value))
        ]
        part = name if corpus.named_sets and split != "train" else split
        return ["--set", part, "--out", f"{self.datadir}/{name}", *words]

    @property
    def inventory(self) -> str | None:
        """The languages whose phones the text has; none where phones are the user's, published
        ones, or letters.
        """
        if (
            self.corpus == NONE
            or CORPORA[self.corpus].letters
            or self.commonvoice_splits is not None
        ):
            return None
        if self.corpus == "own":
            return self.phonemise if self.phonemise in VOICES else None
        languages = CORPORA[self.corpus].languages or {}
        return (
            " ".join(languages[code] for code in (self.lang or "").split() if code in languages)
            or None
        )

    @property
    def check_options(self) -> list[str]:
        """What the check of the data is told of its tokens."""
        known = [] if self.inventory is None else ["--lang", self.inventory]
        many = self.holds_letters or self.words_as_tokens
        return [*known, *(["--ignore", "words"] if many else [])]

    @property
    def holds_letters(self) -> bool:
        """Whether the text is known to be letters, of which some scripts have thousands."""
        return self.phonemise == LETTERS or (self.corpus != NONE and CORPORA[self.corpus].letters)

    @property
    def train_dump(self) -> str:
        """Name of what the training set becomes: ESPnet's, another one, where speeds
        are changed.
        """
        if not self.speeds:
            return self.train_name
        unusual = (
            "" if self.speeds == USUAL_SPEEDS else "-".join(f"{speed:g}" for speed in self.speeds)
        )
        return f"{self.train_name}_sp{unusual}"

    @property
    def speeds(self) -> tuple[float, ...]:
        """The factors of speed perturbation, ascending; none where there is none."""
        return tuple(sorted(float(word) for word in self.speed_perturb_factors.split()))

    @property
    def score_options(self) -> list[str]:
        """What scoring has to be told."""
        merge = [] if self.merge is None else ["--merge", str(self.merge)]
        return [*([] if self.metric == "per" else ["--metric", self.metric]), *merge]

    @property
    def upstream_settings(self) -> dict[str, float]:
        """What finetuning changes in the upstream's config.json, by Hugging Face's names."""
        names = ("mask_time_prob", "mask_feature_prob", "mask_feature_length", "layerdrop")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    @property
    def upstream_name(self) -> str:
        """Name of the upstream in paths and tags."""
        changed = "".join(
            f"-{name.removesuffix('_prob')}{value:g}"
            for name, value in self.upstream_settings.items()
        )
        return self._with_init(upstream_name(self.upstream) + changed)

    @property
    def upstream_label(self) -> str:
        """What results call the upstream; with random weights another, whatever the seed that they
        are drawn with.
        """
        return (
            self.upstream_source
            if self.upstream_init == "pretrained"
            else f"{self.upstream_source}-random"
        )

    @property
    def upstream_source(self) -> str:
        """Where its architecture and weights are from: the name of a shipped one, otherwise what
        the user gave.
        """
        name = upstream_name(self.upstream)
        return name if (SHIPPED / name).is_dir() else self.upstream

    def _with_init(self, name: str) -> str:
        return name if self.upstream_init == "pretrained" else f"{name}-random{self.seed}"

    @classmethod
    def of(cls, found: object, where: str) -> Self:
        """Make them of what an experiment's file holds; an option that is younger has its default.

        Raises `UserError`.
        """
        return filled(cls, found, where, cls.PROGRAM)

    def skips(self, stage: int) -> bool:
        """Whether a stage is left out by the user's wish."""
        wanted = self.stage <= stage <= self.stop_stage
        return (
            not wanted or (self.skip_train and 5 <= stage <= 9) or (self.skip_eval and stage >= 10)
        )


def upstream_name(upstream: str) -> str:
    """Name of an upstream in paths and tags; for a directory of one's own, with a hash of where it
    is.
    """
    path = Path(upstream)
    if path.parent.name == "upstreams" and path.parent.parent.name == "ssl1":
        return path.name
    if upstream.startswith(("/", ".")):
        return f"{plain_name(path.stem or path.name)}-{digest(path)}"
    return upstream.replace("/", "__")


def model_called(word: str) -> Path:
    """Return where a model is, which is called by its path or by the name of a shipped upstream.

    Raises `UserError` for such a name where only the package is installed.
    """
    shipped = SHIPPED / word
    if word in NAMES and not Path(word).exists():
        need_clone(f"the upstream {word}")
    if "/" in word or Path(word).exists() or not shipped.is_dir():
        return Path(word)
    return shipped
