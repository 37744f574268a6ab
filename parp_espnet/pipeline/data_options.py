"""Options of `phn.sh` that say what is trained on, and the names that follow from them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from parp_espnet.corpora.table import CORPORA, MINUTES_OF_OWN, NONE
from parp_espnet.data.marks import Marks
from parp_espnet.phones.espeak import VOICES
from parp_espnet.phones.phonemiser import LETTERS
from parp_espnet.pipeline.call_options import CallOptions
from parp_espnet.pipeline.options import SCORING, Range

USUAL_SPEEDS = (0.9, 1.0, 1.1)


@dataclass(frozen=True)
class DataOptions(CallOptions):
    """A corpus, its sets, and what is done to them."""

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
