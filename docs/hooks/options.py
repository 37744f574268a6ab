"""A page of options for each command, from what its --help says."""

import contextlib
import html
import importlib
import io
import os
import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
WIDTH = 100

WRITTEN = {
    "experiment": ("phn.sh, and every recipe of speech", "phn.sh"),
    "text": ("glue.sh, and every recipe of text", "glue.sh"),
    "study": ("run.sh: a study", "study"),
    "pretrain": ("cldr/ssl1: a small upstream", "pretrain"),
    "pretrain_xlnet": ("glue/xlnet1: a small XLNet", "pretrain_xlnet"),
}
"""By page: its title, and the text in local/help, which `make help` keeps as the options are."""
HEADING = re.compile(r"^(options[^\n]*|positional arguments):\n", re.MULTILINE)
"""Those of options of one corpus begin with the same word."""
COMMANDS = ("mask", "recognize", "data", "study", "export")
"""Those of the commands `parp-…` that there are."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Give the pages their places."""
    assert config.nav is not None
    for section in config.nav:
        if "Options" in section:
            section["Options"] += [{title: f"options/{n}.md"} for n, (title, _) in WRITTEN.items()]
            section["Options"] += [{f"parp-{n}": f"options/parp-{n}.md"} for n in _commands()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    for name, (title, kept) in WRITTEN.items():
        text = (ROOT / f"local/help/{kept}.txt").read_text(encoding="utf-8")
        page = f"# {title}\n\n{_as_page(text)}"
        files.append(File.generated(config, f"options/{name}.md", content=page))
    for name in _commands():
        page = f"# parp-{name}\n\n{_pages_of(name)}"
        files.append(File.generated(config, f"options/parp-{name}.md", content=page))
    return files


def _commands() -> list[str]:
    return [name for name in COMMANDS if (ROOT / f"parp_espnet/bin/{name}.py").exists()]


def _pages_of(name: str) -> str:
    """Return what a command says of itself and of each of its actions."""
    text = _help(name)
    parts = [_as_page(text)]
    actions = re.search(r"^positional arguments:\n  \{([^}]+)\}", text, re.MULTILINE)
    if actions:
        for action in "".join(actions[1].split()).split(","):
            parts.append(f"## parp-{name} {action}\n\n{_as_page(_help(name, action), action)}")
    return "\n\n".join(parts)


def _help(name: str, *words: str) -> str:
    """Return what `parp-NAME WORDS… --help` prints; options load neither torch nor ESPnet."""
    main = importlib.import_module(f"parp_espnet.bin.{name}").main
    printed = io.StringIO()
    before, columns = sys.argv, os.environ.get("COLUMNS")
    sys.argv, os.environ["COLUMNS"] = [f"parp-{name}", *words, "--help"], str(WIDTH)
    try:
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            main()
    finally:
        sys.argv = before
        if columns is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = columns
    return printed.getvalue()


def _as_page(text: str, prefix: str = "") -> str:
    """Return a text of argparse's as a page: what is said as it is, arguments as a table."""
    parts = HEADING.split(text)
    lines = ["```text", parts[0].strip(), "```", ""]
    for heading, rows in zip(parts[1::2], parts[2::2], strict=True):
        if heading not in ("options", "positional arguments"):
            lines += [f"**{heading}**", ""]
        lines += [_as_table(rows, prefix), ""]
    return "\n".join(lines)


def _as_table(text: str, prefix: str) -> str:
    lines = ['<table class="options">']
    for name, said in _rows(text):
        shown = f"<code>{html.escape(name)}</code>"
        option = re.search(r"--[\w-]+", name)
        if option:
            anchor = f"{prefix}{option[0]}"
            lines.append(f'<tr id="{anchor}"><td><a href="#{anchor}">{shown}</a></td>')
        else:
            lines.append(f"<tr><td>{shown}</td>")
        lines.append(f"<td>{html.escape(said)}</td></tr>")
    return "\n".join([*lines, "</table>"])


def _rows(text: str) -> list[tuple[str, str]]:
    """Return names and what is said of them: a name is indented by two or four, the rest by 24."""
    rows: list[tuple[str, str]] = []
    for line in text.splitlines():
        named = re.match(r" {2,4}(\S.*?)(?: {2,}(\S.*))?$", line)
        if named and not line.startswith(" " * 5):
            rows.append((named[1], named[2] or ""))
        elif line.strip() and rows:
            name, said = rows[-1]
            rows[-1] = (name, f"{said} {line.strip()}".strip())
    return [(name, said) for name, said in rows if not name.startswith("{")]
