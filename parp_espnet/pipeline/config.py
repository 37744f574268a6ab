"""The ESPnet training configuration of one experiment, from the shared one and the experiment's
settings.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from parp_espnet.errors import UserError, excerpt
from parp_espnet.files import parse_yaml, read_json, regular, write_text
from parp_espnet.pipeline.begun import begin_head
from parp_espnet.pipeline.kept import keep_trained, load_speech
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pipeline.upstream_checks import check_upstream
from parp_espnet.upstreams.frontend import frontend_options

# What phn.sh decides, and a configuration that says otherwise would be silently wrong.
RESERVED = (
    "frontend_conf",
    "prune_conf",
    "raw_speech",
    "teacher_conf",
    "label_prior",
    "num_iters_per_epoch",
    "seed",
    "token_list",
    "output_dir",
    "init_param",
    "head_conf",
)


def make(settings: Settings, frontend: Path, initial_mask: Path | None, out: Path) -> None:
    """Write `out`, the YAML that `parp_espnet.bin.train --config` reads, unless it is there
    already.

    Args:
        settings: the experiment's, with its paths resolved.
        frontend: `frontend.json` of the preflight.
        initial_mask: mask file to begin with, where there is one.

    Raises:
        UserError: the shared configuration is no YAML mapping or sets what belongs to the
            experiment, or `out` is there and says something else; or the head that the upstream
            came with fits none of the phones, or is needed and not there; or the upstream cannot
            do what is asked of it.
    """
    assert settings.train_config is not None
    shared = _read(settings.train_config)
    left = read_json(frontend)
    check_upstream(settings, left)
    # A training without updates is of no epoch, and asks no schedule.
    epochs = settings.updates and _epochs(settings.updates, shared.get("max_epoch", 1))
    scheduler = dict(shared.get("scheduler_conf") or {})
    if shared.get("scheduler") == "tristagelr":
        scheduler["max_steps"] = settings.updates
    optimizer = dict(shared.get("optim_conf") or {})
    if settings.lr is not None:
        optimizer["lr"] = settings.lr
    experiment: dict[str, Any] = {
        "seed": settings.seed,
        "max_epoch": epochs,
        "num_iters_per_epoch": settings.updates // max(1, epochs) * shared.get("accum_grad", 1),
        "optim_conf": optimizer,
        "scheduler_conf": scheduler,
        **frontend_options(left),
        "prune_conf": replace(settings.pruning, initial_mask=initial_mask).as_dict(),
    }
    if settings.subwords_model is not None:
        # Texts are in subwords, so this is for those who decode with ESPnet alone.
        experiment["bpemodel"] = settings.subwords_model
    if settings.raw_speech is not None:
        experiment["raw_speech"] = str(settings.raw_speech)
    if settings.teacher_model is not None:
        weight = settings.teacher_weight or 1.0
        experiment["teacher_conf"] = {"model": str(settings.teacher_model), "weight": weight}
    experiment |= settings.noise_conf
    if settings.label_prior is not None:
        experiment["label_prior"] = settings.label_prior
    experiment |= begin_head(settings, frontend.parent, out.parent)
    text = yaml.safe_dump(shared | experiment, allow_unicode=True, sort_keys=False)
    before = _before(out)
    if before is None:
        write_text(out, text)
    else:
        _check_same(out, before, yaml.safe_load(text))


def configure(settings: Path, frontend: Path, initial_mask: Path | None, out: Path) -> None:
    """Write the configuration of the experiment whose `experiment.json` is `settings`, see `make`.

    Masks and results say with which options the model was trained, whatever a later call decodes it
    with: these are kept beside it.
    """
    experiment = load_speech(settings)
    make(experiment, frontend, initial_mask, out)
    keep_trained(experiment, out.parent)


def _before(out: Path) -> dict[str, Any] | None:
    """What was written before; None where nothing was, or it is damaged: then it is
    written again.
    """
    try:
        return _load(out)
    except UserError:
        return None


def _check_same(out: Path, then: dict[str, Any], now: dict[str, Any]) -> None:
    then, now = flat(then), flat(now)
    changed: list[str] = []
    for key in {**then, **now}:
        if then.get(key) != now.get(key):
            changed.append(f"{key} {then.get(key)}, now {now.get(key)}")
    if changed:
        raise UserError(
            f"{out.parent} was made with other settings ({'; '.join(changed)}); "
            "for a new experiment give --phn_tag NAME, or remove that directory to make it again"
        )


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return {"a": {"b": 1}} as {"a.b": 1}."""
    named: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            named |= flat(value, f"{prefix}{key}.")
        else:
            named[f"{prefix}{key}"] = value
    return named


def _read(path: Path) -> dict[str, Any]:
    conf = _load(path)
    if taken := [name for name in RESERVED if name in conf]:
        raise UserError(f"{path}: sets {', '.join(taken)}, which phn.sh sets itself; leave it out")
    return conf


def _load(path: Path) -> dict[str, Any]:
    try:
        conf = parse_yaml(regular(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path}: cannot read this training configuration: {' '.join(str(error).split())}"
        ) from None
    if not isinstance(conf, dict):
        raise UserError(f"{path}: expected a YAML mapping of ESPnet options, found {excerpt(conf)}")
    return conf


def _epochs(updates: int, most: object) -> int:
    """Return the largest number of epochs, at most `most`, that divides the updates evenly."""
    if not isinstance(most, int) or most < 1:
        raise UserError(
            f"max_epoch of the training configuration: expected 1 or more, found {excerpt(most)}"
        )
    epochs = min(most, updates)
    while updates % epochs != 0:
        epochs -= 1
    return epochs
