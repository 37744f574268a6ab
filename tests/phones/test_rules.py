import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.phones.rules import Rules, read_rules

MAPPING = "Orth,Phon\nch,t͡ʃ\nc,k\na,a\né,e\nh,\nx,ks\nñ,ɲ\nng,ŋ ɡ\n"
LEXICON = "HELLO h ə l oʊ\nHELLO(2) h ɛ l oʊ\n;;; a remark\n# another\nit's ɪ t s\nmá m ɔ̃\n"


def rules_of(folder: Path, text: str, name: str = "rules.csv") -> Rules:
    (folder / name).write_text(text, encoding="utf-8")
    return read_rules(folder / name)


def test_the_longest_spelling_is_taken_and_phones_are_told_apart(tmp_path: Path) -> None:
    dropped: Counter[str] = Counter()
    rules = rules_of(tmp_path, MAPPING)
    assert " ".join(rules.phones_of("Chaché, xa — ÑANGC!", dropped)) == "t͡ʃ a t͡ʃ e k s a ɲ a ŋ ɡ k"
    assert dropped == {",": 1, "—": 1, "!": 1}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("of_table", ["NFC", "NFD"])
def test_a_letter_is_the_same_however_it_is_encoded(
    tmp_path: Path, form: str, of_table: str
) -> None:
    rules = rules_of(tmp_path, unicodedata.normalize(of_table, MAPPING))
    assert rules.phones_of(unicodedata.normalize(form, "éñ"), Counter()) == ("e", "ɲ")


@pytest.mark.parametrize("separator", ["\t", ";"])
def test_other_separators_and_a_mark_of_byte_order(tmp_path: Path, separator: str) -> None:
    text = "\ufeff" + MAPPING.replace(",", separator)
    assert rules_of(tmp_path, text).phones_of("ca", Counter()) == ("k", "a")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cab", r"expected letters of rules.csv, found b \(U\+0062\) in …cab…"),
        ("a1", r"found 1 \(U\+0031\)"),
        ("cá", r"found U\+0301 \(COMBINING ACUTE ACCENT\)"),
        ("ca\ufffd", "lost"),
        ("… —", "found no phone"),
        ("h", "found no phone"),
    ],
)
def test_what_a_mapping_does_not_know(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rules_of(tmp_path, MAPPING).phones_of(text, Counter())


def test_a_lexicon(tmp_path: Path) -> None:
    dropped: Counter[str] = Counter()
    rules = rules_of(tmp_path, LEXICON, "lexicon.txt")
    assert " ".join(rules.phones_of('"Hello," it\'s — MÁ.', dropped)) == "h ə l oʊ ɪ t s m ɔ̃"
    assert dropped == {'"': 2, ",": 1, "—": 1, ".": 1}
    with pytest.raises(ValueError, match=r"expected words of lexicon.txt, found wörld, 3 in"):
        rules.phones_of("hello wörld, 3", dropped)
    with pytest.raises(ValueError, match="found no word"):
        rules.phones_of("—", dropped)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Orth,Phon\na\n", "line 2: expected two columns, Orth and Phon, found 1: 'a'"),
        ("Orth,Phon\na,b,c\n", "line 2: expected two columns, Orth and Phon, found 3"),
        ("Orth,Phon\na,b\nA,c\n", "line 3: A for the second time, with other phones"),
        ("Orth,Phon\n,b\n", "line 2: expected letters in Orth, found none"),
        ("Orth,Phon\n", "expected lines of letters and phones below Orth,Phon, found none"),
        ("a,b\n", "line 1: expected a word and its phones, found 'a,b' alone"),
        ("hola\n", "line 1: expected a word and its phones, found 'hola' alone"),
        ("", "expected lines of a word and its phones, found none"),
        ("# a remark\n", "expected lines of a word and its phones, found none"),
    ],
)
def test_tables_that_are_none(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        rules_of(tmp_path, text)
    assert said in str(caught.value)
    assert str(tmp_path / "rules.csv") in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes("niño n i ɲ o".encode("utf-16"))
    for name, said in (("gone", "no such file; expected a lexicon"), ("latin", "expected UTF-8")):
        with pytest.raises(UserError, match=said):
            read_rules(tmp_path / name)
    with pytest.raises(UserError, match="director"):
        read_rules(tmp_path)


@pytest.mark.parametrize(
    ("cell", "phones"),
    [
        ("t͡ʃʰ", "t͡ʃʰ"),
        ("tʃ", "t ʃ"),
        ("á", "á"),
        ("ⁿdaː˥", "ⁿd aː˥"),
        ("kʷʼɔ̃", "kʷʼ ɔ̃"),
        ("ts a", "ts a"),
        ("ɝd", "ɝ d"),
    ],
)
def test_phones_of_a_cell(tmp_path: Path, cell: str, phones: str) -> None:
    expected = tuple(unicodedata.normalize("NFD", phones).split())
    rules = rules_of(tmp_path, f"Orth,Phon\nq,{cell}\n")
    assert rules.phones_of("q", Counter()) == expected


APOSTROPHES = "'’‘`´′ʼꞌʻ"


@pytest.mark.parametrize("of_table", "'’ʼꞌʻ")
@pytest.mark.parametrize("of_text", APOSTROPHES)
def test_an_apostrophe_is_that_of_the_table(tmp_path: Path, of_table: str, of_text: str) -> None:
    """An editor makes ’ of ', and a keyboard has no ʼ: tʼ stays an ejective."""
    dropped: Counter[str] = Counter()
    mapping = f"Orth,Phon\na,a\nk,k\nt,t\nt{of_table},tʼ\n"
    rules = rules_of(tmp_path, mapping)
    assert " ".join(rules.phones_of(f"at{of_text}a kat{of_text}.", dropped)) == "a tʼ a k a tʼ"
    lexicon = f"kat k a t\nkat{of_table} k a tʼ\nt{of_table}a tʼ a\n"
    rules = rules_of(tmp_path, lexicon, "lexicon.txt")
    assert (
        " ".join(rules.phones_of(f"t{of_text}a kat{of_text}, kat", dropped)) == "tʼ a k a tʼ k a t"
    )
    assert dropped == {".": 1, ",": 1}


@pytest.mark.parametrize(
    ("text", "phones", "dropped"),
    [
        # What a table tells apart is told apart.
        ("t'a t’a", "tʼ a tʰ a", {}),
        # What quotes is no letter.
        ("‘ta at’", "t a a t", {"‘": 1, "’": 1}),
        ("ta ’", "t a ʰ", {}),
    ],
)
def test_apostrophes_that_a_table_tells_apart(
    tmp_path: Path, text: str, phones: str, dropped: dict[str, int]
) -> None:
    rules = rules_of(tmp_path, "Orth,Phon\na,a\nt,t\nt',tʼ\nt’,tʰ\n’,ʰ\n")
    seen: Counter[str] = Counter()
    if dropped:
        rules = rules_of(tmp_path, "Orth,Phon\na,a\nt,t\nt',tʼ\n")
    assert " ".join(rules.phones_of(text, seen)) == phones
    assert seen == dropped


@pytest.mark.parametrize("letter", "ʼꞌʻ’")
@pytest.mark.parametrize("text", ["'yak'", "('yak')", "'yak kana yak,'", "‘yak’ kana", "`yak´!"])
def test_marks_that_quote_a_word_are_none_of_it(tmp_path: Path, letter: str, text: str) -> None:
    lexicon = f"yak j a k\nkana k a n a\nkat{letter} k a tʼ\n"
    seen: Counter[str] = Counter()
    phones = rules_of(tmp_path, lexicon, "lexicon.txt").phones_of(f"{text} kat'", seen)
    told = {"yak": "j a k", "kana": "k a n a"}
    said = [told[word] for word in re.findall("yak|kana", text)]
    marks = Counter(mark for mark in text if not mark.isalpha() and mark != " ")
    assert " ".join(phones) == " ".join([*said, "k a tʼ"])
    assert seen == marks
    seen.clear()
    mapping = f"Orth,Phon\na,a\nk,k\nn,n\ny,j\nt{letter},tʼ\n"
    phones = rules_of(tmp_path, mapping).phones_of(f"{text} kat'", seen)
    assert " ".join(phones) == " ".join([*said, "k a tʼ"])
    assert seen == marks


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("yak',", "j a kʼ"),
        ("(yak')", "j a kʼ"),
        ("“yak’.”", "j a kʼ"),
        ("kana:.", "k a n aː"),
        ("'a!", "ʔ a"),
        # Without signs there is another word, and two of a kind quote.
        ("yak,", "j a k"),
        ("'yak'", "j a k"),
        ("‘yak’", "j a k"),
        ("kana...", "k a n a"),
        ("''''''kana", "k a n a"),
    ],
)
def test_signs_of_a_word_are_kept_beside_others(tmp_path: Path, text: str, phones: str) -> None:
    lexicon = "yak j a k\nyak' j a kʼ\nkana k a n a\nkana: k a n aː\n'a ʔ a\na a\n"
    rules = rules_of(tmp_path, lexicon, "lexicon.txt")
    assert " ".join(rules.phones_of(text, Counter())) == phones


