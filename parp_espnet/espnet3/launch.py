"""How a recipe's `run.py` begins: espnet3's own command line, with errors in one line."""

import logging

from parp_espnet.errors import UserError, command
from parp_espnet.export.extras import need

CONFIGURATIONS = "egs3.TEMPLATE.esp2_asr"
"""Where espnet3 has the defaults of a recipe's YAML."""


@command
def main() -> None:
    """Run the stages that are asked for. Raises `UserError` where an extra is not installed."""
    for module in ("lightning", "hydra", "omegaconf"):
        need(module, "espnet3")
    # They take seconds to import, and need the extra.
    from espnet3.systems.launch import launch  # type: ignore[import-untyped]  # noqa: PLC0415

    from parp_espnet.espnet3.system import PruningSystem  # noqa: PLC0415

    logging.getLogger("espnet3").addFilter(_is_ours_to_tell)
    try:
        launch(PruningSystem, conf_package=CONFIGURATIONS)
    except SystemExit as end:
        if isinstance(end.__context__, KeyboardInterrupt):  # Lightning's answer to Ctrl-C
            raise KeyboardInterrupt from None
        raise
    except Exception as error:
        told = _told(error)
        if told is None:
            raise
        raise told from None


def _is_ours_to_tell(record: logging.LogRecord) -> bool:
    """Leave out what espnet3 logs of an error that is told in one line."""
    error = record.exc_info[1] if record.exc_info else None
    return error is None or _told(error) is None


def _told(error: BaseException | None) -> UserError | None:
    """The user's error that another one was raised for, such as Hydra's."""
    while error is not None:
        if isinstance(error, UserError):
            return error
        error = error.__cause__ or error.__context__
    return None
