"""The settings of one experiment on speech: all options of `phn.sh`, and the experiment's name.

Each option is declared once: those of pruning in `pruning.options` and `pipeline.pruning`, others
in `call_options`, `data_options`, `model_options`, `noise_options`, `second_round`,
and here.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from parp_espnet.export.asked import BEAMS
from parp_espnet.names import digest, plain_name
from parp_espnet.pipeline.data_options import TokenType
from parp_espnet.pipeline.options import CALL, CONTENT, DECODING, FILE, SCORING, Range
from parp_espnet.pipeline.second_round import SecondRound
from parp_espnet.scoring.words import Metric
from parp_espnet.upstreams.starts import NEAREST

SEARCHES = ("prefix", "espnet")
USUAL_BEAM = 12  # with a language model


@dataclass(frozen=True)
class Settings(SecondRound):
    """One experiment. `read` has made its paths relative to the recipe's directory, or absolute."""

    # Language models
    use_ngram: Annotated[
        bool, "decode with an n-gram, by default one of the training text", DECODING
    ] = False
    ngram: Annotated[
        Path | None,
        "n-gram of your own to decode with: ARPA, or KenLM's binary",
        DECODING,
        FILE,
        CONTENT,
    ] = None
    ngram_num: Annotated[
        int, "words of the longest n-grams of the training text", DECODING, Range(least=1)
    ] = 3
    use_lm: Annotated[bool, "train ESPnet's own language model, and decode with it", DECODING] = (
        False
    )
    lm_config: Annotated[
        Path | None,
        "its ESPnet training configuration; conf/train/lm.yaml by default",
        DECODING,
        FILE,
    ] = None
    lm_train_text: Annotated[
        Path | None,
        "Kaldi text for both, in the recogniser's tokens; that of --train_set by default",
        DECODING,
        FILE,
        CONTENT,
    ] = None

    # Decoding
    beam_size: Annotated[
        int | None,
        f"beam of the search, 1 is greedy; 1 by default, {USUAL_BEAM} with a language model or "
        "a lexicon",
        DECODING,
        BEAMS,
    ] = None
    lexicon: Annotated[
        Path | None,
        "find nothing but words: Kaldi's lexicon, word phone phone ..., or a list of words for "
        "letters and subwords",
        DECODING,
        FILE,
        CONTENT,
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
        str | None,
        "errors are counted in: per (phones, or tokens), wer, cer; by default per, of letters cer, "
        "of subwords wer",
        SCORING,
    ] = None
    merge: Annotated[
        Path | None,
        "table of phones that are scored as one: two columns, from and to",
        SCORING,
        FILE,
        CONTENT,
    ] = None

    @property
    def tag(self) -> str:
        """Name of the experiment, from every setting that its weights depend on."""
        if self.phn_tag is not None:
            return self.phn_tag
        config: list[str] = []
        if self.train_config is not None and self.train_config.stem != "phn":
            config.append(plain_name(self.train_config.stem))
        if self.lr is not None:
            config.append(f"lr{self.lr:g}")
        if self.label_prior is not None:
            config.append(f"prior{self.label_prior:g}")
        if self.raw_speech is not None:
            config.append(f"raw{digest(self.raw_speech)}")
        if self.init_head != NEAREST:
            config.append(f"head-{self.init_head}")
        # Each process has batches of its own, so an update is one of as many batches.
        if self.ranks > 1:
            config.append(f"ranks{self.ranks}")
        data = f"{self.train_dump}{self.tokens_tag}"
        others = [self.upstream_name, data, f"u{self.updates}", f"seed{self.seed}"]
        how = [*self.pruning_tags, *self.teacher_tags, *self.noise_tags, *config]
        return "_".join(["phn", self.method, *how, *others])

    @property
    def score_options(self) -> list[str]:
        """What scoring has to be told."""
        options: list[str] = []
        if self.counted is not Metric.PER:
            options += ["--metric", str(self.counted)]
        if self.merge is not None:
            options += ["--merge", str(self.merge)]
        return options

    @property
    def counted(self) -> Metric:
        """What errors are counted in."""
        usual = {TokenType.PHN: Metric.PER, TokenType.CHAR: Metric.CER, TokenType.BPE: Metric.WER}
        return usual[self.tokens] if self.metric is None else Metric(self.metric)
