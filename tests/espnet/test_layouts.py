"""Convolutions in another layout: the same outputs, and the same state_dict."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from espnet2.asr.frontend.s3prl import S3prlFrontend

from parp_espnet.espnet.layouts import speed_up


@pytest.mark.parametrize(("family", "norm"), [("hubert", "layer"), ("wav2vec2", "group")])
def test_the_same_outputs(make_upstream, tmp_path: Path, family: str, norm: str):
    make_upstream(
        tmp_path,
        family=family,
        norm=norm,
        do_stable_layer_norm=norm == "layer",
        conv_bias=norm == "layer",
    )
    inner = {"upstream": f"hf_{family}_custom", "path_or_url": str(tmp_path)}
    frontend = S3prlFrontend(frontend_conf=inner, multilayer_feature=False).eval()
    keys, upstream = list(frontend.state_dict()), frontend.upstream.upstream.model
    audio = 0.1 * torch.randn(2, 16000, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([16000, 9000])
    with torch.inference_mode():
        before, _ = frontend(audio, lengths)
        speed_up(SimpleNamespace(frontend=frontend))
        after, _ = frontend(audio, lengths)
        features = upstream.feature_extractor(audio)
    torch.testing.assert_close(after, before, rtol=0, atol=1e-4)
    # They are frame by frame in memory, without a copy between layers.
    assert features.transpose(1, 2).is_contiguous()
    assert list(frontend.state_dict()) == keys
