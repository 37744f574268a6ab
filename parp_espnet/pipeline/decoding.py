"""How an experiment is decoded, and the names that follow from it."""

from dataclasses import dataclass

from parp_espnet.pipeline.pruning import digest
from parp_espnet.pipeline.settings import USUAL_BEAM, Settings

LM_MODEL = "valid.loss.ave.pth"
"""ESPnet's name for the best epoch's language model."""


@dataclass(frozen=True)
class Decoding:
    """The part of an experiment's settings that its weights do not depend on."""

    settings: Settings

    @property
    def has_language_model(self) -> bool:
        """Whether decoding is with one, of whichever kind."""
        return self.settings.use_lm or self.settings.use_ngram

    @property
    def beam(self) -> int:
        """Hypotheses that decoding keeps."""
        return self.settings.beam_size or (USUAL_BEAM if self.has_language_model else 1)

    @property
    def tunes(self) -> bool:
        """Whether there are weights to be tuned on the validation set."""
        return len(self.given_weights) < sum((self.has_language_model, self.settings.use_lm, self.settings.use_ngram))

    @property
    def given_weights(self) -> dict[str, float]:
        """The weights that the user has chosen."""
        names = ("lm_weight", "ngram_weight", "penalty")
        return {name: value for name in names if (value := getattr(self.settings, name)) is not None}

    @property
    def name(self) -> str:
        """Name of the decoding's directory."""
        if self.beam == 1:
            return "decode_greedy"
        tags = {
            "espnet": self.settings.search == "espnet",
            f"beam{self.beam}": True,
            f"lm{self._lm_tag}": self.settings.use_lm,
            f"ngram{self._ngram_tag}": self.settings.use_ngram,
            **{f"{name.replace('_weight', 'w')}{value:g}": True for name, value in self.given_weights.items()},
        }
        return "_".join(["decode", *(tag for tag, differs in tags.items() if differs)])

    @property
    def names(self) -> list[str]:
        """Names of all decodings that are made, the last one being the experiment's: others show what it is worth."""
        plain = [f"decode_beam{self.beam}"] if self.has_language_model and self.settings.search == "prefix" else []
        return list(dict.fromkeys(["decode_greedy", *plain, self.name]))

    @property
    def lm_directory(self) -> str:
        """Where ESPnet's language model is."""
        return f"{self.settings.expdir}/lm_{self.settings.train_dump}{self._lm_tag}"

    @property
    def ngram_file(self) -> str:
        """Where the n-gram is."""
        if self.settings.ngram is not None:
            return str(self.settings.ngram)
        folder = f"{self.settings.expdir}/ngram_{self.settings.train_dump}{self._text_tag}"
        return f"{folder}/{self.settings.ngram_num}gram.arpa"

    @property
    def lm_text(self) -> str:
        """Where the checked text of language models is."""
        return f"{self.settings.dumpdir}/lm_{self.settings.train_dump}{self._text_tag}.txt"

    @property
    def _text_tag(self) -> str:
        return "" if self.settings.lm_train_text is None else f"-{digest(self.settings.lm_train_text)}"

    @property
    def _lm_tag(self) -> str:
        config = self.settings.lm_config
        return (f"-{config.stem}" if config and config.stem != "lm" else "") + self._text_tag

    @property
    def _ngram_tag(self) -> str:
        if self.settings.ngram is not None:
            return f"-{digest(self.settings.ngram)}"
        return f"{self.settings.ngram_num}{self._text_tag}"
