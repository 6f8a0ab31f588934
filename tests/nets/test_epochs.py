"""Teaching epoch by epoch: updates by hand, the best weights kept, numbers that are none."""

import copy

import pytest
import torch
from torch import nn

from facsinterp.errors import TrainingError
from facsinterp.nets.epochs import Schedule, teach


def lesson(losses, epochs=4):
    """A module taught on a line, whose validation losses are as given, and its weights then."""
    module, seen, weights = nn.Linear(1, 1), iter(losses), []
    nn.init.ones_(module.weight)
    nn.init.zeros_(module.bias)
    given = torch.arange(10.0)[:, None]

    def judge():
        assert not module.training
        weights.append(copy.deepcopy(module.state_dict()))
        return torch.tensor(next(seen))

    def loss(rows):
        assert module.training
        return ((module(given[rows]) - 3 * given[rows]) ** 2).mean()

    lot = torch.Generator().manual_seed(0)
    schedule = Schedule(epochs, 0.1, 4)
    course = teach(module, loss, judge, torch.arange(2, 10), schedule, lot, title="a line")
    return module, course, weights


def test_the_weights_of_the_first_best_epoch_are_kept():
    module, course, weights = lesson([3.0, 1.0, 2.0, 1.0])
    assert course.best_epoch == 2
    assert course.validation_loss == (3.0, 1.0, 2.0, 1.0)
    assert torch.equal(module.weight, weights[1]["weight"])
    assert not torch.equal(module.weight, weights[3]["weight"])
    assert not module.training
    assert course.train_loss[-1] < course.train_loss[0]


def test_an_epoch_is_every_row_once_in_the_order_of_the_generator():
    module, _, _ = lesson([1.0], epochs=1)
    slow = nn.Linear(1, 1)
    nn.init.ones_(slow.weight)
    nn.init.zeros_(slow.bias)
    adam = torch.optim.Adam(slow.parameters(), lr=0.1)
    order = torch.arange(2, 10)[torch.randperm(8, generator=torch.Generator().manual_seed(0))]
    for rows in (order[:4], order[4:]):
        adam.zero_grad()
        ((slow(rows[:, None].float()) - 3 * rows[:, None]) ** 2).mean().backward()
        adam.step()
    assert torch.equal(module.weight, slow.weight)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_it(bad):
    with pytest.raises(TrainingError, match="in epoch 2 at a learning rate"):
        lesson([1.0, bad])
