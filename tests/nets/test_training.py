"""Training on small tasks: it learns, repeats itself, stops, keeps the best and cleans up."""

import copy
import logging
import signal
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import nn

from facsinterp.errors import InputError, TrainingError
from facsinterp.nets import zoo
from facsinterp.nets.augment import Augmentation
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.lesson import factor, train_batches
from facsinterp.nets.network import Network
from facsinterp.nets.prediction import predict
from facsinterp.nets.recipes import RECIPES, Recipe, recipe
from facsinterp.nets.training import fit

CLASSES = ("neutral", "happy", "fear")
PLAIN = Recipe(epochs=4, batch_size=16, augmentation="none", precision="float32")


class Tiny(nn.Module):
    def __init__(self, seed=0):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.conv = nn.Conv2d(1, 6, 5, padding=2)
            self.relu = nn.ReLU()
            self.drop = nn.Dropout(0.2)
            self.out = nn.Linear(6 * 16, 3)

    def forward(self, pixels):
        maps = self.relu(self.conv(pixels))
        maps = nn.functional.max_pool2d(maps, 4)
        return self.out(self.drop(maps.flatten(1)))


def bars():
    """A bright bar, lying, standing or in no place: 240 images of 16 pixels."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 240)
    images = rng.integers(0, 90, (240, 16, 16))
    for image, label in zip(images, labels, strict=True):
        row, col = rng.integers(2, 13, 2)
        if label == 1:
            image[row, 2:14] += 140
        if label == 2:
            image[2:14, col] += 140
    return images.astype(np.uint8), labels


@pytest.fixture(scope="module")
def task():
    return bars()


def train(task, module=None, **changes):
    images, labels = task
    facts = {
        "images": images,
        "labels": labels,
        "train": np.arange(160),
        "validation": np.arange(160, 200),
        "classes": CLASSES,
        "recipe": PLAIN,
        "device": "cpu",
    }
    return fit(Tiny() if module is None else module, **(facts | changes))


def test_a_small_task_is_learned_and_held_out_faces_are_told_apart(task):
    images, labels = task
    trained = train(task, recipe=replace(PLAIN, epochs=15, learning_rate=5e-3))
    held_out = np.arange(200, 240)
    answers = predict(trained.network, images, held_out, device="cpu").argmax(axis=1)
    assert np.mean(answers == labels[held_out]) > 0.85
    assert trained.curves.train_loss[-1] < trained.curves.train_loss[0]
    assert not trained.network.module.training


def test_the_zoo_learns_with_augmentation_in_low_precision(task):
    blueprint = Blueprint("khorrami2015", CLASSES, 16, options={"k": 1.0})
    trained = train(
        task,
        zoo.from_blueprint(blueprint),
        recipe=Recipe(epochs=4, batch_size=16, precision="bf16", augmentation="light"),
        blueprint=blueprint,
    )
    assert max(trained.curves.validation_accuracy) > 0.5
    weights = trained.network.module.state_dict()
    assert all(w.dtype == torch.float32 and w.is_contiguous() for w in weights.values())
    assert trained.network.blueprint == blueprint


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_a_seed_gives_the_same_bits(task, precision):
    taught = replace(PLAIN, epochs=2, augmentation="light", precision=precision)
    first, again, other = (train(task, recipe=taught, seed=seed) for seed in (1, 1, 2))
    assert first.network.fingerprint == again.network.fingerprint
    assert first.curves == again.curves
    assert first.network.fingerprint != other.network.fingerprint


def bits_on_one_thread():
    """What two trainings end at, in this thread of this process."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [
            train(
                bars(), recipe=replace(PLAIN, epochs=2, augmentation="light", precision=each)
            ).network.fingerprint
            for each in ("float32", "bf16")
        ]
    finally:
        torch.set_num_threads(before)


def test_a_worker_thread_gives_the_bits_of_the_main_thread_of_another_process():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
        wanted = other.submit(bits_on_one_thread)
        with ThreadPoolExecutor(1) as worker:  # as Dask runs a task; warnings are errors here
            found = worker.submit(bits_on_one_thread).result()
    assert found == wanted.result()


def test_the_validation_faces_may_be_the_test_faces(task):
    """As in the first version of Khorrami et al., who chose the checkpoint on the test fold."""
    images, labels = task
    test = np.arange(200, 240)
    trained = train(task, train=np.arange(200), validation=test)
    said = predict(trained.network, images, test, device="cpu").argmax(axis=1)
    assert np.mean(said == labels[test]) == max(trained.curves.validation_accuracy)


