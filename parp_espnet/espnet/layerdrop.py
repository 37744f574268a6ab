"""LayerDrop (Fan et al. 2020), with which wav2vec 2.0 is finetuned: in training a layer is left out
now and then.
"""

from typing import Any

import torch
from torch import Tensor, nn

from parp_espnet.espnet.frames import hf_upstream


def drop_layers(model: Any) -> None:
    """Leave out layers of an ESPnet model's upstream as often as its configuration's `layerdrop`
    says.

    Hugging Face's own way leaves out the layer's hidden state, too, and s3prl, which counts them,
    ends the training.
    Here what goes in comes out, as if it were the layer's. Weights keep their names.
    """
    upstream: Any = hf_upstream(model)
    if upstream is None:
        return
    probability, upstream.config.layerdrop = upstream.config.layerdrop, 0.0
    for layer in upstream.encoder.layers if probability else ():
        _leave_out(layer, probability)


def _leave_out(layer: nn.Module, probability: float) -> None:
    whole = layer.forward

    def forward(hidden: Tensor, *arguments: Any, **options: Any) -> Any:
        if layer.training and torch.rand(()) < probability:
            return hidden
        return whole(hidden, *arguments, **options)

    layer.forward = forward
