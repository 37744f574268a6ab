"""What of ESPnet this package builds on, imported in a part of its time: see `parp_espnet.later`.

Modules of this package take it from here, whichever of them is imported first.
"""

from contextlib import suppress

from parp_espnet.later import imported_later

with imported_later():
    from espnet2.asr.frontend.abs_frontend import AbsFrontend
    from espnet2.asr.frontend.s3prl import S3prlFrontend
    from espnet2.tasks.asr import ASRTask, frontend_choices
    from espnet2.tasks.lm import LMTask
    from espnet2.torch_utils.device_funcs import to_device
    from espnet2.torch_utils.safe_torch_load import UnsafeLoadRefusedError
    from espnet2.train.reporter import Reporter, to_reported_value
    from espnet2.train.trainer import Trainer, TrainerOptions
    from espnet2.utils.nested_dict_action import NestedDictAction
    from espnet2.utils.types import str2bool

__all__ = [
    "ASRTask",
    "AbsFrontend",
    "LMTask",
    "NestedDictAction",
    "Reporter",
    "S3prlFrontend",
    "Trainer",
    "TrainerOptions",
    "UnsafeLoadRefusedError",
    "frontend_choices",
    "import_upstreams",
    "str2bool",
    "to_device",
    "to_reported_value",
]


def import_upstreams() -> None:
    """Import s3prl as its frontend does. Where it cannot be, that frontend says so."""
    with imported_later(), suppress(ImportError):
        import s3prl.nn  # noqa: F401, PLC0415
