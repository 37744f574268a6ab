"""What a path names that a user gave: the same before and after it is there."""

from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.pipeline.command_line import read
from parp_espnet.pipeline.paths import ROOT, called


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
    # Where masks are that a study has combined.
    (project / "exp/masks").mkdir(parents=True)
    expected = (project / place / given).resolve()
    assert called(Path(given), recipe, "exp").resolve() == expected
    expected.mkdir(parents=True)
    assert called(Path(given), recipe, "exp").resolve() == expected


def test_an_experiment_that_is_missing_is_no_name_of_the_hub() -> None:
    """It was downloaded, had the hub one of that name."""
    recipe = ["--recipe", str(ROOT / "egs2/cldr/es"), "--corpus", "cldr", "--lang", "es"]
    with pytest.raises(UserError, match=r"^phn.sh: --upstream exp/gone: expected an experiment"):
        read([*recipe, "--upstream", "exp/gone"])