def test_the_weights_are_those_of_the_first_best_epoch(task):
    images, labels = task
    for select in ("accuracy", "loss"):
        trained = train(task, recipe=replace(PLAIN, epochs=6, learning_rate=0.02, select=select))
        curves = trained.curves
        if select == "accuracy":
            assert trained.best_epoch == 1 + int(np.argmax(curves.validation_accuracy))
        else:
            assert trained.best_epoch == 1 + int(np.argmin(curves.validation_loss))
        rows = np.arange(160, 200)
        said = predict(trained.network, images, rows, device="cpu")
        index = trained.best_epoch - 1
        assert np.mean(said.argmax(axis=1) == labels[rows]) == pytest.approx(
            curves.validation_accuracy[index]
        )
        loss = -np.log(said[np.arange(40), labels[rows]]).mean()
        assert loss == pytest.approx(curves.validation_loss[index], rel=1e-4)


def test_training_stops_when_patience_is_over(task):
    stuck = replace(PLAIN, epochs=9, learning_rate=1e-12, patience=2)
    trained = train(task, recipe=stuck)
    assert trained.stopped
    assert trained.best_epoch == 1
    assert len(trained.curves.train_loss) == 3
    assert not train(task, recipe=replace(PLAIN, epochs=2)).stopped


def test_the_first_update_is_the_one_that_the_recipe_says(task):
    """SGD with L2, one batch of all faces, and class weights, worked out by hand."""
    images, labels = task
    module = Tiny()
    module.drop.p = 0.0
    before = {name: value.clone() for name, value in module.state_dict().items()}
    logits = module(torch.from_numpy(images[:160])[:, None].float() / 255)
    counts = np.bincount(labels[:160])
    weights = torch.tensor(160 / (3 * counts), dtype=torch.float32)
    loss = nn.functional.cross_entropy(logits, torch.from_numpy(labels[:160]), weight=weights)
    slopes = dict(zip(before, torch.autograd.grad(loss, list(module.parameters())), strict=True))
    once = Recipe(
        epochs=1,
        batch_size=160,
        optimizer="sgd",
        learning_rate=0.5,
        weight_decay=0.1,
        class_weights=True,
        augmentation="none",
        precision="float32",
    )
    after = train(task, module, recipe=once).network.module.state_dict()
    for name, value in before.items():
        wanted = value - 0.5 * (slopes[name] + 0.1 * value)
        assert torch.allclose(after[name], wanted, atol=1e-6)


def slopes_of_all(task, module):
    """Of the mean loss of the training faces, as bfloat16 with channels last gives them."""
    images, labels = task
    module = copy.deepcopy(module).train().to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        logits = module(torch.from_numpy(images[:160])[:, None].float() / 255)
    loss = nn.functional.cross_entropy(logits.float(), torch.from_numpy(labels[:160]))
    names = [name for name, _ in module.named_parameters()]
    return dict(zip(names, torch.autograd.grad(loss, list(module.parameters())), strict=True))


def test_the_first_update_of_adam_is_one_learning_rate_down_each_slope(task):
    """Its moments are the slope and its square then: every weight moves by the same length."""
    module = zoo.build("khorrami2015", {"dropout": 0, "k": 1.0}, classes=CLASSES, size=16)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    slopes = slopes_of_all(task, module)
    once = Recipe(epochs=1, batch_size=160, augmentation="none", precision="bf16")
    after = train(task, module, recipe=once).network.module.state_dict()
    for name, slope in slopes.items():
        clear = slope.abs() > 0.02 * slope.abs().max()  # others may round to either side
        assert clear.float().mean() > 0.1
        moved = after[name] - before[name]
        assert torch.allclose(moved[clear], -1e-3 * slope.sign()[clear], atol=1e-6)


