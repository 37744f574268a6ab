"""Nothing that an exporter says comes to the terminal; what was there before goes on."""

import logging
import os
import sys
import warnings

import pytest

from parp_espnet.export.quiet import quiet


def test_nothing_is_seen(capfd: pytest.CaptureFixture[str]) -> None:
    print("before")
    with quiet():
        print("from Python")
        print("an error", file=sys.stderr)
        os.write(1, b"from C++\n")
        os.write(2, b"from C++\n")
        warnings.warn("beware", stacklevel=1)
        logging.getLogger("exporter").error("logged")
    print("after")
    said = capfd.readouterr()
    assert said.out == "before\nafter\n"
    assert said.err == ""


def fail_quietly() -> None:
    with quiet():
        print("unseen")
        raise ValueError("why")


def test_an_exception_passes_and_all_is_as_before(capfd: pytest.CaptureFixture[str]) -> None:
    disabled = logging.root.manager.disable
    with pytest.raises(ValueError, match="why"):
        fail_quietly()
    print("seen")
    assert capfd.readouterr().out == "seen\n"
    assert logging.root.manager.disable == disabled
