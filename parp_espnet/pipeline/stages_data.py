"""Stages 1 to 4: from a corpus to sets that can be trained on, and their tokens."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from parp_espnet.corpora.registry import CORPORA, FOLDERS, NONE
from parp_espnet.corpora.rejects import SOURCES
from parp_espnet.names import digest
from parp_espnet.phones.rules import is_table
from parp_espnet.pipeline.acts import Act, ours, tables
from parp_espnet.pipeline.data_options import USUAL_NBPE, TokenType
from parp_espnet.pipeline.experiment import LEFT_OF_A_SET, SpeechExperiment
from parp_espnet.pipeline.record import Record
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pipeline.stages_cutting import DESCRIBED, SEGMENTED, UNCUT, cut_sets
from parp_espnet.pipeline.stages_unlabelled import chosen_speech, join_speech, label_speech
from parp_espnet.pipeline.step import Step


def make_sets(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Stage 1: the sets of the corpus, or those that local/data.sh makes; then they are
    looked at.
    """
    settings = experiment.settings
    if settings.corpus != NONE:
        for split in ("train", "dev", "test"):
            yield _made_set(experiment, label, split)
    elif _has_local_sets(settings):
        yield _local_sets(experiment, label)
    if not settings.skip_check:
        yield _check(experiment, label)


def _made_set(experiment: SpeechExperiment, label: str, split: str) -> Step:
    settings = experiment.settings
    directory = experiment.data / settings.set_name(split)
    corpus = CORPORA[settings.corpus]
    is_parallel = "jobs" in corpus.told
    threads = settings.nj if is_parallel else 1
    jobs = ("--jobs", str(settings.nj)) if is_parallel else ()
    runner, log = _queue(experiment, f"make_{directory.name}", threads)
    return Step(
        label=label,
        command=ours("make_corpus", settings.corpus, *settings.set_options(split)),
        aside=("--anew", *jobs),
        record=_made_record(experiment, directory.name),
        inputs=_rules(settings),
        rivals=(_local_record(experiment),) if _has_local_sets(settings) else (),
        trees=tuple(_corpus_folders(settings)),
        # They lie open: whoever edits them is right.
        editable=tables(directory, LEFT_OF_A_SET),
        lists=() if corpus.of_user is None else (directory / SOURCES,),
        runner=runner,
        log=log,
    )


def _rules(settings: Settings) -> tuple[Path, ...]:
    """The table from spelling to phones, where there is one."""
    is_told = "phonemise" in CORPORA[settings.corpus].told
    if not is_told or settings.phonemise is None or not is_table(settings.phonemise):
        return ()
    return (Path(settings.phonemise),)


def _corpus_folders(settings: Settings) -> list[Path]:
    """The folders (or files) that a corpus is read from; their changes matter."""
    folders: list[Path] = []
    for option in CORPORA[settings.corpus].told:
        folder = getattr(settings, option) if option in FOLDERS else None
        if folder is not None:
            folders += _parts(settings, folder, FOLDERS[option].parts(settings))
    return folders


def _parts(settings: Settings, folder: Path, names: Sequence[str | None]) -> list[Path]:
    """What is read of a corpus that holds more: the language, or the sets."""
    there: list[Path] = []
    for name in dict.fromkeys(names):
        if name and (settings.recipe / folder / name).is_dir():
            there.append(folder / name)
    return there or [folder]


def _has_local_sets(settings: Settings) -> bool:
    return (settings.recipe / "local/data.sh").is_file()


def _made_record(experiment: SpeechExperiment, name: str) -> Path:
    return experiment.data / ".steps" / f"{name}.json"


def _local_record(experiment: SpeechExperiment) -> Path:
    return experiment.data / ".steps/local.json"


def _is_of_corpus(path: Path) -> bool:
    """Whether a file is the record of a set that a corpus made."""
    record = Record.read(path)
    return record is not None and ours("make_corpus")[-1] in record.command


