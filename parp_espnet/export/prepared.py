"""Stage 5: an upstream is checked, and a line says what was adapted."""

from collections.abc import Iterable
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.export.start import as_upstream
from parp_espnet.upstreams.frontend import FRONTEND, NAME
from parp_espnet.upstreams.preflight import preflight


def prepare(
    upstream: str,
    out: Path,
    settings: Iterable[tuple[str, object]],
    random_seed: int | None,
    pattern: str | None,
    biases: bool,
) -> str:
    """Leave in `out` what training needs, see `preflight`; return what the upstream is and what of
    it was adapted. Raises `UserError`.
    """
    taken = as_upstream(upstream, out)
    try:
        checked = preflight(
            taken,
            out,
            settings=dict(settings),
            random_seed=random_seed,
            pattern=pattern,
            biases=biases,
        )
    except UserError as error:
        raise UserError(_of_what_was_given(str(error), upstream, (taken, str(out)))) from None
    changes = []
    for key, (old, new) in sorted(checked.changed.items()):
        changes.append(f"{key} {old} → {new}")
    drawn = "" if random_seed is None else "; weights drawn at random"
    runs_in = checked.frontend.get("upstream", f"ESPnet's {checked.frontend.get(NAME, FRONTEND)}")
    head = "" if checked.labels is None else f"; a head of {checked.labels} labels"
    return (
        f"{upstream}: {runs_in}, {checked.parameters / 1e6:.1f} M parameters; "
        f"adapted: {', '.join(changes) or 'nothing'}{drawn}{head}"
    )


def _of_what_was_given(said: str, upstream: str, copies: Iterable[str]) -> str:
    """Let a message that is of a copy that was made name what the user gave."""
    for copy in copies:
        if said.startswith(f"{copy}: "):
            return upstream + said.removeprefix(copy)
    return said
