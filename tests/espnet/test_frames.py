"""s3prl's frontend gives what Hugging Face's model gives, in a batch as alone."""

from pathlib import Path

import pytest
import torch
from espnet2.asr.frontend.s3prl import S3prlFrontend
from torch import nn

from parp_espnet.espnet.frames import count_frames_exactly

LENGTHS = (16000, 9000, 12345, 4000)


class Model(nn.Module):
    def __init__(self, upstream: Path, family: str) -> None:
        super().__init__()
        self.frontend = S3prlFrontend(
            frontend_conf={"upstream": f"hf_{family}_custom", "path_or_url": str(upstream)},
            multilayer_feature=False,
        )


@pytest.mark.parametrize("family", ["hubert", "wav2vec2"])
def test_a_batch_gives_what_each_gets_alone(make_upstream, tmp_path: Path, family: str):
    model = Model(make_upstream(tmp_path, family=family), family).eval()
    keys = list(model.state_dict())
    count_frames_exactly(model)
    assert list(model.state_dict()) == keys
    generator = torch.Generator().manual_seed(0)
    audio = [0.1 * torch.randn(length, generator=generator) for length in LENGTHS]
    upstream = model.frontend.upstream.upstream.model
    with torch.no_grad():
        batch, frames = model.frontend(
            nn.utils.rnn.pad_sequence(audio, batch_first=True), torch.tensor(LENGTHS)
        )
        for row, wave in enumerate(audio):
            single, count = model.frontend(wave[None], torch.tensor([len(wave)]))
            normed = (wave - wave.mean()) / torch.sqrt(wave.var(unbiased=False) + 1e-7)
            direct = upstream(normed[None]).last_hidden_state
            assert frames[row] == count[0] == direct.size(1)
            torch.testing.assert_close(batch[row, : frames[row]], direct[0], rtol=0, atol=1e-4)
            torch.testing.assert_close(single[0, : count[0]], direct[0], rtol=0, atol=1e-5)
