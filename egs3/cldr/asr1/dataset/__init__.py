"""What espnet3 asks of a recipe: its data set, and what makes it."""

from parp_espnet.espnet3.data import KaldiDataset as Dataset
from parp_espnet.espnet3.made import CldrBuilder as DatasetBuilder

__all__ = ["Dataset", "DatasetBuilder"]
