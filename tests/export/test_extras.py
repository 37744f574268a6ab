"""Without an extra one line names it; without using it nothing of it is imported."""

import subprocess
import sys

import pytest

HIDE = """
import importlib.abc, sys
class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden())
"""


def run(program: str, *hidden: str) -> "subprocess.CompletedProcess[str]":
    """Run a program in a Python in which modules cannot be found."""
    return subprocess.run(
        [sys.executable, "-c", HIDE.format(hidden=set(hidden)) + program],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


WRITE = """
from pathlib import Path
from parp_espnet.errors import command
from parp_espnet.export.formats import Options
from parp_espnet.export.{form} import write
command(lambda: write(None, Path("."), Options()))()
"""


@pytest.mark.parametrize(
    ("form", "module"),
    [
        ("onnx", "onnx"),
        ("onnx", "onnxruntime"),
        ("openvino", "openvino"),
        ("openvino", "nncf"),
    ],
)
def test_one_line_names_the_extra(form: str, module: str) -> None:
    done = run(WRITE.format(form=form), module)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith(f"error: {module} cannot be imported")
    assert line.endswith(f"pip install 'parp-espnet[{form}]'")


def test_a_runtime_too(tmp_path: object) -> None:
    program = (
        "from pathlib import Path\n"
        "from parp_espnet.errors import command\n"
        "from parp_espnet.export.runtimes import OpenVino\n"
        "command(lambda: OpenVino(Path('model.xml')))()\n"
    )
    done = run(program, "openvino")
    assert done.stderr.strip().endswith("pip install 'parp-espnet[openvino]'")


def test_what_is_not_used_is_not_imported() -> None:
    """The runtimes need neither torch nor what exports; the sparse format none of the extras."""
    program = (
        "import parp_espnet.export.runtimes, parp_espnet.export.sparse, sys\n"
        "print([name for name in sys.modules if name in"
        " ('torch', 'transformers', 'espnet2', 'onnx', 'onnxruntime', 'openvino', 'nncf')])"
    )
    assert run(program).stdout == "[]\n"
