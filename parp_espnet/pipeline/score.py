"""Stage 13: score one decoding and write down everything that a later table needs."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from parp_espnet.data.kaldi import Utterance, read_data_dir
from parp_espnet.files import read_json, write_json, write_text
from parp_espnet.names import file_name
from parp_espnet.pipeline.decoding import Decoding
from parp_espnet.pipeline.formatting import minutes
from parp_espnet.pipeline.kept import finetuning_runs_of, load_speech, options_of_result
from parp_espnet.pipeline.paths import ROOT, from_root
from parp_espnet.pipeline.pseudo_labels import labelled_minutes
from parp_espnet.pipeline.trained import trained
from parp_espnet.scoring import bootstrap, confusions, features, per, transcripts
from parp_espnet.scoring.alignment import Pair, Phones, align_all
from parp_espnet.scoring.marks import per_without_marks
from parp_espnet.scoring.merge import describe_merges, merge, read_merges
from parp_espnet.scoring.result import RESULT, Result, digest_of, git_revision, versions
from parp_espnet.scoring.utterances import write_utterances
from parp_espnet.scoring.words import Metric, units

BY_LANGUAGE = "by_language"
"""Folder, in a score's, of the scores of each language."""


def score(
    exp: Path,
    data: Path,
    decoded: Path,
    metric: Metric = Metric.PER,
    merges: Path | None = None,
    setting: Mapping[str, Any] | None = None,
) -> Result:
    """Score `decoded/text` against `data`; write `decoded/score/` and return the result.

    Args:
        exp: the experiment, with its `experiment.json` and the trainer's `training.json`.
        data: the data directory that was decoded.
        decoded: the decoding, with `text` and `decode.json`.
        metric: what errors are counted in.
        merges: a table of phones that are scored as one; shown, and recorded in the result.
        setting: what the result says of the experiment, where there is no `experiment.json`.

    Writes into `decoded/score`: `ref.trn`, `hyp.trn` for sclite (`README.txt` says how),
    `counts.json`, `result.json`, the errors of each utterance in `utterances.tsv`, and, to be read,
    `confusions.tsv` and `worst.txt`. All have the merged phones. Where the data is of several
    languages, all of that is in `by_language/LANGUAGE` as well, for each of them.

    Raises:
        UserError: a file is missing or damaged, or references and hypotheses are not of the same
            utterances.
    """
    utterances = read_data_dir(data)
    table = {} if merges is None else read_merges(merges)
    said = {utterance.id: utterance.phones for utterance in utterances}
    heard = transcripts.read_text(decoded / "text")
    if table:
        print(describe_merges(table, said, heard))
    references, hypotheses = units(metric, merge(table, said), merge(table, heard))
    alignments = align_all(references, hypotheses)
    common = {
        **(_setting(exp, data, decoded) if setting is None else setting),
        **trained(exp), "metric": metric, "merges": table,
        **_decoding(decoded), "versions": versions(), "git": git_revision(ROOT),
    }  # fmt: skip
    # A language may have been corrected since.
    shutil.rmtree(decoded / "score" / BY_LANGUAGE, ignore_errors=True)
    if len(languages := sorted({utterance.language for utterance in utterances})) > 1:
        for language in languages:
            own = [utterance for utterance in utterances if utterance.language == language]
            values = common | {"language": language, "decode_seconds": None}
            _leave(
                decoded / "score" / BY_LANGUAGE / file_name(language),
                own,
                references,
                hypotheses,
                alignments,
                values,
            )
    return _leave(decoded / "score", utterances, references, hypotheses, alignments, common)


