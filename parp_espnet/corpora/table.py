"""The corpora: what each is told, and what it needs. Options of phn.sh and of make_corpus both
follow from this table.

A new corpus is a row here, a module that reads it, and its maker in `parp_espnet.bin.make_corpus`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from parp_espnet.phones.espeak import VOICES


@dataclass(frozen=True)
class Minutes:
    """How many minutes there are of each set, unless the user says so."""

    train: float | None
    dev: float | None
    test: float | None


@dataclass(frozen=True)
class Corpus:
    """One corpus: what it is; the options that it needs and those that it takes besides; its
    languages, where not any will do, by the code of their phone inventory.
    """

    what: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    languages: Mapping[str, str] | None = None
    minutes: Minutes | None = None
    """None where there is no choice."""
    named_sets: bool = False
    """Whether dev and test are of one's choice, by the names of --valid_set and --test_set."""
    libraries: tuple[str, ...] = ()
    """Distributions whose versions its bytes depend on."""
    letters: bool = False
    """Whether its text is letters, of which there is no inventory."""

    @property
    def options(self) -> tuple[str, ...]:
        """All that it is told, but for the set."""
        return (*self.needs, *self.takes)


FOLDERS: Mapping[str, str] = {
    "mboshi": "a clone of github.com/besacier/mboshi-french-parallel-corpus",
    "commonvoice": "an unpacked release of Common Voice, or of one language of it, Spontaneous "
    "Speech included",
    "commonvoice_splits": "the splits of Rivière et al. 2020, unpacked",
    "librilight": "librispeech_finetuning of Libri-light, unpacked",
    "librispeech": "LibriSpeech, unpacked, with dev-other and test-clean",
    "an4": "an4_sphere.tar.gz of CMU, unpacked",
    "own": "a Kaldi directory, a folder of recordings with transcripts, or a table of both",
}
"""Options that say where a corpus is; in db.sh, the same in capitals."""

OF_OWN = ("audio_column", "text_column", "speaker_column", "marks", "words_as_tokens")
"""What --corpus own alone is told of its lists and texts; left out where it is as usual."""
MINUTES_OF_OWN = ("of_train", "of_dev", "of_test")
"""Minutes of each set, which all three are told where dev or test is to have so many."""

_VOICES = {code: code for code in VOICES}
CORPORA: Mapping[str, Corpus] = {
    "cldr": Corpus(
        "synthetic speech, any amount of it",
        needs=("lang", "minutes"),
        takes=("seed", "jobs"),
        languages=_VOICES,
        minutes=Minutes(10.0, 2.0, 6.0),
        libraries=("babel", "espeakng-loader", "soxr"),
    ),
    "mini_an4": Corpus(
        "the seven AN4 utterances in ESPnet's wheel",
        languages={"en": "en"},
        libraries=("espnet", "espeakng-loader"),
    ),
    "mboshi": Corpus(
        "Mboshi, from a clone of the corpus", needs=("mboshi",), languages={"mb": "mb"}
    ),
    "commonvoice": Corpus(
        "Common Voice, any release, by the project's phonemiser or the published phones",
        needs=("commonvoice", "lang", "minutes"),
        takes=("commonvoice_splits",),
        languages={code: code for code in ("es", "fr", "it", "ky", "nl", "ru", "tr", "tt")}
        | {"sv-SE": "sv", "zh-TW": "zh"},
        minutes=Minutes(60.0, 20.0, 60.0),
        libraries=("espeakng-loader",),
    ),
    "librilight": Corpus(
        "LibriSpeech with Libri-light's lists of ten minutes, one hour and ten hours, in letters",
        needs=("librilight", "librispeech"),
        takes=("minutes", "fold"),
        languages={"en": "en"},
        minutes=Minutes(10.0, None, None),
        named_sets=True,
        letters=True,
    ),
    "an4": Corpus(
        "AN4, from CMU's tarball",
        needs=("an4",),
        languages={"en": "en"},
        libraries=("espeakng-loader",),
    ),
    "own": Corpus(
        "recordings of one's own, in one of three layouts",
        needs=("own", "lang"),
        takes=("minutes", "phonemise", *OF_OWN, *MINUTES_OF_OWN),
        minutes=Minutes(None, None, None),
        libraries=("espeakng-loader",),
    ),
}
NONE = "none"
"""In place of a corpus: local/data.sh or the user makes data/."""
