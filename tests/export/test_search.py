"""Which search is made where a language model that was tuned is gone: what needs it refuses."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.decoding.platt import AS_THEY_ARE, Platt
from parp_espnet.decoding.whole_set import Weights
from parp_espnet.decoding.witten_bell import estimate
from parp_espnet.errors import UserError
from parp_espnet.export.asked import Asked
from parp_espnet.export.decodings import Tuned
from parp_espnet.export.search import choose

TOKENS = ("<blank>", "<unk>", "a", "e", "<sos/eos>")
GONE = "its language model .*{} is gone; bring it back .* or choose another search: --greedy"


@pytest.fixture
def ngram(tmp_path: Path) -> Path:
    """A bigram of a user's own."""
    path = tmp_path / "mine.arpa"
    estimate([("a", "e"), ("e", "a")], ["a", "e"], 2).write(path)
    return path


@pytest.fixture
def tuned(ngram: Path, tmp_path: Path) -> Callable[..., Tuned]:
    """A search that was tuned, of whose language models some are gone."""

    def make(lost: str, lm_weight: float = 0.4, ngram_weight: float = 0.3) -> Tuned:
        kept = tmp_path / "2gram.arpa"
        kept.write_bytes(ngram.read_bytes())
        lm = tmp_path / "lm/valid.loss.ave.pth"
        lm.parent.mkdir(exist_ok=True)
        for path in (lm, lm.with_name("config.yaml")):
            path.write_text("")
        for name in lost.split():
            {"ngram": kept, "lm": lm, "config": lm.with_name("config.yaml")}[name].unlink()
        weights = Weights(lm_weight, ngram_weight, 0.1)
        return Tuned("decode_beam4_lm_ngram2", 4, weights, "dev", 0.1, kept, lm)

    return make


@pytest.mark.parametrize("lost", ["lm", "config", "ngram", "lm ngram"])
@pytest.mark.parametrize("asked", [Asked(greedy=True), Asked(beam_size=1)])
def test_greedy_needs_none(tuned: Callable[..., Tuned], lost: str, asked: Asked) -> None:
    assert choose(asked, (tuned(lost),), TOKENS) == (None, "greedy")


@pytest.mark.parametrize(
    ("lost", "name"), [("lm", "ave.pth"), ("config", "config.yaml"), ("ngram", "2gram.arpa")]
)
@pytest.mark.parametrize("asked", [Asked(), Asked(beam_size=6), Asked(penalty=0.5)])
def test_what_was_tuned_with_it_needs_it(
    tuned: Callable[..., Tuned], lost: str, name: str, asked: Asked
) -> None:
    with pytest.raises(UserError, match=GONE.format(name)) as refused:
        choose(asked, (tuned(lost),), TOKENS)
    assert "\n" not in str(refused.value)


def test_an_ngram_of_ones_own_needs_neither(tuned: Callable[..., Tuned], ngram: Path) -> None:
    search, said = choose(Asked(ngram=ngram), (tuned("lm ngram"),), TOKENS)
    assert search is not None
    assert search.weights == Weights(0.0, 0.3, 0.1)
    assert search.models.lm is None
    assert said.startswith("as asked for: beam 4, mine.arpa × 0.3, penalty 0.1, without the lang")
    assert said.endswith("valid.loss.ave.pth is gone")
    # Whoever weighs it, needs it.
    with pytest.raises(UserError, match=GONE.format("ave.pth")):
        choose(Asked(ngram=ngram, lm_weight=0.2), (tuned("lm"),), TOKENS)
    with pytest.raises(UserError, match=r"none.arpa: no such file; expected an n-gram"):
        choose(Asked(ngram=Path("none.arpa")), (tuned("lm ngram"),), TOKENS)