def _local_sets(experiment: SpeechExperiment, label: str) -> Step:
    settings = experiment.settings
    runner, log = _queue(experiment, "local_data", 1)
    # Whatever is asked for: nobody knows which sets the script makes.
    records = sorted((experiment.data / ".steps").glob("*.json"))
    return Step(
        label=label,
        command=("local/data.sh",),
        record=_local_record(experiment),
        inputs=(Path("local/data.sh"),),
        rivals=tuple(filter(_is_of_corpus, records)),
        of_user=True,
        editable=(experiment.data / settings.train_name / "wav.scp",),
        perhaps=tuple(f"*/{name}" for name in (*LEFT_OF_A_SET, *SEGMENTED)),
        runner=runner,
        log=log,
    )


def _check(experiment: SpeechExperiment, label: str) -> Step:
    settings = experiment.settings
    names = dict.fromkeys((settings.train_name, settings.valid_set, settings.test_set))
    directories = [experiment.data / name for name in names]
    inputs: list[Path] = []
    optional: list[Path] = []
    for directory in directories:
        inputs += tables(directory, ("wav.scp", "text"))
        others = (*SEGMENTED, "utt2spk", "spk2utt", "utt2lang", "utt2dur", "orig_text")
        optional += tables(directory, others)
    checked = f"{settings.train_name}{settings.cut_tag}"
    faults = experiment.dump / "faults" / f"{checked}.tsv"
    shortest, longest = f"{settings.min_wav_duration}", f"{settings.max_wav_duration}"
    if settings.align_with is not None:
        # What is longer is cut.
        longest = f"{UNCUT}"
    options = ["--min_duration", shortest, "--max_duration", longest, "--shown", "10"]
    # Stage 3 leaves something out of these, which come first.
    filtered = {settings.train_name, settings.valid_set}
    options += ["--filtered", str(len(filtered))]
    options += settings.check_options
    if settings.allow_pipes:
        # What they write is looked at when they are run, in stage 2.
        options += ["--ignore", "command,path"]
    reported = ("--list", faults, "--then", _advice(settings))
    return Step(
        label=label,
        command=ours("data", "check", *directories, *options, *reported),
        aside=("--nj", str(settings.nj)),
        record=experiment.data / ".steps" / f"check_{checked}.json",
        inputs=tuple(inputs),
        optional=tuple(optional),
        # Someone may have put another recording in the place of one.
        recordings=tuple(directory / "wav.scp" for directory in directories),
        outputs=(faults,),
        of_user_alone=True,
    )


def _advice(settings: Settings) -> str:
    names = {"train": settings.train_name, "valid": settings.valid_set, "test": settings.test_set}
    sets = " ".join(f"--{kind}_set {name}_clean" for kind, name in names.items())
    if Path(settings.expdir).is_absolute():
        # Below such a directory are only sets that a corpus makes, unless it is said.
        places = shlex.quote(settings.expdir), shlex.quote(settings.datadir)
        sets += " --expdir {} --datadir {}".format(*places)
    return (
        f"then give run.sh --corpus none {sets}; or, to go on with it as it is, --skip_check true"
    )


