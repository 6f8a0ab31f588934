"""Jobs are done once, in order, anywhere, and what is not whole is not kept."""

import multiprocessing
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import BaseModel, ValidationError

from facsinterp.activations.sweeping.crew import local_workers
from facsinterp.errors import InputError, PluginError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.progress import SILENT
from facsinterp.study.corpus import Corpus
from facsinterp.study.filling import changed_network
from facsinterp.study.jobs import runner as runners
from facsinterp.study.jobs.contract import OWN, Given
from facsinterp.study.jobs.keeping import RECORD, Shelf, lend
from facsinterp.study.jobs.runner import Batch, Here, Runner
from facsinterp.study.jobs.training import Training, folds_of, learning, trainings
from facsinterp.study.parts import Seeds, TrainPart
from facsinterp.study.work import Work
from facsinterp.testing.tiny import tiny_faces, tiny_network_part
from tests.study.jobs.counting import Counted, traced
from tests.study.test_run import Listener


@pytest.fixture(scope="module")
def corpora():
    faces, pixels = tiny_faces()
    return {OWN: Corpus("drawn", "Drawn faces", faces, pixels)}


@pytest.fixture
def runner(corpora, tmp_path):
    return Runner(corpora, Shelf(tmp_path / "jobs"), "cpu", Here(), Listener())


@pytest.fixture
def trace(tmp_path):
    return tmp_path / "trace"


def counted(trace, *numbers, **fields):
    return [Counted(number=number, trace=str(trace), **fields) for number in numbers]


def test_each_job_leaves_a_folder_with_what_it_was(runner, trace):
    jobs = counted(trace, 1, 2)
    done = runner.finish(jobs, "jobs")
    for job in jobs:
        place = done[job.key(runner.corpora)]
        assert (place / "number").read_text() == str(job.number)
        assert f'"number {job.number}"' in (place / RECORD).read_text()
    assert runner.progress.steps == ["jobs: 2 jobs"]


def test_equal_jobs_are_done_once_whoever_asks(runner, trace):
    runner.finish([*counted(trace, 1), *counted(trace, 1, 2)], "jobs")
    again = replace(runner, progress=Listener())
    again.finish(counted(trace, 2, 1, 3), "more")
    assert sorted(traced(trace)) == [1, 2, 3]
    assert again.progress.news == ["more: 2 of 3 jobs done before"]
    assert again.progress.steps == ["more: 1 job"]
    third = replace(runner, progress=Listener())
    third.finish(counted(trace, 3), "all")
    assert third.progress.steps == []


def test_what_a_job_needs_is_done_first_and_once(runner, trace):
    first, second = counted(trace, 1, 2)
    third, fourth = counted(trace, 10, 20, before=(first, second))
    last = counted(trace, 100, before=(third, first))[0]
    done = runner.finish([last, fourth], "jobs")
    order = traced(trace)
    assert sorted(order) == [1, 2, 10, 20, 100]
    assert max(order.index(1), order.index(2)) < min(order.index(10), order.index(20))
    assert order.index(10) < order.index(100)
    assert (done[last.key(runner.corpora)] / "number").read_text() == str(100 + 13 + 1)


def test_what_a_finished_job_needed_is_not_done_again(runner, trace):
    first = counted(trace, 1)[0]
    second = counted(trace, 2, before=(first,))[0]
    runner.finish([second], "jobs")
    shutil.rmtree(runner.shelf.place(first.key(runner.corpora)))
    assert list(runner.finish([second], "jobs")) == [second.key(runner.corpora)]
    assert traced(trace) == [1, 2]
    runner.finish([*counted(trace, 3, before=(first,))], "jobs")
    assert traced(trace) == [1, 2, 1, 3]


def test_a_job_after_itself_is_refused(runner, trace, monkeypatch):
    job = counted(trace, 1)[0]
    monkeypatch.setattr(Counted, "after", lambda self: (job,))
    monkeypatch.setattr(Counted, "key", lambda self, corpora: "same")
    with pytest.raises(PluginError, match="'number 1' is to be done after itself"):
        runner.finish([job], "jobs")


def test_a_job_that_reads_what_it_does_not_name_is_told(runner, trace, tmp_path):
    given = Given(tmp_path, runner.corpora, "cpu", {})
    with pytest.raises(PluginError, match=r"'number 1'.*does not name it in `after`"):
        given.of(counted(trace, 1)[0])


