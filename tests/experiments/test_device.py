"""The GPU of a run: any one of a machine that has several."""

import pytest
import torch

from experiments.processes.world import World
from experiments.settings.errors import UserError
from experiments.settings.run_settings import Machine

CUDA = torch.device("cuda")


@pytest.fixture
def gpus(monkeypatch):
    """Let torch find a number of GPUs, which this machine need not have; return those chosen."""

    def found(number):
        chosen = []
        monkeypatch.setattr(torch.cuda, "is_available", lambda: number > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: number)
        monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
        return chosen

    return found


@pytest.mark.parametrize(
    ("number", "device", "line"),
    [
        (0, "cuda:1", "must be cpu on a machine without a GPU, got 'cuda:1'"),
        (1, "cuda:1", "must be cuda where 1 GPU can be seen, got 'cuda:1'"),
        (2, "cuda:2", "must be cuda:0 to cuda:1 where 2 GPUs can be seen, got 'cuda:2'"),
        (2, "mps", "must be auto, cpu, cuda, or cuda:1 for the second GPU, got 'mps'"),
        (2, "cuda:x", "must be auto, cpu, cuda, or cuda:1 for the second GPU, got 'cuda:x', did"),
    ],
)
def test_a_device_that_is_not_there_is_one_line(gpus, number, device, line):
    gpus(number)
    with pytest.raises(UserError) as raised:
        Machine(device=device).check_device()
    assert str(raised.value).startswith(f"machine.device {line}")


def test_a_single_process_takes_the_gpu_that_is_named(gpus):
    chosen = gpus(2)
    for device in ("cuda", "cuda:0", "cuda:1"):
        Machine(device=device).check_device()
        World().device(torch.device(device))
    assert chosen == [0, 0, 1]
    assert World().device(torch.device("cuda:1")) == torch.device("cuda", 1)
    assert World().device(torch.device("cpu")) == torch.device("cpu")


def test_processes_that_share_a_training_have_a_gpu_each(gpus):
    chosen = gpus(2)
    assert World(3, 4, 1, 2).device(CUDA) == torch.device("cuda", 1)
    assert chosen == [1]
    with pytest.raises(UserError, match=r"must be cuda for 4 processes, .*, got 'cuda:1'$"):
        World(3, 4, 1, 2).device(torch.device("cuda:1"))
    gpus(1)
    with pytest.raises(UserError, match="2 processes here have 1 GPUs, got 'cuda'"):
        World(3, 4, 1, 2).device(CUDA)
