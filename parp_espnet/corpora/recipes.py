"""The recipes of the synthetic languages, which differ in nothing but the language."""

from pathlib import Path

from parp_espnet.corpora.known.cldr import CORPUS
from parp_espnet.errors import UserError
from parp_espnet.files import text_of, write_text
from parp_espnet.phones.espeak import LANGUAGES

TABLE = "README.md"
_SCRIPT = """\
#!/usr/bin/env bash
# {name}, spoken by a synthesiser: phone recognition from ten minutes of speech with exact phones.
#
#     egs2/cldr/{code}/run.sh --method parp --sparsity 0.5      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${{BASH_SOURCE[0]}}")" && pwd)
exec "${{here}}/../../TEMPLATE/phn1/phn.sh" --recipe "${{here}}" --corpus cldr --lang {code} "$@"
"""


def script(code: str) -> str:
    """Return the `run.sh` of a language."""
    return _SCRIPT.format(name=LANGUAGES[code].name, code=code)


def row(code: str) -> str:
    """Return the line of a language in the table of recipes."""
    recipe = f"cldr/{code}"
    said = CORPUS.recipes[recipe]
    return f"| [{recipe}]({recipe}) | {said.speech} | {said.phones} | {said.needs} |"


def add_recipe(code: str, recipes: Path) -> Path:
    """Write the recipe of a language, and its line in the table, in the folder of recipes (egs2);
    return the recipe's directory.

    Raises `UserError` where the table has no recipe of another language.
    """
    table = recipes / TABLE
    lines = text_of(table, "no such file; expected the folder of recipes, egs2").split("\n")
    rows = set(map(row, LANGUAGES))
    own: list[int] = []
    for number, line in enumerate(lines):
        if line in rows:
            own.append(number)
    if not own:
        raise UserError(f"{table}: expected lines of recipes such as {row('es')}, found none")
    if row(code) not in lines:
        after = [number for number in own if lines[number] < row(code)]
        lines.insert(after[-1] + 1 if after else own[0], row(code))
        write_text(table, "\n".join(lines))
    directory = recipes / "cldr" / code
    write_text(directory / "run.sh", script(code))
    (directory / "run.sh").chmod(0o755)
    return directory
