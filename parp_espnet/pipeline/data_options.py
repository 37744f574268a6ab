"""Options of `phn.sh` that say what is trained on, and the names that follow from them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from parp_espnet.corpora.known.corpus import OF_SETS, Note
from parp_espnet.corpora.registry import CORPORA, NONE, CorpusOptions
from parp_espnet.names import digest
from parp_espnet.phones.espeak import VOICES
from parp_espnet.phones.phonemiser import LETTERS
from parp_espnet.pipeline.call_options import CallOptions
from parp_espnet.pipeline.options import SCORING, Range, options_of_class, plain

USUAL_NBPE = 100
"""With the three of sentencepiece's own (unknown, begin, end), as ESPnet counts them."""


class TokenType(StrEnum):
    """What is recognised, as ESPnet calls it."""

    PHN = "phn"
    CHAR = "char"
    BPE = "bpe"


USUAL_SPEEDS = (0.9, 1.0, 1.1)


@dataclass(frozen=True)
class CorpusChoice(CallOptions):
    """Which corpus, and which language of it."""

    corpus: Annotated[
        str, f"one of {' '.join((*CORPORA, NONE))}; none: local/data.sh or you make data/"
    ] = NONE
    lang: Annotated[str | None, "language code, such as es; for cldr also several, 'es fr'"] = None


@dataclass(frozen=True)
class DataOptions(CorpusOptions, CorpusChoice):
    """A corpus, its own options, its sets, and what is done to them."""

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
    align_with: Annotated[
        Path | None,
        "an experiment, exp/TAG, or what was exported of one: training and validation recordings "
        "that are longer are aligned with their texts by it, and cut",
    ] = None
    token_type: Annotated[
        str | None, f"{', '.join(TokenType)}: phones, letters or subwords; by default what text is"
    ] = None
    nbpe: Annotated[
        int | None, f"subwords, with --token_type bpe; {USUAL_NBPE} by default", Range(least=4)
    ] = None

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
        asked = (self.train_minutes, self.valid_minutes, self.test_minutes)
        minutes = dict(zip(("train", "dev", "test"), asked, strict=True))
        # make_corpus has its own number of jobs.
        given: dict[str, object] = {"minutes": minutes[split], "seed": 0, "jobs": None}
        if self.valid_minutes is not None or self.test_minutes is not None:
            given |= dict(zip(OF_SETS, asked, strict=True))
        words: list[str] = []
        for option in corpus.told:
            value = given[option] if option in given else self._told(option, split)
            if value is not None:
                words += [f"--{option}", plain(value)]
        part = name if corpus.named_sets and split != "train" else split
        return ["--set", part, "--out", f"{self.datadir}/{name}", *words]

    def _told(self, name: str, split: str) -> object:
        """What make_corpus is told of an option; None where it is left out.

        What is as usual is not said, so that data made before there was a choice stay as they are.
        """
        option = options_of_class(type(self)).get(name)
        if option is None:
            return None
        value = getattr(self, name)
        is_usual = value == option.default
        return None if is_usual or (Note.OF_TRAIN in option.notes and split != "train") else value

    @property
    def inventory(self) -> str | None:
        """The languages whose phones the text has; none where phones are the user's, published
        ones, or letters.
        """
        if self.corpus == NONE:
            return None
        corpus = CORPORA[self.corpus]
        if self.phonemise is not None and "phonemise" in corpus.told:
            return self.phonemise if self.phonemise in VOICES else None
        if corpus.letters:
            return None
        return corpus.inventory(corpus, self)

    @property
    def check_options(self) -> list[str]:
        """What the check of the data is told of its tokens."""
        options: list[str] = []
        if self.inventory is not None:
            options += ["--lang", self.inventory]
        if self.holds_letters or self.words_as_tokens:
            options += ["--ignore", "words"]
        return options

    @property
    def holds_letters(self) -> bool:
        """Whether the text is known to be letters, of which some scripts have thousands."""
        if self.corpus == NONE:
            return self.phonemise == LETTERS or self.tokens is not TokenType.PHN
        corpus = CORPORA[self.corpus]
        if self.phonemise is not None and "phonemise" in corpus.told:
            return self.phonemise == LETTERS
        return corpus.letters

    @property
    def tokens(self) -> TokenType:
        """What is recognised."""
        if self.token_type is not None:
            return TokenType(self.token_type)
        is_spelled = self.corpus != NONE and self.holds_letters
        return TokenType.CHAR if is_spelled or self.phonemise == LETTERS else TokenType.PHN

    @property
    def is_usual(self) -> bool:
        """Whether that is what the corpus has unless something is said."""
        letters = self.corpus != NONE and CORPORA[self.corpus].letters
        usual = TokenType.CHAR if letters else TokenType.PHN
        return self.token_type in (None, usual)

    @property
    def subwords_tag(self) -> str:
        """What is behind the names of sets of subwords: which they are."""
        is_bpe = self.tokens is TokenType.BPE
        return f"_{TokenType.BPE}{self.nbpe or USUAL_NBPE}" if is_bpe else ""

    @property
    def subwords_model(self) -> str | None:
        """sentencepiece's model, from the recipe directory; None where tokens are the text's."""
        if not self.subwords_tag:
            return None
        return f"{self.dumpdir}/token_list/{self.train_dump}{self.subwords_tag}.model"

    @property
    def token_list(self) -> str:
        """ESPnet's list of the tokens that are trained on, from the recipe directory."""
        return f"{self.dumpdir}/token_list/{self.train_dump}{self.subwords_tag}.txt"

    @property
    def tokens_tag(self) -> str:
        """What is behind the names of experiments on other tokens than the corpus has."""
        return "" if self.is_usual else self.subwords_tag or f"_{self.token_type}"

    @property
    def cut_tag(self) -> str:
        """What is behind the names of sets whose long recordings are cut: by which model."""
        return "" if self.align_with is None else f"_cut{digest(self.align_with)}"

    @property
    def longest_piece(self) -> float:
        """Seconds of what is cut: at the slowest speed it may still be trained on."""
        return self.max_wav_duration * min((1.0, *self.speeds))

    @property
    def valid_dump(self) -> str:
        """Name of what the validation set becomes."""
        return f"{self.valid_set}{self.cut_tag}"

    @property
    def test_dump(self) -> str:
        """Name of what the test set becomes: of a set that is also trained or validated on another
        one, since of these what is too short or too long is left out, if not here (where recordings
        are cut, or speeds changed) then for another experiment.
        """
        filtered = (self.train_name, self.train_dump, self.valid_set, self.valid_dump)
        return f"{self.test_set}_whole" if self.test_set in filtered else self.test_set

    @property
    def train_dump(self) -> str:
        """Name of what the training set becomes: ESPnet's, another one, where speeds
        are changed.
        """
        name = f"{self.train_name}{self.cut_tag}"
        if not self.speeds:
            return name
        unusual = (
            "" if self.speeds == USUAL_SPEEDS else "-".join(f"{speed:g}" for speed in self.speeds)
        )
        return f"{name}_sp{unusual}"

    @property
    def speeds(self) -> tuple[float, ...]:
        """The factors of speed perturbation, ascending; none where there is none."""
        return tuple(sorted(float(word) for word in self.speed_perturb_factors.split()))
