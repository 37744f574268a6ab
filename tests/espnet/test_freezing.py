"""What does not train."""

import torch
from torch import nn

from parp_espnet.espnet.freezing import HeadFirst, freeze_convolutions


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.frontend = nn.ModuleDict(
            {"feature_extractor": nn.Conv1d(1, 2, 3), "encoder": nn.Linear(2, 2)}
        )
        self.ctc = nn.Linear(2, 3)


def test_the_convolutions_are_frozen():
    model = Model()
    freeze_convolutions(model)
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    assert frozen == {"frontend.feature_extractor.weight", "frontend.feature_extractor.bias"}


def test_head_first_leaves_alone_what_was_frozen_otherwise():
    model = Model()
    freeze_convolutions(model)
    head_first = HeadFirst(model)
    head_first.freeze(True)
    assert all(
        parameter.requires_grad == name.startswith("ctc.")
        for name, parameter in model.named_parameters()
    )
    head_first.freeze(False)
    assert model.frontend["encoder"].weight.requires_grad
    assert not model.frontend["feature_extractor"].weight.requires_grad


def test_a_frozen_upstream_is_neither_updated_nor_decayed():
    model = Model()
    head_first = HeadFirst(model)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.1)
    before = model.frontend["encoder"].weight.detach().clone()
    head_first.freeze(True)
    model.ctc(model.frontend["encoder"](torch.ones(1, 2))).sum().backward()
    optimizer.step()
    assert torch.equal(model.frontend["encoder"].weight, before)
    head_first.freeze(False)
    model.ctc(model.frontend["encoder"](torch.ones(1, 2))).sum().backward()
    optimizer.step()
    assert not torch.equal(model.frontend["encoder"].weight, before)