def _leave(
    folder: Path,
    utterances: Sequence[Utterance],
    references: Mapping[str, Phones],
    hypotheses: Mapping[str, Phones],
    alignments: Mapping[str, Sequence[Pair]],
    values: dict[str, Any],
) -> Result:
    """Score some of the utterances and leave all files of the score in `folder`; `values` are the
    other fields.
    """
    metric = Metric(values["metric"])
    said = {utterance.id: references[utterance.id] for utterance in utterances}
    heard = {utterance.id: hypotheses[utterance.id] for utterance in utterances}
    aligned = {utterance.id: alignments[utterance.id] for utterance in utterances}
    counts = [per.count(utterance, pairs) for utterance, pairs in aligned.items()]
    total = per.total(counts)
    errors = [count.errors for count in counts]
    lengths = [count.reference for count in counts]
    result = Result(
        **values | {"metric": str(metric)},
        **(_phone_rates(said, heard) if metric is Metric.PER else {"pfer": None}),
        error_rate=total.error_rate,
        ci95=bootstrap.interval(errors, lengths),
        sub=total.substitutions,
        del_=total.deletions,
        ins=total.insertions,
        reference_length=total.reference,
        reference_sha256=digest_of((utterance, *phones) for utterance, phones in said.items()),
        audio_seconds=60 * minutes(utterances),
    )
    speakers = {utterance.id: utterance.speaker for utterance in utterances}
    transcripts.write_trn(folder / "ref.trn", said, speakers)
    transcripts.write_trn(folder / "hyp.trn", heard, speakers)
    sides = (*said.values(), *heard.values())
    transcripts.write_notes(folder, chain.from_iterable(sides))
    write_json(folder / "counts.json", asdict(total))
    write_utterances(folder / "utterances.tsv", counts)
    write_text(
        folder / "confusions.tsv", confusions.as_table(confusions.confusions(aligned.values()))
    )
    write_text(folder / "worst.txt", confusions.worst(aligned, metric.unit))
    result.write(folder / RESULT)
    return result


def _phone_rates(
    references: Mapping[str, Phones], hypotheses: Mapping[str, Phones]
) -> dict[str, Any]:
    every = chain(references.values(), hypotheses.values())
    if unknown := features.unknown(chain.from_iterable(every)):
        print(
            f"panphon does not know {' '.join(unknown)}; for PFER, each is a segment unlike any "
            f"other"
        )
    counts = features.count_feature_errors(references, hypotheses)
    return {
        "per_without_marks": per_without_marks(references, hypotheses),
        "pfer": features.pfer(counts),
        "pfer_per_utterance": features.pfer_per_utterance(counts),
    }


def _setting(exp: Path, data: Path, decoded: Path) -> dict[str, Any]:
    settings = load_speech(exp)
    decoded_so = decoded.parent.name == Decoding(settings).name
    raw = Path(settings.dumpdir) / "raw"
    # Labels that a model has made are a matter of the training, and no data that others have.
    trained_on = read_data_dir(raw / settings.labelled_dump)
    # At speed s an utterance lasts 1/s of its time; what counts is the speech that there was.
    copies = sum(1 / speed for speed in settings.speeds or (1.0,))
    return {
        "recipe": from_root(settings.recipe),
        "language": settings.lang or _only_language(trained_on),
        "train_minutes": settings.train_minutes or round(minutes(trained_on) / copies, 2),
        "unlabelled_minutes": labelled_minutes(raw / settings.train_dump),
        "upstream": settings.upstream_label,
        "finetuning_runs": finetuning_runs_of(settings, exp),
        "interval": settings.interval,
        "dataset": data.name,
        "options": options_of_result(settings, exp, decoded_so),
        "train_languages": sorted({utterance.language for utterance in trained_on}),
        "train_sha256": digest_of(map(_shown, trained_on)),
    }


def _shown(utterance: Utterance) -> tuple[str, ...]:
    """What a result knows of an utterance that was trained on."""
    return utterance.id, f"{utterance.duration:.2f}", *utterance.phones


def _decoding(decoded: Path) -> dict[str, Any]:
    """What is known of how a set was decoded; greedy decoding has not always said its name."""
    summary = decoded / "decode.json"
    told = read_json(summary) if summary.exists() else {}
    fields: dict[str, Any] = {}
    for name in ("decoding", "lm_weight", "ngram_weight", "penalty", "decode_seconds"):
        fields[name] = told.get(name)
    for name in ("lm", "ngram"):
        fields[name] = None
        if told.get(name) is not None:
            # ESPnet's averaged model is a link to an epoch's, and is called by its own name.
            path = Path(told[name])
            fields[name] = f"{from_root(path.parent)}/{path.name}"
    return fields


def _only_language(utterances: list[Utterance]) -> str | None:
    languages = {utterance.language for utterance in utterances}
    return languages.pop() if len(languages) == 1 else None
