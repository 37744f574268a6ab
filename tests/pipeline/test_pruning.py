import inspect
from dataclasses import fields
from typing import get_type_hints

from parp_espnet.glue.settings import Settings as TextSettings
from parp_espnet.pipeline.pruning import OF_PRUNING, Experiment
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pruning.options import PruneOptions
from parp_espnet.pruning.settings import PruneSettings


def test_a_pruning_option_has_one_default() -> None:
    usual = {field.name: field.default for field in fields(PruneSettings)}
    options = {field.name: field.default for field in fields(Experiment)}
    assert usual.keys() <= options.keys()
    assert {name: options[name] for name in OF_PRUNING} == {
        name: usual[name] for name in OF_PRUNING
    }


def test_a_pruning_option_is_declared_once() -> None:
    declared = [field.name for field in fields(PruneOptions)]
    for template in (Settings, TextSettings):
        again = []
        for cls in template.__mro__:
            if cls is not PruneOptions:
                again += [name for name in inspect.get_annotations(cls) if name in declared]
        assert not again
    kinds = get_type_hints(PruneOptions)
    told = get_type_hints(Experiment)
    assert {name: told[name] for name in kinds} == kinds


def test_what_a_training_is_told_has_no_type_of_its_own() -> None:
    narrowed = {"method": str, "sparsity": float, "interval": int}
    kinds = get_type_hints(PruneSettings)
    assert {name: kinds[name] for name in narrowed} == narrowed
    assert inspect.get_annotations(PruneSettings).keys() == {*narrowed, "updates"}
