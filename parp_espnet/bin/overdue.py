"""Warn of steps that are left out, though they would be made again: used by local/steps.sh.

python3 -m parp_espnet.bin.overdue STEP NEWLINE STEP …, each as parp_espnet.bin.step takes it
"""

import sys
from collections.abc import Iterator, Sequence

from parp_espnet.bin.step import read
from parp_espnet.errors import command, printable
from parp_espnet.pipeline.step import overdue
from parp_espnet.progress import say

END = "\n"
"""The word between the words of two steps."""


@command
def main() -> None:
    """Say the first of them, and how many others there are."""
    found = []
    for words in split(sys.argv[1:]):
        step, _ = read(words)
        reason = overdue(step)
        if reason is not None:
            found.append(f"{step.label} {step.record.stem} would be made again, since {reason}")
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        told = "this call leaves that stage out and goes on with what is there"
        say(printable(f"warning: {found[0]}{more}; {told}"))


def split(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """The words of each step."""
    step: list[str] = []
    for word in words:
        if word == END:
            yield step
            step = []
        else:
            step.append(word)
    if step:
        yield step


if __name__ == "__main__":
    main()
