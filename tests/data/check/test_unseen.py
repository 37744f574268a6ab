"""Phones of other sets that training has not."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from parp_espnet.data.check.faults import Level, levels
from parp_espnet.data.check.fix import fix
from parp_espnet.data.check.judge import Limits
from parp_espnet.data.check.run import check
from parp_espnet.data.check.unseen import LOOKALIKES, SAME, _same, lookalikes
from parp_espnet.phones.espeak import VOICES
from parp_espnet.phones.ipa import load_inventory

Make = Callable[..., Path]


def test_they_are_named_with_counts_and_what_they_look_like(make: Make) -> None:
    train, dev, test = make(), make("dev", ("eva",), seed=10), make("test", ("zoe",), seed=20)
    (train / "text").write_text("ana-1 ɡ aː o\nana-2 l\nbea-1 t\nbea-2 o\n")
    (dev / "text").write_text("eva-1 g o g\neva-2 g a:\n")
    (test / "text").write_text("zoe-1 aː l\nzoe-2 ɮ\n")
    faults = [
        fault
        for fault in check([train, dev, test], Limits(), levels({})).faults
        if fault.kind == "unseen"
    ]
    assert [(fault.folder, fault.utterance) for fault in faults] == [
        (str(dev), "a:"), (str(dev), "g"), (str(test), "ɮ"),
    ]  # fmt: skip
    long, plosive, rare = faults
    assert plosive.file == str(dev / "text")
    assert plosive.expected == f"a phone of {train}"
    assert plosive.found == (
        "g (U+0067 (LATIN SMALL LETTER G)), 3 times in 2 utterances; "
        "it looks like ɡ (U+0261 (LATIN SMALL LETTER SCRIPT G))"
    )
    assert "1 time in 1 utterance; it looks like aː" in long.found
    assert rare.found == "ɮ (U+026E (LATIN SMALL LETTER LEZH)), 1 time in 1 utterance"


def test_a_normal_form_is_no_other_phone(make: Make) -> None:
    train, test = make(), make("test", ("zoe",), seed=20)
    (train / "text").write_text("ana-1 o\u0303 t tt\nana-2 o l\nbea-1 a\nbea-2 o\n")
    (test / "text").write_text("zoe-1 \u00f5 l\nzoe-2 a\n")
    assert "unseen" not in {
        fault.kind for fault in check([train, test], Limits(), levels({})).faults
    }


def test_as_an_error_it_leaves_the_utterances_out(make: Make, tmp_path: Path) -> None:
    train, test = make(), make("test", ("zoe",), seed=20)
    (test / "text").write_text("zoe-1 o l g\nzoe-2 a\n")
    findings = check([train, test], Limits(), levels({Level.ERROR: ["unseen"]}))
    assert [fault.kind for fault in findings.of(Level.ERROR)] == ["unseen"]
    fix(findings, [tmp_path / "a", tmp_path / "b"], resample=False)
    assert (tmp_path / "b" / "text").read_text() == "zoe-2 a\n"


@pytest.mark.parametrize(
    ("phone", "other"),
    [
        ("g", "ɡ"), ("a:", "aː"), ("k'", "kʼ"), ("ε", "ɛ"), ("ə", "ǝ"), ("∫", "ʃ"), ("ß", "β"),
        ("ϴ", "θ"), ("?", "ʔ"),
        ("!", "ǃ"), ("|", "ǀ"), ("а", "a"), ("t͡ʃ", "tʃ"), ("ʧ", "tʃ"), ("a\u0331", "a\u0320"),
        ("ɚ", "ə˞"),
        ("γ", "ɣ"), ("ma3", "ma³"), ("kh", "kʰ"), ("o\u200b", "o"), ("φ", "ɸ"), ("ŋ", "η"), ("||",
        "ǀǀ"), ("a~", "a˜"),
        ("r", "ɹ"), ("ɾ", "r"), ("ɩ", "ɪ"), ("a~", "ã"),
        ("aɪ̯", "aɪ"), ("d͡ʒ", "ʤ"), ("AH2", "AH0"), ("aa1", "AA1"), ("ʻ", "'"),
    ],
)  # fmt: skip
def test_lookalikes(phone: str, other: str) -> None:
    assert lookalikes(phone, ["x̌", other, "zz"]) == [other]
    assert lookalikes(other, [phone]) == [phone]


def test_what_differs_for_the_eye_is_no_lookalike() -> None:
    assert lookalikes("b", ["p", "d", "bb", "b\u0325"]) == []
    assert all(len(set(group)) == len(group) for group in (*LOOKALIKES, *SAME))


def test_one_phone_in_two_spellings_is_named(make: Make) -> None:
    train, test = make(), make("test", ("zoe",), seed=20)
    (train / "text").write_text(
        "ana-1 ɡ ɡ tʃ a:\nana-2 g t͡ʃ tʃ\nbea-1 a: aː kʼ a:\nbea-2 k' k' ɑ a ɾ r r ɪ i ʻ\n"
    )
    faults = [
        fault
        for fault in check([train, test], Limits(), levels({})).faults
        if fault.kind == "alike"
    ]
    assert [fault.utterance for fault in faults] == ["aː", "g", "kʼ", "t͡ʃ"]
    assert {fault.folder for fault in faults} == {str(train)}
    assert faults[1].found == (
        "g (U+0067 (LATIN SMALL LETTER G)), 1 time, and ɡ (U+0261 (LATIN SMALL LETTER SCRIPT G)), "
        "2 times"
    )


def test_no_inventory_has_one_phone_in_two_spellings() -> None:
    for language in (*VOICES, "mb"):
        assert not _same(Counter(load_inventory(language)))
