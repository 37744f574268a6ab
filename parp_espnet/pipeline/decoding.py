"""How an experiment is decoded, and the names that follow from it."""

from dataclasses import dataclass, replace

from parp_espnet.names import digest, plain_name
from parp_espnet.pipeline.settings import USUAL_BEAM, Settings
from parp_espnet.scoring.result import GREEDY_DECODING

LM_MODEL = "valid.loss.ave.pth"
"""ESPnet's name for the best epoch's language model."""

WORDS = "words"
"""The file of the words that were found, where there is a lexicon."""


@dataclass(frozen=True)
class Decoding:
    """The part of an experiment's settings that its weights do not depend on."""

    settings: Settings
    penalised: bool = False
    """Whether a search without a language model has its penalty tuned: what a model is worth is
    seen beside it.
    """

    @property
    def has_language_model(self) -> bool:
        """Whether decoding is with one, of whichever kind."""
        return self.settings.use_lm or self.settings.use_ngram

    @property
    def beam(self) -> int:
        """Hypotheses that decoding keeps."""
        searches = self.has_language_model or self.settings.lexicon is not None
        return self.settings.beam_size or (USUAL_BEAM if searches else 1)

    @property
    def tunes(self) -> bool:
        """Whether there are weights to be tuned on the validation set."""
        has_penalty = self.has_language_model or self.penalised
        return len(self.given_weights) < sum(
            (has_penalty, self.settings.use_lm, self.settings.use_ngram)
        )

    @property
    def given_weights(self) -> dict[str, float]:
        """The weights that the user has chosen, of what it decodes with: in a comparison others
        may have another model.
        """
        weighed = {
            "lm_weight": self.settings.use_lm,
            "ngram_weight": self.settings.use_ngram,
            "penalty": True,
        }
        given: dict[str, float] = {}
        for name, is_used in weighed.items():
            value = getattr(self.settings, name)
            if is_used and value is not None:
                given[name] = value
        return given

    @property
    def name(self) -> str:
        """Name of the decoding's directory."""
        if self.beam == 1:
            return GREEDY_DECODING
        tags = {
            "espnet": self.settings.search == "espnet",
            f"beam{self.beam}": True,
            f"lm{self._lm_tag}": self.settings.use_lm,
            f"ngram{self._ngram_tag}": self.settings.use_ngram,
            f"lexicon{self._lexicon_tag}": self.settings.lexicon is not None,
            "penalty": self.penalised and self.tunes,
        }
        for name, value in self.given_weights.items():
            tags[f"{name.replace('_weight', 'w')}{value:g}"] = True
        return "_".join(["decode", *(tag for tag, differs in tags.items() if differs)])

    @property
    def searches(self) -> list["Decoding"]:
        """Our searches that are made, from the simplest on, the last one being the experiment's
        where that is one.

        An experiment with a language model is also searched without one: the model's share in the
        result is then seen.
        """
        own = [self] if self.beam > 1 and self.settings.search == "prefix" else []
        if self.settings.compare_decoding:
            plain = self._with(lm=False, ngram=False)
            penalised = Decoding(
                replace(plain.settings, penalty=self.settings.penalty), penalised=True
            )
            decodings = [plain, penalised]
            for lm, ngram in ((False, True), (True, False)):
                if self._compares(lm, ngram):
                    decodings.append(self._with(lm, ngram))
            decodings += own
        elif own and (self.has_language_model or self.settings.lexicon is not None):
            decodings = [self._with(lm=False, ngram=False), *own]
        else:
            decodings = own
        return list({decoding.name: decoding for decoding in decodings}.values())

    def _compares(self, lm: bool, ngram: bool) -> bool:
        """Whether a comparison has these models: those that are asked for, or both
        where none is.
        """
        return not self.has_language_model or (
            lm <= self.settings.use_lm and ngram <= self.settings.use_ngram
        )

    def _with(self, lm: bool, ngram: bool) -> "Decoding":
        """The search with these models alone, of any tokens, and what weights are theirs; the
        penalty is of a language model's.
        """
        own = self.settings
        return Decoding(
            replace(
                own,
                beam_size=own.beam_size or USUAL_BEAM,
                use_lm=lm,
                use_ngram=ngram,
                lexicon=None,
                lm_weight=own.lm_weight if lm else None,
                ngram_weight=own.ngram_weight if ngram else None,
                penalty=own.penalty if lm or ngram else None,
            )
        )

    @property
    def names(self) -> list[str]:
        """Names of all decodings that are made, the last one being the experiment's unless they are
        compared.
        """
        searches = [search.name for search in self.searches]
        return list(dict.fromkeys([GREEDY_DECODING, *searches, self.name]))

    @property
    def uses_lm(self) -> bool:
        """Whether one of them needs ESPnet's language model."""
        return any(decoding.settings.use_lm for decoding in [self, *self.searches])

    @property
    def uses_ngram(self) -> bool:
        """Whether one of them needs the n-gram."""
        return any(decoding.settings.use_ngram for decoding in [self, *self.searches])

    @property
    def model_files(self) -> dict[str, str]:
        """The language models and the lexicon that it decodes with, by the option that takes
        each.
        """
        files = {
            "--lm": (self.settings.use_lm, f"{self.lm_directory}/{LM_MODEL}"),
            "--ngram": (self.settings.use_ngram, self.ngram_file),
            "--lexicon": (self.settings.lexicon is not None, str(self.settings.lexicon)),
        }
        return {option: file for option, (used, file) in files.items() if used}

    @property
    def lm_directory(self) -> str:
        """Where ESPnet's language model is."""
        return f"{self.settings.expdir}/lm_{self._data_tag}{self._lm_tag}"

    @property
    def ngram_file(self) -> str:
        """Where the n-gram is."""
        if self.settings.ngram is not None:
            return str(self.settings.ngram)
        folder = f"{self.settings.expdir}/ngram_{self._data_tag}{self._text_tag}"
        return f"{folder}/{self.settings.ngram_num}gram.arpa"

    @property
    def lm_text(self) -> str:
        """Where the checked text of language models is."""
        return f"{self.settings.dumpdir}/lm_{self._data_tag}{self._text_tag}.txt"

    @property
    def _data_tag(self) -> str:
        return f"{self.settings.train_dump}{self.settings.tokens_tag}"

    @property
    def _text_tag(self) -> str:
        text = self.settings.lm_train_text
        return "" if text is None else f"-{digest(text)}"

    @property
    def _lm_tag(self) -> str:
        config = self.settings.lm_config
        if config is None or config.stem == "lm":
            return self._text_tag
        return f"-{plain_name(config.stem)}{self._text_tag}"

    @property
    def _lexicon_tag(self) -> str:
        return "" if self.settings.lexicon is None else f"-{digest(self.settings.lexicon)}"

    @property
    def _ngram_tag(self) -> str:
        if self.settings.ngram is not None:
            return f"-{digest(self.settings.ngram)}"
        return f"{self.settings.ngram_num}{self._text_tag}"
