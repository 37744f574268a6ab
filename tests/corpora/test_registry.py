import subprocess
import sys
from dataclasses import fields

import pytest

from parp_espnet.corpora.known.corpus import OF_SETS
from parp_espnet.corpora.registry import CORPORA, FOLDERS, CorpusOptions
from parp_espnet.pipeline.options import options_of_class

OF_MANY = {"lang", "minutes", "seed", "jobs", "phonemise", *OF_SETS}
HEAVY = {"torch", "soundfile", "soxr", "babel", "espnet2", "transformers", "scipy", "pandas"}


def test_every_option_is_one_corpus_s() -> None:
    declared = [name for corpus in CORPORA.values() for name in options_of_class(corpus.options)]
    assert sorted(declared) == sorted(field.name for field in fields(CorpusOptions))


@pytest.mark.parametrize("name", CORPORA)
def test_a_corpus_is_told_what_it_declares(name: str) -> None:
    corpus = CORPORA[name]
    assert corpus.name == name
    own = set(options_of_class(corpus.options))
    assert own <= set(corpus.told) <= own | OF_MANY
    assert set(corpus.unsaid) <= set(corpus.takes)
    assert corpus.recipes
    assert corpus.of_user is None or corpus.of_user in FOLDERS


def test_to_know_the_corpora_takes_no_reader_of_them() -> None:
    script = "import sys, parp_espnet.corpora.registry; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & HEAVY
    assert not loaded & {f"parp_espnet.corpora.{name}" for name in CORPORA}
