"""Write the page of all models from their docstrings and from probes of their behaviour.

python -m docs.pages.models    # writes docs/models.md
"""

import inspect
import sys
from pathlib import Path

import torch
import torch_geometric.nn.aggr
from omegaconf import DictConfig, OmegaConf
from torch import nn
from torch_geometric.data import Batch
from torch_geometric.nn import GATv2Conv

from data_gen.files import write_atomically
from data_gen.spec import GraphSpec
from docs.pages.probes import changed, random_graph, spec_of
from experiments.settings.construct import build, construct
from experiments.settings.places import ROOT
from gn.aggregation import Aggregation
from gn.attention import EdgeAttention
from gn.model import GraphModel
from gn.models.transformer import Layer

PAGE = ROOT / "docs" / "models.md"
WEIGHTED = (EdgeAttention, GATv2Conv, nn.MultiheadAttention, Layer)
REDUCTIONS = (Aggregation, torch_geometric.nn.aggr.Aggregation)
PARTS = ("several", "multi", "degreescaler", "fused", "var")  # composed of, or part of, others
READERS = ("encoder", "readout", "pool", "mean_size")  # modules outside of the steps

HEAD = """# Models

The table has a line for every yaml of `conf/model/`, with a link to its code in `gn/models/` or
`gn/heuristics/` (models without parameters). `python -m docs.pages.models` writes this page from
the docstrings and from probes of each model, with random weights on random graphs; a test compares
it with the code. The columns are:

- **φ**: the equations of one message-passing step. Edge k leads from its sender s to its receiver
  r, i is a node, u holds the globals, ⁰ marks the encoding of the input, and ' the new value.
- **ρ**: the reductions over nodes or edges in a step, such as a sum or a maximum.
- **globals**: which information reaches an answer without passing along edges. *state*: the answer
  of a node depends on nodes that no path of edges connects to it. *input*: it depends on the given
  globals, but not on such nodes. –: neither.
- **steps**: the number of message-passing steps: any number (with the default), a fixed number, or
  none (–).
- **invariance**: changes of the input that do not change the answers. *nodes*: the order of the
  nodes (the answers are permuted alike). *space*: rotations, reflections and translations of the
  positions. *unit*: the unit of the edge attributes.
- **parameters**: their number with the arguments of the yaml, for 5 node, 1 edge and 1 global
  attributes and one answer of each; for a model of a single domain, with a task of this domain.
  `model.match_parameters_of=<model or number>` sets the number.
- **source**: the publication or code that the model follows.

| model | φ | ρ | globals | steps | invariance | parameters | source |
|---|---|---|---|---|---|---|---|
"""


def page() -> str:
    """Return the text of the page."""
    return HEAD + "".join(_line(path) for path in sorted((ROOT / "conf" / "model").glob("*.yaml")))


def _line(path: Path) -> str:
    node = OmegaConf.load(path)
    assert isinstance(node, DictConfig)
    partial = construct(node, f"model {path.stem}")
    spec = spec_of(partial.func)
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model = build(partial, "model", spec=spec).double().eval()
        for parameter in model.parameters():
            nn.init.normal_(parameter, std=0.3)  # initial zeros would hide dependencies
    code = Path(inspect.getfile(type(model))).relative_to(ROOT)
    equations, source = _docstring(type(model))
    cells = (
        f"[{path.stem}](../{code})",
        f"`{equations}`",
        _reductions(model),
        _globals(model, spec),
        _steps(model),
        _invariance(model, spec),
        f"{model.num_parameters:,}",
        source,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _docstring(kind: type) -> tuple[str, str]:
    """Return the equations (the first line) and the sources (the end of a paragraph)."""
    first, *paragraphs = (inspect.getdoc(kind) or "").split("\n\n")
    joined = [" ".join(paragraph.split()) for paragraph in (first, *paragraphs)]
    sources = [text.partition("Source: ")[2] for text in joined if "Source: " in text]
    assert "=" in first, f"{kind.__name__}: the docstring does not begin with equations"
    assert sources, f"{kind.__name__}: the docstring names no source"
    return first.splitlines()[0].rstrip("."), sources[0].rstrip(".")


def _reductions(model: GraphModel) -> str:
    """Return the names of the model's reductions, without those of the readout."""
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


def _globals(model: GraphModel, spec: GraphSpec) -> str:
    """Probe whether an answer depends on an unconnected node, or on u."""
    apart = random_graph(spec, is_apart=True)
    last = torch.tensor([apart.num_nodes - 1])
    far = changed(apart, x=lambda x: x.index_add(0, last, torch.ones_like(x[:1])))
    other = changed(apart, u=lambda u: u + 1)
    if _differ(model, apart, far, out_of_sight=True):
        return "state"
    return "input" if _differ(model, apart, other, out_of_sight=True) else "–"


def _invariance(model: GraphModel, spec: GraphSpec) -> str:
    graph = random_graph(spec)
    angle = torch.tensor(0.7, dtype=torch.float64)
    turn = torch.stack(
        [torch.stack([angle.cos(), angle.sin()]), torch.stack([angle.sin(), -angle.cos()])]
    )
    moved = changed(graph, x=lambda x: torch.cat([x[:, :2] @ turn + 3, x[:, 2:]], dim=1))
    scaled = changed(graph, edge_attr=lambda e: 10 * e)
    words = ["nodes"] if model.is_permutation_equivariant else []
    if spec.position_dim:  # one-hot kinds have neither positions nor units
        words += [] if _differ(model, graph, moved) else ["space"]
        words += [] if _differ(model, graph, scaled) else ["unit"]
    return ", ".join(words) or "–"


@torch.no_grad()
def _differ(model: GraphModel, one: Batch, other: Batch, *, out_of_sight: bool = False) -> bool:
    """Return whether the answers to two graphs differ (after three steps if adjustable).

    Args:
        model: the model.
        one: a graph.
        other: a graph with the same nodes and edges.
        out_of_sight: compare only the answers of edges, or else of the first node.
    """
    num_steps = 3 if model.has_adjustable_steps else None
    ours, theirs = model(one, num_steps), model(other, num_steps)
    names = ["x", "edge_attr", "u"]
    if out_of_sight:
        names = ["x"] if ours.edge_attr is None else ["edge_attr"]
    rows = slice(1) if names == ["x"] else slice(None)
    pairs = [(getattr(ours, name), getattr(theirs, name)) for name in names]
    return any(
        a is not None and not torch.allclose(a[rows], b[rows], rtol=1e-6, atol=1e-9)
        for a, b in pairs
    )


def main() -> None:
    """Write the page."""
    write_atomically(PAGE, lambda path: path.write_text(page()))
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
