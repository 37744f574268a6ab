"""A page of Python for each package: the docstrings of the modules that there are."""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "parp_espnet"
FIRST = ("pruning", "recognition", "export", "scoring", "upstreams", "decoding", "phones", "sound")
"""What is used by itself comes first; then the packages that the recipes are made of."""
WITHOUT = ("bin", "bench")
"""Commands, whose options have pages of their own, and measurements."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Give the pages their places."""
    assert config.nav is not None
    for section in config.nav:
        if "Python" in section:
            section["Python"] += [{name: _uri(name)} for name in _packages()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    for name in _packages():
        files.append(File.generated(config, _uri(name), content=_page(name)))
    return files


def _packages() -> list[str]:
    names = {path.parent.name for path in (ROOT / PACKAGE).glob("*/__init__.py")} - {*WITHOUT}
    first = [name for name in FIRST if name in names]
    return first + sorted(names.difference(first))


def _uri(name: str) -> str:
    return f"reference/{name}.md"


def _page(name: str) -> str:
    folder = ROOT / PACKAGE / name
    whole = f"{PACKAGE}.{name}"
    lines = ["---", f"title: {name}", "---", "", f"# {whole}", ""]
    lines += _block(whole, {"members": False, "show_root_heading": False})
    for path in sorted(folder.rglob("*.py")):
        if not path.name.startswith("_"):
            module = ".".join((whole, *path.relative_to(folder).with_suffix("").parts))
            lines += _block(module, {})
    return "\n".join(lines)


def _block(path: str, options: dict[str, Any]) -> list[str]:
    lines = [f"::: {path}"]
    if options:
        lines.append("    options:")
        for key, value in options.items():
            lines.append(f"      {key}: {str(value).lower()}")
    return [*lines, ""]
