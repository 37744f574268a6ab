from parp_espnet.pipeline.paths import ROOT
from parp_espnet.upstreams import whisper
from parp_espnet.upstreams.hugging_face import MODELS
from parp_espnet.upstreams.table import page, rows


def test_the_page_is_what_the_code_says() -> None:
    assert (ROOT / "docs/upstreams.md").read_text(encoding="utf-8") == page()


def test_every_kind_is_on_it() -> None:
    kinds = {row.kind.strip("`") for row in rows()}
    assert {*MODELS, whisper.KIND} <= kinds
