from pathlib import Path

from parp_espnet.pipeline.aside import holds_training, set_aside, thin_out


def make(exp: Path) -> None:
    """An experiment as a training leaves it, with what other steps have made."""
    for name in (
        "config.yaml",
        "1epoch.pth",
        "checkpoint.pth",
        "checkpoint.prev.pth",
        "decode_greedy/test/text",
    ):
        (exp / name).parent.mkdir(parents=True, exist_ok=True)
        (exp / name).write_text(name)
    for name in (
        "settings.json",
        ".steps/train.json",
        ".phn.lock",
        "log/train.log",
        "finetuned_mask.safetensors",
    ):
        (exp / name).parent.mkdir(parents=True, exist_ok=True)
        (exp / name).write_text(name)
    (exp / "valid.ave.pth").unlink(missing_ok=True)
    (exp / "valid.ave.pth").symlink_to("1epoch.pth")


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_an_experiment_is_put_aside_whole_and_its_checkpoints_go(tmp_path: Path) -> None:
    spared = ("settings.json", "finetuned_mask.safetensors")
    stays = {
        "settings.json",
        ".steps/train.json",
        ".phn.lock",
        "log/train.log",
        "finetuned_mask.safetensors",
    }
    moved = {"config.yaml", "1epoch.pth", "decode_greedy/test/text", "valid.ave.pth"}
    make(tmp_path)
    assert holds_training(tmp_path)
    assert set_aside(tmp_path, spared) == tmp_path / "earlier/1"
    assert names(tmp_path / "earlier/1") == moved
    assert (tmp_path / "earlier/1/valid.ave.pth").read_text() == "1epoch.pth"
    assert names(tmp_path) == stays | {f"earlier/1/{name}" for name in moved}
    assert not holds_training(tmp_path)
    assert set_aside(tmp_path, spared) is None
    make(tmp_path)
    (tmp_path / "2epoch.pth").write_text("of no use")
    (tmp_path / "latest.pth").symlink_to("2epoch.pth")
    (tmp_path / "best.pth").symlink_to("valid.ave.pth")
    model = tmp_path / "valid.ave.pth"
    moved.add("best.pth")
    assert set_aside(tmp_path, spared, model) == tmp_path / "earlier/2"
    assert names(tmp_path / "earlier/2") == moved
    assert (tmp_path / "earlier/2/best.pth").read_text() == "1epoch.pth"


def test_a_link_to_nothing_is_put_aside_too(tmp_path: Path) -> None:
    (tmp_path / "latest.pth").symlink_to("9epoch.pth")
    assert set_aside(tmp_path) == tmp_path / "earlier/1"
    assert not (tmp_path / "latest.pth").is_symlink()


def test_there_is_nothing_to_put_aside(tmp_path: Path) -> None:
    assert set_aside(tmp_path / "gone") is None
    assert not holds_training(tmp_path / "gone")


def leave(exp: Path, *files: str) -> None:
    for file in files:
        (exp / file).parent.mkdir(parents=True, exist_ok=True)
        (exp / file).write_bytes(b"12345")


RESULT = ("result.json", "mask.safetensors", "decode_greedy/test/text")
LARGE = ("1epoch.pth", "model/model.safetensors", "decode_greedy/test/logprobs.safetensors")


def test_of_what_is_aside_the_newest_alone_keeps_its_model(tmp_path: Path) -> None:
    for _ in range(2):
        leave(tmp_path, *RESULT, *LARGE)
        (tmp_path / "valid.ave.pth").symlink_to("1epoch.pth")
        set_aside(tmp_path, model=tmp_path / "valid.ave.pth")
    # Of a training that was not ended there is no model.
    leave(tmp_path, "config.yaml")
    set_aside(tmp_path)
    leave(tmp_path, *(f"earlier/mine/{file}" for file in LARGE))
    assert thin_out(tmp_path) == 15
    assert names(tmp_path / "earlier/1") == set(RESULT)
    assert names(tmp_path / "earlier/2") == {*RESULT, *LARGE, "valid.ave.pth"}
    assert names(tmp_path / "earlier/3") == {"config.yaml"}
    assert names(tmp_path / "earlier/mine") == set(LARGE)
    assert thin_out(tmp_path) == 0


def test_the_newest_has_the_highest_number(tmp_path: Path) -> None:
    leave(tmp_path, "earlier/2/result.json", "earlier/10/result.json", "earlier/of 2025/x", "x")
    assert set_aside(tmp_path) == tmp_path / "earlier/11"
