"""`phn.sh --lexicon` for real: tones in a row are words of a list, and nothing else is found."""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from parp_espnet.data.lines import read_table
from parp_espnet.scoring.result import Result

ROOT = Path(__file__).resolve().parents[2]
WORDS = "ma a e\nma(2) a\nno o i\nodd ʒ a\n"
WAYS = {"ma": (("a", "e"), ("a",)), "no": (("o", "i"),)}


def run(command: Sequence[str], *more: object) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*command, *map(str, more)], capture_output=True, text=True, check=False, env=environment
    )


@pytest.fixture(scope="module")
def command(
    tone_recipe: Path, calm_upstream: Path, make_training: Callable[..., Path]
) -> list[str]:
    """What runs the dense experiment on the tones."""
    return [
        *(str(ROOT / "egs2/TEMPLATE/phn1/phn.sh"), "--recipe", str(tone_recipe), "--lang", "xx"),
        *("--upstream", str(calm_upstream), "--train_config", str(make_training(tone_recipe))),
        *("--updates", "120", "--method", "dense", "--phn_tag", "dense", "--skip_check", "true"),
    ]


@pytest.fixture(scope="module")
def experiment(command: list[str], tone_recipe: Path, tmp_path_factory) -> Path:
    """The experiment, decoded into words of a list with an n-gram of phones."""
    lexicon = tmp_path_factory.mktemp("words") / "lexicon.txt"
    lexicon.write_text(WORDS)
    done = run(command, "--lexicon", lexicon, "--use_ngram", "true", "--ngram_num", "2")
    assert done.returncode == 0, done.stderr
    said = f"--lexicon {lexicon}: left out 1 of 4 words, whose phones the model does not know: ʒ"
    assert said in done.stdout + done.stderr
    return tone_recipe / "exp/dense"


def test_what_is_found_is_words_of_the_list(experiment: Path) -> None:
    (out,) = experiment.glob("decode_beam12_ngram2_lexicon-*/test")
    phones, words = read_table(out / "text"), read_table(out / "words")
    assert len(phones) == 8
    for utterance, said in words.items():
        assert made_of(phones[utterance].split(), said.split()), (utterance, said)
    assert {word for said in words.values() for word in said.split()} == WAYS.keys()
    # Without the list the same model hears what is no words.
    heard = read_table(experiment / "decode_greedy/test/text").values()
    assert any("e e" in said or "i a e i" in said or said.startswith("i") for said in heard)


def made_of(phones: Sequence[str], words: Sequence[str]) -> bool:
    """Whether phones are words, one after the other, in one of the ways to say each."""
    reached = {0}
    for word in words:
        after = set()
        for begin in reached:
            for way in WAYS[word]:
                if tuple(phones[begin : begin + len(way)]) == way:
                    after.add(begin + len(way))
        reached = after
    return len(phones) in reached


def test_the_result_says_so(experiment: Path) -> None:
    result = Result.read(experiment / "result.json")
    assert result.decoding == "beam 12 of words"
    assert result.ngram_weight is not None
    assert result.options is not None
    assert "lexicon" in result.options


@pytest.mark.parametrize(
    ("content", "words", "message"),
    [
        (None, (), "no such file or directory"),
        ("", (), "lexicon.txt: expected lines of a word and its phones, found none"),
        (Path(), (), "lexicon.txt: expected a file, found a directory"),
        (b"caf\xe9 k a f e\n", (), "lexicon.txt: expected UTF-8"),
        ("ma a e\nno\n", (), "lexicon.txt, line 2: expected a word and its phones, found 'no'"),
        ("odd ʒ a\nodder q\n", ("--stage", "10"), "found in every word phones that it does not: ʒ"),
        ("ma a e\n", ("--token_type", "char"), "line 1: expected a word alone, since the model"),
        ("ma a e\n", ("--beam_size", "1"), "--beam_size 1 is greedy, without a lexicon"),
        ("ma a e\n", ("--search", "espnet"), "--search espnet: expected no lexicon"),
    ],
)
def test_a_bad_lexicon_is_one_line_before_anything_runs(
    command: list[str],
    experiment: Path,
    tmp_path: Path,
    content: "str | bytes | Path | None",
    words: tuple[str, ...],
    message: str,
) -> None:
    lexicon = tmp_path / "lexicon.txt"
    if isinstance(content, Path):
        lexicon.mkdir()
    elif isinstance(content, bytes):
        lexicon.write_bytes(content)
    elif content is not None:
        lexicon.write_text(content)
    kinds = () if "--token_type" not in words else ("--corpus", "none")
    done = run(command, *kinds, "--lexicon", lexicon, *words)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("error: phn.sh: --")
    assert message in line


@pytest.mark.parametrize(
    ("option", "content", "message"),
    [
        ("--lexicon", "odd ʒ a\nodder q\n", "found in every word phones that it does not: ʒ q"),
        (
            "--ngram",
            "\\data\\\nngram 1=3\n\n\\1-grams:\n-99 <s>\n-0.3 </s>\n-0.3 hello\n\n\\end\\\n",
            "lacks 4 of the recogniser's 4 tokens",
        ),
    ],
)
def test_other_tokens_than_the_training_set_has_are_told_before_it_is_trained_on(
    command: list[str], tmp_path: Path, option: str, content: str, message: str
) -> None:
    file = tmp_path / "other"
    file.write_text(content)
    done = run(command, option, file, "--dumpdir", "dump_other", "--phn_tag", "other")
    assert done.returncode == 2
    *_, last = done.stderr.strip().splitlines()
    assert message in last
    assert "stage 4 (tokens)" in done.stderr
    assert "stage 5" not in done.stderr
    assert "Traceback" not in done.stderr
