"""The phones of the phrases that the `cldr` corpus says.

A phrase with another phone is drawn again. A language's inventory may grow, and with it what is
drawn from it would change; these never do, so that the same seed makes the same bytes. A language
that is not here is drawn with its inventory.
"""

from collections.abc import Mapping
from typing import Final

from parp_espnet.phones.ipa import load_inventory

DRAWN: Final[Mapping[str, str]] = {
    "en": (
        "b d dʒ f h j k l m n p s t tʃ v w z ð ŋ ɡ ɹ ɾ ʃ ʒ θ aɪ aʊ eɪ i iː oʊ uː æ ɐ ɑː ɔ ɔɪ ɔː ə "
        "ə˞ ɛ ɜː ɨ ɪ ʊ ʌ"
    ),
    "es": "b d f j k l m n p r s t tʃ w x ð ŋ ɡ ɣ ɲ ɾ ʃ ʎ ʝ β θ a aɪ aʊ e eɪ eʊ i o oɪ u ɛ",
    "fr": "b d f j k l m n p s t v w z ɡ ɲ ʁ ʃ ʒ a e i o oː u y ø œ œ̃ ɑ̃ ɔ ɔ̃ ə ɛ ɛ̃",
    "it": (
        "b bː d dz dzː dʒ dʒː dː f h j k kː l m n p pː r s sː t ts tsː tʃ tʃː tː v w z ŋ ɡ ɲ ɾ ʃ "
        "ʎ a aɪ aː e eɪ eː i iː o oː u ɔ ɛ ɛː ɪ ʊ ʊː"
    ),
    "ky": "b dʒ d̪ f j k l m n p q r s ts tʃ t̪ v z ŋ ɡ ɫ ʁ ʃ χ e i o oː u uː y yː œ œː ɑ ɑː ə ɯ",
    "nl": (
        "b d dʒ f h j k l m n p r s t tʃ v w x z ŋ ɡ ɣ ɲ ɾ ʃ ʋ ʒ aː eʊ eː i oː u y øː œy ɑ ɔ ɔː ə "
        "ɛ ɛɪ ɪ ɪː ɵ ʌʊ"
    ),
    "ru": (
        "b bʲ d dʒʲ dʲ f fʲ j k kʲ lʲ m mʲ n nʲ p pʲ r rʲ s sʲ t ts tʃʲ tʲ v vʲ x z ɕ ɡ ɡʲ ɫ ʃ ʑ "
        "ʒ a e i o u ɑ ɔ ə ɛ ɨ ɪ ʉ ʌ"
    ),
    "sv": (
        "b d f h j k kː l m n p r s t tː v w ŋ ɕ ɡ ɧ ʂ ʃ a eː iː oː uː y yː øː œ ɑː ɔ ə ɛ ɛː ɪ ɵ "
        "ʉ ʊ"
    ),
    "tr": "b c d dʒ f h j k l m n p r s t tʃ v w z ɟ ɡ ɫ ɾ ʃ ʒ a aː e i o oː u y æ ø œ ɔ ɛ ɪ ɯ "
    "ɯː ʊ",
    "tt": "b d f h j k l m n p q r s t w x z ŋ ɕ ɣ ɫ ʁ ʃ ʑ ʒ ʔ e i o u y æ œ ɑ ɒ ɯ",
    "zh": (
        "f j k kʰ l m n p pʰ s t ts tsʰ tɕ tɕʰ tʰ w ŋ ɕ ɥ ʂ ʈʂ ʈʂʰ ʐ χ a ai ei i o ou u y æ ɑ ɑu "
        "ə ə˞ ɛ ɤ ɨ ʊ"
    ),
}


def drawn_phones(language: str) -> frozenset[str]:
    """Return the phones that phrases of a language (a code of `VOICES`) are drawn with."""
    if language not in DRAWN:
        return frozenset(load_inventory(language))
    return frozenset(DRAWN[language].split())
