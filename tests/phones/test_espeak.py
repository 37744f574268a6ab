import numpy as np
import pytest

from parp_espnet.errors import UserError
from parp_espnet.phones.espeak import VOICES, Synthesiser, Voice, variants


def _speak(language: str, text: str, voice: Voice, seed: int = 0) -> tuple[bytes, list[str]]:
    with Synthesiser(language, voice, seed) as synthesiser:
        samples, clauses = synthesiser.speak(text)
        return samples.tobytes(), clauses


@pytest.mark.parametrize("language", sorted(VOICES))
def test_every_language_speaks_and_says_its_phonemes(language: str) -> None:
    with Synthesiser(language) as synthesiser:
        samples, clauses = synthesiser.speak("7")
    assert synthesiser.sample_rate == 22050
    assert samples.dtype == np.int16
    assert 0.2 < len(samples) / synthesiser.sample_rate < 2
    assert len(clauses) == 1
    assert len(clauses[0]) > 1


# Flutter, breath noise, echo, a Klatt synthesiser, and one that is nothing but noise.
@pytest.mark.parametrize(
    "variant", ["", "f2", "f5", "sandro", "klatt3", "klatt6", "Reed", "whisper"]
)
def test_what_was_said_before_changes_nothing(variant: str) -> None:
    voice = Voice(variant, rate=150, pitch=40)
    first = _speak("es", "Estados Unidos", voice)
    for other in (Voice("croak"), Voice("Alicia", rate=300)):
        _speak("sv", "Förenta staterna, 14 juli", other, seed=9)
    assert _speak("es", "Estados Unidos", voice) == first


def test_seed_is_heard_in_breath_noise() -> None:
    voice = Voice("f5")
    assert (
        _speak("es", "Estados Unidos", voice, seed=1)[0]
        != _speak("es", "Estados Unidos", voice, seed=2)[0]
    )


def test_numbers_are_spelt_and_commas_make_clauses() -> None:
    _, clauses = _speak("es", "2, 3", Voice())
    assert [clause.replace("ˈ", "") for clause in clauses] == ["d_o_s", "t_ɾ_e_s"]


def test_rate_is_obeyed() -> None:
    slow, fast = (len(_speak("it", "Gran Bretagna", Voice(rate=rate))[0]) for rate in (100, 250))
    assert slow > 1.8 * fast


def test_language_without_a_voice_is_an_error_that_lists_the_languages() -> None:
    with pytest.raises(UserError, match=f"'xx'; there are voices for {' '.join(sorted(VOICES))}"):
        Synthesiser("xx")


def test_unknown_variant_is_an_error_that_lists_the_variants() -> None:
    assert "m3" in variants()
    with pytest.raises(UserError, match=r"'nobody'; it has .* m3 "):
        Synthesiser("es", Voice("nobody"))
