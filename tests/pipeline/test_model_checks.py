"""Which models of a round before `--align_with` and `--labels_of` take: the same, in the same
words.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.files import write_json
from parp_espnet.pipeline.command_line import read

type Give = Callable[..., str]
OPTIONS = ("align_with", "labels_of")
PHONES = ("<blank>", "<unk>", "a", "tʃ", "<sos/eos>")
LETTERS = ("<blank>", "<unk>", "<space>", "a", "<sos/eos>")
SUBWORDS = ("<blank>", "<unk>", "▁a", "b", "<sos/eos>")


@pytest.fixture(params=OPTIONS)
def give(request: pytest.FixtureRequest, tmp_path: Path, tones: Path) -> Give:
    """A function that gives a model to one of the options, and returns what it has become."""
    recipe, tapes = tmp_path / "recipe", tmp_path / "tapes"
    (recipe / "data").mkdir(parents=True)
    tapes.mkdir()
    shutil.copy(tones / "tone-0.wav", tapes)
    option = request.param

    def given(model: object, *words: str) -> str:
        more = ("--unlabelled", str(tapes)) if option == "labels_of" else ()
        options = read(["--recipe", str(recipe), f"--{option}", str(model), *more, *words])
        return str(getattr(options, option))

    return given


def experiment(folder: Path, tokens: tuple[str, ...] = PHONES) -> Path:
    folder.mkdir(parents=True)
    for name in ("experiment.json", "training.json", "mask.safetensors"):
        (folder / name).touch()
    (folder / "valid.cer_ctc.ave.pth").touch()
    (folder / "config.yaml").write_text(f"token_list: [{', '.join(tokens)}]\n")
    return folder


def bundle(folder: Path, tokens: tuple[str, ...] = PHONES) -> Path:
    folder.mkdir(parents=True)
    write_json(folder / "bundle.json", {"tokens": list(tokens)})
    # What an export of an experiment has of it, too.
    for name in ("training.json", "model.safetensors", "mask.safetensors"):
        (folder / name).touch()
    return folder


def onnx(folder: Path, tokens: tuple[str, ...] = PHONES) -> Path:
    folder.mkdir(parents=True)
    write_json(folder / "recogniser.json", {"tokens": list(tokens)})
    (folder / "model.onnx").touch()
    return folder


FORMS = (experiment, bundle, onnx)


def refused(give: Give, model: object, message: str, *words: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        give(model, *words)
    said = str(error.value)
    assert said.startswith("phn.sh: --")
    assert f" {model}: expected " in said
    assert "\n" not in said


@pytest.mark.parametrize("make", FORMS)
def test_a_model_is_taken_in_every_form(give: Give, tmp_path: Path, make) -> None:
    assert give(make(tmp_path / "model")) == str(tmp_path / "model")


@pytest.mark.parametrize(
    ("make", "name"), [(experiment, "valid.cer_ctc.ave.pth"), (onnx, "model.onnx")]
)
def test_a_file_of_it_is_taken(give: Give, tmp_path: Path, make, name: str) -> None:
    file = make(tmp_path / "model") / name
    assert give(file) == str(file)


def test_an_experiment_is_called_as_its_recipe_does(give: Give, tmp_path: Path) -> None:
    model = experiment(tmp_path / "recipe/exp/first")
    assert give("exp/first") == str(model)
    # It may be made by then.
    assert give("exp/later", "--dry_run", "true") == str(tmp_path / "recipe/exp/later")


def test_a_training_may_have_called_its_model_otherwise(give: Give, tmp_path: Path) -> None:
    model = experiment(tmp_path / "model")
    (model / "valid.cer_ctc.ave.pth").rename(model / "valid.loss.ave.pth")
    write_json(model / "training.json", {"model": "valid.loss.ave.pth"})
    assert give(model) == str(model)


def test_what_is_no_model(give: Give, tmp_path: Path) -> None:
    taken = "the directory of a complete experiment of phn.sh, a model file in it, or what parp-"
    refused(give, tmp_path / "gone", f"expected {taken}.*, found no such file or directory")
    upstream = tmp_path / "upstream"
    upstream.mkdir()
    refused(give, upstream, f"expected {taken}.*, found none of them")
    for name in ("config.json", "model.safetensors", "model.onnx", "es.pack", "some.pth"):
        (upstream / name).touch()
        refused(give, upstream / name, "found none of them")
    refused(give, upstream, "found none of them")
    pretraining = tmp_path / "pretraining"
    pretraining.mkdir()
    (pretraining / "config.yaml").write_text("encoder: x\nloss: x\nutil: x\n")
    refused(give, pretraining, "found none of them")


@pytest.mark.parametrize("name", ["training.json", "config.yaml", "valid.cer_ctc.ave.pth"])
def test_an_experiment_has_to_be_complete(give: Give, tmp_path: Path, name: str) -> None:
    model = experiment(tmp_path / "model")
    (model / name).unlink()
    refused(give, model, f"expected a complete experiment of phn.sh, found no {name} in it: give")


@pytest.mark.parametrize("make", FORMS)
@pytest.mark.parametrize(("tokens", "kind"), [(LETTERS, "letters"), (SUBWORDS, "subwords")])
def test_other_tokens_than_phones(give: Give, tmp_path: Path, make, tokens, kind: str) -> None:
    model = make(tmp_path / "model", tokens)
    refused(give, model, f"expected a model of phones, for --token_type phn, found one of {kind}$")


@pytest.mark.parametrize("make", FORMS)
def test_other_tokens_than_letters(give: Give, tmp_path: Path, make) -> None:
    model = make(tmp_path / "model")
    words = ("--token_type", "char")
    message = "expected a model of letters.*, for --token_type char, found one of phones$"
    refused(give, model, message, *words)
    letters = make(tmp_path / "letters", LETTERS)
    assert give(letters, *words) == str(letters)


def test_subwords_align_letters_but_label_none(tmp_path: Path, tones: Path) -> None:
    model = bundle(tmp_path / "model", SUBWORDS)
    recipe = tmp_path / "recipe"
    recipe.mkdir()
    words = ("--recipe", str(recipe), "--token_type", "char")
    assert read([*words, "--align_with", str(model)]).align_with == model
    with pytest.raises(UserError, match=r"--labels_of .*: expected a model of letters, for"):
        read([*words, "--labels_of", str(model), "--unlabelled", str(tones)])


@pytest.mark.parametrize("make", FORMS)
def test_what_is_damaged_is_told_by_who_opens_it(give: Give, tmp_path: Path, make) -> None:
    model = make(tmp_path / "model")
    for name in ("config.yaml", "bundle.json", "recogniser.json"):
        if (model / name).exists():
            (model / name).write_text("[1")
    assert give(model) == str(model)
