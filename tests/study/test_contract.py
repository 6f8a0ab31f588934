"""The contract itself, and the project's own studies under it."""

import pytest

from facsinterp.errors import PluginError
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.study import registry
from facsinterp.study.contract import Inputs, Need, Study, StudyResult
from facsinterp.testing import StudyContract, tiny_faces


def inputs(tmp_path):
    faces, pixels = tiny_faces(subjects=2, sequences=1)
    return Inputs(faces=faces, pixels=pixels, preparation=Preparation(), scratch=tmp_path, seed=5)


@pytest.mark.parametrize("need", list(Need))
def test_what_was_not_declared_is_not_given(tmp_path, need):
    attribute = {"activations": "store"}.get(need.value, need.value)
    with pytest.raises(PluginError, match=f"Need.{need.name}"):
        getattr(inputs(tmp_path), attribute)


def test_randomness_depends_on_the_seed_alone(tmp_path):
    given = inputs(tmp_path)
    assert given.rng().random() == given.rng().random()


class Nothing(Study):
    """A study that answers nothing."""

    def run(self, inputs):
        return StudyResult()


def test_the_contract_catches_a_study_without_an_answer():
    with pytest.raises(AssertionError, match="answer something"):
        StudyContract().test_gives_claims_and_tables(Nothing().run(None))


class TestFilters(StudyContract):
    study = registry.load("filters")()


class TestDeadFilters(StudyContract):
    study = registry.load("dead-filters").model_validate({"threshold": 0.1, "relative": True})


class TestControls(StudyContract):
    study = registry.load("controls")()
