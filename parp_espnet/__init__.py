"""Sparse, low-resource speech recognition on self-supervised models, inside ESPnet."""

__version__ = "0.2.0"