def format_sets(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Stage 2: 16 kHz mono, of long recordings pieces. Training and validation sets go through
    stage 3, a test set does not.
    """
    settings = experiment.settings
    org = experiment.raw / "org"
    perturbed = _perturbed(settings)
    train = experiment.data / settings.train_name
    train = train.with_name(f"{train.name}{settings.cut_tag}")
    yield from cut_sets(experiment, label)
    yield _formatted(experiment, label, train, org / settings.labelled_dump, perturbed)
    valid = org / settings.valid_dump
    yield _formatted(experiment, label, experiment.data / settings.valid_dump, valid)
    test = experiment.raw / settings.test_dump
    yield _formatted(experiment, label, experiment.data / settings.test_set, test)


def _perturbed(settings: Settings) -> tuple[str, ...]:
    speeds = [f"{speed:g}" for speed in settings.speeds]
    return ("--speeds", *speeds) if speeds else ()


def _formatted(
    experiment: SpeechExperiment, label: str, data: Path, out: Path, speeds: tuple[str, ...] = ()
) -> Step:
    settings = experiment.settings
    runner, log = _queue(experiment, f"format_{out.name}", settings.nj)
    pipes = ("--allow_pipes",) if settings.allow_pipes else ()
    language = settings.lang or ""
    return Step(
        label=label,
        command=ours(
            *("format_data", "--data", data, "--out", out, "--lang", language, *pipes, *speeds)
        ),
        aside=("--nj", str(settings.nj)),
        record=out.parent / ".steps" / f"format_{out.name}.json",
        inputs=tables(data, ("wav.scp", "text")),
        optional=tables(data, (*SEGMENTED, *DESCRIBED)),
        recordings=(data / "wav.scp",),
        outputs=tables(out, LEFT_OF_A_SET),
        runner=runner,
        log=log,
    )


def filter_sets(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Stage 3: what is too short or too long to train on is left out, and untranscribed speech is
    labelled.
    """
    settings = experiment.settings
    for name in (settings.labelled_dump, settings.valid_dump):
        yield _filtered(experiment, label, name)
    yield from label_speech(experiment, label)
    chosen = chosen_speech(experiment)
    if chosen is None:
        return
    out = experiment.raw / "org" / settings.label_set
    yield _formatted(experiment, label, chosen, out, _perturbed(settings))
    yield _filtered(experiment, label, settings.label_set)
    yield from join_speech(experiment, label)


def _filtered(experiment: SpeechExperiment, label: str, name: str) -> Step:
    settings = experiment.settings
    data, out = experiment.raw / "org" / name, experiment.raw / name
    shortest, longest = settings.min_wav_duration, settings.max_wav_duration
    return Step(
        label=label,
        command=ours(
            *("filter_data", "--data", data, "--out", out),
            *("--min_duration", shortest, "--max_duration", longest),
        ),
        record=experiment.raw / ".steps" / f"filter_{name}.json",
        inputs=tables(data, ("wav.scp", "text", "orig_text", "utt2spk", "utt2lang", "utt2dur")),
        outputs=tables(out, LEFT_OF_A_SET),
    )


def list_tokens(experiment: SpeechExperiment, label: str) -> Iterator[Act]:
    """Stage 4: the tokens that training has; of subwords, the sets in them, too."""
    settings, model = experiment.settings, experiment.subwords
    train = experiment.raw / settings.train_dump
    wanted: tuple[object, ...] = ()
    if model is not None:
        wanted = ("--nbpe", settings.nbpe or USUAL_NBPE, "--model", model)
    elif settings.token_type == TokenType.CHAR:
        wanted = ("--letters",)
    yield Step(
        label=label,
        command=ours("tokens", "--data", train, "--out", experiment.tokens, *wanted),
        record=experiment.tokens.parent / ".steps" / f"{experiment.tokens.stem}.json",
        inputs=(train / "text",),
        outputs=(experiment.tokens, *([] if model is None else [model])),
    )
    yield from _fitting(experiment, label)
    if model is None:
        return
    for name in dict.fromkeys((settings.train_dump, settings.valid_dump, settings.test_dump)):
        data, out = experiment.raw / name, experiment.sets / name
        yield Step(
            label=label,
            command=ours("subwords", "--data", data, "--model", model, "--out", out),
            record=experiment.sets / ".steps" / f"{name}.json",
            inputs=(*tables(data, LEFT_OF_A_SET), model),
            outputs=tables(out, LEFT_OF_A_SET),
        )


def _fitting(experiment: SpeechExperiment, label: str) -> Iterator[Step]:
    """That a lexicon or n-gram of the user's has these tokens: now, and not when all is trained."""
    settings = experiment.settings
    words: list[object] = []
    inputs: list[Path] = []
    for option, file in (("--lexicon", settings.lexicon), ("--ngram", settings.ngram)):
        if file is not None:
            words += [option, file]
            inputs.append(file)
    if not inputs:
        return
    name = f"{experiment.tokens.stem}_fits-{digest(tuple(map(str, inputs)))}"
    yield Step(
        label=label,
        command=ours("language_model", "fit", "--token_list", experiment.tokens, *words),
        record=experiment.tokens.parent / ".steps" / f"{name}.json",
        inputs=(experiment.tokens, *inputs),
    )


def _queue(
    experiment: SpeechExperiment, name: str, threads: int
) -> tuple[tuple[str, ...], Path | None]:
    return experiment.queues.for_data(threads, experiment.exp / "log" / f"{name}.log")
