"""All that a study shows of its results: tables, figures, claims and report."""

import shlex
import sys
from collections.abc import Collection
from pathlib import Path

from parp_espnet.files import write_text
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.study.claims import claims
from parp_espnet.study.collect import collect, need_any
from parp_espnet.study.complete import is_done
from parp_espnet.study.figures.all import draw
from parp_espnet.study.gather import gather
from parp_espnet.study.markdown import FIGURE, decoded, nature, report
from parp_espnet.study.plan import Study
from parp_espnet.study.report import page
from parp_espnet.study.state import standings
from parp_espnet.study.status import describe, failures
from parp_espnet.study.table import table
from parp_espnet.study.unmeasured import unmeasured


def write_summary(study: Study, folder: Path) -> None:
    """Write what there is of a study into its `folder`, and print its table."""
    standing = standings(study, folder / "log")
    complete = list(filter(is_done, study.experiments))
    need_any(complete, study.experiments)
    done = collect(complete, ROOT, folder / "results.json")
    results, evidence = [run.result for run in done], gather(done)
    evidence.write(folder / "evidence.json")
    judged = claims(results, evidence)
    captions = draw(results, evidence, folder)
    warning = evidence.warning.replace(f"{ROOT}/", "")
    notes = [
        nature(results).replace("`", ""),
        decoded(results),
        describe(standing, jobs=1).splitlines()[0] + ".",
    ]
    if warning:
        notes.append(f"Warning: {warning}.")
    notes = list(filter(None, notes))
    commands = {}
    for experiment in study.experiments:
        words = [f"{experiment.recipe}/run.sh", *experiment.options]
        commands[experiment.directory] = shlex.join(words)
    html = page(study.name, results, evidence, judged, captions, notes, commands)
    write_text(folder / "report.html", html.replace(f"{ROOT}/", ""))
    figures = {svg.stem: caption for svg, caption in captions.items()}
    _remove_figures_of_before(folder, figures)
    write_text(folder / "RESULTS.md", report(study.name, results, judged, figures, warning))
    print(table(results), end="")
    if warning:
        print(f"warning: {warning}", file=sys.stderr)
    names = ("report.html", "RESULTS.md", "results.json", "evidence.json")
    print(*(folder / name for name in names), sep=", ")
    failures(standing, unmeasured(study, standing))


def _remove_figures_of_before(folder: Path, drawn: Collection[str]) -> None:
    """Remove the figures that a study's results had, and have no more: nothing shows them."""
    results = folder / "RESULTS.md"
    if not results.is_file():
        return
    for name in FIGURE.findall(results.read_text(encoding="utf-8", errors="replace")):
        if name not in drawn:
            for kind in ("png", "svg"):
                (folder / f"{name}.{kind}").unlink(missing_ok=True)
