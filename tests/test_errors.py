"""What a command says of an error of the system."""

import errno
import os
import sys
from datetime import date
from pathlib import Path

import pytest
import yaml

from parp_espnet.errors import (
    UserError,
    as_written,
    clear_terminal,
    command,
    excerpt,
    plain_lines,
    plain_terminal,
    printable,
)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "No space left on device); make room there"),
        (errno.EROFS, "Read-only file system); give access to it"),
    ],
)
def test_a_command_says_one_line(
    capsys: pytest.CaptureFixture[str], number: int, said: str
) -> None:
    @command
    def main() -> None:
        raise OSError(number, os.strerror(number), "x")

    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    line = (
        f"error: x: cannot be written ({said} and give the same command: what was complete stays\n"
    )
    assert capsys.readouterr().err == line


@pytest.mark.usefixtures("small_files")
def test_a_file_without_a_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    @command
    def main() -> None:
        (tmp_path / "log").write_bytes(bytes(1 << 17))

    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: a file in ")
    assert "cannot be written (File too large); raise the limit" in line


def test_other_errors_of_the_system_are_defects() -> None:
    @command
    def main() -> None:
        raise FileNotFoundError(errno.ENOENT, "gone", "x")

    with pytest.raises(FileNotFoundError):
        main()


BAD = "\x1b[31m\x07\x9b2J\r\u202e\u2028"


def test_foreign_text_is_spelled() -> None:
    assert printable(f"a{BAD}\n") == r"a\x1b[31m\x07\x9b2J\r\u202e\u2028\n"
    assert plain_lines(f"a\tb\n{BAD}") == "a\tb\n" + r"\x1b[31m\x07\x9b2J\r\u202e\u2028"
    # Marks, tones, clicks, joiners of scripts and letters of any script are text.
    for text in ("ŋ͡m˥˩ ǃ ə̃ yak\u0027a", "क्\u200dष", "می\u200cخواهم", "日本語"):
        assert printable(text) == plain_lines(text) == text


def test_an_error_holds_no_escape_sequence(capsys: pytest.CaptureFixture[str]) -> None:
    @command
    def main() -> None:
        raise UserError(f"{BAD}: no such file\n    and more")

    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr().err
    assert said == r"error: \x1b[31m\x07\x9b2J\r\u202e\u2028: no such file" + "\n    and more\n"


def test_a_terminal_is_plain_and_a_pipe_as_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    with plain_terminal():
        print(BAD)
    assert capsys.readouterr().out == f"{BAD}\n"
    leader, follower = os.openpty()
    with os.fdopen(follower, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        with plain_terminal():
            print("é" + BAD, flush=True)
            clear_terminal()
            sys.stdout.flush()
        assert sys.stdout is terminal
        print("END", end="", flush=True)
        shown = b""
        while not shown.endswith(b"END"):  # a terminal hands on what it has, not what was written
            shown += os.read(leader, 1000)
    os.close(leader)
    spelled = r"\x1b[31m\x07\x9b2J\r\u202e\u2028"
    assert shown.decode() == f"é{spelled}\r\n\x1b[2J\x1b[HEND"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        (True, "true"),
        (0.5, "0.5"),
        (7, "7"),
        ("a b", "'a b'"),
        ({"method": None}, '{"method": null}'),
        ({"a": Path("b")}, '{"a": "b"}'),
        ([], "[]"),
        (["ñ", 1], '["ñ", 1]'),
        (("a", True), '["a", true]'),
        ({1: None}, '{"1": null}'),
        ({date(2020, 1, 31): 1}, "{datetime.date(2020, 1, 31): 1}"),
        ([date(2020, 1, 31)], '["2020-01-31"]'),
        (yaml.safe_load("&a [1, *a]"), "[1, [...]]"),
        (Path("a/b"), "a/b"),
        (Path("a\x1bb"), "a\\x1bb"),
    ],
)
def test_a_value_is_shown_as_files_have_it(value: object, text: str) -> None:
    assert as_written(value) == excerpt(value) == text


def test_a_long_value_is_cut() -> None:
    assert excerpt("x" * 99) == f"'{'x' * 60}'"
    assert excerpt([1] * 99) == "[" + "1, " * 19 + "1,"
