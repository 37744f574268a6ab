"""What YAML reads as another value than is written in a study's file."""

import re
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.study.grid import read_grid
from parp_espnet.study.plan import Study

FILE = """
recipes: {{es: egs2/cldr/es}}
options: {{updates: 150, {shared}}}
arms:
    dense: {{method: dense}}
    x: {{method: mpi, {own}}}
"""

AS_TEXT = [
    ("noise_db_range", "5_20", "520"),
    ("noise_db_range", "0_10", "8"),
    ("noise_db_range", "-5_20", "-520"),
    ("noise-db-range", "5_20", "520"),
    ("pattern", "2:4", "124"),
    ("scope", "1:2", "62"),
    ("lang", "no", "false"),
    ("lang", "on", "true"),
    ("phn_tag", "007", "7"),
    ("phn_tag", "1.50", "1.5"),
    ("phn_tag", "0x1F", "31"),
    ("own", "2_024", "2024"),
    ("glue_tag", "1e+3", None),
    ("speed_perturb_factors", "1.10", "1.1"),
]
"""Option, what is written, and what YAML reads; None for the same text."""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "study.yaml"


@pytest.mark.parametrize(("name", "value", "read"), AS_TEXT)
@pytest.mark.parametrize("form", ["{}", "[{}]", "[usual, {}]"])
def test_text_that_yaml_takes_for_a_number_is_refused(
    written: Path, name: str, value: str, read: str | None, form: str
) -> None:
    written.write_text(FILE.format(shared="", own=f"{name}: {form.format(value)}"))
    grid, faults = read_grid(written)
    if read is None:
        assert faults == []
        return
    advice = f'which YAML reads as {read}; put quotes around it: "{value}"'
    assert faults == [f"arm x: {name}: expected text, found {value}, {advice}"]
    assert [arm.name for arm in grid.arms] == ["dense"]


@pytest.mark.parametrize("quoted", ["'{}'", '"{}"', "!!str {}", "['{}']"])
def test_text_in_quotes_is_what_is_written(written: Path, quoted: str) -> None:
    for name, value, _ in AS_TEXT:
        written.write_text(FILE.format(shared="", own=f"{name}: {quoted.format(value)}"))
        grid, faults = read_grid(written)
        assert faults == []
        assert grid.arms[-1].choices[name] == (value,)


@pytest.mark.parametrize(
    ("own", "found"),
    [
        (
            "seed: 010",
            "seed: expected a number in decimal digits, found 010, which YAML reads as 8",
        ),
        ("seed: [0, 0x10]", "found 0x10, which YAML reads as 16"),
        ("train_minutes: 1:30", "found 1:30, which YAML reads as 90"),
        ("sparsity: .inf", "found .inf, which YAML reads as inf"),
        ("seed: [0, 1]", None),
        ("updates: 1_000", None),
        ("sparsity: [0.50, .5, 5.0e-1, 5e-1]", None),
        ("seed: +3", None),
        ("use_ngram: yes", None),
        ("use_ngram: [true, off]", None),
        # A number that is a text prints as it is written.
        ("phn_tag: 7", None),
        ("phn_tag: 1.5", None),
        ("lang: es", None),
    ],
)
def test_numbers_are_their_digits(written: Path, own: str, found: str | None) -> None:
    written.write_text(FILE.format(shared="", own=own))
    _, faults = read_grid(written)
    assert len(faults) == (found is not None)
    assert found is None or found in faults[0]


def test_options_of_all_and_of_what_is_taken_from_another_arm(written: Path) -> None:
    written.write_text(FILE.format(shared="noise_db_range: 5_20", own="sparsity: 0.5"))
    said = rf"study\.yaml: options: noise_db_range: .* put quotes around it: {re.escape('"5_20"')}$"
    with pytest.raises(UserError, match=said):
        read_grid(written)
    written.write_text(
        "recipes: {es: egs2/cldr/es}\n"
        "arms:\n"
        "    x: &x {method: mpi, sparsity: 0.5, pattern: 2:4}\n"
        "    y: {<<: *x, seed: 1}\n"
    )
    _, faults = read_grid(written)
    assert [fault.split(":")[0] for fault in faults] == ["arm x", "arm y"]


def test_a_study_says_it_once_and_nothing_of_what_yaml_read(written: Path) -> None:
    written.write_text(FILE.format(shared="", own="sparsity: 0.5, pattern: 2:4"))
    with pytest.raises(UserError) as refused:
        Study.read(written)
    assert str(refused.value) == (
        f"{written}: arm x: pattern: expected text, found 2:4, which YAML reads as 124; put quotes "
        f'around it: "2:4"'
    )
