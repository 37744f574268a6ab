"""Option maps in Kaldi's syntax: what becomes of `--mem 4G` in a queue's own words.

    command sbatch --export=PATH
    option mem=* --mem-per-cpu $0
    option mem=0
    default gpu=0
    option gpu=0 -p cpu
    option gpu=* -p gpu --gres=gpu:$0

The command's lines are a shell's, but that nothing in them is expanded to file names: Grid Engine's
`-l arch=*64*` is its own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from parp_espnet import interpreter
from parp_espnet.errors import UserError
from parp_espnet.files import regular

ROOT = interpreter.ROOT
NAMES = {
    "slurm": ("slurm",),
    "sge": ("queue", "sge"),
    "pbs": ("pbs",),
    "ssh": ("ssh",),
}
"""Names of configuration files; Kaldi's for Grid Engine is `queue.conf`, which is a user's own
wherever it is: this project has none.
"""


@dataclass
class OptionMap:
    """A configuration file."""

    path: Path
    command: str = ""
    options: dict[tuple[str, str], str] = field(default_factory=dict)
    """Words for an option's value; those for any value are at `*`, with `$0` where the value goes.
    """
    defaults: dict[str, str] = field(default_factory=dict)

    def maps(self, name: str) -> bool:
        """Whether any value of an option may be given."""
        return (name, "*") in self.options

    def line(self, given: Mapping[str, str]) -> str:
        """Return the submitting command with the words for the given and the default options.

        Raises `UserError` for an option, or a value of it, that the file does not describe.
        """
        words = [self.command]
        for name, value in {**self.defaults, **given}.items():
            template = self.options.get((name, value), self.options.get((name, "*")))
            if template is None:
                raise UserError(
                    f"--{name} {value}: {self.path} does not describe it; "
                    f"a line 'option {name}=* …' there says what the queue makes of it"
                )
            words.append(template.replace("$0", value))
        return " ".join(filter(None, words))


def find(backend: str, given: str | None) -> Path:
    """Return the configuration file: the given one, that of the working directory's `conf/` (a
    recipe's, or the project's for a study), or that of the project's.

    A given one is looked for from both, since a line of `cmd.sh` is for jobs of both.
    """
    if given is not None:
        path = Path(given)
        return path if path.exists() or not (ROOT / path).exists() else ROOT / path
    for folder in (Path("conf"), ROOT / "conf"):
        for name in NAMES[backend]:
            path = folder / f"{name}.conf"
            if path.exists():
                return path
    return ROOT / "conf" / f"{backend}.conf"


def read(path: Path) -> OptionMap:
    """Read a configuration file. Raises `UserError` naming the line that is none of Kaldi's."""
    try:
        text = regular(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"cannot read {path} ({error.strerror}); --config names another file"
        ) from None
    options = OptionMap(path)
    for number, line in enumerate(text.splitlines(), 1):
        words = re.sub(r"\s*#.*", "", line).strip()
        if not words:
            continue
        command = re.fullmatch(r"command\s+(.+)", words)
        option = re.fullmatch(r"option\s+([^=\s]+)=(\S+)(?:\s+(.*))?", words)
        default = re.fullmatch(r"default\s+([^=\s]+)=(\S+)", words)
        if command is not None:
            options.command = command[1]
        elif option is not None:
            options.options[option[1], option[2]] = option[3] or ""
        elif default is not None:
            options.defaults[default[1]] = default[2]
        else:
            raise UserError(
                f"{path}:{number}: expected 'command …', 'option NAME=VALUE …' or 'default "
                f"NAME=VALUE', found: {line}"
            )
    if not options.command:
        raise UserError(f"{path}: expected a line such as 'command sbatch', found none")
    return options
