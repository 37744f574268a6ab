"""Which exports a study still has to measure."""

from collections.abc import Sequence

from parp_espnet.export.costs import is_measured
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.study.complete import is_unpacked
from parp_espnet.study.plan import Study
from parp_espnet.study.state import Standing, State


def unmeasured(study: Study, standings: Sequence[Standing]) -> list[Standing]:
    """The experiments of which a study wants exports measured that are not, though their result is
    there. Of those that ran elsewhere there is no model here.
    """
    lacking = []
    for standing in standings if study.exports else ():
        experiment = standing.experiment
        if standing.state is not State.DONE or is_unpacked(experiment):
            continue
        if not is_measured(ROOT / experiment.directory, study.exports):
            lacking.append(standing)
    return lacking
