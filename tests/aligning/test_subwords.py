import pytest

from parp_espnet.aligning.spelling import Speller

TOKENS = ("<blank>", "<unk>", "▁", "▁ma", "ñ", "n", "ga", "a", "<sos/eos>")


def test_a_sentence_is_spelled_in_the_longest_subwords() -> None:
    speller = Speller(TOKENS)
    assert speller.is_of_letters
    spelled = speller.spell("Maña, nga!")
    assert [TOKENS[number] for number in spelled] == ["▁ma", "ñ", "a", "▁", "n", "ga"]


def test_what_no_subword_spells() -> None:
    with pytest.raises(ValueError, match=r"the model has no token for x \(U\+0078\)"):
        Speller(TOKENS).spell("max")