@pytest.mark.parametrize(
    ("mapping", "text", "phones"),
    [
        # In añ there is no an, but where a tilde is one of the table's own.
        ("an,ɑ̃\na,a\nñ,ɲ\no,o\n", "año ano", "a ɲ o ɑ̃ o"),
        ("ou,oʊ\no,o\nu,u\n\u0301,˥\n", "oú ou", "o ʊ ˥ o ʊ"),
        ("a,a\n\u0301,˥\n", "á", "a ˥"),
    ],
)
def test_a_letter_and_its_mark_are_parted_by_the_table_alone(
    tmp_path: Path, mapping: str, text: str, phones: str
) -> None:
    rules = rules_of(tmp_path, f"Orth,Phon\n{mapping}")
    told = " ".join(rules.phones_of(text, Counter()))
    assert told == unicodedata.normalize("NFD", phones)


@pytest.mark.parametrize(
    ("table", "file", "phones"),
    [
        ("Orth,Phon\nı,ɯ\ni,i\ns,s\n", "tr.csv", "ɯ s i s"),
        ("Orth,Phon\nI,ɯ\nİ,i\nS,s\n", "tr.csv", "ɯ s i s"),
        ("ıs ɯ s\nis i s\n", "tr.txt", "ɯ s i s"),
        ("IS ɯ s\nİS i s\n", "tr.txt", "ɯ s i s"),
        # Elsewhere it is that of i.
        ("Orth,Phon\ni,i\ns,s\n", "en.csv", "i s i s"),
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_small_letter_of_a_table_s_capital_i(
    tmp_path: Path, table: str, file: str, phones: str, form: str
) -> None:
    rules = rules_of(tmp_path, unicodedata.normalize(form, table), file)
    text = unicodedata.normalize(form, "Is İs")
    assert " ".join(rules.phones_of(text, Counter())) == phones
