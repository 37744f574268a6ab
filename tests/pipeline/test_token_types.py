from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.pipeline.command_line import read
from parp_espnet.pipeline.decoding import Decoding
from parp_espnet.pipeline.experiment import SpeechExperiment
from parp_espnet.pipeline.settings import Settings
from parp_espnet.scoring.words import Metric


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("upstream", "recipe", "speech"):
        (tmp_path / name).mkdir()
    return tmp_path


def settings_of(folder: Path, corpus: str, *words: str) -> Settings:
    speech = str(folder / "speech")
    places = {
        "own": ["--own", speech],
        "commonvoice": ["--commonvoice", speech, "--lang", "es"],
        "librilight": [
            *("--librilight", speech, "--librispeech", speech, "--lang", "en"),
            *("--valid_set", "dev_other", "--test_set", "test_clean"),
        ],
        "cldr": ["--lang", "es"],
        "mini_an4": ["--lang", "en"],
        "mboshi": ["--mboshi", speech, "--lang", "mb"],
        "none": [],
    }
    own = ["--corpus", corpus, *places[corpus], "--upstream", str(folder / "upstream")]
    return read(["--recipe", str(folder / "recipe"), *own, *words])


@pytest.mark.parametrize(
    ("corpus", "words", "phonemise", "letters", "metric", "data", "tag"),
    [
        ("own", "", None, False, Metric.PER, "data", "train_u"),
        ("own", "--phonemise letters", "letters", True, Metric.CER, "data", "train_u"),
        ("own", "--phonemise pt-BR", "pt-br", False, Metric.PER, "data", "train_u"),
        ("own", "--token_type char", "letters", True, Metric.CER, "data/letters", "train_char_u"),
        ("own", "--token_type bpe", "letters", True, Metric.WER, "data/letters", "train_bpe100_u"),
        ("commonvoice", "", None, False, Metric.PER, "data", "train_60min_u"),
        ("commonvoice", "--token_type phn", None, False, Metric.PER, "data", "train_60min_u"),
        (
            *("commonvoice", "--token_type bpe --nbpe 40", "letters", True, Metric.WER),
            *("data/letters", "train_60min_bpe40_u"),
        ),
        ("librilight", "", None, True, Metric.CER, "data", "train_10min_u"),
        ("librilight", "--token_type char", None, True, Metric.CER, "data", "train_10min_u"),
        ("librilight", "--metric wer", None, True, Metric.WER, "data", "train_10min_u"),
        ("librilight", "--token_type bpe", None, True, Metric.WER, "data", "train_10min_bpe100_u"),
        (
            *("librilight", "--token_type phn", "en", False, Metric.PER),
            *("data/phones", "train_10min_phn_u"),
        ),
        ("none", "--phonemise letters", "letters", True, Metric.CER, "data", "train_u"),
        ("none", "--words_as_tokens true", None, False, Metric.PER, "data", "train_u"),
        ("none", "--token_type bpe", None, True, Metric.WER, "data", "train_bpe100_u"),
        ("cldr", "--token_type phn", None, False, Metric.PER, "data", "train_10min_u"),
    ],
)
def test_what_follows_from_the_kind_of_token(
    folder: Path,
    corpus: str,
    words: str,
    phonemise: str | None,
    letters: bool,
    metric: Metric,
    data: str,
    tag: str,
) -> None:
    found = settings_of(folder, corpus, *words.split())
    assert (found.phonemise, found.holds_letters, found.counted) == (phonemise, letters, metric)
    assert found.datadir == data
    assert f"_{tag}" in found.tag


def test_only_subwords_have_sets_and_lists_of_their_own(folder: Path) -> None:
    for words, sets, tokens in (
        ((), "dump/raw", "dump/token_list/train.txt"),
        (("--token_type", "bpe"), "dump/letters/raw_bpe100", "train_bpe100.txt"),
    ):
        settings = settings_of(folder, "own", *words)
        experiment = SpeechExperiment(settings, None, {})  # type: ignore[arg-type]
        assert experiment.train_data == Path(sets) / "train"
        assert str(experiment.tokens).endswith(tokens)
        assert ("bpe100" in str(experiment.stats)) == ("bpe100" in Decoding(settings).lm_text)
        assert (experiment.subwords is None) == (words == ())


def test_an_absolute_place_has_them_as_well(folder: Path) -> None:
    place = str(folder / "elsewhere")
    found = settings_of(folder, "own", "--token_type", "char", "--expdir", place)
    assert (found.datadir, found.dumpdir) == (f"{place}/data/letters", f"{place}/dump/letters")


@pytest.mark.parametrize(
    ("corpus", "words", "said"),
    [
        ("own", "--token_type word", "--token_type word: expected one of phn, char, bpe"),
        ("own", "--nbpe 30", "--nbpe 30 changes nothing without --token_type bpe"),
        ("own", "--token_type bpe --nbpe 3", "--nbpe 3: expected 4 or more"),
        (
            "own",
            "--token_type char --phonemise es",
            "--token_type char: expected a text in letters, found --phonemise es, which makes "
            "phones of it; leave one of them out",
        ),
        (
            "own",
            "--token_type phn --phonemise letters",
            "--token_type phn: expected phones, found --phonemise letters, which spells",
        ),
        (
            "own",
            "--token_type bpe --words_as_tokens true",
            "with --words_as_tokens true words are tokens",
        ),
        (
            "cldr",
            "--token_type char",
            "--token_type char: the text of --corpus cldr is phones; expected "
            "--corpus commonvoice, librilight, own or none",
        ),
        ("own", "--token_type bpe --updates 0", "no head that an upstream comes with has these"),
        ("own", "--phonemise german", "another of eSpeak NG's 148 codes, such as de "),
        ("own", "--phonemise Spanish", "; did you mean es?"),
        ("own", "--phonemise gone.csv", "--phonemise: gone.csv: no such file; expected a lexicon"),
        (
            "cldr",
            "--phonemise es",
            "--phonemise es: --corpus cldr has phones already; expected --corpus commonvoice, "
            "librilight, own",
        ),
        ("cldr", "--phonemise rules.csv", "--corpus cldr has phones already; expected --corpus"),
        ("cldr", "--phonemise letters", "--corpus cldr has phones already; expected --corpus"),
        ("mini_an4", "--phonemise en", "--corpus mini_an4 has phones already; expected --corpus"),
        ("mboshi", "--phonemise letters", "--corpus mboshi has phones already; expected --corpus"),
        ("none", "--phonemise es", "expected --phonemise letters where these are letters, or"),
        ("none", "--phonemise rules.csv", "--corpus none has the tokens that its text has"),
        (
            "cldr",
            "--words_as_tokens true",
            "--words_as_tokens true: --corpus cldr makes phones or letters; expected --corpus own "
            "or none",
        ),
        ("librilight", "--words_as_tokens true", "--corpus librilight makes phones or letters"),
        ("own", "--metric ser", "--metric ser: expected one of per, wer, cer"),
    ],
)
def test_what_does_not_fit_is_one_line(folder: Path, corpus: str, words: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        settings_of(folder, corpus, *words.split())
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_is_found_from_the_recipe(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "rules").write_text("Orth,Phon\na,a\n")
    (folder / "es").write_text("Orth,Phon\na,a\n")
    found = settings_of(folder, "own", "--phonemise", "rules")
    assert found.phonemise == str(folder / "rules")
    assert (found.lang, found.inventory, found.tokens_tag) == ("und", None, "")
    # A language is one, whatever lies here.
    assert settings_of(folder, "own", "--phonemise", "es").phonemise == "es"
