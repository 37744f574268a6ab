"""The user's paths: as a recipe sees them, and as results name them."""

import os
import re
from pathlib import Path

from parp_espnet import interpreter
from parp_espnet.errors import UserError, printable
from parp_espnet.files import need_file

ROOT = interpreter.ROOT
"""The project's directory."""
HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
"""A model's name on the Hugging Face hub."""


def need_clone(what: str) -> None:
    """Raise `UserError` where the package alone is installed: recipes, studies and upstreams are of
    a clone.
    """
    if not (ROOT / "egs2").is_dir():
        raise UserError(
            f"{what}: comes with a clone of the project, and this is the installed package alone"
        )


def existing(program: str, name: str, path: Path, recipe: Path, needed: bool = True) -> Path:
    """Return the path that option `name` of `program` gives, as `recipe` sees it.

    Raises `UserError` where it is `needed` and not there.
    """
    if needed and not path.exists():
        raise UserError(f"{program}: --{name} {path}: no such file or directory")
    return Path(from_recipe(recipe, path))


def existing_or_named(
    program: str, name: str, given: str, recipe: Path, expected: tuple[str, str]
) -> str:
    """Return the path of a model that option `name` of `program` gives, as `recipe` sees it, or its
    name on the hub.

    Args:
        expected: what a path would be, and what a name would be of, for the error.

    Raises `UserError` where it is neither.
    """
    if Path(given).exists():
        if not Path(given).is_dir():
            try:
                need_file(Path(given))
            except UserError as error:
                raise UserError(f"{program}: --{name}: {error}") from None
        path = from_recipe(recipe, Path(given))
        return path if path.startswith(("/", ".")) else f"./{path}"
    if given.startswith(("/", ".", "~")) or not HUB_NAME.fullmatch(given):
        raise UserError(
            f"{program}: --{name} {printable(given)}: no such {expected[0]}, and no name of "
            f"{expected[1]}"
        )
    return given


def called(given: Path, recipe: Path, expdir: str) -> Path:
    """Return what the user calls so from where they are, or as the recipe's directory sees it.

    Of what is in neither place yet, it is decided by where the path begins: it is to name the same
    when that is there. An experiment of the recipe is called exp/TAG; the project's directory has
    an exp, too, once a study has combined masks.

    Args:
        expdir: what that exp is, as `--expdir` has it.
    """
    if given.exists():
        return given
    climbed = 0
    while climbed + 1 < len(given.parts) and given.parts[climbed] == "..":
        climbed += 1
    begin = Path(*given.parts[: climbed + 1])
    is_experiment = given.is_relative_to(expdir)
    is_of_recipe = (recipe / given).exists() or is_experiment or not begin.exists()
    return recipe / given if is_of_recipe else given


def from_recipe(recipe: Path, path: Path) -> str:
    """Return a path as the recipe's directory sees it; one outside of the project is absolute."""
    absolute = path.resolve()
    return os.path.relpath(absolute, recipe) if absolute.is_relative_to(ROOT) else str(absolute)


def from_root(path: Path) -> str:
    """Return a path as it is from the project's directory, which reads the same on
    every machine.
    """
    absolute = path.resolve()
    return os.path.relpath(absolute, ROOT) if absolute.is_relative_to(ROOT) else str(absolute)
