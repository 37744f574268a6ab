"""A search for words against all paths there are, and files of words, good and bad."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from parp_espnet.decoding.lexicon import Lexicon, Word
from parp_espnet.decoding.prefix_search import Weighted, search
from parp_espnet.decoding.word_list import read_lexicon
from parp_espnet.errors import UserError

PHONES = ["<blank>", "<unk>", "a", "b", "t\u0283", "<sos/eos>"]
LETTERS = ["<blank>", "<unk>", "<space>", "a", "b", "<sos/eos>"]
PIECES = ["<blank>", "<unk>", "\u2581", "\u2581a", "a", "b", "ab", "<sos/eos>"]


def of(folder: Path, text: str, tokens: list[str]) -> tuple[Lexicon, str]:
    file = folder / "lexicon.txt"
    file.write_text(text)
    return read_lexicon(file, tokens)


def draw(seed: int, frames: int, tokens: int) -> NDArray[np.float64]:
    """Draw the logarithms of an utterance, (frames, tokens)."""
    return np.log(np.random.default_rng(seed).dirichlet([0.5] * tokens, size=frames) + 1e-12)


def sums_of(logprobs: NDArray[np.float64]) -> dict[tuple[int, ...], float]:
    """The probability of every sequence of tokens."""
    sums: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(logprobs.shape[1]), repeat=len(logprobs)):
        tokens = tuple(token for token, _ in itertools.groupby(path) if token)
        probability = math.exp(sum(logprobs[frame, token] for frame, token in enumerate(path)))
        sums[tokens] = sums.get(tokens, 0.0) + probability
    return sums


SPELLED = {
    "phones": (PHONES, "one a\ntwo a b\ntwo b b\nthree b t\u0283 a\nfour a a\n"),
    "letters": (LETTERS, "ab\nb\naba\n"),
    "pieces": (PIECES, "ab\naab\na\n"),
}


def are_words(tokens: tuple[int, ...], kind: str) -> bool:
    """Whether tokens are words of the list, by writing all that words can make up."""
    names, text = SPELLED[kind]
    written = [names[token] for token in tokens]
    if any(name in ("<unk>", "<sos/eos>") for name in written):
        return False
    if kind == "phones":
        ways = [tuple(line.split()[1:]) for line in text.splitlines()]
        made: set[tuple[str, ...]] = {()}
        for _ in range(len(tokens)):
            made |= {(*left, *way) for left in made for way in ways if len(left) <= len(tokens)}
        return tuple(written) in made
    known = set(text.split())
    if kind == "letters":
        said = "".join(written).replace("<space>", " ")
        return said == "" or all(word in known for word in said.removesuffix(" ").split(" "))
    said = "".join(written)
    return said == "" or (
        said[0] == "\u2581" and all(word in known for word in said[1:].split("\u2581"))
    )


@pytest.mark.parametrize("kind", SPELLED)
@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.sampled_from([0.0, 0.8, -0.5]))
def test_a_wide_beam_finds_the_best_of_all_words(
    tmp_path_factory: pytest.TempPathFactory, kind: str, seed: int, frames: int, penalty: float
) -> None:
    names, text = SPELLED[kind]
    lexicon, left_out = of(tmp_path_factory.mktemp("lexicon"), text, names)
    assert not left_out
    logprobs = draw(seed, frames, len(names))
    allowed = {tokens: p for tokens, p in sums_of(logprobs).items() if are_words(tokens, kind)}
    scores = {tokens: math.log(p) + penalty * len(tokens) for tokens, p in allowed.items()}
    best = max(scores, key=lambda tokens: scores[tokens])
    (found,) = search([logprobs], 700, penalty, [Weighted(lexicon, 1.0)])
    assert found.score == pytest.approx(scores[best], abs=1e-9)
    assert found.tokens == best


def test_what_a_narrow_beam_leaves_unfinished(tmp_path: Path) -> None:
    lexicon, _ = of(tmp_path, "one a\ntwo b t\u0283 b\n", PHONES)
    path = [2, 0, 3, 4, 0, 3, 2, 3]
    logprobs = np.log(0.9 * np.eye(len(PHONES))[path] + 0.1 / len(PHONES))
    (found,) = search([logprobs], 1, 0.0, [Weighted(lexicon, 1.0)])
    assert found.tokens == (2, 3, 4, 3, 2, 3)
    assert lexicon.finished(found.tokens) == (2, 3, 4, 3, 2)
    assert [word.name for word in lexicon.words_of(found.tokens)] == ["one", "two", "one"]


def test_the_fewest_words_and_the_first_of_those_spelled_alike(tmp_path: Path) -> None:
    lexicon, _ = of(tmp_path, "a a\nab a b\nAB a b\nba b a\nb b\n", PHONES)
    assert lexicon.words_of([2, 3, 2]) == (Word("a", 0, 1), Word("ba", 1, 3))
    assert lexicon.words_of([2, 3]) == (Word("ab", 0, 2),)
    assert lexicon.words_of([4]) == ()
    assert lexicon.words_of([]) == ()
    letters, _ = of(tmp_path, "ab\na\n", LETTERS)
    assert letters.words_of([3, 4, 2, 3]) == (Word("ab", 0, 2), Word("a", 3, 4))
    assert letters.finished([3, 4, 2, 4]) == (3, 4)


def test_ways_to_say_a_word_remarks_and_marks(tmp_path: Path) -> None:
    text = ";;; words\n# of mine\n\nchat t\u0283 a\nchat(2) t\u0283 a b\n"
    lexicon, left_out = of(tmp_path, text, PHONES)
    assert left_out == ""
    assert [word.name for word in lexicon.words_of([4, 2, 3, 4, 2])] == ["chat", "chat"]
    marked = ["<blank>", "<unk>", "\u00e3", "<sos/eos>"]
    assert of(tmp_path, "un a\u0303\n", marked)[0].words_of([2]) == (Word("un", 0, 1),)


def test_phones_that_the_model_does_not_know(tmp_path: Path) -> None:
    lexicon, left_out = of(tmp_path, "one a\ntwo \u0292 q a\nthree q\n", PHONES)
    assert left_out == "2 of 3 words, whose phones the model does not know: \u0292 q"
    assert lexicon.words_of([2]) == (Word("one", 0, 1),)
    _, left_out = of(tmp_path, "ab\naz\n", LETTERS)
    assert left_out == "1 of 2 words, whose letters the model does not know: z"
    hyphen, left_out = of(tmp_path, "ab-b\n", LETTERS)
    assert left_out == ""
    assert [word.name for word in hyphen.words_of([4, 2, 3, 4])] == ["b", "ab"]
    _, left_out = of(tmp_path, "ab\nabz\n", PIECES)
    assert left_out == "1 of 2 words, whose letters the model does not know: z"


@pytest.mark.parametrize(
    ("text", "tokens", "wanted"),
    [
        ("", PHONES, "lexicon.txt: expected lines of a word and its phones, found none"),
        ("# nothing\n", LETTERS, "lexicon.txt: expected words, found none"),
        (
            "one a\ntwo\n",
            PHONES,
            "lexicon.txt, line 2: expected a word and its phones, found 'two' alone",
        ),
        ("one a b\n", LETTERS, "line 1: expected a word alone, since the model spells words"),
        ("one x\ntwo 1.0 y\n", PHONES, "found in every word phones that it does not: x 1.0 y"),
        ("...\n", LETTERS, r"found in every word letters that it does not: \.\.\."),
    ],
)
def test_what_is_no_lexicon(tmp_path: Path, text: str, tokens: list[str], wanted: str) -> None:
    with pytest.raises(UserError, match=wanted) as error:
        of(tmp_path, text, tokens)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file; expected a list of words"):
        read_lexicon(tmp_path / "gone.txt", PHONES)


def test_what_words_have_in_common_says_what_is_a_letter(tmp_path: Path) -> None:
    known = ["<blank>", "<unk>", "<space>", "m", "a", "?", "<sos/eos>"]
    text = "ma?\nma?a\na?a\n"
    lexicon, left_out = of(tmp_path, text, known)
    assert not left_out
    assert [word.name for word in lexicon.words_of((3, 4, 5, 2, 4, 5, 4))] == ["ma?", "a?a"]
    # To a model that has no glottal stop, the sign behind a word is punctuation.
    lexicon, left_out = of(tmp_path, "ab?\nba?\n", LETTERS)
    assert not left_out
    assert [word.name for word in lexicon.words_of((3, 4))] == ["ab?"]
