#!/usr/bin/env bash
# torch 2.14.1: the gradient of CTCLoss is right only where log_softmax stands directly before it.
#
# The documentation asks for logarithms of probabilities. Whoever puts something between log_softmax and the loss (a label prior that is
# taken off, scores of a language model, a weight for the blank) gets the right value of the loss, and silently a gradient that is not its
# derivative: the backward pass returns exp(input) less the shares of paths, in which a term of log_softmax's own backward is already
# counted. In front of log_softmax alone the two errors cancel.
#
# Seen: "log_softmax alone: largest difference to the derivative 0.0000",
# "a prior taken off: largest difference to the derivative 1.8148".
# Exit code 1 says that this has changed.
#
#     findings/ctc_gradient_wants_a_softmax.sh        needs Python 3.12 or 3.13, PyPI, and 7 GB in TMPDIR; some minutes
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet torch==2.14.1 numpy
venv/bin/python - <<'PYTHON'
import sys

import torch
from torch.nn.functional import ctc_loss

FRAMES, LABELS = 6, 4
torch.manual_seed(0)
scores = torch.randn(FRAMES, 1, LABELS, dtype=torch.float64)
prior = torch.tensor([0.7, 0.1, 0.1, 0.1], dtype=torch.float64).log()
target = torch.tensor([[1, 2]])


def loss(scores, weight):
    levelled = scores.log_softmax(2) - weight * prior
    return ctc_loss(levelled, target, torch.tensor([FRAMES]), torch.tensor([2]), reduction="sum")


def off(weight):
    """The largest difference between the gradient and the derivative by small steps."""
    given = scores.clone().requires_grad_()
    loss(given, weight).backward()
    largest = 0.0
    for place in range(scores.numel()):
        step = torch.zeros(scores.numel(), dtype=torch.float64)
        step[place] = 1e-6
        step = step.view_as(scores)
        slope = (loss(scores + step, weight) - loss(scores - step, weight)) / 2e-6
        largest = max(largest, abs(float(slope - given.grad.flatten()[place])))
    return largest


alone, levelled = off(0.0), off(1.0)
print(f"log_softmax alone: largest difference to the derivative {alone:.4f}")
print(f"a prior taken off: largest difference to the derivative {levelled:.4f}")
sys.exit(not (alone < 1e-6 and levelled > 0.1))
PYTHON
