"""GLUE's own files: their columns, and what is said of wrong ones."""

from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.glue.examples import read, read_glue, write
from parp_espnet.glue.tasks import TASKS

HEADS = {
    "sst2": "sentence\tlabel",
    "mrpc": "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String",
    "stsb": "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\t"
    "sentence1\tsentence2\tscore",
    "qqp": "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate",
    "mnli": "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\t"
    "sentence1_parse\tsentence2_parse\tsentence1\tsentence2\tlabel1\tgold_label",
    "qnli": "index\tquestion\tsentence\tlabel",
    "rte": "index\tsentence1\tsentence2\tlabel",
    "wnli": "index\tsentence1\tsentence2\tlabel",
}
LABELS = {"stsb": ["0", "3.2", "5"], "mnli": ["neutral", "entailment", "contradiction"]}
LABELS |= {name: ["entailment", "not_entailment"] for name in ("qnli", "rte")}
TEXTS = {
    "sentence",
    "#1 String",
    "#2 String",
    "sentence1",
    "sentence2",
    "question1",
    "question2",
    "question",
}
GLUE = [name for name, task in TASKS.items() if task.folder is not None]


def make_glue(folder: Path, name: str, count: int = 25) -> Path:
    """Write a task's folder as GLUE has it, with quotation marks in the sentences; return GLUE's
    folder.
    """
    task = TASKS[name]
    labels = LABELS.get(name, ["0", "1"])
    head = HEADS.get(name, "").split("\t")
    lines = ["\t".join(head)] if name in HEADS else []
    for number in range(count):
        label = labels[number % len(labels)]
        cells = [f'the "{column} {number}' if column in TEXTS else str(number) for column in head]
        if name == "cola":
            cells = ["gj04", label, "", f'the "sentence {number}']
        elif name == "mrpc":
            cells[0] = label
        else:
            cells[-1] = label
        lines.append("\t".join(cells))
    assert task.train is not None
    place = folder / str(task.folder)
    place.mkdir(parents=True)
    for file in (task.train.file, *(test.file for test in task.tests.values())):
        (place / file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8-sig")
    return folder


@pytest.mark.parametrize("name", GLUE)
def test_a_task_is_read_from_glues_files(name: str, tmp_path: Path):
    task = TASKS[name]
    sets = read_glue(make_glue(tmp_path, name), name, task)
    sizes = {split: len(found) for split, found in sets.items()}
    assert sizes == {"train": 23, "valid": 2, **dict.fromkeys(task.tests, 25)}
    first = sets["train"][0]
    assert first.sentence1.startswith('the "')
    assert bool(first.sentence2) == task.pairs
    assert first.sentence1 != first.sentence2
    wanted = {"stsb": 0.0, "mnli": 1.0, "qnli": 1.0, "rte": 1.0}.get(name, 0.0)
    assert first.label == wanted
    for split, found in sets.items():
        write(tmp_path / f"{split}.tsv", found, task)
        assert read(tmp_path / f"{split}.tsv", task) == found


def test_a_missing_split_is_named(tmp_path: Path):
    make_glue(tmp_path, "mnli")
    (tmp_path / "MNLI/dev_mismatched.tsv").unlink()
    with pytest.raises(
        UserError,
        match=r"MNLI: task mnli needs .* missing dev_mismatched.tsv, found dev_matched.tsv",
    ):
        read_glue(tmp_path, "mnli", TASKS["mnli"])
    with pytest.raises(UserError, match=r"CoLA: no such folder; --glue expects GLUE"):
        read_glue(tmp_path, "cola", TASKS["cola"])


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            "rte",
            "sentence2\t",
            "other\t",
            r"train.tsv, line 1: expected the columns .* missing sentence2",
        ),
        (
            "rte",
            "\tentailment",
            "\tperhaps",
            r"line 2: expected one of the labels .*entailment, found 'perhaps'",
        ),
        ("cola", "\t1\t", "\t7\t", r"line 2: expected one of the labels 0, 1, found '7'"),
        ("stsb", "\t3.2", "\t9", r"line 3: expected a number from 0 to 5, found '9'"),
        ("sst2", "3\t1", "3", r"line 5: expected 2 columns with tabs between them, found 1"),
    ],
)
def test_wrong_files_are_refused(name: str, old: str, new: str, said: str, tmp_path: Path):
    file = make_glue(tmp_path, name) / str(TASKS[name].folder) / "train.tsv"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read_glue(tmp_path, name, TASKS[name])


def test_a_few_lines_of_qqp_are_cut_short(tmp_path: Path):
    file = make_glue(tmp_path, "qqp") / "QQP/train.tsv"
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole + "9\t9\n", encoding="utf-8")
    assert len(read_glue(tmp_path, "qqp", TASKS["qqp"])["train"]) == 23
    file.write_text(whole + "9\t9\n9\t9\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"2 lines are cut short, the first is line 27"):
        read_glue(tmp_path, "qqp", TASKS["qqp"])
