"""Debian packages that are made here: downloaded, checked and read."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.corpora import debian
from parp_espnet.corpora.debian import Package, fetch, files_of
from parp_espnet.errors import UserError

MakeDeb = Callable[[Path, dict[str, bytes]], Package]


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    monkeypatch.setattr(debian, "MIRRORS", ((tmp_path / "empty").as_uri(), folder.as_uri()))
    return folder


def test_what_is_in_a_package(mirror: Path, tmp_path: Path, make_deb: MakeDeb) -> None:
    files = {"a.txt": b"one", "folder/b.ogg": b"", "c.wav": b"x" * 1000}
    package = make_deb(mirror, files)
    found = dict(files_of(fetch(package, tmp_path / "downloads")))
    assert found == {f"./usr/share/{name}": content for name, content in files.items()}


def test_a_package_is_downloaded_once_and_again_when_it_is_damaged(
    mirror: Path, tmp_path: Path, make_deb: MakeDeb
) -> None:
    package = make_deb(mirror, {"a.txt": b"one"})
    path = fetch(package, tmp_path)
    assert path == tmp_path / "words_1.0.deb"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert fetch(package, tmp_path).read_bytes() == whole
    (mirror / package.path).unlink()
    assert fetch(package, tmp_path).read_bytes() == whole


def test_what_is_not_the_package_is_refused(
    mirror: Path, tmp_path: Path, make_deb: MakeDeb
) -> None:
    package = make_deb(mirror, {})
    with pytest.raises(
        UserError, match=r"SHA-256 differs\)\); put the file words_1.0_all.deb at .*words_1.0.deb"
    ):
        fetch(replace(package, sha256="0" * 64), tmp_path / "downloads")
    assert list((tmp_path / "downloads").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"!<arch>\n", b"PK\3\4 something else"])
def test_what_is_no_package(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.deb").write_bytes(content)
    with pytest.raises(UserError, match="expected a Debian package"):
        list(files_of(tmp_path / "bad.deb"))


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_package_that_is_cut_off(tmp_path: Path, make_deb: MakeDeb, share: float) -> None:
    package = make_deb(tmp_path, {"c.wav": bytes(range(256)) * 400})
    whole = (tmp_path / package.path).read_bytes()
    (tmp_path / "cut.deb").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(
        UserError, match=r"cut\.deb: damaged or cut off \(.+\); remove it to download it again"
    ):
        list(files_of(tmp_path / "cut.deb"))
