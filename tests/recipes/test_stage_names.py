"""The lines of a template, the table of what stages do, and the options' names of them are of one
list.
"""

import re
from pathlib import Path

import pytest

from parp_espnet.bin.run_stages import read
from parp_espnet.errors import UserError
from parp_espnet.glue.settings import STAGES as TEXT_NAMES
from parp_espnet.glue.stages import TEXT
from parp_espnet.pipeline.call_options import STAGES as SPEECH_NAMES
from parp_espnet.pipeline.stages import SPEECH

TEMPLATES = Path(__file__).resolve().parents[2] / "egs2/TEMPLATE"


@pytest.mark.parametrize(
    ("template", "known", "names"),
    [("phn1/phn.sh", SPEECH, SPEECH_NAMES), ("glue1/glue.sh", TEXT, TEXT_NAMES)],
)
def test_all_name_the_same_stages(
    template: str, known: dict[str, object], names: dict[int, str]
) -> None:
    text = (TEMPLATES / template).read_text()
    declared = {
        int(number): name
        for number, name in re.findall(r'^stage (\d+) "(.+?)"', text, re.MULTILINE)
    }
    assert declared == names
    assert list(known) == list(names.values())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["8a=train"], "stage 8a 'train': expected a number that no other stage has"),
        (
            ["8=train", "8=finalise"],
            "stage 8 'finalise': expected a number that no other stage has",
        ),
        (["=train"], "stage  'train': expected a number"),
    ],
)
def test_a_line_that_was_edited_wrongly_is_told(words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(["phn.sh", *words, "--", "--dry_run", "true"])
