import pytest
import torch
from torch_geometric.data import Batch, Data

X, E, U = 3, 2, 4  # widths of nodes, edges, globals


def graph(num_nodes, num_edges, generator, dtype=torch.float64):
    ends = torch.randint(num_nodes, (2, num_edges), generator=generator)
    ends = ends[:, ends[1].argsort(stable=True)]
    return Data(
        x=torch.randn(num_nodes, X, generator=generator, dtype=dtype),
        edge_index=ends,
        edge_attr=torch.randn(num_edges, E, generator=generator, dtype=dtype),
        u=torch.randn(1, U, generator=generator, dtype=dtype),
        num_nodes=num_nodes,
    )


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def graphs(generator):
    """Make graphs of several sizes: one has no edges, one a single node with a loop."""
    return [graph(n, m, generator) for n, m in [(4, 6), (3, 0), (1, 1), (5, 12), (1, 0)]]


@pytest.fixture
def batch(graphs):
    return Batch.from_data_list(graphs)


@pytest.fixture(autouse=True)
def fixed_weights():
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(0)
        yield
