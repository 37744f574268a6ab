"""Clean copies."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parp_espnet.data.check.faults import Level, levels
from parp_espnet.data.check.fix import fix
from parp_espnet.data.check.judge import Limits
from parp_espnet.data.check.run import check
from parp_espnet.errors import UserError

Find = Callable[..., list[tuple[str, str]]]
Make = Callable[..., Path]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def clean(*folders: Path, resample: bool = False, **changed: list[str]) -> list[Path]:
    """Fix directories; return the clean ones, having seen that the others are what they were."""
    before = [contents(folder) for folder in folders]
    found = check(
        folders, Limits(), levels({Level(name): kinds for name, kinds in changed.items()})
    )
    outs = [folder.with_name(f"{folder.name}_clean") for folder in folders]
    fix(found, outs, resample)
    assert [contents(folder) for folder in folders] == before
    return outs


def keys(path: Path) -> list[str]:
    return [line.split()[0] for line in path.read_text().splitlines()]


def rejected(folder: Path) -> list[list[str]]:
    return [line.split("\t")[:3] for line in (folder / "rejected.tsv").read_text().splitlines()[1:]]


def test_what_is_at_fault_is_left_out_of_every_file(make: Make, find: Find) -> None:
    data = make()
    (data / "wav" / "bea-1.wav").unlink()
    (out,) = clean(data)
    assert sorted(contents(out)) == [
        "rejected.tsv",
        "spk2utt",
        "text",
        "utt2dur",
        "utt2spk",
        "wav.scp",
    ]
    for name in ("text", "utt2dur", "utt2spk", "wav.scp"):
        wanted = [
            line for line in (data / name).read_text().splitlines() if not line.startswith("bea-1")
        ]
        assert (out / name).read_text().splitlines() == wanted
    assert (out / "spk2utt").read_text() == "ana ana-1 ana-2\nbea bea-2\n"
    path = data / "wav" / "bea-1.wav"
    header = "kind\tdirectory\tutterance\tfile\texpected\tfound\n"
    assert (
        out / "rejected.tsv"
    ).read_text() == f"{header}missing\t{data}\tbea-1\t{path}\ta file\tnone\n"
    assert find(out) == []


def test_a_clean_directory_stays_what_it_is(make: Make) -> None:
    data = make()
    (out,) = clean(data)
    there = contents(out)
    assert rejected(out) == []
    assert {
        name: content for name, content in contents(data).items() if not name.startswith("wav/")
    } == {name: content for name, content in there.items() if name != "rejected.tsv"}


def test_what_can_be_mended_is_mended(make: Make, find: Find) -> None:
    data = make()
    lines = (data / "text").read_text().splitlines()
    lines = [lines[3], lines[1], f"{lines[2]} \u00e3\u200b", f"{lines[0]}\r", lines[3]]
    (data / "text").write_text("\n".join(lines) + "\n", newline="")
    (data / "spk2utt").write_text("ana ana-1\n")
    assert {kind for kind, _ in find(data)} == {
        "order",
        "control",
        "duplicate",
        "normal-form",
        "spk2utt",
    }
    (out,) = clean(data)
    assert rejected(out) == []
    assert (
        out / "text"
    ).read_text() == "ana-1 o l a t\nana-2 o l a tt\nbea-1 o l a ttt a\u0303\nbea-2 o l a tttt\n"
    assert find(out) == []


def test_letters_in_another_normal_form_may_stay(make: Make) -> None:
    data = make()
    (data / "text").write_text("ana-1 \u00e3\nana-2 o\nbea-1 o\nbea-2 o\n")
    (out,) = clean(data, ignore=["normal-form"])
    assert (out / "text").read_bytes() == (data / "text").read_bytes()


def test_two_lines_that_differ_are_not_chosen_from(make: Make) -> None:
    data = make()
    with (data / "text").open("a") as file:
        file.write("bea-2 another\n")
    (out,) = clean(data)
    assert rejected(out) == [["duplicate", str(data), "bea-2"]]
    assert keys(out / "wav.scp") == ["ana-1", "ana-2", "bea-1"]


def test_a_level_decides_what_is_left_out(make: Make) -> None:
    train, test = make(), make("test", ("ana",), seed=20)
    with_all, untouched = clean(train, test)
    assert (len(keys(with_all / "text")), len(keys(untouched / "text"))) == (4, 2)
    (with_all / "rejected.tsv").unlink()
    for path in sorted(with_all.rglob("*")):
        path.unlink()
    with_all.rmdir()
    without_her, untouched = clean(train, test, error=["same-speaker"])
    assert keys(without_her / "text") == ["bea-1", "bea-2"]
    assert len(keys(untouched / "text")) == 2


def test_recordings_are_resampled_and_mixed(make: Make, find: Find) -> None:
    data = make()
    times = np.arange(44100) / 44100
    tone = 0.5 * np.sin(2 * np.pi * 440 * times)
    soundfile.write(data / "wav" / "ana-1.wav", tone, 44100)
    soundfile.write(data / "wav" / "ana-2.wav", np.stack([tone, 0 * tone], axis=1), 44100)
    assert find(data) == [("rate", "ana-1"), ("rate", "ana-2"), ("channels", "ana-2")]
    (out,) = clean(data, resample=True)
    assert rejected(out) == []
    assert find(out) == []
    for id_, peak in (("ana-1", 0.5), ("ana-2", 0.25)):
        samples, rate = soundfile.read(out / "wav" / f"{id_}.wav")
        assert (rate, samples.shape) == (16000, (16000,))
        assert abs(np.fft.rfft(samples)).argmax() == 440
        assert abs(samples[4000:12000]).max() == pytest.approx(peak, abs=0.01)
    assert f"ana-1 {out}/wav/ana-1.wav\n" in (out / "wav.scp").read_text()
    assert f"bea-1 {data}/wav/bea-1.wav\n" in (out / "wav.scp").read_text()


def test_without_resampling_two_channels_stay(make: Make) -> None:
    data = make()
    soundfile.write(
        data / "wav" / "ana-2.wav",
        np.ones((16000, 2)) * np.linspace(-0.5, 0.5, 16000)[:, None],
        16000,
    )
    (out,) = clean(data)
    assert rejected(out) == []
    assert f"ana-2 {data}/wav/ana-2.wav\n" in (out / "wav.scp").read_text()


def test_segments_go_with_their_recording(make: Make, find: Find) -> None:
    data = make()
    (data / "utt2dur").unlink()
    (data / "segments").write_text(
        "ana-1 one 0 0.5\nana-2 one 0.5 1\nbea-1 two 0 0.5\nbea-2 two 0.5 1.0\n"
    )
    (data / "wav.scp").write_text(f"one {data}/wav/ana-1.wav\ntwo {data}/wav/gone.wav\n")
    assert find(data) == [("missing", "two")]
    (out,) = clean(data)
    assert keys(out / "segments") == keys(out / "text") == ["ana-1", "ana-2"]
    assert keys(out / "wav.scp") == ["one"]
    assert find(out) == []


def test_what_is_not_ours_is_not_written_over(make: Make) -> None:
    data = make()
    found = check([data], Limits(), levels({}))
    (data.parent / "mine").mkdir()
    with pytest.raises(
        UserError, match=r"mine: expected a new directory, found one without rejected\.tsv"
    ):
        fix(found, [data.parent / "mine"], resample=False)
    with pytest.raises(UserError, match="expected a new directory"):
        fix(found, [data], resample=False)
    with pytest.raises(UserError, match="expected 1 directories, one for each, found 2"):
        fix(found, [data.parent / "a", data.parent / "b"], resample=False)
    fix(found, [data.parent / "new"], resample=False)
    fix(found, [data.parent / "new"], resample=False)
    assert not any((data.parent / "mine").iterdir())


def test_nothing_left(make: Make) -> None:
    data = make()
    for path in (data / "wav").iterdir():
        path.unlink()
    found = check([data], Limits(), levels({}))
    with pytest.raises(UserError, match="every utterance is at fault"):
        fix(found, [data.parent / "new"], resample=False)
    assert not (data.parent / "new").exists()


FILES = ("wav.scp", "text", "utt2spk", "spk2utt", "utt2dur")
DAMAGE = st.tuples(
    st.sampled_from(FILES), st.integers(0, 200), st.binary(max_size=3), st.integers(0, 3)
)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(DAMAGE, min_size=1, max_size=4))
def test_whatever_is_damaged_the_copy_is_clean(
    make: Make, tmp_path_factory: pytest.TempPathFactory, damages: list[tuple[str, int, bytes, int]]
) -> None:
    data, out = (
        make(str(tmp_path_factory.mktemp("any") / "train")),
        tmp_path_factory.mktemp("any") / "clean",
    )
    for name, place, added, lost in damages:
        content = (data / name).read_bytes()
        (data / name).write_bytes(content[:place] + added + content[place + lost :])
    try:
        fix(check([data], Limits(), levels({})), [out], resample=False)
    except UserError:
        return  # one line that says why there is nothing to clean
    assert check([out], Limits(), levels({})).of(Level.ERROR) == ()


def test_letters_stay_composed(make: Make, tmp_path: Path) -> None:
    data = make()
    (data / "text").write_text("ana-1 á <space> ñ\nana-2 a\nbea-1 é\nbea-2 é\n")
    fix(check([data], Limits(), levels({})), [tmp_path / "clean"], resample=False)
    assert (tmp_path / "clean" / "text").read_text() == (data / "text").read_text()


def test_what_stage_2_refuses_is_left_out(make: Make) -> None:
    data = make()
    for name, old, new in (
        ("utt2spk", "ana-1 ana", "ana-1 ana maria"),
        ("wav.scp", "/wav/ana-2.wav", "/wav/../wav/ana-2.wav"),
    ):
        (data / name).write_text((data / name).read_text().replace(old, new))
    (out,) = clean(data)
    assert [row[0] for row in rejected(out)] == ["id", "path"]
    assert keys(out / "wav.scp") == ["bea-1", "bea-2"]


def test_a_copy_is_made_in_the_directory(make: Make) -> None:
    data = make()
    for name in ("wav.scp", "text", "utt2spk", "utt2dur", "spk2utt"):
        (data / name).write_text((data / name).read_text().replace("ana-1", "ana-/.1"))
    (data / "wav.scp").write_text(
        (data / "wav.scp").read_text().replace("wav/ana-/.1.wav", "wav/ana-1.wav")
    )
    soundfile.write(data / "wav" / "ana-1.wav", 0.1 * np.sin(np.arange(8000)), 8000)
    (out,) = clean(data, resample=True)
    assert [path.name for path in (out / "wav").iterdir()] == ["ana-%2F.1.wav"]
