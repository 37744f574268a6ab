"""`--phonemise`: a language, a table from spelling to phones, or letters."""

from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.phones.espeak import VOICES
from parp_espnet.phones.languages import codes_of, known_as, nearest, voices
from parp_espnet.phones.phonemiser import LETTERS
from parp_espnet.phones.rules import is_table, read_rules


def chosen(kind: str | None, command: str = "phn.sh") -> str | None:
    """Return what was given to a command, a language by the code that it has here.

    Raises `UserError` where there is no such language, or the table is none.
    """
    if kind is None or kind == LETTERS:
        return kind
    code = known_as(kind, VOICES)
    if code is not None:
        return code
    if is_table(kind) or "." in kind or Path(kind).is_file():
        try:
            read_rules(Path(kind))
        except UserError as error:
            raise UserError(f"{command}: --phonemise: {error}") from None
        return kind if is_table(kind) else f"./{kind}"
    alike = nearest(kind, VOICES)
    named = codes_of(kind, VOICES)
    hint = f"; did you mean {named[0]}?" if named else ""
    others = f", such as {' '.join(alike)}" if alike else ""
    letters = f"{LETTERS}, or " if command == "phn.sh" else ""
    raise UserError(
        f"{command}: --phonemise {kind}: expected {letters}one of {' '.join(VOICES)}, or "
        f"another of eSpeak NG's {len(voices())} codes{others}, or a file: word and phones, or "
        f"Orth,Phon{hint}"
    )


def is_language(kind: str | None) -> bool:
    """Whether what was chosen is a language, and neither letters nor a table."""
    return kind is not None and kind != LETTERS and not is_table(kind)
