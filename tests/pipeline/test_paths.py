"""What a path names that a user gave: the same before and after it is there."""

from pathlib import Path

import pytest

from parp_espnet.pipeline.paths import called


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("egs2/cldr/tr/exp/model", "."),
        ("../project/egs2/cldr/tr/exp/model", "."),
        ("exp/model", "egs2/cldr/es"),
        ("../tr/exp/model", "egs2/cldr/es"),
        ("../../elsewhere/model", "egs2/cldr/es"),
    ],
)
def test_a_path_names_the_same_before_and_after_it_is_made(
    given: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Called from the project's directory, or as the recipe sees it."""
    project = tmp_path / "project"
    recipe = project / "egs2/cldr/es"
    recipe.mkdir(parents=True)
    monkeypatch.chdir(project)
    expected = (project / place / given).resolve()
    assert called(Path(given), recipe).resolve() == expected
    expected.mkdir(parents=True)
    assert called(Path(given), recipe).resolve() == expected
