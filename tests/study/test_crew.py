"""Who sweeps for a command, and when they come."""

from contextlib import contextmanager

import pytest

from facsinterp.activations.sweeping import crew as workers
from facsinterp.errors import CrewError, InputError
from facsinterp.study.crew import crew_of


class Job:
    key = "job"

    def do(self, part):
        raise AssertionError


@pytest.fixture
def events(monkeypatch):
    """What happens to workers that are no processes."""
    seen = []

    class Fake:
        def work(self, job, parts):
            seen.append(("work", parts))
            yield from parts

    @contextmanager
    def opened(whom):
        seen.append(("come", whom))
        try:
            yield Fake()
        finally:
            seen.append(("go", whom))

    monkeypatch.setattr(workers, "local_workers", opened)
    monkeypatch.setattr(workers, "cluster", opened)
    return seen


def test_nobody_is_asked_for():
    with crew_of() as crew:
        assert crew is None


def test_workers_come_with_their_first_work_and_go_at_the_end(events):
    with crew_of(workers=3) as crew:
        assert crew is not None
        assert events == []
        assert list(crew.work(Job(), [(1,), (2,)])) == [(1,), (2,)]
        assert list(crew.work(Job(), [(3,)])) == [(3,)]
        assert events == [("come", 3), ("work", [(1,), (2,)]), ("work", [(3,)])]
    assert events[-1] == ("go", 3)


def test_workers_go_after_an_error(events):
    def broken():
        with crew_of(workers=3) as crew:
            assert crew is not None
            list(crew.work(Job(), [(1,)]))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert events[-1] == ("go", 3)


def test_workers_without_work_do_not_come(events):
    with crew_of(workers=3):
        pass
    assert events == []


def test_a_scheduler_is_looked_for_at_once(events):
    with crew_of(scheduler="tcp://a:1") as crew:
        assert events == [("come", "tcp://a:1"), ("go", "tcp://a:1")]
        assert crew is not None
        assert list(crew.work(Job(), [(1,)])) == [(1,)]
    assert events[2:] == [("come", "tcp://a:1"), ("work", [(1,)]), ("go", "tcp://a:1")]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", ""])
def test_a_scheduler_that_does_not_answer_is_told_before_any_work(address):
    with pytest.raises(CrewError, match="no Dask scheduler answers"):  # noqa: SIM117
        with crew_of(scheduler=address):
            raise AssertionError


@pytest.mark.parametrize(
    ("count", "address", "told"),
    [(2, "tcp://a:1", "both workers and a scheduler"), (0, None, "too few workers")],
)
def test_what_cannot_be_is_refused(events, count, address, told):
    with pytest.raises(InputError, match=told), crew_of(count, address):
        pass
    assert events == []
