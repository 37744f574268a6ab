from pathlib import Path

from parp_espnet.pipeline.aside import holds_training, set_aside


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
