"""The head that an experiment begins with, where its upstream came with one."""

from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError
from parp_espnet.files import lines_of, read_json, text_of, write_json
from parp_espnet.pipeline.options import options_of_class, plain
from parp_espnet.pipeline.settings import Settings
from parp_espnet.upstreams.labels import describe, match, read_labels
from parp_espnet.upstreams.starts import HEAD, NONE, ROWS

BEHIND = 1.0
"""Of two phones with one row, how much less the bias of the one is that lends it: a zero-shot
decoding then hears the phone whose row it is.
"""
OF_UPDATES = (
    *("lr", "layerdrop", "mask_time_prob", "mask_feature_prob", "mask_feature_length"),
    *("speed_perturb_factors", "freeze_updates", "gradient_checkpointing"),
)
"""Options that change how a model learns, and nothing else of it."""


def begin_head(settings: Settings, upstream: Path, exp: Path) -> dict[str, Any]:
    """Return `head_conf` of the training; nothing where the head is drawn.

    Says which rows are of what, and leaves it in the experiment's directory.

    Args:
        upstream: what the preflight has left.
        exp: the experiment's directory.

    Raises `UserError` where the head fits none of the phones, or is needed and not there.
    """
    head = upstream / HEAD
    is_used = settings.init_head != NONE and not settings.pruning.row.from_finetuned
    if not head.is_file() or not is_used:
        (exp / ROWS).unlink(missing_ok=True)
        if settings.updates == 0:
            raise UserError(
                f"phn.sh: --updates 0: expected an upstream with a head, such as an experiment, "
                f"found none in {settings.upstream}"
            )
        return {}
    tokens = lines_of(text_of(Path(settings.token_list), "no list of tokens; run stage 4"))
    labels = read_labels(head)
    rows = match(labels, tokens, settings.init_head, f"--upstream {settings.upstream}")
    told = {row.token: row.source or "" for row in rows}
    if _before(exp / ROWS) != told:
        print(f"the head of {settings.upstream}: {describe(rows)}")
        idle = _idle(settings)
        if idle:
            print(f"--updates 0: nothing learns, so these change nothing: {', '.join(idle)}")
        write_json(exp / ROWS, told)
    lowered = [BEHIND if row.shared else 0.0 for row in rows]
    return {"head_conf": {"head": str(head), "rows": [r.place for r in rows], "lowered": lowered}}


def _idle(settings: Settings) -> list[str]:
    """The options that only a training has a use for, where there is none.

    They are not refused: a recipe gives some of its own, and nobody sees who gave which.
    """
    if settings.updates > 0:
        return []
    options = options_of_class(type(settings))
    idle = []
    for name in OF_UPDATES:
        value = getattr(settings, name)
        if value != options[name].default:
            idle.append(f"--{name} {plain(value)}")
    return idle


def _before(file: Path) -> Any:
    """What was told before; None where nothing was, or it is damaged."""
    try:
        return read_json(file) if file.is_file() else None
    except UserError:
        return None
