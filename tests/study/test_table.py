from dataclasses import replace

import pytest

from parp_espnet.scoring.result import Result
from parp_espnet.study.markdown import report
from parp_espnet.study.names import method_of
from parp_espnet.study.table import head, means, rows, table


def test_every_result_has_its_row(results: list[Result]) -> None:
    lines = table(results).splitlines()
    assert len(lines) == 2 + len(results)
    assert len({len(line) for line in lines}) == 1
    cells = [cell.strip() for cell in lines[3].strip("|").split("|")]
    assert cells == [
        "es",
        "omp",
        "0.600",
        "2",
        "0.1200",
        "[0.1100, 0.1300]",
        "1.50",
        "0.9300",
        "60",
    ]


def test_a_mask_of_another_language_is_named(results: list[Result]) -> None:
    assert method_of(results[-1]) == "parp, mask of es"
    assert method_of(results[1]) == "omp"
    own = replace(results[2], initial_mask="egs2/cldr/es/exp/x/random_mask.safetensors")
    assert method_of(own) == "parp, random mask"
    assert (
        method_of(replace(results[2], initial_mask="/home/me/union.safetensors"))
        == "parp, mask of union"
    )


@pytest.mark.parametrize(
    ("mask", "called"),
    [
        (
            "egs2/cldr/joint/exp/phn_omp_s0.9_multi_train_10min_u1000_seed0/finetuned_mask.safetensors",
            "joint",
        ),
        (
            "egs2/cldr/joint/exp/phn_parp-p_s0.9_n5_multi_train_10min_u1000_seed0/mask.safetensors",
            "joint parp-p",
        ),
        ("egs2/cldr/tr/exp/mine/mask.safetensors", "tr"),
        ("exp/masks/union_omp_es_fr_s0.9_seed0.safetensors", "union of omp es fr"),
    ],
)
def test_masks_of_two_runs_of_a_language_are_told_apart(
    results: list[Result], mask: str, called: str
) -> None:
    assert method_of(replace(results[2], initial_mask=mask)) == f"parp, mask of {called}"


def test_a_joint_run_is_beside_a_joint_run(results: list[Result]) -> None:
    """As one language's it would make every other method look several times as bad."""
    joint = [
        replace(results[0], recipe="egs2/cldr/joint", language=language, error_rate=0.04)
        for language in ("es tr zh", "es", "tr", "zh")
    ]
    made = [*joint, *results]
    ratios = {
        line.split("|")[2].strip(): line.split("|")[7].strip()
        for line in table(made).splitlines()[2:8]
    }
    assert ratios == {"dense, joint run": "1.00", "dense": "1.00", "omp": "1.50"}
    # All languages together are no language.
    assert "| multi | dense, joint run | 0 | 300 | 3 | 0.0400 |" in means(made)
    assert "a joint run is beside the dense joint run" in report("joint", made, [], {})


def test_scores_of_text_have_a_column(results: list[Result]) -> None:
    scores = {"matthews": 0.88, "accuracy": 0.94}
    text = [
        replace(
            one,
            metric="matthews",
            scores=scores,
            train_minutes=None,
            train_examples=10,
            language="cldr_order",
        )
        for one in results
    ]
    head, _, first, *_ = table(text).splitlines()
    assert [cell.strip() for cell in head.strip("|").split("|")][4:7] == [
        "1 − score",
        "95 % interval",
        "scores",
    ]
    assert "| matthews 0.8800, accuracy 0.9400 |" in first
    told = report("glue", text, [], {})
    assert "Error rate, 1 − score, on `test`" in told
    assert "on 10 examples" in told
    assert "1 − score: cldr_order by matthews" in told
    assert "nothing here is evidence about GLUE" in told


def test_what_was_not_measured_is_left_empty(results: list[Result]) -> None:
    without = replace(
        results[2], sparsity_measured=None, iou_initial_final=None, train_seconds=None
    )
    cells = [cell.strip() for cell in table([without]).splitlines()[2].strip("|").split("|")]
    assert (cells[2], cells[6], cells[7], cells[8]) == ("", "", "", "")


def test_the_report_has_the_line_of_random_masks(results: list[Result]) -> None:
    text = report("quick", results, [], {})
    assert "of two random masks it is 0.250 at sparsity 0.6" in text
    assert table(results) in text
    assert "synthetic" in text


def test_what_differs_has_a_column_and_every_arm_a_mean(results: list[Result]) -> None:
    dense = [result for result in results if result.method == "dense"]
    ours = [*dense, replace(dense[0], recipe="egs2/cldr/ky", language="ky", error_rate=0.2)]
    theirs = [replace(one, upstream="multi-random0", updates=1500, error_rate=0.4) for one in dense]
    made = [*ours, *theirs]
    head, _, first, *_ = table(made).splitlines()
    assert [cell.strip() for cell in head.strip("|").split("|")][:4] == [
        "language",
        "upstream",
        "method",
        "sparsity",
    ]
    assert [cell.strip() for cell in first.strip("|").split("|")][:5] == [
        "es",
        "multi",
        "dense",
        "0.000",
        "300",
    ]
    # Over es, tr and ky, and over the two of them that both have.
    assert "| multi | dense | 0 | 300 | 3 | 0.1200 | 0.0800 |" in means(made)
    assert "| multi-random0 | dense | 0 | 1500 | 2 | 0.4000 | 0.4000 |" in means(made)
    assert means(results) == ""
    # The ratio is to the language's first dense result.
    assert " 5.00 " in table(made)


