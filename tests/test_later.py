"""What is not loaded until it is chosen is, then, exactly what ESPnet would have loaded."""

import ast
import json
import subprocess
import sys
from importlib.util import find_spec, resolve_name
from pathlib import Path

import pytest

from parp_espnet.later import LATER, TASK, Later, is_later

TELL = """
import contextlib, io, json, sys
{imports}
task = ASRTask
names = [list(choices.choices()) for choices in task.class_choices_list]
bases = [
    [choices.name, choices.default, choices.optional, choices.base_type]
    for choices in task.class_choices_list
]
loaded = []
told = io.StringIO()
with contextlib.redirect_stdout(told):
    task.get_parser().print_help()
for words in {options}:
    sys.argv = ["train", *words]
    task.print_config(file=told)
    loaded = loaded or [name for name in {heavy} if name in sys.modules] or ["nothing"]
found = [
    [choices.get_class(name) if name else None for name in choices.choices()]
    for choices in task.class_choices_list
]
kept = all(kind is choices.get_class(name) for choices, kinds in zip(task.class_choices_list, found)
           for name, kind in zip(choices.choices(), kinds) if name)
from espnet2.tasks.asr import ConformerEncoder, S3prlFrontend
found += [ConformerEncoder, S3prlFrontend]
print(json.dumps([names, bases, told.getvalue(), found, kept, loaded], default=repr))
"""
OPTIONS = [
    [],
    [
        "--frontend",
        "espnet_ssl",
        "--encoder",
        "conformer",
        "--decoder",
        "hugging_face_transformers",
    ],
    [
        "--frontend",
        "fused",
        "--encoder",
        "avhubert",
        "--decoder",
        "s4",
        "--postencoder",
        "length_adaptor",
    ],
    ["--frontend", "s3prl", "--encoder", "beats", "--model", "pit_espnet", "--preencoder", "sinc"],
]
HEAVY = [
    "espnet2.asr.decoder.hugging_face_transformers_decoder", "espnet2.tasks.ssl",
    "espnet2.gan_tts.jets",
    "numba", "scipy.signal", "sympy", "torch._dynamo.eval_frame", "transformers",
]  # fmt: skip
QUICK = "from parp_espnet.espnet.stock import ASRTask"
STOCK = "from espnet2.tasks.asr import ASRTask"


def run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_choices_help_and_configurations_are_those_of_espnet():
    chosen, stock = (
        json.loads(run(TELL.format(imports=imports, options=OPTIONS, heavy=HEAVY)).splitlines()[-1])
        for imports in (QUICK, STOCK)
    )
    assert (chosen.pop(), stock.pop()) == (["nothing"], HEAVY)
    assert chosen == stock
    assert stock[2].count("\nfrontend_conf:") == len(OPTIONS)


BUILD = """
from parp_espnet.espnet.task import PruningASRTask
from espnet2.torch_utils.model_summary import model_summary
words = ["--token_list", {tokens!r}, "--output_dir", "unused"]
words += ["--encoder", "conformer", "--decoder", "transformer", "--frontend", "default"]
for conf in ("--encoder_conf", "--decoder_conf"):
    words += [conf, "attention_heads=2", conf, "num_blocks=1", conf, "linear_units=8"]
words += ["--encoder_conf", "output_size=8"]
model = PruningASRTask.build_model(PruningASRTask.get_parser().parse_args(words))
print(type(model.encoder), type(model.decoder), type(model.frontend), type(model.normalize))

import pytest, typeguard
from espnet2.asr.ctc import CTC
with pytest.raises(typeguard.TypeCheckError, match="odim"):
    CTC(odim="three", encoder_output_size=2)
with pytest.raises(ValueError, match="must be one of"):
    PruningASRTask.class_choices_list[0].get_class("no such frontend")
"""


def test_a_model_of_chosen_parts_is_built_and_types_are_checked(tmp_path: Path):
    (tmp_path / "tokens.txt").write_text("<blank>\n<unk>\na\n<sos/eos>\n")
    told = run(BUILD.format(tokens=str(tmp_path / "tokens.txt")))
    for name in ("ConformerEncoder", "TransformerDecoder", "DefaultFrontend", "UtteranceMVN"):
        assert f".{name}'>" in told


COMPILE = """
import pytest, sys, torch
from parp_espnet.compiling import compile_nothing
compile_nothing()
kept = torch.compiler.disable(lambda x: x + 1)
other = torch.compiler.disable(recursive=False)(lambda x: x + 3)
assert kept(torch.ones(1)) == 2 and other(torch.ones(1)) == 4
weight = torch.ones(1, requires_grad=True)
optimizer = torch.optim.Adam([weight])
weight.sum().backward()
optimizer.step()
optimizer.zero_grad()
assert "torch._dynamo.eval_frame" not in sys.modules
assert torch.compile(lambda x: kept(x) * 2, backend="eager")(torch.ones(1)) == 4
assert "torch._dynamo.eval_frame" in sys.modules
assert type(torch._dynamo) is type(sys) and torch._dynamo is sys.modules["torch._dynamo"]
with pytest.raises(torch._dynamo.exc.Unsupported):
    torch.compile(lambda x: kept(x) * 2, backend="eager", fullgraph=True)(torch.ones(1))
from torch._dynamo import config
import torch._dynamo.utils
"""


def test_the_compiler_is_loaded_when_something_is_compiled():
    run(COMPILE)
    run(
        "import parp_espnet.compiling as c\nc.compile_nothing()\nimport "
        "torch._dynamo.utils\ntorch._dynamo.reset()"
    )


def tree_of(module: str) -> ast.Module:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return ast.parse(Path(spec.origin).read_text())


def later_names(importer: str) -> set[str]:
    """The names for which a module gets stand-ins when it is imported."""
    found = set()
    for node in ast.walk(tree_of(importer)):
        if isinstance(node, ast.ImportFrom):
            name = "." * node.level + (node.module or "")
            module = resolve_name(name, importer.rpartition(".")[0])
            found |= {name.asname or name.name for name in node.names if is_later(importer, module)}
    return found


@pytest.mark.parametrize("importer", [name for name in LATER if not name.endswith(".")])
def test_a_stand_in_is_only_used_as_it_can_be(importer: str):
    names = later_names(importer)
    assert names, f"{importer} imports nothing of {LATER[importer]}: take it out of LATER"
    tree = tree_of(importer)
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for function in functions:
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id in names:
                assert importer != TASK, (
                    f"{node.id} is used in {function.name}: it cannot be a stand-in"
                )
                assert node in called, f"{node.id} is not called in {function.name}"


def test_a_stand_in_is_what_it_stands_for():
    kind = Later("fractions", "Fraction")
    made = kind(1, 2)
    assert isinstance(made, kind)
    assert not isinstance(0.5, kind)
    assert isinstance(made, (str, kind))
    assert issubclass(type(made), kind)
    assert kind.from_float(0.5) == made

    class Half(kind):
        pass

    assert Half.__mro__[1] is type(made)
    assert (kind | None) == (kind | None)
    assert not isinstance(1, Later("no_such_module", "Name"))
    with pytest.raises(ModuleNotFoundError):
        Later("no_such_module", "Name")()
