"""The test set decoded and scored as stages 12 and 13 of `phn.sh` do."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from parp_espnet.data.kaldi import read_data_dir
from parp_espnet.espnet.decode import decode
from parp_espnet.espnet.found import find_model
from parp_espnet.espnet3.told import options_of
from parp_espnet.pipeline.formatting import minutes
from parp_espnet.pipeline.score import score
from parp_espnet.pipeline.trained import interval_of
from parp_espnet.pruning.methods import Source
from parp_espnet.pruning.settings import PruneSettings
from parp_espnet.scoring.result import GREEDY_DECODING, RESULT, Result, digest_of


def measure(config: DictConfig) -> Result:
    """Leave `decode_greedy/test` and `result.json` in the experiment's directory.

    Raises `UserError` where the training is unfinished, or the test set is gone.
    """
    experiment, data = Path(config.exp_dir), Path(config.data_dir)
    decoded = experiment / GREEDY_DECODING / "test"
    decode(find_model(experiment), data / "test", decoded)
    settings = OmegaConf.to_container(config, resolve=True)
    assert isinstance(settings, dict)
    result = score(experiment, data / "test", decoded, setting=_setting(settings, data))
    result.write(experiment / RESULT)
    print(f"{experiment}: PER {result.error_rate:.4f} [{result.ci95[0]:.4f}, {result.ci95[1]:.4f}]")
    return result


def _setting(config: Mapping[Any, Any], data: Path) -> dict[str, Any]:
    """What a result says of its experiment."""
    trained_on = read_data_dir(data / "train")
    made = config["create_dataset"]
    pruning = PruneSettings.parse(config["prune_conf"])
    return {
        "recipe": str(config["recipe"]),
        "language": made["lang"],
        "train_minutes": round(minutes(trained_on), 2),
        "upstream": Path(made["upstream"]).name,
        "finetuning_runs": runs_of(pruning),
        "interval": interval_of(config["prune_conf"]),
        "dataset": "test",
        "options": options_of(config),
        "train_languages": [made["lang"]],
        "train_sha256": digest_of(
            (one.id, f"{one.duration:.2f}", *one.phones) for one in trained_on
        ),
    }


def runs_of(settings: PruneSettings) -> int:
    """Return how many finetunings a training costs; what a given mask cost is not known."""
    row = settings.row
    source = row.first_mask if settings.initial_mask is None else Source.FILE
    return 1 + row.runs_before(source, settings.sparsity)
