"""Settings of every test: a busy machine is no fault of the code."""

import pytest
from hypothesis import settings

from facsinterp.study.jobs import runner

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True, scope="session")
def jobs_in_this_process():
    """Processes take seconds to start: who tests them asks for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "_cores", lambda: 1)
        yield
