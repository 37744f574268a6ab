from pathlib import Path

import pytest

from parp_espnet.data.kaldi import Utterance, read_data_dir, write_data_dir
from parp_espnet.errors import UserError
from parp_espnet.files import text_of
from parp_espnet.pipeline.language_models import make_text
from parp_espnet.pipeline.subwords import Encoder, encode_set, plain_sentences, train_subwords
from parp_espnet.pipeline.tokens import need_letters

SAID = ("kʰa ma² tɔ̃ːla", "ma² kʰa", "tɔ̃ːla tɔ̃ːla kʰa") * 5
WORDS = [tuple(said.split()) for said in SAID]
LETTERS = [tuple(" ".join(said).replace("   ", " <space> ").split()) for said in SAID]


def test_letters_of_the_text_stay_what_they_are(tmp_path: Path) -> None:
    """sentencepiece's own normal form would turn ʰ into h, ² into 2."""
    tokens = train_subwords(Path("train"), WORDS, 16, tmp_path / "x.model")
    assert tokens[:2] == ["<blank>", "<unk>"]
    assert tokens[-1] == "<sos/eos>"
    # As ESPnet counts: with the unknown, a beginning and an end of sentencepiece's.
    assert len(tokens) == 16
    assert {"ʰ", "²", "ː", "\u0303"} <= set("".join(tokens))
    encoder = Encoder(tmp_path / "x.model")
    for encoded, said in zip(encoder.encode(WORDS), SAID, strict=True):
        assert "".join(encoded).replace("▁", " ").strip() == said
        assert set(encoded) <= set(tokens)
    assert plain_sentences(encoder.encode(WORDS)) == list(plain_sentences(WORDS))


def test_letters_and_words_make_the_same_model(tmp_path: Path) -> None:
    for name, texts in (("a", WORDS), ("b", LETTERS)):
        train_subwords(Path("train"), texts, 16, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    encoder = Encoder(tmp_path / "a")
    assert encoder.encode(LETTERS) == encoder.encode(WORDS)


def test_a_number_of_subwords_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"--nbpe 500: .* fewer subwords; expected (\d+) or fewer"
    ) as at:
        train_subwords(Path("train"), WORDS, 500, tmp_path / "x")
    most = int(str(at.value).split("expected ")[1].split()[0])
    assert len(train_subwords(Path("train"), WORDS, most, tmp_path / "x")) == most
    with pytest.raises(UserError, match=r"expected .* or fewer"):
        train_subwords(Path("train"), WORDS, most + 1, tmp_path / "x")
    with pytest.raises(UserError, match=r"--nbpe 5: .* more characters .* expected (\d+) or more"):
        train_subwords(Path("train"), WORDS, 5, tmp_path / "x")


def test_texts_and_models_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the training text is empty"):
        train_subwords(Path("train"), [(), ()], 20, tmp_path / "x")
    with pytest.raises(UserError, match=r"expected texts without ▁"):
        train_subwords(Path("train"), [("a▁b", "c")], 20, tmp_path / "x")
    (tmp_path / "damaged").write_bytes(b"no model")
    for name, said in (("damaged", "expected sentencepiece's model"), ("gone", "no such model")):
        with pytest.raises(UserError, match=said):
            Encoder(tmp_path / name)


def test_a_set_in_subwords(tmp_path: Path) -> None:
    utterances = []
    for number, letters in enumerate(LETTERS[:2]):
        utterance = Utterance(f"s-{number}", "s", "xx", "/x.wav", letters, "Written", 1.5)
        utterances.append(utterance)
    write_data_dir(tmp_path / "raw", utterances)
    train_subwords(Path("train"), LETTERS, 16, tmp_path / "x")
    said = encode_set(tmp_path / "raw", tmp_path / "x", tmp_path / "bpe")
    assert said.startswith(f"{tmp_path / 'bpe'}: 2 utterances, ")
    written = read_data_dir(tmp_path / "bpe")
    assert [(one.id, one.text, one.duration) for one in written] == [
        (f"s-{number}", "Written", 1.5) for number in range(2)
    ]
    assert plain_sentences([one.phones for one in written]) == list(plain_sentences(WORDS[:2]))


def test_the_text_of_a_language_model_becomes_subwords(tmp_path: Path) -> None:
    tokens = train_subwords(Path("train"), WORDS, 16, tmp_path / "x")
    (tmp_path / "tokens.txt").write_text("".join(f"{token}\n" for token in tokens))
    (tmp_path / "text").write_text("".join(f"u{n} {said}\n" for n, said in enumerate(SAID)))
    out = tmp_path / "lm.txt"
    said = make_text(tmp_path / "text", tmp_path / "tokens.txt", out, tmp_path / "x")
    assert "unknown" not in said
    first = text_of(out).splitlines()[0].split()
    assert first[1].startswith("▁")
    assert set(first[1:]) <= set(tokens)


def test_words_are_no_letters() -> None:
    need_letters(Path("data"), LETTERS)
    with pytest.raises(
        UserError, match=r"data: --token_type char: expected letters.*found 'tɔ̃ːla'"
    ):
        need_letters(Path("data"), WORDS)
