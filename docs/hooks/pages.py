"""Pages of the site that lie elsewhere in the clone, and links between all of them.

A page says `[RESULTS](../egs2/RESULTS.md)`, which leads somewhere in a clone. In the site it leads
to the page that this file has become; of a file that is no page, its path is said in place of a
link.
"""

import os
import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]

ELSEWHERE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    "conf/study/README.md": "studies.md",
    "egs2/README.md": "recipes.md",
    "egs2/own/README.md": "own.md",
    "egs2/glue/README.md": "glue.md",
    "egs2/commonvoice/README.md": "commonvoice.md",
    "egs2/librilight/README.md": "librilight.md",
    "egs2/RESULTS.md": "results/claims.md",
    "egs2/cldr/RESULTS.md": "results/cldr.md",
    "egs2/cldr/ssl1/RESULTS.md": "results/ssl1.md",
    "egs2/mboshi/RESULTS.md": "results/mboshi.md",
    "egs2/glue/RESULTS.md": "results/glue.md",
    "parp_espnet/pruning/README.md": "pruning.md",
    "parp_espnet/phones/inventories/README.md": "inventories.md",
}
"""Where a file of the clone is in the site."""

LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\[\]]*)\]\((?P<target>[^()\s]+)\)")
FENCE = re.compile(r"(^```.*?^```[^\n]*$)", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere, and every picture that a page shows."""
    for path, uri in ELSEWHERE.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
    for picture in _pictures(files):
        files.append(File.generated(config, picture, abs_src_path=str(ROOT / picture)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn a page's links, which are those of a clone, into the site's."""
    uri = page.file.src_uri
    source = _path_of(uri)
    if source is None:
        return markdown

    def turned(link: re.Match[str]) -> str:
        return _turned(link, source, uri)

    parts = FENCE.split(markdown)
    for number in range(0, len(parts), 2):
        parts[number] = LINK.sub(turned, parts[number])
    return "".join(parts)


def _path_of(uri: str) -> str | None:
    """Return where in the clone a page lies; None of what was made for the site alone."""
    for path, other in ELSEWHERE.items():
        if other == uri:
            return path
    return f"docs/{uri}" if (ROOT / "docs" / uri).exists() else None


def _uri_of(path: str) -> str | None:
    """Return the page that a file of the clone is in the site, or its folder's README."""
    if (ROOT / path).is_dir():
        path = f"{path}/README.md"
    if path.startswith("docs/") and path.endswith(".md"):
        return path.removeprefix("docs/")
    return ELSEWHERE.get(path)


def _turned(link: re.Match[str], source: str, uri: str) -> str:
    text, target = link["text"], link["target"]
    if "://" in target or target.startswith(("#", "mailto:")):
        return link[0]
    place, hash_, anchor = target.partition("#")
    path = _beside(source, place)
    if link["image"]:
        return f"![{text}]({_relative(path, uri)})"
    page = _uri_of(path)
    if page is not None:
        return f"[{text}]({_relative(page, uri)}{hash_}{anchor})"
    said = text.strip("`")
    if path.endswith(said):
        return f"`{path}`"
    return f"{text} (`{path}`)"


def _relative(target: str, uri: str) -> str:
    return str(PurePosixPath(target).relative_to(PurePosixPath(uri).parent, walk_up=True))


def _beside(source: str, place: str) -> str:
    """Return the path in the clone of what a file there calls `place`."""
    path = os.path.normpath((ROOT / source).parent / place)
    return Path(path).relative_to(ROOT).as_posix()


def _pictures(files: Files) -> set[str]:
    """Return the paths in the clone of all pictures that pages show."""
    pictures = set()
    for file in files.documentation_pages():
        source = _path_of(file.src_uri)
        if source is None:
            continue
        for link in LINK.finditer((ROOT / source).read_text(encoding="utf-8")):
            if link["image"] and "://" not in link["target"]:
                pictures.add(_beside(source, link["target"]))
    return {path for path in pictures if not path.startswith("docs/")}
