from pathlib import Path

import pytest

from parp_espnet.corpora.registry import CORPORA, FOLDERS
from parp_espnet.errors import UserError
from parp_espnet.pipeline.corpus_checks import fill_in_folders
from parp_espnet.pipeline.settings import Settings


@pytest.mark.parametrize("option", FOLDERS)
def test_a_variable_of_its_name_says_where_a_corpus_is(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (corpus,) = [corpus for corpus in CORPORA.values() if option in corpus.told]
    for folder in FOLDERS:
        monkeypatch.setenv(folder.upper(), str(tmp_path / folder))
    settings = fill_in_folders(Settings(corpus=corpus.name), corpus)
    assert getattr(settings, option) == tmp_path / option
    told = fill_in_folders(Settings(corpus=corpus.name, **{option: tmp_path}), corpus)
    assert getattr(told, option) == tmp_path


@pytest.mark.parametrize("option", FOLDERS)
def test_without_it_the_folder_is_asked_for(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (corpus,) = [corpus for corpus in CORPORA.values() if option in corpus.told]
    for folder in FOLDERS:
        monkeypatch.setenv(folder.upper(), "somewhere")
    # A variable without a value is none.
    monkeypatch.setenv(option.upper(), "")
    settings = Settings(corpus=corpus.name)
    if option not in corpus.needs:
        assert getattr(fill_in_folders(settings, corpus), option) is None
        return
    with pytest.raises(UserError) as raised:
        fill_in_folders(settings, corpus)
    asked = f"expected --{option} DIR, or {option.upper()}=DIR in db.sh: {FOLDERS[option].what}"
    assert asked in str(raised.value)
