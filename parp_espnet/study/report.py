"""`report.html`: a study in one file, which opens without a network."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from parp_espnet.scoring.result import Result
from parp_espnet.study.claims import Claim
from parp_espnet.study.evidence import Evidence
from parp_espnet.study.judges.verdict import Verdict
from parp_espnet.study.names import made_by, upstream_names
from parp_espnet.study.table import head, rows

STYLE = """
:root { color-scheme: light dark; }
:root { --back: #fff; --fore: #1b1b1b; --soft: #666; --line: #ddd; --card: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --back: #15171a; --fore: #e8e8e8; --soft: #a5a5a5; --line: #3a3d42; }
}
body { background: var(--back); color: var(--fore); font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
td, th { border-bottom: 1px solid var(--line); padding: 0.2rem 0.7rem 0.2rem 0; }
td, th { text-align: left; vertical-align: top; }
figure { margin: 1.5rem 0; } figcaption, .soft { color: var(--soft); font-size: 0.9rem; }
/* Figures are drawn on white, whatever the page's scheme. */
figure img { background: #fff; max-width: 100%; border-radius: 6px; padding: 6px; }
figure img { box-sizing: border-box; }
.scroll { overflow-x: auto; } summary { cursor: pointer; }
"""


def page(
    name: str,
    results: Sequence[Result],
    evidence: Evidence,
    claims: Sequence[Claim],
    figures: Mapping[Path, str],
    notes: Sequence[str],
    commands: Mapping[Path, str],
) -> str:
    """Return the page.

    Args:
        figures: the caption of each figure, by its SVG.
        notes: sentences for the page's head: what speech this is, what is missing.
        commands: what each experiment was run by, by its directory.
    """
    body = [f"<h1>{escape(name)}</h1>"]
    for note in notes:
        body.append(f"<p>{escape(note)}</p>")
    body.append(_claims(claims))
    body.append("<h2>Figures</h2>")
    for svg, caption in figures.items():
        body.append(_figure(svg, caption))
    body.append("<h2>Results</h2>")
    body.append(_details("All results", _table(head(results), rows(results))))
    if evidence.comparisons:
        body.append(_details("Comparisons on the same utterances", _comparisons(evidence)))
    if evidence.confusions:
        errors = _confusions(evidence)
        body.append(_details("The most frequent errors of the dense models", errors))
    run_by = _table(("experiment", "command"), _words(commands))
    body.append(_details("The command of every run", run_by))
    body.append(f'<p class="soft">{escape(made_by(results))}.</p>')
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(name)}</title>'
        f'<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _figure(svg: Path, caption: str) -> str:
    data = base64.b64encode(svg.read_bytes()).decode()
    image = f'<img alt="{escape(caption)}" src="data:image/svg+xml;base64,{data}">'
    below = f"<figcaption>{escape(caption)}</figcaption>"
    return f'<figure id="{svg.stem}"><div class="scroll">{image}</div>{below}</figure>'


def _claims(claims: Sequence[Claim]) -> str:
    """The claims that were tested; nothing where none was."""
    tested = [claim for claim in claims if claim.verdict is not Verdict.UNTESTED]
    if not tested:
        return ""
    lines = []
    for claim in tested:
        lines.append((claim.name, claim.says, str(claim.verdict), claim.because))
    own = any(claim.is_own for claim in tested)
    head = "Claims, the paper's (C) and ours (N)" if own else "The paper's claims"
    return f"<h2>{head}</h2>" + _table(("", "claim", "verdict", "because"), lines)


def _comparisons(evidence: Evidence) -> str:
    head = ["language", "sparsity", "seed", "frozen", "one", "other", "points"]
    head += ["95 % interval", "p"]
    decodings = {comparison.decoding for comparison in evidence.comparisons}
    conditions = {comparison.conditions for comparison in evidence.comparisons}
    upstreams = upstream_names(comparison.upstream for comparison in evidence.comparisons)
    if len(upstreams) > 1:
        head.append("upstream")
    if len(decodings) > 1:
        head.append("decoding")
    if conditions != {""}:
        head.append("options")
    lines = []
    for comparison in evidence.comparisons:
        low, high = comparison.difference_interval
        line = [
            comparison.language,
            f"{comparison.sparsity:g}",
            str(comparison.seed),
            str(comparison.freeze_updates),
            comparison.one,
            comparison.other,
            f"{100 * comparison.difference:+.2f}",
            f"[{100 * low:+.2f}, {100 * high:+.2f}]",
            f"{comparison.p:.4f}",
        ]
        if "upstream" in head:
            line.append(upstreams[comparison.upstream])
        if "decoding" in head:
            line.append(comparison.decoding)
        if "options" in head:
            line.append(comparison.conditions)
        lines.append(line)
    return _table(head, lines)


def _confusions(evidence: Evidence) -> str:
    several = len({error.model for error in evidence.confusions}) > 1
    lines = []
    for error in evidence.confusions:
        times = f"{error.count} of {error.said}"
        model = [error.model] if several else []
        lines.append((error.language, *model, error.reference, error.hypothesis, times))
    head = ("language", *(["model"] if several else []), "said", "heard", "times")
    return _table(head, lines)


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    top = _row("th", head)
    body = "".join(_row("td", line) for line in lines)
    return f'<div class="scroll"><table><thead>{top}</thead><tbody>{body}</tbody></table></div>'


def _row(kind: str, cells: Sequence[str]) -> str:
    row = "".join(f"<{kind}>{escape(cell)}</{kind}>" for cell in cells)
    return f"<tr>{row}</tr>"


def _details(title: str, content: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{content}</details>"


def _words(commands: Mapping[Path, str]) -> list[tuple[str, str]]:
    return [(directory.name, command) for directory, command in commands.items()]
