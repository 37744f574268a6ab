from dataclasses import fields

from parp_espnet.pipeline.pruning import OF_PRUNING, Experiment
from parp_espnet.pruning.settings import PruneSettings


def test_a_pruning_option_has_one_default() -> None:
    usual = {field.name: field.default for field in fields(PruneSettings)}
    options = {field.name: field.default for field in fields(Experiment)}
    assert usual.keys() <= options.keys()
    assert {name: options[name] for name in OF_PRUNING} == {
        name: usual[name] for name in OF_PRUNING
    }
