"""Four tasks of CLDR's names and phrases (through Babel); the same seed makes the same examples.

cldr_kind    Zürich → city. A name in one of `LANGUAGES`, and what it is a name of: a territory, a
             language, a script, a currency or a city.
cldr_same    Alemania | Germany → yes. Two names of one kind in two languages; half of the pairs
             mean the same.
cldr_order   Monday, 3 March 1997 and Chad → yes. An English phrase; in half of them the words are
             in another order.
cldr_sim     Chad, Peru | Perú, Japón → 1.67. Two lists in two languages; 5 times the share of names
             that both have.

A name belongs to one of train, valid and test by what it stands for (`DE` of the territories), in
every language, so that nothing of test is in train in any language. They stand in for GLUE; no
result on them is evidence about GLUE.
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from random import Random

from babel import Locale

from parp_espnet.corpora.phrases import phrase_book, split_of
from parp_espnet.errors import UserError
from parp_espnet.glue.examples import Example
from parp_espnet.glue.tasks import TASKS

LANGUAGES = ("en", "es", "fr", "it", "nl", "sv")
"""Of Latin script, which the vocabulary of an English model can spell."""
SIZES = {"train": 2000, "valid": 300, "test": 600}
SETS = {"train": "train", "valid": "dev", "test": "test"}
"""What `corpora.phrases` calls the sets."""
MOST_REPEATED = 200_000
"""After so many draws of what was drawn before, one after the other, there is nothing else."""
LONGEST_LIST = 3
LEAST_WORDS, MOST_WORDS = 4, 14


def make(name: str, split: str, size: int, seed: int = 0) -> list[Example]:
    """Return `size` different examples of a task for one of `tasks.SPLITS`.

    Raises `UserError` where there are not so many.
    """
    random = Random(f"{name} {split} {seed}")
    seen: set[tuple[str, str]] = set()
    draw = _DRAW[name]

    def fresh() -> Iterator[Example]:
        repeated = 0
        while repeated < MOST_REPEATED:
            first, second, label = draw(random, SETS[split])
            repeated += 1
            if (first, second) not in seen:
                repeated = 0
                seen.add((first, second))
                yield Example(f"{split}-{len(seen)}", first, second, label)
        raise UserError(
            f"task {name}: expected at most {len(seen)} examples of {split}, which are all that "
            f"there are, found {size}; take fewer (--train_examples)"
        )

    return list(islice(fresh(), size))


@cache
def _names(kind: str, language: str, split: str) -> dict[str, str]:
    """Names of a kind in a language, by what they stand for."""
    names = {}
    for code, name in sorted(_all_names(kind, language).items()):
        # What is in brackets tells the kind, or the time, of a name.
        fits = "(" not in name and 2 < len(name) <= 40
        if fits and split_of(f"{kind} {code}") == split:
            names[code] = name
    return names


def _all_names(kind: str, language: str) -> dict[str, str]:
    locale = Locale(language)
    if kind == "territory":
        return {code: name for code, name in locale.territories.items() if not code.isdigit()}
    if kind == "city":
        zones = locale.time_zones.items()
        return {code: zone["city"] for code, zone in zones if "city" in zone}
    return dict(
        {
            "language": locale.languages,
            "script": locale.scripts,
            "currency": locale.currencies,
        }[kind]
    )


@cache
def _common(kind: str, language: str, other: str, split: str) -> tuple[str, ...]:
    """What has a name in both languages."""
    names, other_names = _names(kind, language, split), _names(kind, other, split)
    return tuple(sorted(names.keys() & other_names.keys()))


def _kinds() -> tuple[str, ...]:
    kinds = TASKS["cldr_kind"].labels
    assert kinds is not None
    return kinds


def _kind(random: Random, split: str) -> tuple[str, str, float]:
    kinds = [kind for kind in _kinds() if _names(kind, "en", split)]
    while True:
        kind, language = random.choice(kinds), random.choice(LANGUAGES)
        names = list(_names(kind, language, split).values())
        if names:
            return random.choice(names), "", float(_kinds().index(kind))


def _same(random: Random, split: str) -> tuple[str, str, float]:
    kind, codes, language, other = _codes(random, split, least=2)
    code, wrong = random.sample(codes, 2)
    same = random.random() < 0.5
    second = _names(kind, other, split)[code if same else wrong]
    return _names(kind, language, split)[code], second, float(same)


def _order(random: Random, split: str) -> tuple[str, str, float]:
    book = phrase_book("en", split)
    while True:
        words = book.phrase(random).split()
        mixed = random.sample(words, len(words))
        if LEAST_WORDS <= len(words) <= MOST_WORDS and mixed != words:
            break
    natural = random.random() < 0.5
    return " ".join(words if natural else mixed), "", float(natural)


def _sim(random: Random, split: str) -> tuple[str, str, float]:
    kind, codes, language, other = _codes(random, split, least=2 * LONGEST_LIST)
    length = random.randint(2, LONGEST_LIST)
    common = random.randint(0, length)
    drawn = random.sample(codes, 2 * length - common)
    first, second = drawn[:length], drawn[length - common :]
    random.shuffle(second)
    names, other_names = _names(kind, language, split), _names(kind, other, split)
    text = ", ".join(names[code] for code in first)
    other_text = ", ".join(other_names[code] for code in second)
    return text, other_text, round(5 * common / len(drawn), 2)


def _codes(random: Random, split: str, least: int) -> tuple[str, tuple[str, ...], str, str]:
    """A kind, two languages, and at least so many things that both name."""
    while True:
        kind, (language, other) = random.choice(_kinds()), random.sample(LANGUAGES, 2)
        codes = _common(kind, language, other, split)
        if len(codes) >= least:
            return kind, codes, language, other


_DRAW: dict[str, Callable[[Random, str], tuple[str, str, float]]] = {
    "cldr_kind": _kind,
    "cldr_same": _same,
    "cldr_order": _order,
    "cldr_sim": _sim,
}
