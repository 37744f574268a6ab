import json
import subprocess
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.files import read_json
from parp_espnet.scoring.result import Result, git_revision, versions

# The contract that later tables are built on: these keys, in this order, and no others.
KEYS = """
    recipe language train_minutes upstream method sparsity_target sparsity_measured
    freeze_updates interval seed updates finetuning_runs initial_mask mask_sha256
    iou_initial_final metric dataset error_rate ci95 sub del ins reference_length pfer scores
    train_examples pfer_per_utterance per_without_marks merges decoding lm ngram lm_weight
    ngram_weight penalty
    device options train_languages train_sha256 reference_sha256 mask_origin
    unlabelled_minutes head exports
    train_seconds decode_seconds audio_seconds versions git
""".split()  # noqa: SIM905


def test_the_file_has_exactly_the_keys_of_the_contract(result: Result, tmp_path: Path) -> None:
    result.write(tmp_path / "result.json")
    found = json.loads((tmp_path / "result.json").read_text())
    assert list(found) == KEYS
    assert found["del"] == 3
    assert found["pfer"] is None
    assert Result.read(tmp_path / "result.json") == result


def test_a_file_from_before_a_field_was_added_is_read(result: Result, tmp_path: Path) -> None:
    result.write(tmp_path / "result.json")
    found = json.loads((tmp_path / "result.json").read_text())
    added = KEYS[KEYS.index("scores") : KEYS.index("train_seconds")]
    for name in added:
        del found[name]
    (tmp_path / "result.json").write_text(json.dumps(found))
    assert Result.read(tmp_path / "result.json") == result


def test_another_files_fields_are_named(result: Result, tmp_path: Path) -> None:
    result.write(tmp_path / "result.json")
    found = json.loads((tmp_path / "result.json").read_text())
    del found["ci95"]
    (tmp_path / "result.json").write_text(json.dumps(found | {"wer": 1}))
    with pytest.raises(UserError, match=r"found other fields: ci95, wer; .*: score again"):
        Result.read(tmp_path / "result.json")
    with pytest.raises(UserError, match="found other fields: list"):
        Result.of([], where="x")


def test_versions() -> None:
    found = versions()
    assert found["espnet"].startswith("202611")
    assert {"python", "torch", "transformers"} <= found.keys()


def test_git_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Temporary files may be in some repository themselves.
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_revision(tmp_path) is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    git += ["-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "a").write_text("1")
    subprocess.run([*git, "add", "a"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "a"], check=True)
    clean = git_revision(tmp_path)
    assert clean is not None
    assert len(clean) == 12
    (tmp_path / "a").write_text("2")
    assert git_revision(tmp_path) == f"{clean}-dirty"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("error_rate", "0.1", "expected float, found '0.1'"),
        ("seed", True, "expected int, found true"),
        ("ci95", [0.1], r"expected tuple\[float, float\]"),
        ("scores", {"f1": "high"}, r"expected dict\[str, float\] \| None"),
        ("versions", ["torch"], r"expected dict\[str, str\]"),
    ],
)
def test_a_field_of_another_type_is_named(
    make_result, tmp_path: Path, field: str, value: object, says: str
) -> None:
    make_result().write(tmp_path / "result.json")
    found = read_json(tmp_path / "result.json")
    with pytest.raises(UserError, match=rf"here: {field}: {says}"):
        Result.of(found | {field: value}, where="here")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sparsity_target", 5.0), ("sparsity_target", -0.1), ("sparsity_measured", 1e30),
        ("iou_initial_final", 2),
        ("error_rate", -1.0), ("error_rate", 1e308), ("ci95", [0.5, 0.1]), ("ci95", [0.0, 1e300]),
        ("updates", 0),
        ("updates", -1), ("updates", 10**400), ("seed", 10**400), ("interval", -5), ("sub", -1),
        ("reference_length", 10**30), ("mask_origin", {"language": 5}), ("mask_origin",
        {"sha256": 5}),
        ("mask_origin", {"seed": "0"}), ("options", {"lr": [1]}), ("options", {"lr": None}),
    ],
)  # fmt: skip
def test_what_nothing_can_have_measured_is_named(
    make_result, tmp_path: Path, field: str, value: object
) -> None:
    make_result().write(tmp_path / "result.json")
    found = read_json(tmp_path / "result.json")
    Result.of(found, where="here")
    with pytest.raises(
        UserError, match=rf"here: .*{field}.*: expected .*; the file is damaged: delete it"
    ) as caught:
        Result.of(found | {field: value}, where="here")
    assert str(caught.value).isprintable()
