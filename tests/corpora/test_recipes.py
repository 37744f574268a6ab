import os
from pathlib import Path

import pytest

from parp_espnet.corpora.known.cldr import CORPUS
from parp_espnet.corpora.recipes import add_recipe, row, script
from parp_espnet.errors import UserError
from parp_espnet.phones.espeak import LANGUAGES

RECIPES = Path(__file__).resolve().parents[2] / "egs2"


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_the_recipes_are_what_is_made(code: str) -> None:
    assert (RECIPES / "cldr" / code / "run.sh").read_text() == script(code)
    assert row(code) in (RECIPES / "README.md").read_text().splitlines()
    assert f"cldr/{code}" in CORPUS.recipes


def test_a_recipe_and_its_line_are_added_once(tmp_path: Path) -> None:
    whole = (RECIPES / "README.md").read_text()
    table = tmp_path / "README.md"
    table.write_text(whole.replace(row("it") + "\n", ""))
    assert table.read_text() != whole
    for _ in range(2):
        assert add_recipe("it", tmp_path) == tmp_path / "cldr/it"
        assert table.read_text() == whole
    assert os.access(tmp_path / "cldr/it/run.sh", os.X_OK)
    assert (tmp_path / "cldr/it/run.sh").read_text() == script("it")


def test_a_folder_without_recipes(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"README\.md: no such file; expected the folder of rec"):
        add_recipe("es", tmp_path)
    (tmp_path / "README.md").write_text("# Recipes\n")
    with pytest.raises(UserError, match="expected lines of recipes such as"):
        add_recipe("es", tmp_path)
