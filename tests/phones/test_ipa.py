import re
import unicodedata
from random import Random

import panphon
import pytest

from parp_espnet.corpora.drawn import DRAWN, drawn_phones
from parp_espnet.corpora.phrases import SPLITS, phrase_book
from parp_espnet.errors import UserError
from parp_espnet.phones.espeak import VOICES, Synthesiser
from parp_espnet.phones.ipa import clean, load_inventory, switches_language

LANGUAGES = [*sorted(VOICES), "mb"]


@pytest.mark.parametrize(
    ("language", "clauses", "phones"),
    [
        ("es", ["n_ˌo_β_e_θ_j_ˈɛ_n_t_o_s", "o_tʃ_o"], "n o β e θ j ɛ n t o s o tʃ o"),
        ("it", ["ɡ__r_ˈa_n ss_ˈaː"], "ɡ r a n sː aː"),
        ("fr", ["l_ə- k_ˈɛ̃_z"], "l ə k ɛ̃ z"),
        ("en", ["m_ˈɑːɹ_ʔ_n̩ ˈaɪɚ"], "m ɑː ɹ ʔ n aɪ ə˞"),
        ("ru", ["ju_ɭʲ_ʌ ɭ_y"], "j u lʲ ʌ ɫ ɨ"),
        ("sv", ["sx_ˈɵ_tː_iː"], "ɧ ɵ tː iː"),
        ("ky", ["t[_ˈɑ:_d[ dZ_oe_S l-_oe:"], "t̪ ɑː d̪ dʒ œ ʃ ɫ œː"),
        ("zh", ["ts._ˈonɡ5_ k_ˈuoɜ_", "ts.h_o-5_s._ˈi.ɜ_ ˌər5_"], "ʈʂ ʊ ŋ k w o ʈʂʰ ɤ ʂ ɨ ə˞"),
        ("ru", ["(en)_d_ˈʌ_(ru)_j_ˈe"], "d ʌ j e"),
        ("es", [" _ ", ""], ""),
    ],
)
def test_rules(language: str, clauses: list[str], phones: str) -> None:
    assert clean(language, clauses) == tuple(unicodedata.normalize("NFD", phones).split())


def test_language_switch_is_seen() -> None:
    assert switches_language(["d_ˈo_s", "k_ˈa _(en)_ɪ_dʒ_(es)"])
    assert not switches_language(["d_ˈo_s"])


@pytest.fixture(scope="module")
def table() -> panphon.FeatureTable:
    return panphon.FeatureTable()


@pytest.mark.parametrize("language", LANGUAGES)
def test_inventory_is_ipa(language: str, table: panphon.FeatureTable) -> None:
    """panphon knows every symbol of every phone. There are no exceptions."""
    inventory = load_inventory(language)
    assert len(set(inventory)) == len(inventory) > 30
    for phone in inventory:
        assert "".join(table.ipa_segs(phone)) == phone, f"{phone} ({phone!a})"
        assert unicodedata.normalize("NFD", phone) == phone
        assert not re.search(r"[0-9A-Zˈˌ:._\[\]()-]", phone)


@pytest.mark.parametrize("language", sorted(VOICES))
def test_what_is_spoken_is_in_the_inventory(language: str) -> None:
    """And most of what the corpus is drawn with is used."""
    inventory, drawn = set(load_inventory(language)), drawn_phones(language)
    random = Random(0)
    books = [phrase_book(language, split) for split in SPLITS]
    with Synthesiser(language) as synthesiser:
        spoken = [synthesiser.speak(book.phrase(random))[1] for book in books for _ in range(25)]
    own = [set(clean(language, clauses)) for clauses in spoken if not switches_language(clauses)]
    assert len(own) > 0.75 * len(spoken)
    assert set.union(*own) <= inventory
    assert sum(not phones <= drawn for phones in own) <= 2
    # An inventory has phones of borrowed words besides.
    most = 0.75 if language in DRAWN else 0.5
    assert len(drawn & set.union(*own)) > most * len(drawn)


def test_language_without_inventory_is_an_error_that_lists_the_languages() -> None:
    known = " ".join(sorted({*VOICES, "mb"}))
    with pytest.raises(UserError, match=f"'xx'; there are inventories for {known}"):
        load_inventory("xx")
