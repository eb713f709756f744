"""The answers of a model do not depend on precision, compilation or device."""

from copy import copy, deepcopy
from itertools import product

import pytest
import torch

from data_gen.packed import Packed
from data_gen.spec import GraphOutput
from data_gen.task import KnowsRounds
from experiments.run.steps import answer_by
from gn.stepped import SteppedModel
from tests.conftest import fits, has_parameters, instances, own_task, stems
from tests.contracts import batch_of, build, precise, refuses

PAIRS = [pair for pair in product(stems("task"), stems("model")) if fits(*pair)]
LEARNING = [model for model in stems("model") if has_parameters(model)]
BFLOAT16_TOLERANCE = 0.05  # relative to the size of the answers, over four seeds, three steps
# Likewise, one seed, all steps. Most models are within 2e-6; the relation network, which adds up
# the 3,000 edges of formulas without a norm, needs 8e-5.
FLOAT32_TOLERANCE = 1e-4
SCORE_TOLERANCE = {"rtol": 1e-5, "atol": 5e-6}  # of scores; drifts and errors are differences


def few_steps(model):
    return 3 if model.has_adjustable_steps else None


@pytest.mark.parametrize("model_name", LEARNING)
def test_gradients_are_those_of_differences(model_name):
    """Compare in float64, along random directions of the inputs and of all weights."""
    _, graphs = instances(own_task(model_name), 8, 2)
    model = build(own_task(model_name), model_name).double()
    batch = batch_of(graphs)
    inputs = [batch[name].double().requires_grad_() for name in ("x", "edge_attr", "u")]
    weights = [p for p in model.parameters() if p.requires_grad]
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():  # move away from the kinks of relu and max at zero biases and flags
        for tensor in (*weights, *inputs):
            tensor += 0.1 * torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype)

    def answer():
        batch.x, batch.edge_attr, batch.u = inputs
        return sum(v.square().mean() for v in model(batch, few_steps(model)) if v is not None)

    tensors = [*inputs, *weights]
    found = torch.autograd.grad(answer(), tensors, allow_unused=True)
    directions = [torch.randn(t.shape, generator=generator, dtype=t.dtype) for t in tensors]
    slope = sum((g * d).sum() for g, d in zip(found, directions, strict=True) if g is not None)
    ends, width = [], 1e-9  # small, since kinks of relu and max are everywhere
    for sign in (1, -2):
        with torch.no_grad():
            for tensor, direction in zip(tensors, directions, strict=True):
                tensor += sign * width * direction
            ends.append(answer())
    torch.testing.assert_close(slope, (ends[0] - ends[1]) / (2 * width), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("task_name", "model_name"),
    [
        pytest.param(*pair, marks=() if own_task(pair[1]) == pair[0] else pytest.mark.slow)
        for pair in PAIRS
    ],
)
def test_float32_agrees_with_float64(task_name, model_name):
    """Every answer, as a whole, has the float64 answer of the same weights, steps and batch."""
    _, graphs = instances(task_name, 12, 4)
    model = build(task_name, model_name)
    if refuses(model, batch_of(graphs)):
        return
    with torch.no_grad():
        found = model(batch_of(graphs))
        exact = deepcopy(model).double()(precise(batch_of(graphs)))
    for ours, theirs in zip(found, exact, strict=True):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            error = (ours.double() - theirs.double()).norm()
            assert error <= FLOAT32_TOLERANCE * theirs.double().norm()


def cast(fields, dtype):
    """Convert the fields of a batch, or of an output, that have the other precision."""
    other = torch.float32 if dtype == torch.float64 else torch.float64
    return {n: v.to(dtype) for n, v in fields.items() if v is not None and v.dtype == other}


