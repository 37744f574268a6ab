"""The estimated n-gram is a distribution, its file says the same, and KenLM reads it alike."""

import bz2
import gzip
import lzma
import math
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parp_espnet.decoding.arpa import BEGIN, END, UNKNOWN, Arpa, Words, read_arpa
from parp_espnet.decoding.binary import KenlmModel, read_ngram
from parp_espnet.decoding.language_model import ArpaModel, LanguageModel
from parp_espnet.decoding.witten_bell import estimate
from parp_espnet.errors import UserError
from parp_espnet.pipeline.language_models import make_text

TOKENS = ["<blank>", "<unk>", "a", "tʃ", "<space>", "b", "<sos/eos>"]
WORDS = st.sampled_from(["a", "tʃ", "<space>", "b"])
SENTENCES = st.lists(st.lists(WORDS, max_size=6).map(tuple), min_size=1, max_size=8)
ORDERS = st.integers(1, 4)


def log_of(arpa: Arpa, sentence: Sequence[str]) -> float:
    """The natural logarithm of a sentence's probability, straight from the file's rule."""
    words = (BEGIN, *sentence, END)
    return math.log(10) * sum(
        arpa.log10(words[:place], words[place]) for place in range(1, len(words))
    )


def walked(model: LanguageModel, sentence: Sequence[str]) -> float:
    """The same, as a search walks through a model."""
    state, total = model.start, 0.0
    for token in [TOKENS.index(word) for word in sentence]:
        total += model.rows(np.array([state]))[0, token]
        state = model.advance(state, token)
    return total + float(model.rows(np.array([state]))[0, -1])


@given(
    SENTENCES.filter(any),
    ORDERS,
    st.lists(st.sampled_from(["a", "tʃ", "b", "never"]), max_size=4).map(tuple),
)
def test_after_every_history_the_probabilities_sum_to_one(
    sentences: list[Words], order: int, history: Words
) -> None:
    arpa = estimate(sentences, {"a", "tʃ", "b", "never"}, order)
    words = {words[0] for words in arpa.ngrams[0]} - {BEGIN}
    for context in (history, (BEGIN, *history)):
        assert sum(10 ** arpa.log10(context, word) for word in words) == pytest.approx(1, abs=1e-9)


def test_by_hand() -> None:
    arpa = estimate([("a", "a", "b"), ("a",)], {"a", "b"}, 2)
    # Six events of three kinds, three of them a; and 1/3 each below.
    one = (3 + 3 / 3) / (6 + 3)
    assert 10 ** arpa.log10((), "a") == pytest.approx(one)
    assert 10 ** arpa.log10((BEGIN,), "a") == pytest.approx((2 + one) / (2 + 1))
    assert 10 ** arpa.log10(("b",), "a") == pytest.approx((0 + one) / (1 + 1))


@settings(max_examples=40)
@given(sentences=SENTENCES.filter(any), order=ORDERS)
def test_written_and_read_back_the_scores_are_equal(
    tmp_path_factory: pytest.TempPathFactory, sentences: list[Words], order: int
) -> None:
    path = tmp_path_factory.mktemp("arpa") / "model.arpa"
    arpa = estimate(sentences, {"a", "tʃ", "<space>", "b"}, order)
    arpa.write(path)
    again = read_arpa(path)
    assert again.order == order
    model = ArpaModel(again, TOKENS, "model")
    for sentence in [*sentences, ("b", "a", "tʃ"), ()]:
        assert log_of(again, sentence) == pytest.approx(log_of(arpa, sentence), abs=1e-6)
        assert walked(model, sentence) == pytest.approx(log_of(again, sentence), abs=1e-9)


@settings(max_examples=20)
@given(sentences=SENTENCES.filter(any), order=st.integers(2, 4))
def test_kenlm_gives_the_same_scores(
    tmp_path_factory: pytest.TempPathFactory, sentences: list[Words], order: int
) -> None:
    kenlm = pytest.importorskip("kenlm")
    path = tmp_path_factory.mktemp("arpa") / "model.arpa"
    estimate(sentences, {"a", "tʃ", "<space>", "b"}, order).write(path)
    ours, theirs = read_ngram(path, TOKENS), KenlmModel(path, TOKENS)
    for sentence in [*sentences, ("b", "a", "tʃ"), ()]:
        score = kenlm.Model(str(path)).score(" ".join(sentence)) * math.log(10)
        assert walked(ours, sentence) == pytest.approx(score, abs=1e-3)
        assert walked(theirs, sentence) == pytest.approx(score, abs=1e-3)


