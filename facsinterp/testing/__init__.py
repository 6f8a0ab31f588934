"""For those who write plug-ins: the tests of a study and of a source, and tiny things to run on.

from facsinterp.testing import StudyContract

class TestBrightest(StudyContract):
    study = Brightest(top=3)

from facsinterp.testing import SourceContract

class TestMyFaces(SourceContract):
    source = MY_FACES

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return a_small_copy_of_my_faces(tmp_path_factory.mktemp("my-faces"))
"""

from facsinterp.testing.source import SourceContract
from facsinterp.testing.study import StudyContract
from facsinterp.testing.tiny import (
    SIZE,
    TINY_SETTINGS,
    tiny_controls,
    tiny_faces,
    tiny_inputs,
    tiny_network,
    tiny_store,
    tiny_visual,
)

__all__ = [
    "SIZE", "TINY_SETTINGS", "SourceContract", "StudyContract", "tiny_controls", "tiny_faces",
    "tiny_inputs", "tiny_network", "tiny_store", "tiny_visual",
]  # fmt: skip