def test_what_has_no_weight_may_be_gone(tuned: Callable[..., Tuned]) -> None:
    search, said = choose(Asked(lm_weight=0), (tuned("lm"),), TOKENS)
    assert search is not None
    assert "2gram.arpa × 0.3" in said
    search, _ = choose(Asked(lm_weight=0, ngram_weight=0), (tuned("lm ngram"),), TOKENS)
    assert search is not None
    assert search.models.lm is None
    assert search.models.ngram is None
    search, _ = choose(Asked(), (tuned("lm ngram", lm_weight=0, ngram_weight=0),), TOKENS)
    assert search is not None
    with pytest.raises(UserError, match=GONE.format("2gram.arpa")):
        choose(Asked(lm_weight=0), (tuned("lm ngram"),), TOKENS)


@pytest.mark.parametrize(
    ("asked", "then", "weight"),
    [
        (None, 0.3, 0.3),
        (None, 0.0, 0.5),
        (0.0, 0.3, 0.0),
        (0.0, 0.0, 0.0),
        (0.8, 0.3, 0.8),
    ],
)
def test_a_weight_that_is_asked_for_is_taken(
    tuned: Callable[..., Tuned], ngram: Path, asked: float | None, then: float, weight: float
) -> None:
    start = tuned("", lm_weight=0.0, ngram_weight=then)
    search, _ = choose(Asked(ngram=ngram, ngram_weight=asked), (start,), TOKENS)
    assert search is not None
    assert search.weights.ngram_weight == weight
    assert (search.models.ngram is None) == (weight == 0)
    # So it is where nothing was tuned.
    search, _ = choose(Asked(ngram=ngram, ngram_weight=asked), (), TOKENS)
    assert search is not None
    assert search.weights.ngram_weight == (0.5 if asked is None else asked)


def test_without_any_there_is_nothing_to_weigh(tuned: Callable[..., Tuned]) -> None:
    bare = replace(tuned(""), lm=None, ngram=None)
    for asked in (Asked(lm_weight=0.5), Asked(ngram_weight=0.5)):
        with pytest.raises(UserError, match="there is no "):
            choose(asked, (bare,), TOKENS)


@pytest.mark.parametrize(
    ("asked", "stays"),
    [
        (Asked(), True),
        (Asked(beam_size=4), True),
        (Asked(penalty=0.1), True),
        (Asked(beam_size=6), False),
        (Asked(penalty=0.5), False),
        (Asked(ngram_weight=0.2), False),
        (Asked(ngram=Path("mine.arpa")), False),
        (Asked(lexicon=Path("words.txt")), False),
    ],
)
def test_confidences_are_calibrated_for_the_search_that_was_tuned(
    tuned: Callable[..., Tuned], tmp_path: Path, asked: Asked, stays: bool
) -> None:
    (tmp_path / "words.txt").write_text("ae a e\n")
    if asked.ngram is not None:
        asked = replace(asked, ngram=tmp_path / asked.ngram)
    if asked.lexicon is not None:
        asked = replace(asked, lexicon=tmp_path / asked.lexicon)
    line = Platt(0.5, -1.0)
    known = replace(tuned("lm", 0.0), lm=None, calibration=line)
    search, _ = choose(asked, (known,), TOKENS)
    assert search is not None
    assert search.calibration == (line if stays else AS_THEY_ARE)


@pytest.mark.parametrize(
    "beside",
    [
        {"ngram": Path("mine.arpa")},
        {"ngram_weight": 0.3},
        {"lm_weight": 0.3},
        {"penalty": 0.5},
        {"lexicon": Path("words.txt")},
    ],
)
@pytest.mark.parametrize("greedy", [{"beam_size": 1}, {"greedy": True}])
def test_greedy_weighs_nothing(greedy: dict[str, int], beside: dict[str, object]) -> None:
    with pytest.raises(UserError, match=r"^--(beam_size 1 is greedy|greedy: expected no beam)"):
        Asked(**greedy, **beside).check()  # type: ignore[arg-type]
    Asked(**greedy).check()  # type: ignore[arg-type]
    Asked(beam_size=2, **beside).check()  # type: ignore[arg-type]
