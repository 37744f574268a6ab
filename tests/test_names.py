"""Ids and names: which may be one, and what files are called by them."""

import pytest

from parp_espnet.errors import UserError
from parp_espnet.names import LONGEST, check_name, check_place, file_name, plain_name, why_no_id

ODD = [
    "", ".", "..", "...", "../../x", "/etc/x", "a/b", "a%2Fb", "a%b", "a\\b", "a b", "a\u00a0b",
    "a\nb", "\0", ".x",
    "%2Ex", "%", "\udcff", "x" * 201, "x" * 202, "ɔ̃" * 150, "/" * 100, "/" * 101, "%-" + "x" * 300,
]  # fmt: skip


@pytest.mark.parametrize(
    "word", ["ana-1", "s1_u.2", "a=b+c", "ñandú-3", "आ-1", "x@y:z,w~", "x" * LONGEST]
)
def test_an_ordinary_id_is_its_own_file_name(word: str) -> None:
    assert file_name(word, ".wav") == f"{word}.wav"
    assert why_no_id(word) is None


def test_a_file_name_is_no_path_and_never_that_of_two_ids() -> None:
    names = [file_name(word) for word in ODD]
    assert len(set(names)) == len(ODD)
    for name in names:
        assert name
        assert "/" not in name
        assert not name.startswith(".")
        assert name.isprintable()
        assert len(name.encode()) <= LONGEST
        assert (
            name == file_name(name).replace("%25", "%") or len(file_name(name).encode()) == LONGEST
        )
    assert file_name("../../x") == "%2E.%2F..%2Fx"
    assert file_name("a/b", ".wav") == "a%2Fb.wav"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("", "one word"),
        ("ana maria", "one word"),
        ("a\u00a0b", "one word"),
        ("a\x1bb", "letters without control characters"),
        ("..", "a name, not a path"),
        (".", "a name, not a path"),
        ("../../x", "a name, not a path"),
        ("/tmp/x", "a name, not a path"),
        ("a/../x", "a name, not a path"),
        ("a//b", "a name, not a path"),
        ("a/", "a name, not a path"),
        ("ana/1", None),
        (".hidden", None),
        ("a..b", None),
    ],
)
def test_what_is_no_id(word: str, expected: str | None) -> None:
    assert why_no_id(word) == expected


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", "...", ".x", "a/b", "../x", "/x", "a b", "a\n", "a\\b", "a*", "x" * 201],
)
def test_no_name_of_a_folder(name: str) -> None:
    with pytest.raises(UserError, match=r"^phn.sh: --phn_tag .*: expected "):
        check_name("phn.sh: --phn_tag", name)


@pytest.mark.parametrize(
    "name", ["train", "train_10min", "dev-clean", "a.b", "phn_s0.5+x=1", "ñ", "x" * LONGEST]
)
def test_a_name_of_a_folder(name: str) -> None:
    check_name("phn.sh: --phn_tag", name)


@pytest.mark.parametrize("word", ["phn", "my-model_1.5", "ñ", "a=b"])
def test_a_plain_name_is_itself(word: str) -> None:
    assert plain_name(word) == word


def test_a_plain_name_is_a_name_and_never_that_of_two_words() -> None:
    words = [
        "it's",
        "it_s",
        "a b",
        "a_b",
        "a  b",
        "ab\n",
        "a,b",
        "(x)",
        "x" * 300,
        "x" * 301,
        "../x",
    ]
    names = [plain_name(word) for word in words]
    assert len(set(names)) == len(words)
    for name in names:
        check_name("--x", f"phn_{name}")


@pytest.mark.parametrize("path", ["", " ", "a\nb", "a\x1b[2J", "-x", "\u2028"])
def test_no_directory_to_write_to(path: str) -> None:
    with pytest.raises(UserError, match=r"--expdir '.*': expected (a|the) path"):
        check_place("phn.sh: --expdir", path)


@pytest.mark.parametrize("path", ["exp", "my exp", "/scratch/ışık", "../exp", "exp/", "./-x"])
def test_a_directory_to_write_to(path: str) -> None:
    check_place("phn.sh: --expdir", path)
