"""`torch.compile` changes the speed of a model and nothing else."""

import pytest
import torch

from tests.conftest import stems
from tests.test_contracts import TASKS, batch_of, build, few_steps, instances

pytestmark = pytest.mark.filterwarnings("ignore")  # torch's tracing warns of what torch does


def assert_same_when_compiled(model_name, backend):
    """Answers to 1e-4 and gradients to 1e-3 of their size."""
    torch._dynamo.reset()
    model = build(TASKS[0], model_name)
    batch = batch_of(instances(TASKS[0], 12, 4)[1])
    compiled = torch.compile(model, backend=backend)
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


@pytest.mark.parametrize("model_name", ["full_gn"])
def test_the_graph_that_is_captured_computes_the_model(model_name):
    assert_same_when_compiled(model_name, "aot_eager")


@pytest.mark.slow
@pytest.mark.parametrize("model_name", stems("model"))
def test_the_code_that_is_generated_computes_the_model(model_name):
    assert_same_when_compiled(model_name, "inductor")
