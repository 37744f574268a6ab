"""`report.html`: a study in one file, which opens without a network."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from parp_espnet.scoring.result import Result
from parp_espnet.study.claims import Claim
from parp_espnet.study.evidence import Evidence
from parp_espnet.study.judges.verdict import Verdict
from parp_espnet.study.names import made_by
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
    tested = [claim for claim in claims if claim.verdict is not Verdict.UNTESTED]
    body = [
        f"<h1>{escape(name)}</h1>",
        *(f"<p>{escape(note)}</p>" for note in notes),
        _claims(tested) if tested else "",
        "<h2>Figures</h2>",
        *(_figure(svg, caption) for svg, caption in figures.items()),
        "<h2>Results</h2>",
        _details("All results", _table(head(results), rows(results))),
        _details("Comparisons on the same utterances", _comparisons(evidence))
        if evidence.comparisons
        else "",
        _details("The most frequent errors of the dense models", _confusions(evidence))
        if evidence.confusions
        else "",
        _details("The command of every run", _table(("experiment", "command"), _words(commands))),
        f'<p class="soft">{escape(made_by(results))}.</p>',
    ]
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


def _claims(tested: Sequence[Claim]) -> str:
    lines = [(claim.name, claim.says, str(claim.verdict), claim.because) for claim in tested]
    own = any(claim.is_own for claim in tested)
    head = "Claims, the paper's (C) and ours (N)" if own else "The paper's claims"
    return f"<h2>{head}</h2>" + _table(("", "claim", "verdict", "because"), lines)


def _comparisons(evidence: Evidence) -> str:
    head = (
        "language",
        "sparsity",
        "seed",
        "frozen",
        "one",
        "other",
        "points",
        "95 % interval",
        "p",
        "decoding",
        "options",
    )
    lines = [
        (
            c.language, f"{c.sparsity:g}", str(c.seed), str(c.freeze_updates), c.one, c.other,
            f"{100 * c.difference:+.2f}",
            f"[{100 * c.difference_interval[0]:+.2f}, "
            f"{100 * c.difference_interval[1]:+.2f}]", f"{c.p:.4f}",
            c.decoding, c.conditions,
        )
        for c in evidence.comparisons
    ]  # fmt: skip
    several = {
        "decoding": len({c.decoding for c in evidence.comparisons}) > 1,
        "options": any(c.conditions for c in evidence.comparisons),
    }
    shown = [place for place, name in enumerate(head) if several.get(name, True)]
    table = [[line[place] for place in shown] for line in lines]
    return _table([head[place] for place in shown], table)


def _confusions(evidence: Evidence) -> str:
    lines = [
        (c.language, c.reference, c.hypothesis, f"{c.count} of {c.said}")
        for c in evidence.confusions
    ]
    return _table(("language", "said", "heard", "times"), lines)


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = ""
    for line in lines:
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in line)
        body += f"<tr>{cells}</tr>"
    head = f"<thead><tr>{top}</tr></thead>"
    return f'<div class="scroll"><table>{head}<tbody>{body}</tbody></table></div>'


def _details(title: str, content: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{content}</details>"


def _words(commands: Mapping[Path, str]) -> list[tuple[str, str]]:
    return [(directory.name, command) for directory, command in commands.items()]