def test_the_same_text_gives_the_same_bytes(tmp_path: Path) -> None:
    sentences = [("a", "b"), ("tʃ",), ("b", "b", "a")]
    for name, vocabulary in (("one", ["b", "a", "c"]), ("two", ["c", "b", "a"])):
        estimate(sentences, vocabulary, 3).write(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_file_of_others(tmp_path: Path) -> None:
    text = (
        "made by hand\n\n\\data\\\nngram 1=5\nngram 2=1\n\n\\1-grams:\n-1 "
        "<unk>\n-99\t<s>\t-0.5\n-0.7 </s>\n"
        "-0.3\ta\t-0.2\n-0.6\ttʃ\n\n\\2-grams:\n-0.1\t<s> a\n\n\\end\\\n"
    )
    (tmp_path / "other.arpa.gz").write_bytes(gzip.compress(text.encode()))
    model = read_ngram(tmp_path / "other.arpa.gz", ["<blank>", "a", "tʃ", "x", "<sos/eos>"])
    begin = model.rows(np.array([model.start]))[0] / math.log(10)
    # Seen; backed off; as <unk>, which the sentence's end is not.
    assert begin[[1, 2, 3, 5]] == pytest.approx([-0.1, -1.1, -1.5, -1.2])
    after = model.rows(np.array([model.advance(model.start, 1)]))[0] / math.log(10)
    assert after[[1, 5]] == pytest.approx([-0.5, -0.9])


SMALL = "-1 <unk>\n-99 <s>\n-0.7 </s>\n-0.3 a\n"


def written(words: str, pairs: str = "", head: str | None = None) -> str:
    """An ARPA file of these lines; `head` is another count of words than there are."""
    heads = [f"ngram 1={head or len(words.splitlines())}"]
    sections = ["\\1-grams:\n" + words]
    if pairs:
        heads.append(f"ngram 2={len(pairs.splitlines())}")
        sections.append("\\2-grams:\n" + pairs + "\n")
    return "\\data\\\n" + "\n".join(heads) + "\n\n" + "\n".join(sections) + "\n\\end\\\n"


PLAIN = "-1\t<unk>\t0\n0\t<s>\t-0.5\n-0.7\t</s>\t0\n-0.3\ta\t-0.2\n-0.6\tb\t-0.1\n"
PAIRS = "-0.1\t<s> a\n-0.2\ta b\n-0.4\tb </s>"
BY_HAND = PLAIN.replace("\t-0.5\n", "\t-0.5\n0\t</s>\t-0.5\n")
"""What the well-known tutorial of KenLM for wav2vec 2.0 makes of a file that has </s>: its own line
is first.
"""


@pytest.mark.parametrize(
    ("content", "warns", "empty"),
    [
        (written(BY_HAND, PAIRS), "the first holds of what is there twice: </s> (again in "
                                  "line 9)", -0.5),
        (written(BY_HAND, PAIRS, head="5"), "there twice: </s>", -0.5),
        (written(BY_HAND.replace("-0.7\t</s>\t0\n", ""), PAIRS, head="4"), "its head says 4 "
                                                                           "words", -0.5),
        (written(PLAIN, PAIRS, head="6"), "its head says 6 words, but there are 5", -1.2),
        (written(PLAIN, PAIRS + "\n-0.9\ta b"), "there twice: a b (again in line", -1.2),
        (written(PLAIN, PAIRS), "", -1.2),
        (written(PLAIN, PAIRS).replace("\n", "\r\n"), "", -1.2),
        (written(PLAIN, PAIRS).replace("\t", "  "), "", -1.2),
        (written(PLAIN.replace("0\t<s>", "-inf\t<s>"), PAIRS), "", -1.2),
        (written(PLAIN.replace("<unk>", "<UNK>"), PAIRS), "", -1.2),
        ("\ufeff" + written(PLAIN, PAIRS), "", -1.2),
        (written(PLAIN, PAIRS.replace("<s> a", "<s> a\t0")), "", -1.2),
        (written(PLAIN.replace("\t-0.5\n", "\n"), PAIRS), "", -0.7),
    ],
    ids=["tutorial", "twice", "less", "more", "pair", "plain", "crlf", "spaces", "inf", "UNK",
    "mark", "zero", "none"],
)  # fmt: skip
@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_file_that_others_read_is_read(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    warns: str,
    empty: float,
    compress: Any,
) -> None:
    path = tmp_path / "other.arpa"
    path.write_bytes(compress(content.encode()))
    arpa = read_arpa(path)
    said = capsys.readouterr().err
    assert said.count("\n") == bool(warns)
    assert warns in said
    assert arpa.log10((BEGIN,), END) == pytest.approx(empty)
    assert arpa.log10((BEGIN,), "a") == pytest.approx(-0.1)
    assert arpa.log10(("a",), "b") == pytest.approx(-0.2)
    assert arpa.log10((), "never seen") == pytest.approx(-1.0)


def test_unknown_words_have_one_name_in_every_order(tmp_path: Path) -> None:
    path = tmp_path / "other.arpa"
    path.write_text(written(PLAIN.replace("<unk>", "<UNK>"), PAIRS + "\n-0.05\t<UNK> a"))
    arpa = read_arpa(path)
    assert arpa.log10((UNKNOWN,), "a") == pytest.approx(-0.05)
    kenlm = pytest.importorskip("kenlm")
    scores = [
        score
        for score, _, _ in kenlm.Model(str(path)).full_scores("never-seen a", bos=False, eos=False)
    ]
    assert scores == pytest.approx([-1.0, -0.05])


def test_a_space_of_another_script_is_part_of_a_word(tmp_path: Path) -> None:
    path = tmp_path / "other.arpa"
    path.write_text(written(SMALL + "-0.4 b\u00a0c\n-0.4 \u3000\n"))
    assert {("b\u00a0c",), ("\u3000",)} <= read_arpa(path).ngrams[0].keys()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ends with"),
        ("\\data\\\nngram 1=1\n\n\\1-grams:\n-1 a\n", "may be cut off"),
        ("\\data\\\nngram 1=x\n", "line 2: expected 'ngram N=COUNT', found 'ngram 1=x'"),
        (
            "\\data\\\nngram 1=3\n\n\\1-grams:\n-1 a\n\n\\end\\\n",
            r"its head says, \[3\], found \[1\]",
        ),
        ("\\data\\\nngram 1=1\n\n\\end\\\n", r"its head says, \[1\], found \[\]"),
        (
            "\\data\\\nngram 1=1\n\n\\1-grams:\nfar a\n\\end\\\n",
            "line 5: expected a logarithm and 1 words",
        ),
        ("\\data\\\nngram 1=1\n\n\\1-grams:\n-1\n\\end\\\n", "line 5: expected a logarithm"),
        ("\\data\\\n-1 a\n\\end\\\n", "line 2: expected 'ngram N=COUNT'"),
        (written(SMALL.replace("a", "hello")), "lacks 1 of the recogniser's 1 tokens, such as a; "),
        (written(SMALL, head="8"), r"its head says, \[8\], found \[4\]"),
        (written(SMALL.replace("</s>", "end")), "expected </s> among the words, .* found none"),
        (
            written(SMALL.replace("<s>", "<S>")),
            "expected <s> among the words, .* found none; write <s> for <S>",
        ),
        (
            written(SMALL.replace("-0.3 a", "0.3 a")),
            "line 8: expected the logarithm of a probability, which is not above 0",
        ),
        (written(SMALL.replace("-0.3 a", "-0,3 a")), "line 8: expected a logarithm and 1 words"),
        (written(SMALL.replace("-0.3 a", "nan a")), "line 8: expected a logarithm and 1 words"),
        (
            "iARPA\n" + written(SMALL),
            "line 1: expected an ARPA file; IRSTLM's own is made one by compile-lm --text yes",
        ),
        (written(SMALL, "-0.2 a z"), "expected every word among the 1-grams, found z only in a z"),
        (
            written(SMALL.replace("a", "a -inf"), "-0.2 a a"),
            "line 9: expected a back-off weight that is finite",
        ),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.arpa"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_ngram(path, ["<blank>", "a"])


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none: no such file; expected an n-gram"):
        read_ngram(tmp_path / "none", ["a"])
    (tmp_path / "bad.arpa.gz").write_bytes(b"not gzip")
    with pytest.raises(UserError, match="cannot read this ARPA file"):
        read_ngram(tmp_path / "bad.arpa.gz", ["a"])


def test_a_binary_without_kenlm_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.binary"
    path.write_bytes(b"mmap lm http://kheafield.com/code format version 5\n\0")
    monkeypatch.setitem(sys.modules, "kenlm", None)
    with pytest.raises(UserError, match="pip install kenlm"):
        read_ngram(path, ["a"])


def test_a_damaged_binary(tmp_path: Path) -> None:
    pytest.importorskip("kenlm")
    path = tmp_path / "model.binary"
    path.write_bytes(b"mmap lm http://kheafield.com/code format version 5\n\0" + b"?" * 100)
    with pytest.raises(UserError, match="KenLM cannot read it"):
        read_ngram(path, ["a"])


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ([], "holds no word"),
        ([()], "holds no word"),
        ([("a", "</s>")], "holds </s>, which is a special symbol"),
    ],
)
def test_a_text_that_is_none(sentences: list[Words], message: str) -> None:
    with pytest.raises(UserError, match=message):
        estimate(sentences, ["a"], 3)


