import tarfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import torch
import yaml

from parp_espnet.errors import UserError
from parp_espnet.files import write_json
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.record import FORMAT
from parp_espnet.pruning.masks import Mask
from parp_espnet.scoring.result import UNPACKED, Result
from parp_espnet.study import complete, state
from parp_espnet.study.archive import CONTENTS, pack
from parp_espnet.study.experiment import Experiment
from parp_espnet.study.plan import Study
from parp_espnet.study.unpacking import unpack

QUICK = ROOT / "conf/study/quick.yaml"


def make_mask(seed: int, sparsity: float = 0.8) -> Mask:
    """Masks of different seeds differ in a hundredth of 20,000 weights."""
    kept = torch.rand(100, 200, generator=torch.Generator().manual_seed(0)) > sparsity
    flips = torch.rand(100, 200, generator=torch.Generator().manual_seed(seed)) < 0.01
    return Mask(
        {"layers.0.attention.q_proj.weight": kept ^ flips}, f"mask {seed}", sparsity, step=seed
    )


@pytest.fixture
def ran(tmp_path: Path, results: list[Result]) -> tuple[Path, list[Experiment]]:
    """A project in which three experiments of the quick study are complete."""
    root, experiments = tmp_path / "here", list(Study.read(QUICK).experiments)
    for number, (one, result) in enumerate(zip(experiments[:3], results, strict=False)):
        result.write(root / one.result)
        folder = root / one.directory
        (folder / "utterances.tsv").write_text(f"utterance {number}\n")
        (folder / "valid.acc.best.pth").write_bytes(b"a model")
        confusions = folder / "decode_greedy/test/score/confusions.tsv"
        confusions.parent.mkdir(parents=True)
        confusions.write_text("said\theard\n")
        if number:
            make_mask(number).save(folder / "mask.safetensors")
            make_mask(10).save(folder / "initial_mask.safetensors")
    # A mask that stays is its first one.
    replace(results[2], interval=None).write(root / experiments[2].result)
    return root, experiments


def test_what_is_unpacked_is_what_was_packed(
    ran: tuple[Path, list[Experiment]], tmp_path: Path
) -> None:
    root, experiments = ran
    there = tmp_path / "there"
    packed = pack(experiments, root, tmp_path / "records.tar.xz")
    assert packed.done == tuple(one.directory for one in experiments[:3])
    assert packed.left_out == "6 without a result"
    found = unpack(tmp_path / "records.tar.xz", there)
    assert found.restored == tuple(one.directory for one in experiments[:3])
    for one in experiments[:3]:
        left = {
            path.relative_to(root): path
            for path in (root / one.directory).rglob("*")
            if path.is_file()
        }
        for name, path in left.items():
            stays = one is experiments[2] and path.name == "initial_mask.safetensors"
            if path.suffix == ".pth" or stays:
                assert not (there / name).exists()
            elif path.suffix == ".safetensors":
                mask, same = Mask.load(path), Mask.load(there / name)
                assert same.sha256 == mask.sha256
                assert replace(same, kept={}) == replace(mask, kept={})
            else:
                assert (there / name).read_bytes() == path.read_bytes(), name


