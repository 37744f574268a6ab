from itertools import product
from random import Random

import pytest

from parp_espnet.corpora.phrases import phrase_book
from parp_espnet.data.words import find_words, hold_phones, not_phones, not_words
from parp_espnet.phones.espeak import VOICES
from parp_espnet.phones.ipa import load_inventory

PINYIN = (
    "a ai an ang ao e ei en eng i ia ian iang iao ie in ing iong iu o ong ou u ua uai uan "
    "uang ui un uo ü üe"
)
ARPABET = (
    "AA0 AA1 AA2 AE1 AH0 B CH D DH EH1 ER0 F G HH IH1 IY0 JH K L M N NG OW1 P R S SH T TH "
    "UW1 V W Y Z ZH SIL SPN"
)
TIMIT = "b bcl d dcl dx eng epi gcl ax-h axr hh hv ix jh kcl nx pau pcl tcl q ux w wh y zh h#"
KALDI = " ".join(f"{phone}_{place}" for phone in ARPABET.split() for place in "BIES")
GLIDES = (
    "a e o i u y ja je jau jou jɛn jaŋ joŋ wa wo wai wei wan wən waŋ wəŋ ɥe ɥɛn an ən aŋ əŋ "
    "iŋ uŋ ai ei au ou"
)
KOREAN = (
    "g n d r m b s j ch k t p h kk tt pp ss jj a ae ya yae eo e yeo ye o wa wae oe yo u wo "
    "we wi yu eu ui i ng"
)
CLUSTERS = (
    "mb nd ŋɡ mbʷ ndʲ nts ndz kp ɡb ŋmɡb tʃʼ tsʼ kʷʼ ɓ ɗ ɠ ʔj ʔw hw pr tr kr pl kl bl ɡl "
    "sw tw a e i o u aː"
)
SYLLABLES = [
    f"{first}{final}{tone}"
    for first, final in product(["b", "zh", "m", "sh", "l"], ["a", "ang", "eng", "i", "ong", "u"])
    for tone in "14"
]
TONES = "\u0300\u0301\u0302\u030c\u0304"


@pytest.mark.parametrize("language", sorted(VOICES))
def test_text_of_each_language_holds_words(language: str) -> None:
    book = phrase_book(language, "train")
    random = Random(0)
    phrases = [book.phrase(random) for _ in range(60)]
    assert find_words(word for phrase in phrases for word in phrase.split())
    assert not hold_phones(phrases)


@pytest.mark.parametrize(
    "text",
    [
        "the press your " + " ".join(f"word{a}{b}" .replace("1", "x").replace("0", "y") for a,
        b in product("01", "01"))
        + " hello there people who speak about many different things which they never wrote down "
          "before today",
        "xin chào các bạn hôm nay chúng tôi sẽ nói về một câu chuyện rất hay trong lịch sử của "
        "dân tộc Việt Nam từ xưa",
        "שלום לכולם היום אנחנו מדברים על הנושא הזה בפעם הראשונה ואני שמח לראות אתכם כאן אצלנו "
        "בבית הספר החדש של העיר",
        " ".join(chr(0x4E00 + number) for number in range(400)),
        " ".join(chr(0x4E00 + 7 * number) for number in range(150)),
        " ".join(chr(0xAC00 + 28 * number) for number in range(60)),
        " ".join(SYLLABLES),
        " ".join(syllable[:-1] + "\u0304" for syllable in SYLLABLES),
        "ta đi và về ở nhà bà ấy có ba cô bé nó là tôi mẹ đã ra bờ hồ gọi lê",
        "e aha ana koe ki te ra ia ka oti i a au no hea he ao pai me nga po",
        "من في على إلى هذا الذي كان قال لا ما هو هي كل بعد قبل عند مع ثم أن إن لم قد",
        "zero one two three four five six seven eight nine oh",
        " ".join(chr(0x4E00 + number) * 6 for number in range(30)),
        "don't we'll it's " + " ".join(f"{a}{b}rs" for a, b in product("abcdef", "aeiou")),
    ],
)  # fmt: skip
def test_words(text: str) -> None:
    words = find_words(text.split())
    assert words
    assert not hold_phones([text])
    assert "--phonemise LANG (en" in not_phones(words)
    assert "--words_as_tokens true" in not_phones(words)


@pytest.mark.parametrize(
    "phones",
    [
        " ".join(phone for language in VOICES for phone in load_inventory(language)),
        " ".join("".join(parts) for parts in product("aeiouɛɔɪʊ", ["", "ː"], TONES)),
        " ".join(f"{final}{tone}" for final in PINYIN.split() for tone in "12345"),
        PINYIN,
        ARPABET,
        TIMIT,
        KALDI,
        KOREAN,
        CLUSTERS,
        " ".join(f"{final}{tone}" for final in GLIDES.split() for tone in "12345"),
        "<space> " + " ".join("abcdefghijklmnopqrstuvwxyz'"),
        "hola mundo",
    ],
)
def test_phones_are_no_words(phones: str) -> None:
    assert not find_words(phones.split() * 3)


@pytest.mark.parametrize(
    "text",
    [
        "o l a k e t a l n o s β e m o s m a ɲ a n a",
        "tʃ a̠ ˈe t͡s oː n dʒ i ŋ ɡʷ a e i s a n tʃ u p o r e",
        "h o l a | m u n d o | q u é | t a l | t o d o s",
        ARPABET,
        "м и р у м и р п р и в е т в с е м н а м",
    ],
)
def test_phones_in_the_place_of_words(text: str) -> None:
    assert hold_phones([text[: len(text) // 2], text[len(text) // 2 :]])
    said = not_words("es", [text])
    assert "--phonemise es makes phones, found phones or letters with spaces between them" in said


@pytest.mark.parametrize(
    "text",
    [
        "a e i o u",
        "ta đi và về ở nhà bà ấy có ba cô bé nó là tôi mẹ đã ra bờ hồ gọi lê",
        "e aha ana koe ki te ra ia ka oti i a au no hea he ao pai me nga po e aha i te ao",
        " ".join(chr(0x4E00 + number) for number in range(40)),
        " ".join(f"{number}" for number in range(40)),
        "",
    ],
)
def test_short_words_are_words(text: str) -> None:
    assert not hold_phones([text])