def in_form(form: str, words: Sequence[str]) -> list[str]:
    return [unicodedata.normalize(form, word) for word in words]


ACCENTED = ["a", "ã", "é", "ṍ"]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("written_in", ["NFC", "NFD"])
def test_a_token_is_the_same_word_however_it_is_encoded(
    form: str, written_in: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokens = ["<blank>", "<unk>", *in_form(form, ACCENTED), "<sos/eos>"]
    sentences = [tuple(in_form(written_in, ["ã", "é", "ã", "ṍ"]))]
    estimate(sentences, {"a"}, 2).write(tmp_path / "2.arpa")
    model = read_ngram(tmp_path / "2.arpa", tokens)
    assert (model.rows(np.array([model.start]))[0, 2:6] > -20).all()
    after = model.advance(model.start, tokens.index(in_form(form, ["ã"])[0]))
    likeliest = int(model.rows(np.array([after]))[0, :-1].argmax())
    assert tokens[likeliest] in in_form(form, ["é", "ṍ"])
    assert capsys.readouterr().err == ""
    # The text that an own one is made of, too.
    (tmp_path / "tokens.txt").write_text("\n".join(tokens))
    (tmp_path / "text").write_text(f"u {' '.join(sentences[0])}\n")
    said = make_text(tmp_path / "text", tmp_path / "tokens.txt", tmp_path / "lm.txt")
    assert said.endswith("1 sentences, 4 tokens")
    assert set((tmp_path / "lm.txt").read_text().split()[1:]) <= set(tokens)


def test_of_words_that_look_alike_each_token_has_its_own(tmp_path: Path) -> None:
    both = in_form("NFC", ["é"]) + in_form("NFD", ["é"])
    tokens = ["<blank>", "<unk>", *both, "<sos/eos>"]
    estimate([(both[0], both[0], both[1])], (), 1).write(tmp_path / "1.arpa")
    model = read_ngram(tmp_path / "1.arpa", tokens)
    row = model.rows(np.array([model.start]))[0]
    assert row[2] > row[3] > -20


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ((), "a search with it finds none"),
        (("<unk>",), "to it each is <unk>"),
    ],
)
def test_tokens_that_a_model_lacks_are_told(
    others: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    estimate([("a", "tʃ", "<space>", *others)], (), 2).write(tmp_path / "2.arpa")
    read_ngram(tmp_path / "2.arpa", TOKENS)
    told = capsys.readouterr().err
    assert told.endswith(f"2.arpa: lacks 1 of the recogniser's 4 tokens, b; {said}\n")
    assert told.count("\n") == 1
