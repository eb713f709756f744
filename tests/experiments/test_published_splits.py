"""The test instances of a published study differ from all its training and validation instances."""

import numpy as np
import pytest
from omegaconf import OmegaConf

from data_gen.dataset import make
from data_gen.fingerprint import fingerprints
from experiments.run.parts import RunParts
from experiments.run.stored_config import read_config
from tests.conftest import ROOT, but_pending

STUDIES = sorted({path.parents[1].name for path in ROOT.glob("results/*/configurations/*.yaml")})


def worlds(study, tmp_path):
    """Return the parts of one configuration for each task and training set of a study."""
    found = {}
    for path in sorted((ROOT / "results" / study).glob("configurations/*.yaml")):
        config = OmegaConf.merge(read_config(path), {"machine": {"data_dir": str(tmp_path)}})
        parts = RunParts(config)
        if not parts.settings.train.skip:
            found.setdefault(parts.train_set.data_hash, parts)
    return found.values()


@pytest.mark.slow
@pytest.mark.parametrize(
    "study", but_pending(STUDIES, also_current=[s for s in STUDIES if s != "sat_families"])
)
def test_a_published_study_is_tested_on_instances_of_its_own(study, tmp_path):
    for parts in worlds(study, tmp_path):
        sizes = set(parts.settings.train.sizes)
        cells = [cell for cell in parts.test_cells if cell.size in sizes]
        assert cells, "no cell is as large as those of training"
        make([parts.train_set, parts.val_set, *(cell.data_set for cell in cells)], 2)
        seen = [fingerprints(of.load()) for of in (parts.train_set, parts.val_set)]
        for cell in cells:
            tested = fingerprints(cell.data_set.load())
            is_seen = np.isin(tested, np.concatenate(seen))
            assert not is_seen.any(), f"{cell.distribution} {cell.size}: {is_seen.sum()} are known"
