from parp_espnet.scoring.aligned import aligned, markdown, unaligned

ROWS = [("method", "PER"), ("parp-p", "0.1"), ("a|b", "12.345")]


def test_a_table_reads_on_a_console() -> None:
    assert markdown(ROWS).splitlines() == [
        "| method | PER    |",
        "|--------|--------|",
        "| parp-p | 0.1    |",
        "| a\\|b   | 12.345 |",
    ]


def test_a_table_of_long_cells_is_not_padded() -> None:
    assert unaligned(ROWS) == "| method | PER |\n|---|---|\n| parp-p | 0.1 |\n| a\\|b | 12.345 |\n"


def test_lines_are_padded_and_end_with_their_last_word() -> None:
    assert aligned([("done", "12", "mpi"), ("left", "", "a")]) == "done  12  mpi\nleft      a"
