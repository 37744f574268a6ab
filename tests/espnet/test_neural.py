"""ESPnet's language models in our search say what ESPnet says of whole sentences."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from espnet2.tasks.lm import LMTask

from parp_espnet.errors import UserError
from parp_espnet.espnet.neural import NeuralModel

TOKENS = ["<blank>", "<unk>", "a", "e", "i", "<sos/eos>"]
KINDS = {
    "seq_rnn": {"unit": 8, "nlayers": 2},
    "transformer": {"embed_unit": 8, "att_unit": 8, "head": 2, "unit": 16, "layer": 2},
}


def save(directory: Path, kind: str) -> Path:
    """Save a language model with random weights, as ESPnet's training leaves it."""
    (directory / "tokens.txt").write_text("".join(f"{token}\n" for token in TOKENS))
    options = {
        "lm": kind,
        "lm_conf": KINDS[kind],
        "token_list": str(directory / "tokens.txt"),
        "token_type": "word",
    }
    words = ["--output_dir", str(directory)]
    for name, value in options.items():
        values = (
            [f"{key}={one}" for key, one in value.items()]
            if isinstance(value, dict)
            else [str(value)]
        )
        words += [word for one in values for word in (f"--{name}", one)]
    args = LMTask.get_parser().parse_args(words)
    torch.manual_seed(0)
    model = LMTask.build_model(args)
    (directory / "config.yaml").write_text(yaml.safe_dump(vars(args)))
    torch.save(model.state_dict(), directory / "valid.loss.ave.pth")
    return directory / "valid.loss.ave.pth"


@pytest.mark.parametrize("kind", KINDS)
def test_walking_is_the_sentences_probability(tmp_path: Path, kind: str) -> None:
    file = save(tmp_path, kind)
    model = NeuralModel(file, TOKENS)
    stock, _ = LMTask.build_model_from_file(tmp_path / "config.yaml", file, "cpu")
    stock.eval()
    for sentence in ([2, 3, 3, 4], [4], [2, 3, 2]):
        state, total = model.start, 0.0
        for token in sentence:
            # Asked together with other states of other lengths, as in a search.
            rows = model.rows(np.array([model.start, state]))
            total += rows[1, token]
            state = model.advance(state, token)
        total += model.rows(np.array([state]))[0, -1]
        with torch.no_grad():
            nll, _ = stock.nll(torch.tensor([sentence]), torch.tensor([len(sentence)]))
        assert total == pytest.approx(-float(nll.sum()), abs=1e-4)


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    file = save(tmp_path, "seq_rnn")
    with pytest.raises(UserError, match="has other tokens than the recogniser"):
        NeuralModel(file, [*TOKENS, "o"])
    with pytest.raises(UserError, match="expected the language model's configuration beside it"):
        NeuralModel(tmp_path / "none" / "x.pth", TOKENS)
    with pytest.raises(UserError, match="no such model file"):
        NeuralModel(tmp_path / "x.pth", TOKENS)