def test_the_mean_of_an_arm_is_over_all_seeds_and_of_one_schedule(results: list[Result]) -> None:
    (dense,) = {
        one.language: one for one in results if one.method == "dense" and one.language == "es"
    }.values()
    languages = [replace(dense, language=name, error_rate=0.2) for name in ("es", "fr", "it")]
    made = [*languages, *(replace(one, seed=1, error_rate=0.4) for one in languages)]
    made += [replace(one, freeze_updates=250, error_rate=0.5) for one in languages[:2]]
    head, _, first, second = means(made).strip().splitlines()
    assert head.endswith("| mean over es fr |")
    assert first == "| multi | dense | 0 | 300 | 3 | 0.3000 | 0.3000 |"
    assert second == "| multi | dense, 250 frozen updates | 0 | 300 | 2 | 0.5000 | 0.5000 |"
    apart = means([*languages, replace(dense, language="mb", updates=600)]).splitlines()
    assert apart[1] == "| upstream | method | sparsity | updates | languages | mean PER |"


def test_decodings_are_told_apart(results: list[Result]) -> None:
    # Greedy decoding has not always said its name.
    greedy = [replace(results[0], decoding="greedy"), *results[1:3]]
    assert "decoding" not in table(greedy).splitlines()[0]
    assert "Decoding:" not in report("quick", greedy, [], {})
    more = {"decoding": "beam 12", "ngram": "exp/3gram.arpa"}
    mixed = [
        *greedy,
        replace(results[0], error_rate=0.04, **more),
        replace(results[2], error_rate=0.06, **more),
    ]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table(mixed).splitlines()
    ]
    place, ratio = rows[0].index("decoding"), rows[0].index("against dense")
    assert [row[place] for row in rows[2:]] == ["greedy"] * 3 + ["beam 12 with n-gram"] * 2
    # 0.06 beside the dense model's 0.04 with the n-gram, not beside its 0.08 without.
    assert rows[-1][ratio] == "1.50"
    told = report("quick", mixed, [], {}, "some.tsv is missing")
    assert "Decoding: greedy; beam 12 with n-gram; only what was decoded alike is compared" in told
    assert "of the same language, decoded alike." in told
    assert "\nWarning: some.tsv is missing.\n" in told
    languages = [
        replace(one, language=name, recipe=f"egs2/cldr/{name}")
        for one in mixed
        for name in ("es", "tr", "ky")
    ]
    assert "| multi | parp, beam 12 with n-gram | 0.6 | 300 | 3 | 0.0600 |" in means(languages)


@pytest.mark.parametrize(
    ("recipes", "says"),
    [
        (["cldr/es", "cldr/tr"], "nothing here is evidence about human speech"),
        (["cldr/es", "mboshi/mb"], "nothing on it is evidence about human speech"),
        (["mboshi/mb"], "The recordings are of people"),
    ],
)
def test_synthetic_speech_is_called_that(
    results: list[Result], recipes: list[str], says: str
) -> None:
    made = [replace(results[0], recipe=f"egs2/{recipe}") for recipe in recipes]
    assert says in report("quick", made, [], {})


def test_all_that_results_were_made_by_is_told(results: list[Result]) -> None:
    plain = report("quick", results, [], {})
    assert "python 3.12.1; commit 0123. Command" in plain
    mixed = [*results, replace(results[0], git="4567-dirty", device="NVIDIA H200")]
    assert (
        "python 3.12.1; or python 3.12.1, trained on NVIDIA H200; commits 0123, 4567-dirty. Command"
        in report("quick", mixed, [], {})
    )


def test_names_break_no_table(results: list[Result]) -> None:
    lines = table([replace(results[0], language="e|s\x1b[31m\nx"), *results[1:]]).splitlines()
    assert len(lines) == len(results) + 2
    assert r"| e\|s\x1b[31m\nx " in lines[2]


def test_nothing_is_beside_a_model_that_learnt_nothing(results: list[Result]) -> None:
    """A zero-shot model is a row, and not what others are a ratio of, wherever it stands."""
    dense, *others = [result for result in results if result.language == "es"]
    zero_shot = replace(dense, updates=0, error_rate=0.4, options={"updates": 0})
    for some in ([zero_shot, dense, *others], [dense, *others, zero_shot]):
        rows_of = dict(zip(map(method_of, some), rows(some), strict=True))
        column = head(some).index("against dense")
        told = {name: cells[column] for name, cells in rows_of.items()}
        assert told == {"dense": "1.00", "omp": "1.50", "parp": "1.25", "dense, zero-shot": "5.00"}
    alone = rows([zero_shot])[0]
    assert alone[head([zero_shot]).index("against dense")] == ""
