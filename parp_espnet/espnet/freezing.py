"""What does not train: the convolutions ever, unless their channels are pruned; the whole upstream
for the first updates where asked.
"""

from torch import nn

HEAD = "ctc."
CONVOLUTIONS = (".feature_extractor", ".upstream.frontend")
"""Where they are in Hugging Face's and s3prl's models, and in what ESPnet pretrained."""


def freeze_convolutions(model: nn.Module, *, train: bool = False) -> None:
    """Freeze the convolutional feature extractor for good, as in the paper's code.

    Args:
        train: let it train instead: its channels are pruned.
    """
    for name, module in model.named_modules():
        if not name.endswith(CONVOLUTIONS):
            continue
        module.requires_grad_(train)
        if hasattr(module, "_requires_grad"):
            # Hugging Face's extractor else asks for gradients of its *input* in training, and the
            # backward pass runs through all convolutions for nothing.
            module._requires_grad = False


class HeadFirst:
    """Lets only the CTC head train for a while, as fairseq does: the upstream keeps dropout and
    SpecAugment.

    A frozen parameter has no gradient, so optimizers skip it: no update, no weight decay, no state.
    """

    def __init__(self, model: nn.Module) -> None:
        self._body = [
            parameter
            for name, parameter in model.named_parameters()
            if parameter.requires_grad and not name.startswith(HEAD)
        ]

    def freeze(self, frozen: bool) -> None:
        """Freeze or thaw everything but the head; what was frozen otherwise stays so."""
        for parameter in self._body:
            parameter.requires_grad_(not frozen)
            if frozen:
                parameter.grad = None