@pytest.mark.parametrize(
    "model_name", ["linear", pytest.param("message_passing", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("task_name", stems("task"))
def test_scores_in_float32_agree_with_those_in_float64(task_name, model_name):
    """Scores that are 0 or 1 are equal, as both precisions decide on the same answers."""
    task, graphs = instances(task_name, 12)
    model, batch = build(task_name, model_name), task.batch(Packed.pack(graphs), range(len(graphs)))

    def in_float32(seen):
        seen = copy(seen)
        seen.update(cast(seen.to_dict(), torch.float32))
        return model(seen)

    def in_float64(seen):
        return GraphOutput(**cast(in_float32(seen)._asdict(), torch.float64))

    large = copy(batch)
    large.update(cast(batch.to_dict(), torch.float64))
    with torch.no_grad():
        found, exact = task.score(in_float32, batch), task.score(in_float64, large)
    for name, values in found.items():
        tolerance = {"rtol": 0, "atol": 0} if task.metrics[name].binary else SCORE_TOLERANCE
        torch.testing.assert_close(values.double(), exact[name].double(), **tolerance, msg=name)


@pytest.mark.parametrize("model_name", LEARNING)
def test_bfloat16_agrees_with_float32(model_name):
    _, graphs = instances(own_task(model_name), 12)
    batch, error, size = batch_of(graphs), 0.0, 0.0
    for seed in range(4):
        model = build(own_task(model_name), model_name, seed)
        with torch.no_grad():
            exact = model(batch, few_steps(model))
            with torch.autocast("cpu", torch.bfloat16):
                rounded = model(batch, few_steps(model))
        for ours, theirs in zip(exact, rounded, strict=True):
            if ours is not None:
                error += float((theirs.float() - ours).square().sum())
                size += float(ours.square().sum())
    assert 0 < (error / size) ** 0.5 < BFLOAT16_TOLERANCE


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's warnings about its own code
@pytest.mark.parametrize("model_name", LEARNING)
def test_compiled_code_computes_the_model(model_name):
    """Compare answers to 1e-4 and gradients to 1e-3 of their size."""
    torch._dynamo.reset()
    model = build(own_task(model_name), model_name)
    batch = batch_of(instances(own_task(model_name), 12, 4)[1])
    compiled = torch.compile(model, backend="inductor")
    found, expected = (
        [v for v in f(batch, few_steps(model)) if v is not None] for f in (compiled, model)
    )
    weights = [p for p in model.parameters() if p.requires_grad]
    gradients = (
        torch.autograd.grad(
            sum(v.square().sum() for v in answers), weights, allow_unused=True,
            materialize_grads=True,
        )
        for answers in (found, expected)
    )  # fmt: skip
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours - theirs).norm() <= 1e-4 * theirs.norm()
    for ours, theirs in zip(*gradients, strict=True):
        assert (ours - theirs).norm() <= 1e-3 * theirs.norm() + 1e-6


@pytest.mark.gpu
@pytest.mark.parametrize(("task_name", "model_name"), PAIRS)
def test_a_gpu_and_the_cpu_give_equal_answers(task_name, model_name):
    """Compare in float64: some untrained models amplify rounding a millionfold in 100 steps."""
    task, graphs = instances(task_name, 12)
    model, packed = build(task_name, model_name).double(), Packed.pack(graphs)
    if refuses(model, batch_of(graphs)):
        return
    rules = ["", "3"] if model.has_adjustable_steps else [""]
    if isinstance(model, SteppedModel) and model.has_adjustable_steps:
        rules.append("adaptive@0.03")
    if model.has_adjustable_steps and isinstance(task, KnowsRounds):
        rules.append("oracle")
    for rule in rules:
        found = []
        for device in ("cpu", "cuda"):
            batch = precise(packed.to(device).batch(range(len(graphs))))
            answer = answer_by(rule, model.to(device), task, 12)
            with torch.no_grad():
                output, steps = answer(batch)
            found.append([*(v.cpu() for v in output if v is not None), steps.cpu().double()])
        for ours, theirs in zip(*found, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
