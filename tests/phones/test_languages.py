import pytest

from parp_espnet.errors import UserError
from parp_espnet.phones.espeak import VOICES, Synthesiser
from parp_espnet.phones.languages import codes_of, known_as, nearest, voices
from parp_espnet.phones.phonemiser import phones_of


def test_every_voice_that_is_offered_can_be_loaded() -> None:
    """In one library: to load it afresh for each would take a second."""
    with Synthesiser("es") as synthesiser:
        for code, name in voices().items():
            found = synthesiser._library.espeak_SetVoiceByName(name.encode())
            assert found == 0, f"{code}: {name}"
    assert len(voices()) > 130
    # They have no dictionary.
    assert not {"fo", "kaa", "xex"} & voices().keys()


@pytest.mark.parametrize(
    ("language", "text", "phones"),
    [
        ("de", "Das Weekend ist schön", "d a s v eː k ə n t ɪ s t ʃ øː n"),
        ("pl", "cześć świat", "tʃ ɛ ɕ tɕ ɕ fʲ a t"),
        ("hi", "नमस्ते", "n ə m ʌ s t eː"),
        ("sw", "habari ya asubuhi", "h a b a r i j a a s u b u h i"),
        ("no", "takk", "t ɑ kː"),
        # Tones are left out, the third of which eSpeak NG prints as ɜ.
        ("vi", "xin chào bạn", "s i n tʃ aː w b aː n"),
        ("yue", "你好", "n ei h ou"),
        # The mnemonics of Spanish.
        ("es-419", "hola, cero 3", "o l a s e ɾ o t ɾ e s"),
    ],
)
def test_languages_beyond_the_projects(language: str, text: str, phones: str) -> None:
    assert phones_of(language, text) == tuple(phones.split())


@pytest.mark.parametrize(
    ("language", "text"), [("hi", "नमस्ते computer"), ("hi", "hello world"), ("ja", "漢字")]
)
def test_what_they_cannot_read_is_refused(language: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"expected {language} only, found words"):
        phones_of(language, text)


def test_codes() -> None:
    assert known_as("es", VOICES) == "es"
    assert known_as("CMN", VOICES) == "zh"
    assert known_as("en-us", VOICES) == "en"
    assert known_as("pt-BR", VOICES) == "pt-br"
    assert known_as("german", VOICES) is None
    assert nearest("german", VOICES)[0] == "de"
    assert nearest("pt_br", VOICES)[0] == "pt-br"
    with pytest.raises(UserError, match=r"no voice for the language 'pt_br'.*nearest are: pt-br"):
        Synthesiser("pt_br")


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("Spanish", ["es", "es-419"]),
        ("spannish", ["es", "es-419"]),
        ("Spanish (Latin America)", ["es-419"]),
        ("german", ["de"]),
        ("English", ["en"]),
        ("french", ["fr"]),
        ("Chinese", ["zh"]),
        ("Greek", ["el", "grc"]),
        ("Zzyzxian", []),
        ("xx", []),
        ("", []),
    ],
)
def test_a_language_by_its_english_name(name: str, codes: list[str]) -> None:
    assert codes_of(name, VOICES)[: len(codes) or 1] == codes
