"""Imports all that a training and a decoding need: for a process that forks them."""

from parp_espnet.espnet import decode, task
from parp_espnet.espnet.stock import import_upstreams
from parp_espnet.upstreams import loaded

__all__ = ["decode", "loaded", "task"]

import_upstreams()
