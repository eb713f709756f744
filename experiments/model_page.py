"""The page of all models, from their code and from what they are seen to do.

python -m experiments.model_page    # writes docs/models.md
"""

import inspect
import sys
from collections.abc import Callable
from pathlib import Path

import torch
import torch_geometric.nn.aggr
from omegaconf import DictConfig, OmegaConf
from torch import Tensor, nn
from torch_geometric.data import Batch, Data
from torch_geometric.nn import GATv2Conv

from data_gen.spec import GraphSpec
from experiments.construct import build, construct
from experiments.run_folder import write_atomically
from gn.aggregation import Aggregation
from gn.attention import EdgeAttention
from gn.model import GraphModel
from gn.models.transformer import Layer

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "models.md"
SPEC = GraphSpec(5, 1, 1, node_out=1, edge_out=1, global_out=1, position_dim=2)
WEIGHTED = (EdgeAttention, GATv2Conv, nn.MultiheadAttention, Layer)
REDUCTIONS = (Aggregation, torch_geometric.nn.aggr.Aggregation)
PARTS = ("several", "multi", "degreescaler", "fused", "var")  # that hold, or are held by, others
READERS = ("encoder", "readout", "pool", "mean_size")  # parts that are not of a step

HEAD = """# Models

Every file of `gn/models/` with every yaml of `conf/model/`. This page is written by
`python -m experiments.model_page`, from the docstrings and from what the models are seen to do on
random graphs with random weights; a test holds it to the code.

- **φ, ρ**: the equations of a step (edges k from sender s to receiver r, nodes i, globals u; ⁰
  marks the encoding), and the reductions in it.
- **globals**: *state*: what a node far away holds is heard where no edge leads from it; *input*:
  the globals given are read, and nothing is heard from afar; –: neither.
- **steps**: message-passing steps: any number (and how many by default), a fixed one, or none.
- **invariance**: *nodes*: to their order (answers move with them); *space*: to rotations,
  reflections and translations of their positions; *unit*: to the unit of the edge attributes.
- **parameters**: with the arguments of the yaml, for 5 node, 1 edge and 1 global attributes and one
  answer of each. Any other number: `model.match_parameters_of=<model or number>`.

| model | φ | ρ | globals | steps | invariance | parameters | source |
|---|---|---|---|---|---|---|---|
"""


def page() -> str:
    """The text of the page."""
    return HEAD + "".join(_line(path) for path in sorted((ROOT / "conf" / "model").glob("*.yaml")))


def _line(path: Path) -> str:
    node = OmegaConf.load(path)
    assert isinstance(node, DictConfig)
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model = build(construct(node, f"model {path.stem}"), "model", spec=SPEC).double().eval()
        for parameter in model.parameters():
            nn.init.normal_(parameter, std=0.3)  # nothing may be unseen because it begins at 0
    code = Path(inspect.getfile(type(model))).relative_to(ROOT)
    equations, source = _docstring(type(model))
    cells = (
        f"[{path.stem}](../{code})",
        f"`{equations}`",
        _reductions(model),
        _globals(model),
        _steps(model),
        _invariance(model),
        f"{sum(p.numel() for p in model.parameters()):,}",
        source,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _docstring(kind: type) -> tuple[str, str]:
    """The equations, which are the first line, and the sources, which end a paragraph."""
    first, *paragraphs = (inspect.getdoc(kind) or "").split("\n\n")
    joined = [" ".join(paragraph.split()) for paragraph in (first, *paragraphs)]
    sources = [text.partition("Source: ")[2] for text in joined if "Source: " in text]
    assert "=" in first, f"{kind.__name__}: the docstring does not begin with equations"
    assert sources, f"{kind.__name__}: the docstring names no source"
    return first.splitlines()[0].rstrip("."), sources[0].rstrip(".")


def _reductions(model: GraphModel) -> str:
    """The names of what reduces several items to one, but for the readout."""
    modules = dict(model.named_modules())
    weighted = tuple(name for name, part in modules.items() if isinstance(part, WEIGHTED))
    found = ["softmax"] if weighted else []
    for name, part in modules.items():
        is_within = any(name.startswith(f"{outer}.") for outer in weighted)
        if isinstance(part, REDUCTIONS) and name.split(".")[0] not in READERS and not is_within:
            found.append(type(part).__name__.removesuffix("Aggregation").lower())
    return ", ".join(name for name in dict.fromkeys(found) if name not in PARTS) or "–"


def _steps(model: GraphModel) -> str:
    if model.has_adjustable_steps:
        return f"any ({model.num_message_passing_steps})"
    return str(model.num_message_passing_steps or "–")


def _globals(model: GraphModel) -> str:
    """Whether an edge's answer depends on a node out of its sight, or on u."""
    apart = _graph()
    apart.edge_index = apart.edge_index % 5  # nodes 5, 6 and 7 have no edge
    far = _changed(apart, x=lambda x: x.index_add(0, torch.tensor([7]), torch.ones_like(x[:1])))
    other = _changed(apart, u=lambda u: u + 1)
    if _differ(model, apart, far, of_edges=True):
        return "state"
    return "input" if _differ(model, apart, other, of_edges=True) else "–"


def _invariance(model: GraphModel) -> str:
    graph = _graph()
    angle = torch.tensor(0.7, dtype=torch.float64)
    turn = torch.stack(
        [torch.stack([angle.cos(), angle.sin()]), torch.stack([angle.sin(), -angle.cos()])]
    )
    moved = _changed(graph, x=lambda x: torch.cat([x[:, :2] @ turn + 3, x[:, 2:]], dim=1))
    scaled = _changed(graph, edge_attr=lambda e: 10 * e)
    words = ["nodes"] if model.is_permutation_equivariant else []
    words += [] if _differ(model, graph, moved) else ["space"]
    words += [] if _differ(model, graph, scaled) else ["unit"]
    return ", ".join(words) or "–"


def _graph() -> Batch:
    """A random graph of 8 nodes."""
    generator = torch.Generator().manual_seed(1)
    edge_index = torch.randint(8, (2, 16), generator=generator)
    edge_index = edge_index[:, edge_index[1].argsort(stable=True)]
    sizes = {"x": (8, SPEC.node_in), "edge_attr": (16, SPEC.edge_in), "u": (1, SPEC.global_in)}
    fields = {
        name: torch.rand(size, generator=generator, dtype=torch.float64)
        for name, size in sizes.items()
    }
    graph = Data(edge_index=edge_index, **fields)
    return Batch.from_data_list([graph])  # pyright: ignore[reportReturnType]


def _changed(batch: Batch, **changes: Callable[[Tensor], Tensor]) -> Batch:
    changed = batch.clone()
    for name, change in changes.items():
        changed[name] = change(changed[name])
    return changed


@torch.no_grad()
def _differ(model: GraphModel, one: Batch, other: Batch, *, of_edges: bool = False) -> bool:
    """Whether the answers differ, or those of the edges, after three steps if they are free."""
    num_steps = 3 if model.has_adjustable_steps else None
    pairs = [
        (ours, theirs)
        for ours, theirs in zip(model(one, num_steps), model(other, num_steps), strict=True)
        if ours is not None and (not of_edges or len(ours) == one.num_edges)
    ]
    return not all(torch.allclose(a, b, rtol=1e-6, atol=1e-9) for a, b in pairs)


def main() -> None:
    """Write the page."""
    write_atomically(PAGE, lambda path: path.write_text(page()))
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
