"""ESPnet's ASR task with pruning: the same options, and a `prune_conf`."""

import argparse
from typing import Any

import torch

from parp_espnet.devices import check_gpus
from parp_espnet.espnet import heap, ranks
from parp_espnet.espnet.disturbed import OneChannel, is_disturbed
from parp_espnet.espnet.frames import count_frames_exactly
from parp_espnet.espnet.greedy import validate_by_tokens
from parp_espnet.espnet.layerdrop import drop_layers
from parp_espnet.espnet.pretrained import hear_alone
from parp_espnet.espnet.sharing import read_where_there_is_room
from parp_espnet.espnet.stock import (
    ASRTask,
    S3prlFrontend,
    frontend_choices,
    import_upstreams,
)
from parp_espnet.espnet.trainer import PruningTrainer
from parp_espnet.espnet.whisper import WhisperEncoderFrontend
from parp_espnet.pruning.settings import PruneSettings
from parp_espnet.upstreams.frontend import WHISPER

frontend_choices.classes[WHISPER] = WhisperEncoderFrontend


class PruningASRTask(ASRTask):  # type: ignore[misc]  # ESPnet is untyped
    """`espnet2.bin.asr_train` with pruning. What it leaves is an ordinary ESPnet model."""

    trainer = PruningTrainer

    @classmethod
    def main_worker(cls, args: argparse.Namespace) -> None:
        """Check the settings before anything is built, train, and leave the other processes in
        order.
        """
        PruneSettings.parse(args.prune_conf)
        check_gpus(args.ngpu)
        read_where_there_is_room(args)
        # Numbers below 1e-38 slow a CPU down tenfold and mean nothing here.
        torch.set_flush_denormal(True)
        try:
            with heap.kept(), ranks.lost_together():
                super().main_worker(args)
            ranks.finish_together()
        finally:
            ranks.leave()
            torch.set_flush_denormal(False)

    @classmethod
    def build_preprocess_fn(cls, args: argparse.Namespace, train: bool) -> Any:
        """Return what makes examples of utterances; with noise or rooms, still of one channel."""
        preprocess = super().build_preprocess_fn(args, train)
        return OneChannel(preprocess) if train and is_disturbed(args) else preprocess

    @classmethod
    def build_model(cls, args: argparse.Namespace) -> Any:
        """Build ESPnet's model, without its spare copy of the upstream, with exact frame counts and
        a PER.
        """
        if getattr(args, "frontend", None) == "s3prl":
            import_upstreams()
        model = super().build_model(args)
        if getattr(model.frontend, "pretrained_params", None) is not None:
            # Kept for a reset that nobody asks for, at the price of the whole upstream in memory.
            model.frontend.pretrained_params = None
        if isinstance(model.frontend, S3prlFrontend):
            count_frames_exactly(model)
            drop_layers(model)
        hear_alone(model)
        if model.ctc is not None:
            validate_by_tokens(model)
        return model