def test_an_error_leaves_what_was_finished_and_nothing_half_done(runner, trace):
    jobs = [*counted(trace, 1), *counted(trace, 2, fails=True), *counted(trace, 3)]
    with pytest.raises(ValueError, match="number 2 cannot be done") as caught:
        runner.finish(jobs, "jobs")
    assert caught.value.__notes__ == ["in the job: number 2"]
    assert traced(trace) == [1, 2]
    assert not list(runner.shelf.folder.glob("*.partial"))
    runner.finish([*counted(trace, 1), *counted(trace, 2, 3)], "jobs")
    assert traced(trace) == [1, 2, 2, 3]


def test_a_job_done_without_what_another_wants_is_done_again(runner, trace):
    runner.finish(counted(trace, 1, kept=False), "jobs")
    runner.finish(counted(trace, 1, kept=True), "jobs")
    runner.finish(counted(trace, 1, kept=False), "jobs")
    assert traced(trace) == [1, 1]
    runner.finish([*counted(trace, 2, kept=False), *counted(trace, 2)], "jobs")
    assert traced(trace) == [1, 1, 2]


def test_other_faces_are_another_job_and_other_names_are_not(runner, trace, corpora):
    own = corpora[OWN]
    array = own.pixels.array.copy()
    array[0, 0, 0] ^= 255
    other = replace(own, pixels=Pixels.from_array(own.pixels.images, array))
    both = replace(runner, corpora={OWN: own, "same": replace(own), "other": other})
    job = counted(trace, 1)[0]
    named = {name: job.model_copy(update={"corpus": name}) for name in both.corpora}
    keys = {name: one.key(both.corpora) for name, one in named.items()}
    assert keys[OWN] == keys["same"] != keys["other"]
    done = both.finish(list(named.values()), "jobs")
    assert traced(trace) == [1, 1]
    assert (done[keys["other"]] / "pixel").read_text() == str(array[0, 0, 0])


def test_a_higher_version_is_another_job(runner, trace, monkeypatch):
    job = counted(trace, 1)[0]
    before = job.key(runner.corpora)
    monkeypatch.setattr(Counted, "version", 2)
    assert job.key(runner.corpora) != before


def test_an_interrupted_run_goes_on_with_the_jobs_that_are_left(runner, trace):
    class Stopping(Here):
        def work(self, job, parts):
            for number, part in enumerate(super().work(job, parts)):
                if number == 1:
                    raise KeyboardInterrupt
                yield part

    with pytest.raises(KeyboardInterrupt):
        replace(runner, crew=Stopping()).finish(counted(trace, 1, 2, 3, 4), "jobs")
    runner.finish(counted(trace, 1, 2, 3, 4), "jobs")
    assert traced(trace) == [1, 2, 3, 4]


def test_two_processes_that_want_a_job_do_it_once(runner, trace):
    batch = Batch(tuple(counted(trace, 7)), runner.corpora, runner.shelf, "cpu")
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=batch.do, args=((0,),)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    assert traced(trace) == [7]


def test_threads_are_one_in_a_job_and_as_before_after_it(runner, trace, monkeypatch):
    seen = []
    monkeypatch.setattr(Counted, "do", lambda self, given: seen.append(torch.get_num_threads()))
    monkeypatch.setattr(Counted, "serves", lambda self, folder: folder.is_dir())
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        runner.finish(counted(trace, 1), "jobs")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert seen == [1]


def test_files_are_lent_without_the_record(runner, trace, tmp_path):
    (place,) = runner.finish(counted(trace, 1), "jobs").values()
    lend(place, tmp_path / "lent")
    assert {file.name for file in (tmp_path / "lent").iterdir()} == {"number", "pixel", "kept"}


@pytest.fixture(scope="module")
def trained_here(corpora, tmp_path_factory):
    runner = Runner(corpora, Shelf(tmp_path_factory.mktemp("here")), "cpu", Here(), SILENT)
    return runner, some_trainings(corpora), runner.finish(some_trainings(corpora), "jobs")


def some_trainings(corpora):
    return trainings(tiny_network_part(), corpora[OWN], seeds=(1, 2), deal=5)


@pytest.mark.slow
def test_workers_find_what_is_found_here_to_the_last_bit(trained_here, tmp_path):
    here, jobs, done = trained_here
    with local_workers(2) as crew:
        there = replace(here, shelf=Shelf(tmp_path / "jobs"), crew=crew)
        found = there.finish(jobs, "jobs")
    assert found.keys() == done.keys()
    for key, place in found.items():
        files = {file.name for file in place.iterdir()}
        assert {"weights.safetensors", "curves.json", "predictions.parquet"} <= files
        for name in files - {"predictions.parquet"}:
            assert (place / name).read_bytes() == (done[key] / name).read_bytes(), name


