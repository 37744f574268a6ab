"""What a text is in a model's tokens, and what it cannot spell."""

import pytest

from parp_espnet.aligning.spelling import Speller

PHONES = ("<blank>", "<unk>", "t", "tʃ", "a", "aː", "ɡ", "ɔ\u0303", "n", "<sos/eos>")
LETTERS = ("<blank>", "<unk>", "<space>", "a", "n", "\u00e9", "<sos/eos>")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("t a n", "t a n"),
        ("tʃaː tan\n n", "tʃ aː t a n n"),
        ("t͡ʃa:.ˈta", "tʃ aː t a"),
        ("ga", "ɡ a"),
        ("n\u1d10\u0303".replace("\u1d10", "ɔ"), "n ɔ\u0303"),
    ],
)
def test_phones(text: str, tokens: str):
    assert [PHONES[number] for number in Speller(PHONES).spell(text)] == tokens.split()


def test_letters():
    speller = Speller(LETTERS)
    spelled = [LETTERS[number] for number in speller.spell("Ana, n\u0065\u0301!")]
    assert spelled == ["a", "n", "a", "<space>", "n", "\u00e9"]


@pytest.mark.parametrize(
    ("tokens", "text", "said"),
    [
        (
            PHONES,
            "t q a qn\u0325",
            "the model has no token for q (U+0071), n\u0325 (U+006E U+0325)",
        ),
        (PHONES, " ", "expected a text to align, found ''"),
        (LETTERS, "nab", "the model has no token for b (U+0062), in 'nab'"),
        (PHONES, "<unk>", "the model has no token for < (U+003C), u (U+0075), k (U+006B), >"),
    ],
)
def test_what_cannot_be_spelled_is_named(tokens: tuple[str, ...], text: str, said: str):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as caught:
        Speller(tokens).spell(text)
    assert str(caught.value).startswith(said)


def of_letters(letters: str) -> tuple[str, ...]:
    return ("<blank>", "<unk>", "<space>", *letters.split(), "<sos/eos>")


@pytest.mark.parametrize(
    ("letters", "text", "others", "spelled"),
    [
        # What no token has is punctuation: an apostrophe that closes nothing, a colon, a question.
        ("m e t a", "meta’, meta", [], "m e t a <space> m e t a"),
        ("m e t a", "’meta", [], "m e t a"),
        ("m a", "ma: ma?", ["ma:ma ma?ma"], "m a <space> m a"),
        # What all texts have is a letter where one text leaves it open.
        ("m a ?", "ma?", ["ma?a a?a ?a"], "m a ?"),
        ("m a ?", "ma?", [], "m a"),
        ("m a 3", "ma3", [], "m a 3"),
        ("m a '", "ma' a", [], "m a ' <space> a"),
        # A dotless i's capital is I, though this text has none of them.
        ("ı r i", "IR", [], "ı r"),
        ("r i", "IR", [], "i r"),
    ],
)
def test_doubtful_letters(letters: str, text: str, others: list[str], spelled: str):
    tokens = of_letters(letters)
    speller = Speller(tokens, [text, *others] if others else ())
    assert [tokens[number] for number in speller.spell(text)] == spelled.split()
    pieces = ("<blank>", "<unk>", "▁", *letters.split(), "<sos/eos>")
    speller = Speller(pieces, [text, *others] if others else ())
    found = "".join(pieces[number] for number in speller.spell(text))
    assert found == "▁" + spelled.replace(" ", "").replace("<space>", "▁")


@pytest.mark.parametrize("text", ["don't", "a:a", "a?a", "ma3"])
def test_a_letter_within_a_word_is_never_left_out(text: str):
    with pytest.raises(ValueError, match=r"no token for|write them out"):
        Speller(of_letters("a d m n o t")).spell(text)


@pytest.mark.parametrize(
    ("tokens", "text", "spelled"),
    [
        ("t ʃ t͡ʃ a", "t͡ʃa", "t͡ʃ a"),
        ("t ʃ a", "t͡ʃa", "t ʃ a"),
        ("| a", "|a", "| a"),
        ("a ˈa n", "ˈana", "ˈa n a"),
        ("a n", "ˈana", "a n a"),
        ("k a:", "ka:", "k a:"),
        ("k aː", "ka:", "k aː"),
        ("k g a", "ga", "g a"),
    ],
)
def test_marks_that_tokens_have_are_theirs(tokens: str, text: str, spelled: str):
    names = tokens.split()
    found = [names[number] for number in Speller(names).spell(text)]
    assert found == spelled.split()