def test_learning_rates_fall_as_the_schedule_says(task):
    keras = factor(Recipe(schedule="inverse", decay=1e-2), 100)
    assert [keras(i) for i in (0, 1, 100)] == [1.0, 1 / 1.01, 0.5]
    warm = factor(Recipe(warmup=3), 100)
    assert [warm(i) for i in (0, 1, 2, 3, 4)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    cosine = factor(Recipe(schedule="cosine"), 100)
    assert [cosine(i) for i in (0, 50, 100, 101)] == pytest.approx([1, 0.5, 0, 0])
    trained = train(task, recipe=replace(PLAIN, epochs=2, schedule="inverse", decay=0.1))
    assert trained.curves.learning_rate == pytest.approx([1e-3 / 2, 1e-3 / 3])


def test_epochs_of_a_set_number_of_updates_draw_with_replacement(task):
    images, _ = task
    drawn = train_batches(
        images,
        np.arange(240),
        np.arange(100, 150),
        Recipe(batch_size=8, updates_per_epoch=30, replacement=True),
        torch.Generator().manual_seed(0),
    )
    rows = torch.cat([numbers for _, numbers in drawn])
    assert len(drawn) == 30
    assert len(rows) == 240
    assert [rows.min().item(), rows.max().item()] == [100, 149]
    counts = np.bincount(rows.numpy() - 100, minlength=50)
    assert counts.min() == 0 or counts.std() > 1  # not each in turn


class Bar:
    def __init__(self):
        self.total, self.done, self.said = 0, 0, []

    @contextmanager
    def step(self, title, total):
        self.total = total
        yield self.advance

    def advance(self, parts):
        self.done += parts

    def say(self, text):
        self.said.append(text)


def test_progress_hears_of_each_update_and_of_absent_classes(task):
    _, labels = task
    bar = Bar()
    rows = np.flatnonzero(labels[:160] != 2)
    train(task, train=rows, progress=bar, recipe=replace(PLAIN, epochs=2))
    assert bar.done == bar.total == 2 * -(-len(rows) // 16)
    assert bar.said == ["no training face shows fear"]


def test_a_loss_that_is_no_number_is_told_with_epoch_and_learning_rate(task):
    wild = replace(PLAIN, optimizer="sgd", learning_rate=1e30)
    with pytest.raises(TrainingError, match=r"epoch 1 at a learning rate of 1e\+30"):
        train(task, recipe=wild)


def test_one_class_alone_cannot_be_trained(task):
    _, labels = task
    with pytest.raises(TrainingError, match=r"all \d+ training faces are of the class 'happy'"):
        train(task, train=np.flatnonzero(labels[:160] == 1))


def test_rows_and_labels_that_cannot_be_used_are_told_together(task):
    images, labels = task
    with pytest.raises(InputError) as caught:
        train(task, train=np.arange(300), validation=np.array([], int), labels=labels[:-1])
    assert len(caught.value.faults) == 3
    with pytest.raises(InputError, match="both trained and validated"):
        train(task, validation=np.arange(150, 200))
    wrong = labels.copy()
    wrong[[5, 170, 230]] = [-1, 3, -1]  # the last is in no row
    with pytest.raises(InputError, match="-1, 3"):
        train(task, labels=wrong)
    with pytest.raises(InputError, match="uint8"):
        train(task, images=images.astype(float))


def test_an_unsuitable_module_is_refused_before_the_work(task):
    with pytest.raises(InputError, match="does not fit the classes"):
        train(task, classes=("neutral", "happy", "fear", "anger"))


def test_nothing_is_left_behind(task, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    heard: list[logging.LogRecord] = []
    listener = logging.Handler()
    monkeypatch.setattr(listener, "emit", heard.append)
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    for logger in loggers:
        monkeypatch.setattr(logger, "handlers", [listener])
    levels = [logger.level for logger in loggers]
    filters, handler = list(warnings.filters), signal.getsignal(signal.SIGINT)
    torch.manual_seed(4)
    wanted = torch.rand(2)
    torch.manual_seed(4)
    train(task, recipe=replace(PLAIN, epochs=1))
    assert torch.equal(torch.rand(2), wanted)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")
    assert heard == []
    assert [logger.level for logger in loggers] == levels
    assert warnings.filters == filters
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_interrupt_stays_an_interrupt(task):
    class Impatient(Bar):
        def advance(self, parts):
            raise KeyboardInterrupt

    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(task, progress=Impatient())
    assert signal.getsignal(signal.SIGINT) is handler


def test_colour_faces_are_trained_on_as_well(task):
    images, _ = task
    colour = np.repeat(images[..., None], 3, axis=3)
    module = zoo.build("khorrami2015", classes=CLASSES, size=16, channels_in=3)
    trained = train(task, module, images=colour, recipe=replace(PLAIN, epochs=1))
    assert trained.network.input_shape == (3, 16, 16)
    assert isinstance(trained.network, Network)


def test_recipes_of_the_papers():
    khorrami = RECIPES["khorrami2015"]
    assert khorrami.updates_per_epoch is not None
    assert khorrami.epochs * khorrami.updates_per_epoch == 31_000
    assert (khorrami.batch_size, khorrami.learning_rate, khorrami.momentum) == (64, 0.01, 0.9)
    assert (khorrami.weight_decay, khorrami.replacement) == (1e-5, True)
    breuer = RECIPES["breuer2017"]
    assert (breuer.optimizer, breuer.learning_rate, breuer.decay) == ("adam", 1e-3, 1e-5)


def test_a_recipe_goes_through_json_and_back():
    own = Recipe(augmentation=Augmentation(flip=0.2, scale=(0.8, 1.1)))
    adapter = TypeAdapter(Recipe)
    plain = adapter.dump_python(own, mode="json")
    assert adapter.validate_python(plain) == own
    assert Recipe(**plain) == own
    with pytest.raises(ValidationError, match="flips"):
        adapter.validate_python({"augmentation": {"flips": 0.2}})


def test_recipes_are_changed_by_name_and_checked():
    assert recipe("short", {"epochs": 3}) == replace(RECIPES["short"], epochs=3)
    with pytest.raises(InputError, match="did you mean 'short'") as caught:
        recipe("shrt", {"learning_rat": 1})
    assert "did you mean 'learning_rate'" in str(caught.value)
    with pytest.raises(InputError) as caught:
        Recipe(epochs=0, learning_rate=0, momentum=1, warmup=-1, augmentation="ligt")  # type: ignore[arg-type]
    assert len(caught.value.faults) == 5
