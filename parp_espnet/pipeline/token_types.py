"""What `--token_type` means for a corpus: completed, and refused where it does not fit."""

from dataclasses import replace

from parp_espnet.corpora.registry import CORPORA, NONE
from parp_espnet.errors import UserError
from parp_espnet.phones.phonemiser import LETTERS
from parp_espnet.pipeline.data_options import TokenType
from parp_espnet.pipeline.settings import Settings


def complete_tokens(settings: Settings) -> Settings:
    """Return the options with what their kind of token asks of the corpus. Raises `UserError`."""
    kind = settings.token_type
    if kind is not None and kind not in list(TokenType):
        known = ", ".join(TokenType)
        raise UserError(f"phn.sh: --token_type {kind}: expected one of {known}")
    if settings.nbpe is not None and kind != TokenType.BPE:
        raise UserError(
            f"phn.sh: --nbpe {settings.nbpe} changes nothing without --token_type {TokenType.BPE}"
        )
    if kind == TokenType.BPE and settings.updates == 0:
        raise UserError(
            f"phn.sh: --updates 0: expected 1 or more with --token_type {kind}: no head that an "
            f"upstream comes with has these subwords"
        )
    if kind is None or settings.corpus not in CORPORA:
        return settings
    if settings.words_as_tokens:
        raise UserError(
            f"phn.sh: --token_type {kind}: with --words_as_tokens true words are tokens; leave one "
            f"of them out"
        )
    return _phones(settings) if kind == TokenType.PHN else _letters(settings)


def apart(settings: Settings) -> Settings:
    """Return the options with places of their own for sets of other tokens than the corpus has:
    its own stay as they are.
    """
    if settings.is_usual or settings.corpus == NONE:
        return settings
    has_letters = CORPORA[settings.corpus].letters
    if has_letters and settings.tokens is TokenType.BPE:
        return settings
    name = "phones" if settings.tokens is TokenType.PHN else LETTERS
    places = {"datadir": settings.datadir, "dumpdir": settings.dumpdir}
    inner = {option: f"{place}/{name}" for option, place in places.items()}
    return replace(settings, datadir=inner["datadir"], dumpdir=inner["dumpdir"])


def _phones(settings: Settings) -> Settings:
    corpus = CORPORA[settings.corpus]
    if settings.phonemise == LETTERS:
        raise UserError(
            f"phn.sh: --token_type {TokenType.PHN}: expected phones, found --phonemise {LETTERS}, "
            f"which spells; leave one of them out"
        )
    if corpus.letters and settings.phonemise is None:
        return replace(settings, phonemise=settings.lang)
    return settings


def _letters(settings: Settings) -> Settings:
    kind, corpus = settings.token_type, CORPORA[settings.corpus]
    made = {"phonemise": settings.phonemise, "commonvoice_splits": settings.commonvoice_splits}
    for option, value in made.items():
        if value is not None and value != LETTERS:
            raise UserError(
                f"phn.sh: --token_type {kind}: expected a text in letters, found --{option} "
                f"{value}, which makes phones of it; leave one of them out"
            )
    if corpus.letters:
        return settings
    if "phonemise" not in corpus.told:
        able = [name for name, other in CORPORA.items() if "phonemise" in other.told]
        raise UserError(
            f"phn.sh: --token_type {kind}: the text of --corpus {corpus.name} is phones; expected "
            f"--corpus {', '.join(able)} or {NONE}"
        )
    return replace(settings, phonemise=LETTERS)