def test_what_is_unpacked_counts_as_done(
    ran: tuple[Path, list[Experiment]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, experiments = ran
    pack(experiments, root, tmp_path / "records.tar.xz")
    unpack(tmp_path / "records.tar.xz", tmp_path / "there")
    for place, unpacked in ((root, False), (tmp_path / "there", True)):
        for module in (complete, state):
            monkeypatch.setattr(module, "ROOT", place)
        assert [complete.is_unpacked(one) for one in experiments] == [unpacked] * 3 + [False] * 6
        found = state.standings(Study.read(QUICK), tmp_path)
        assert [one.state is state.State.DONE for one in found] == [True] * 3 + [False] * 6


def test_a_result_that_is_there_stays(
    ran: tuple[Path, list[Experiment]], tmp_path: Path, make_result: Callable[..., Result]
) -> None:
    root, experiments = ran
    pack(experiments, root, tmp_path / "records.tar.xz")
    own = make_result(error_rate=0.5)
    own.write(tmp_path / "there" / experiments[0].result)
    found = unpack(tmp_path / "records.tar.xz", tmp_path / "there")
    assert found.present == (experiments[0].directory,)
    assert Result.read(tmp_path / "there" / experiments[0].result) == own
    assert not (tmp_path / "there" / experiments[0].directory / "utterances.tsv").exists()


def test_masks_that_are_alike_take_little(
    tmp_path: Path, make_result: Callable[..., Result]
) -> None:
    experiments = Study.read(QUICK).experiments
    size = {}
    for count in (1, 9):
        for number, one in enumerate(experiments[:count]):
            make_result().write(tmp_path / one.result)
            mask = make_mask(0)
            larger = {name: kept.repeat(20, 1) for name, kept in mask.kept.items()}
            larger["layers.0.attention.q_proj.weight"] ^= torch.rand(2000, 200) < 0.002 * number
            replace(mask, kept=larger).save(tmp_path / one.directory / "mask.safetensors")
        pack(experiments, tmp_path, tmp_path / "records.tar.xz")
        size[count] = (tmp_path / "records.tar.xz").stat().st_size
    assert size[9] - size[1] < 8 * 2000 * 200 / 8 / 4


def test_a_mask_that_is_there_already_takes_nothing(
    tmp_path: Path, make_result: Callable[..., Result]
) -> None:
    """Two languages' masks that differ everywhere, each beside itself, as a study of transfer has
    them.
    """
    experiments = Study.read(QUICK).experiments
    first, second = (
        torch.rand(2000, 200, generator=torch.Generator().manual_seed(seed)) > 0.5
        for seed in (0, 1)
    )
    sizes = []
    for number, one in enumerate(experiments[:4]):
        make_result().write(tmp_path / one.result)
        mask = replace(make_mask(0), kept={"weight": second if number % 2 else first})
        mask.save(tmp_path / one.directory / "mask.safetensors")
        pack(experiments, tmp_path, tmp_path / "records.tar.xz")
        sizes.append((tmp_path / "records.tar.xz").stat().st_size)
    assert sizes[1] > 1.8 * sizes[0]
    assert sizes[3] < 1.1 * sizes[1]
    unpack(tmp_path / "records.tar.xz", tmp_path / "there")
    for one in experiments[:4]:
        mask, same = (
            Mask.load(root / one.directory / "mask.safetensors")
            for root in (tmp_path, tmp_path / "there")
        )
        assert same.sha256 == mask.sha256


def read_once(root: Path, experiment: Experiment) -> None:
    """Leaves the record of a step whose input has other contents since."""
    corpus = root / "egs2/corpus.txt"
    corpus.write_text("corrected")
    write_json(
        root / experiment.directory / ".steps/train.json",
        {
            "command": ["train"],
            "inputs": {str(corpus): "corpus of before"},
            "complete": True,
            "format": FORMAT,
        },
    )


def test_what_has_to_be_run_again_is_left_out(
    ran: tuple[Path, list[Experiment]], tmp_path: Path
) -> None:
    """Elsewhere nobody would know that its data have changed."""
    root, experiments = ran
    archive = tmp_path / "records.tar.xz"
    read_once(root, experiments[1])
    packed = pack(experiments, root, archive)
    assert packed.done == (experiments[0].directory, experiments[2].directory)
    assert packed.left_out == (
        "6 without a result; 1 to be run again, since what they have read has changed, such as "
        f"{experiments[1].directory}: egs2/corpus.txt has changed, which "
        f"{experiments[1].directory}/.steps/train.json has read"
    )
    found = unpack(archive, tmp_path / "there")
    assert found.restored == packed.done
    # What ran elsewhere is done, whatever had begun here before its records were unpacked.
    (root / experiments[1].directory / UNPACKED).write_text("{}")
    assert len(pack(experiments, root, archive).done) == 3


def test_nothing_but_what_has_to_be_run_again(
    ran: tuple[Path, list[Experiment]], tmp_path: Path
) -> None:
    root, experiments = ran
    for experiment in experiments[:3]:
        read_once(root, experiment)
    with pytest.raises(UserError, match=r"none of 9 experiments is done: .* 3 to be run again"):
        pack(experiments, root, tmp_path / "records.tar.xz")
    assert not (tmp_path / "records.tar.xz").exists()


def test_nothing_to_pack(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none of 9 experiments has a result yet"):
        pack(Study.read(QUICK).experiments, tmp_path, tmp_path / "records.tar.xz")
    assert not (tmp_path / "records.tar.xz").exists()


def test_a_running_experiment_is_not_written_over(
    ran: tuple[Path, list[Experiment]], tmp_path: Path
) -> None:
    from parp_espnet.locks import locked  # noqa: PLC0415

    root, experiments = ran
    pack(experiments, root, tmp_path / "records.tar.xz")
    with (
        locked(tmp_path / "there" / experiments[0].directory / ".phn.lock", wait=False),
        pytest.raises(UserError, match=f"{experiments[0].directory.name} is in use by process"),
    ):
        unpack(tmp_path / "records.tar.xz", tmp_path / "there")


def rewrite(archive: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with tarfile.open(archive) as tar:
        members = {one.name: (tar.extractfile(one) or BytesIO()).read() for one in tar}
    change(members)
    with tarfile.open(archive, "w:xz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, BytesIO(content))


def damage(members: dict[str, bytes], content: bytes | None) -> None:
    """Put something in the place of a mask, or change one of its bits."""
    name = next(name for name in members if name.endswith("/mask.safetensors"))
    members[name] = (
        members[name][:-1] + bytes([members[name][-1] ^ 1]) if content is None else content
    )


def home(members: dict[str, bytes]) -> str:
    """The directory of an experiment that is in the archive."""
    return next(
        name.removesuffix("/result.json") for name in members if name.endswith("/result.json")
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda members: members.update({"../evil": b""}),
            "../evil is nothing that an archive of records holds",
        ),
        (lambda members: members.update({"/etc/evil": b""}), "/etc/evil is nothing that"),
        (
            lambda members: members.update({"run.sh": b"rm -rf"}),
            "run.sh belongs to no complete experiment",
        ),
        (
            lambda members: members.update({f"{home(members)}/run.sh": b"rm"}),
            r"/run\.sh belongs to no complete",
        ),
        (
            lambda members: members.update({f"{home(members)}/local/data.sh": b"rm"}),
            r"data\.sh belongs to no complete",
        ),
        (lambda members: members.update({f"{home(members)}//x": b""}), "//x is nothing that"),
        (lambda members: members.update({f"{home(members)}/\n": b""}), r"\\n' is nothing that"),
        (lambda members: members.pop(CONTENTS), "expected an archive of records"),
        (lambda members: members.update({CONTENTS: b'{"format": "other"}'}), "its format is other"),
        (
            lambda members: members.pop(next(name for name in members if "mask" in name)),
            "it lacks the mask from which",
        ),
        (
            lambda members: members.pop(next(name for name in members if "result" in name)),
            "no complete experiment",
        ),
        (
            lambda members: members.update({f"{home(members)}/result.json": b"{"}),
            r"result\.json: expected JSON",
        ),
        (
            lambda members: members.update({f"{home(members)}/result.json": b""}),
            r"result\.json: expected JSON",
        ),
        (
            lambda members: members.update({f"{home(members)}/result.json": b"\xff"}),
            r"result\.json: expected JSON",
        ),
        (
            lambda members: members.update({f"{home(members)}/result.json": b"{}"}),
            "expected an experiment's result",
        ),
        (
            lambda members: members.update({f"{home(members)}/by_language/es/result.json": b"[]"}),
            r"by_language/es/result\.json: expected an experiment's result",
        ),
        (
            lambda members: damage(members, b"not a mask"),
            r"records\.tar\.xz: egs2/.*/mask\.safetensors: expected a mask",
        ),
        (
            lambda members: damage(members, None),
            r"records\.tar\.xz: egs2/.*/mask\.safetensors: damaged mask file",
        ),
    ],
)
def test_hostile_and_damaged_archives(
    ran: tuple[Path, list[Experiment]],
    tmp_path: Path,
    change: Callable[[dict[str, bytes]], None],
    words: str,
) -> None:
    root, experiments = ran
    archive = tmp_path / "records.tar.xz"
    pack(experiments, root, archive)
    rewrite(archive, change)
    with pytest.raises(UserError, match=words):
        unpack(archive, tmp_path / "there")
    assert not (tmp_path / "there").exists()


def test_no_archive(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        unpack(tmp_path / "none.tar.xz", tmp_path)
    (tmp_path / "text.tar.xz").write_text("hello")
    with pytest.raises(UserError, match="expected an archive of records"):
        unpack(tmp_path / "text.tar.xz", tmp_path)


def test_a_truncated_archive(ran: tuple[Path, list[Experiment]], tmp_path: Path) -> None:
    root, experiments = ran
    archive = tmp_path / "records.tar.xz"
    pack(experiments, root, archive)
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(UserError, match="damaged or other file"):
        unpack(archive, tmp_path / "there")
    assert not (tmp_path / "there").exists()


def test_experiments_that_are_elsewhere(tmp_path: Path, results: list[Result]) -> None:
    """By an absolute `--expdir`; an archive has names from the project's directory."""
    study = tmp_path / "study.yaml"
    options = {"expdir": str(tmp_path / "exp")}
    arms = {"dense": {"method": "dense"}}
    recipes = {"es": "egs2/cldr/es"}
    study.write_text(yaml.safe_dump({"recipes": recipes, "options": options, "arms": arms}))
    experiments = Study.read(study).experiments
    results[0].write(experiments[0].result)
    archive = tmp_path / "records.tar.xz"
    with pytest.raises(UserError, match=f"found {experiments[0].directory} by --expdir"):
        pack(experiments, ROOT, archive)
    assert not archive.exists()
