from pathlib import Path

import pytest

from parp_espnet.data.kaldi import Utterance, write_data_dir
from parp_espnet.errors import UserError
from parp_espnet.pipeline.shards import join, split


@pytest.fixture
def data(tmp_path: Path) -> Path:
    utterances = [
        Utterance(f"s-{n}", "s", "es", f"/w/{n}.wav", ("a",), "a", 1.0 + n) for n in range(5)
    ]
    write_data_dir(tmp_path / "data", utterances)
    return tmp_path / "data"


def test_every_utterance_is_in_one_part(data: Path, tmp_path: Path) -> None:
    split(data, 2, tmp_path)
    parts = [(tmp_path / f"keys.{part}.scp").read_text().splitlines() for part in (1, 2)]
    assert [len(part) for part in parts] == [3, 2]
    assert len(set(parts[0] + parts[1])) == 5
    with pytest.raises(UserError, match="5 utterances for 6 jobs; lower --inference_nj"):
        split(data, 6, tmp_path)


def test_parts_are_joined_sorted(tmp_path: Path) -> None:
    for part, text in ((1, "b x\nz\n"), (2, "a y\n")):
        folder = tmp_path / f"output.{part}/1best_recog"
        folder.mkdir(parents=True)
        (folder / "text").write_text(text)
    join(tmp_path, 2, tmp_path / "text")
    assert (tmp_path / "text").read_text() == "a y\nb x\nz\n"
    with pytest.raises(UserError, match=r"output.3/1best_recog/text: no such file"):
        join(tmp_path, 3, tmp_path / "text")