def test_one_training_for_each_seed_and_fold(trained_here, corpora):
    _, jobs, done = trained_here
    assert [(one.seed, one.fold) for one in jobs] == [
        (seed, f"fold-{k}") for seed in (1, 2) for k in (1, 2, 3)
    ]
    assert len(set(done.values())) == 6
    kept = trainings(tiny_network_part(), corpora[OWN], seeds=(1, 2), deal=5, weights=False)
    assert [one.key(corpora) for one in kept] == [one.key(corpora) for one in jobs]


def test_what_is_studied_of_a_network_makes_no_other_training(corpora):
    part = tiny_network_part()
    assert part.train is not None
    one = Training(network=part, seed=1, deal=2, fold="fold-1")
    first_only = part.train.model_copy(update={"first_fold_only": True})
    studied: list[dict[str, object]] = [{"seed": 9, "rotated": True}, {"train": first_only}]
    for changes in studied:
        other = one.model_copy(update={"network": part.model_copy(update=changes)})
        assert other.key(corpora) == one.key(corpora)
    for key, value in {"seed": 2, "deal": 3, "fold": "fold-2", "mistake": "folds-by-image"}.items():
        changes = {key: value}
        assert one.model_copy(update=changes).key(corpora) != one.key(corpora)


def test_the_mistakes_do_what_they_say(corpora):
    corpus, part = corpora[OWN], tiny_network_part()
    asked = folds_of(part, corpus, 5)
    subject = corpus.faces.column("subject")
    job = Training(network=part, seed=1, deal=5, fold="fold-2")
    right = asked.folds[1]
    on_test = job.model_copy(update={"mistake": "checkpoint-on-test"}).split(corpus)
    assert np.array_equal(on_test.validation, right.test)
    assert np.array_equal(on_test.test, right.test)
    assert set(on_test.train) == {*right.train, *right.validation}
    by_image = [
        job.model_copy(update={"mistake": "folds-by-image", "fold": fold.name}).split(corpus)
        for fold in asked.folds
    ]
    tested = np.concatenate([fold.test for fold in by_image])
    assert sorted(tested) == sorted(np.concatenate([fold.test for fold in asked.folds]))
    for fold, whole in zip(by_image, asked.folds, strict=True):
        sides = [set(fold.train), set(fold.validation), set(fold.test)]
        assert len(set.union(*sides)) == sum(map(len, sides))
        assert [*map(len, sides)] == [len(whole.train), len(whole.validation), len(whole.test)]
        assert set(subject[fold.test]) & set(subject[fold.train])
        assert not set(subject[whole.test]) & set(subject[whole.train])


def test_kinds_of_device_have_jobs_of_their_own(corpora, tmp_path, monkeypatch):
    monkeypatch.setattr(runners, "lower_precision", lambda device: device.type == "cuda")
    places = {
        device: Runner.at(tmp_path, corpora, Work(device, Here(), SILENT)).shelf.folder.name
        for device in ("cpu", "cuda:1", "mps")
    }
    assert places == {"cpu": "cpu", "cuda:1": "cuda-bf16", "mps": "mps"}


@pytest.mark.parametrize(
    "changes",
    [
        {"untrained": True},
        {"rotated": True},
        {"bank": "gabor"},
        {"train": None},
        {"train": TrainPart(folds=3, labels="identity")},
    ],
)
def test_a_network_that_learns_no_expressions_is_none_for_folds_and_seeds(changes):
    part = tiny_network_part()
    assert learning(part) is part
    with pytest.raises(InputError, match="trains a network on expressions, over folds and seeds"):
        learning(part.model_copy(update=changes))
    with pytest.raises(InputError):
        learning(None)


def test_seeds_are_named_once():
    class Some(BaseModel):
        seeds: Seeds = (1, 2)

    assert Some(seeds=(3, 4)).seeds == (3, 4)
    for wrong in ((1, 2, 1), (-1, 2)):
        with pytest.raises(ValidationError):
            Some(seeds=wrong)


def test_an_untrained_network_can_be_changed():
    bare = tiny_network_part().model_copy(update={"untrained": True, "train": TrainPart(folds=3)})
    changed = changed_network(bare, arch="khorrami2015")
    assert changed.train is not None
    assert changed.train.folds == 3


def test_a_fold_that_is_not_there_is_told(corpora):
    job = Training(network=tiny_network_part(), seed=1, deal=5, fold="fold-9")
    with pytest.raises(PluginError, match="no fold 'fold-9' in fold-1, fold-2, fold-3"):
        job.split(corpora[OWN])
