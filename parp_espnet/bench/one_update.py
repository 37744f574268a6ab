"""One update with PARP, and one prune, of an upstream of its published size in our ESPnet task.

    python3 -m parp_espnet.bench.one_update SIZE THREADS

is one measurement, in a process of its own, and prints it as JSON. The upstream is drawn, passes
the preflight as any, and hears one utterance of ten seconds, by the frontend that a recipe gives
it. `seconds` are the processor's, the least of a few.
"""

import json
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import torch
import yaml

from parp_espnet.bench.finetuning import RATE, SECONDS, TOKENS, training, write_tokens
from parp_espnet.bench.memory import be_the_first_to_end, peak
from parp_espnet.bench.processes import apart
from parp_espnet.bench.sizes import SIZES, Draw
from parp_espnet.espnet.freezing import freeze_convolutions
from parp_espnet.espnet.task import PruningASRTask
from parp_espnet.files import read_json, write_json
from parp_espnet.pruning.training import PrunedTraining
from parp_espnet.upstreams.frontend import frontend_options
from parp_espnet.upstreams.preflight import preflight

PHONES = 80
UPDATES = 2
"""That are measured, after a first one, which makes the optimizer's state."""
PARP = {"method": "parp", "sparsity": 0.5, "interval": 1000}
"""No prune falls into the updates that are measured; it is measured by itself."""


def measure(size: str, threads: int) -> dict[str, float]:
    """Return the `seconds` of an update and of a prune, the `peak_bytes` of the process in an
    update, the `extra_bytes` of a prune, how many `parameters` there are, of how many weights are
    `pruned`, and the `sparsity` of these.
    """
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as name, redirect_stdout(sys.stderr):
        apart(prepare, SIZES[size].draw, Path(name))
        return train(Path(name))


def train(folder: Path) -> dict[str, float]:
    """Return what an update and a prune take of what `prepare` has left in a folder."""
    told = read_json(folder / "told.json")
    model = _built(folder, told["frontend"])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
    pruning = PrunedTraining(model, optimizer, PARP)
    pruning.start()
    found = _measured(model, optimizer, pruning)
    pruned = sum(tensor.numel() for tensor in pruning.pruner.pool.values())
    return found | {
        "parameters": told["parameters"],
        "pruned": pruned,
        "sparsity": pruning.mask().sparsity,
    }


def _measured(
    model: Any, optimizer: torch.optim.Optimizer, pruning: PrunedTraining
) -> dict[str, float]:
    random = torch.Generator().manual_seed(0)
    batch = {
        "speech": 0.1 * torch.randn(1, SECONDS * RATE, generator=random),
        "speech_lengths": torch.tensor([SECONDS * RATE]),
        "text": torch.randint(2, len(TOKENS) - 1, (1, PHONES), generator=random),
        "text_lengths": torch.tensor([PHONES]),
    }

    def update() -> None:
        optimizer.zero_grad()
        loss, *_ = model(**batch)
        loss.backward()
        optimizer.step()

    update()
    peak(reset=True)
    updates = []
    for _ in range(UPDATES):
        started = time.process_time()
        update()
        updates.append(time.process_time() - started)
    peak_bytes = peak()
    before = peak(reset=True)
    started = time.process_time()
    pruning.prune()
    threads = torch.get_num_threads()
    return {
        "prune_seconds": (time.process_time() - started) / threads,
        "extra_bytes": peak() - before,
        "seconds": min(updates) / threads,
        "peak_bytes": peak_bytes,
    }


def prepare(draw: Draw, folder: Path) -> None:
    """Draw an upstream, and leave what a recipe's stage 5 leaves of it."""
    with redirect_stdout(sys.stderr):
        upstream = draw(folder / "upstream")
        checked = preflight(str(upstream), folder / "adapted")
    told = {"frontend": checked.frontend, "parameters": checked.parameters}
    write_json(folder / "told.json", told)


def _built(folder: Path, frontend: dict[str, Any]) -> Any:
    """ESPnet's model with an upstream, as a training begins with it."""
    write_tokens(folder)
    config = folder / "train.yaml"
    options = training(folder, 1) | frontend_options(frontend)
    config.write_text(yaml.safe_dump(options), encoding="utf-8")
    args = PruningASRTask.get_parser().parse_args(["--config", str(config)])
    model = PruningASRTask.build_model(args)
    freeze_convolutions(model)
    return model.train()


if __name__ == "__main__":
    be_the_first_to_end()
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
