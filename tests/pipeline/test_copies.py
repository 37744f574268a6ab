"""A recipe that was copied with all that is in it."""

import shutil
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.files import write_json
from parp_espnet.pipeline import copies
from parp_espnet.pipeline.settings import Settings


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A recipe with an experiment."""
    recipe = tmp_path / "egs2/own/mine"
    write_json(recipe / "exp/phn_dense/settings.json", {"recipe": str(recipe), "method": "dense"})
    return recipe


def refuse(recipe: Path, expdir: str = "exp") -> None:
    copies.refuse_copy(Settings(recipe=recipe, expdir=expdir))


def test_a_copy_beside_the_recipe_is_refused(mine: Path) -> None:
    other = mine.with_name("russian")
    shutil.copytree(mine, other)
    with pytest.raises(
        UserError,
        match=r"russian: its exp/phn_dense was made by .*mine, which is still there.*run\.sh alone",
    ):
        refuse(other)
    refuse(mine)
    shutil.rmtree(other / "exp")
    refuse(other)


def test_a_recipe_that_was_moved_or_linked_is_itself(mine: Path) -> None:
    link = mine.with_name("link")
    link.symlink_to(mine)
    refuse(link)
    refuse(mine.rename(mine.with_name("moved")))


def test_a_checkout_that_was_copied_has_its_recipes(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tmp_path / "egs2", tmp_path / "copy/egs2")
    monkeypatch.setattr(copies, "from_root", lambda path: str(path.relative_to(tmp_path / "copy")))
    refuse(tmp_path / "copy/egs2/own/mine")


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"recipe": 3}', "{}"])
def test_settings_that_do_not_say_whose_they_are(mine: Path, content: str) -> None:
    (mine / "exp/phn_dense/settings.json").write_text(content)
    shutil.copytree(mine, mine.with_name("russian"))
    refuse(mine.with_name("russian"))


def test_an_absolute_directory_is_where_the_user_wants_it(mine: Path) -> None:
    refuse(mine.with_name("russian"), str(mine / "exp"))
