from dataclasses import replace

from parp_espnet.scoring.result import Result
from parp_espnet.study.table import method_of, report, table


def test_every_result_has_its_row(results: list[Result]) -> None:
    lines = table(results).splitlines()
    assert len(lines) == 2 + len(results)
    assert len({len(line) for line in lines}) == 1
    cells = [cell.strip() for cell in lines[3].strip("|").split("|")]
    assert cells == ["es", "omp", "0.600", "2", "0.1200", "[0.1100, 0.1300]", "1.50", "0.9300", "60"]


def test_a_mask_of_another_language_is_named(results: list[Result]) -> None:
    assert method_of(results[-1]) == "parp, mask of es"
    assert method_of(results[1]) == "omp"
    assert (
        method_of(replace(results[2], initial_mask="/home/me/mask.safetensors"))
        == "parp, mask of mask.safetensors"
    )


def test_what_was_not_measured_is_left_empty(results: list[Result]) -> None:
    without = replace(results[2], sparsity_measured=None, iou_initial_final=None, train_seconds=None)
    cells = [cell.strip() for cell in table([without]).splitlines()[2].strip("|").split("|")]
    assert (cells[2], cells[6], cells[7], cells[8]) == ("", "", "", "")


def test_the_report_has_the_line_of_random_masks(results: list[Result]) -> None:
    text = report("quick", results)
    assert "of two random masks it is 0.250 at sparsity 0.6" in text
    assert table(results) in text
    assert "synthetic" in text
