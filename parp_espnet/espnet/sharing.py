"""Batches pass from the processes that read them to the training through shared memory: is there
room for them?
"""

import argparse
import logging

from parp_espnet.shortages import SHARED, free_to_share

BYTES = 4
"""Of a sample."""
AHEAD = 2
"""Batches that each process reads ahead; torch's default."""
LONG = 20 * 16000
"""Samples of a long utterance."""


def read_where_there_is_room(args: argparse.Namespace) -> None:
    """Let the training's own process read its batches where other processes could not pass them on.

    Which process reads changes nothing in what is read, but which noise is drawn for it.
    """
    if not args.num_workers:
        return
    needed, free = _needed(args), free_to_share()
    if free < needed:
        logging.warning(
            f"{SHARED} has {free / 1e6:.1f} MB free, and batches that {args.num_workers} "
            f"processes read take some "
            f"{needed / 1e6:.1f}: this process reads them itself, as with num_workers: 0, which "
            f"may take longer"
        )
        args.num_workers = 0


def _needed(args: argparse.Namespace) -> int:
    """How many bytes batches may take that are read and not yet taken."""
    if args.batch_type in ("length", "numel"):
        samples = max(int(args.batch_bins), int(args.valid_batch_bins or 0))
    else:
        samples = max(int(args.batch_size), int(args.valid_batch_size or 0)) * LONG
    return BYTES * samples * (int(args.num_workers) * AHEAD + 1)
