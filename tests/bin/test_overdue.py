"""What is told of steps that are left out."""

import sys
from pathlib import Path

import pytest

from parp_espnet.bin.overdue import END, main
from parp_espnet.pipeline.step import Step, run


def test_the_first_that_would_be_made_again_is_named_and_the_others_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = []
    for name in ("a b", "b", "c", "never run"):
        Path(name).write_text("one")
        record = Path(f".steps/{name}.json")
        if name != "never run":
            run(Step("stage 1 (copy)", ("true",), record, (Path(name),)))
        words += ["--label", "stage 1 (copy)", "--record", str(record), "--input", name]
        words += ["--", "true", END]
    monkeypatch.setattr(sys, "argv", ["overdue", *words])
    capsys.readouterr()
    main()
    assert capsys.readouterr().err == ""
    Path("a b").write_text("two")
    Path("c").write_text("two")
    Path("never run").write_text("two")
    main()
    assert capsys.readouterr().err == (
        "warning: stage 1 (copy) a b would be made again, since a b has changed (and 1 more); "
        "this call leaves that stage out and goes on with what is there\n"
    )
