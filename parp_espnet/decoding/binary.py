"""N-grams in KenLM's binary form, through its own Python module, which is an optional
dependency.
"""

import math
import unicodedata
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parp_espnet.decoding.arpa import END, UNKNOWN, read_arpa
from parp_espnet.decoding.language_model import (
    ArpaModel,
    LanguageModel,
    check_vocabulary,
    words_of_tokens,
)
from parp_espnet.errors import UserError
from parp_espnet.files import need_file
from parp_espnet.phones.characters import decomposed

MAGIC = b"mmap lm http://kheafield.com/code"
"""How KenLM's binary files begin."""


def read_ngram(path: Path, tokens: Sequence[str]) -> LanguageModel:
    """Read an ARPA file, or a binary of KenLM. Raises `UserError` where it is neither, or of other
    words.
    """
    need_file(path, "no such file; expected an n-gram")
    try:
        with path.open("rb") as file:
            binary = file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise UserError(f"{path}: cannot read this n-gram ({error.strerror})") from None
    return KenlmModel(path, tokens) if binary else ArpaModel(read_arpa(path), tokens, str(path))


class KenlmModel(LanguageModel):
    """An n-gram that KenLM holds. A state is KenLM's own."""

    def __init__(self, path: Path, tokens: Sequence[str]) -> None:
        """Load the file. Raises `UserError` without the module, or when KenLM refuses the file."""
        try:
            import kenlm  # noqa: PLC0415
        except ModuleNotFoundError:
            raise UserError(
                f"{path}: reading KenLM's binary form takes its module, which is not installed: "
                "pip install kenlm==0.3.0 (it needs cmake and a C++ compiler), or give the ARPA "
                "file it was made of"
            ) from None
        try:
            self._model: Any = kenlm.Model(str(path))
        except (OSError, RuntimeError) as error:
            raise UserError(
                f"{path}: KenLM cannot read it ({str(error).splitlines()[-1]})"
            ) from None
        self._new_state: Any = kenlm.State
        forms: set[str] = set()
        for token in tokens:
            forms.update((token, decomposed(token), unicodedata.normalize("NFC", token)))
        # It does not tell its words.
        known = {form for form in forms if form in self._model} | {UNKNOWN}
        spelled = words_of_tokens(tokens, known)
        check_vocabulary(spelled, known, tokens, str(path))
        self._words = [spelled.get(token, token) for token in tokens]
        super().__init__(len(tokens))

    def _first(self) -> Hashable:
        state = self._new_state()
        self._model.BeginSentenceWrite(state)
        return state  # type: ignore[no-any-return]

    def _follow(self, key: Hashable, token: int) -> Hashable:
        state = self._new_state()
        self._model.BaseScore(key, self._words[token], state)
        return state  # type: ignore[no-any-return]

    def _score(self, keys: Sequence[Hashable]) -> NDArray[np.float64]:
        unused = self._new_state()
        words = [*self._words, END]
        return np.array(
            [[self._model.BaseScore(key, word, unused) for word in words] for key in keys]
        ) * math.log(10)
