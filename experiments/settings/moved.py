"""Old names in stored configurations, and the names that replaced them."""

from typing import Any

from omegaconf import DictConfig, OmegaConf

ROOMS = (  # old package, new package, and the modules that moved
    ("data_gen.distributions", "data_gen.graphs.distributions",
     "barabasi_albert caterpillar delaunay erdos_renyi forest_fire geographic_threshold grid"
     " random_geometric random_regular random_tree watts_strogatz"),
    ("data_gen.distributions", "data_gen.sat.distributions",
     "community_attachment dimacs_files k_clique k_coloring k_domset k_vercov"
     " popularity_similarity random_ksat sr"),
    ("data_gen.distributions", "data_gen.bodies.distributions",
     "balls charges gravity mass_spring springs string"),
    ("data_gen.edge_weights", "data_gen.graphs.edge_weights",
     "euclidean heavy_tailed uniform wide_range"),
    ("data_gen.tasks", "data_gen.paths.tasks", "shortest_path"),
    ("data_gen.tasks", "data_gen.sat.tasks", "sat_assignment satisfiability unsat_core"),
    ("data_gen.tasks", "data_gen.bodies.tasks", "displacement next_step system_energy"),
    ("gn.models", "gn.heuristics", "walk_sat zero"),
    ("experiments.trackers", "experiments.tracking", "tensorboard wandb"),
)  # fmt: skip
MODULES = {
    "data_gen.body_features": "data_gen.bodies.features",
    "data_gen.distributions.mixture": "data_gen.distribution",
    "data_gen.path_answer": "data_gen.paths.answer",
    "gn.models.recurrent_gn": "gn.models.recurrent_block",
    **{f"{old}.{name}": f"{new}.{name}" for old, new, names in ROOMS for name in names.split()},
}
# Removed settings: step rules replaced the first, and every model now does the second.
GONE = ("transfer.stop", "model.reads_ends")


def without_gone(plain: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration without settings that were removed from the project."""
    for key in GONE:
        section, _, leaf = key.rpartition(".")
        if isinstance(plain.get(section), dict):
            kept = {name: value for name, value in plain[section].items() if name != leaf}
            plain = {**plain, section: kept}
    return plain


def current_names(node: DictConfig) -> DictConfig:
    """Return the configuration with every `_target_` replaced by the current name of its class."""
    plain = OmegaConf.to_container(node)
    renamed = _renamed(plain)
    if renamed == plain:
        return node
    made = OmegaConf.create(renamed)  # type: ignore[call-overload]
    assert isinstance(made, DictConfig)
    made._set_parent(node._get_parent())
    return made


def _renamed(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        named = {key: _renamed(item) for key, item in value.items()}
        if isinstance(named.get("_target_"), str):
            named["_target_"] = current_name(named["_target_"])
        return named
    return [_renamed(item) for item in value] if isinstance(value, list) else value


def current_name(target: str) -> str:
    """Return the current name of a class, `package.module.Class`."""
    module, _, name = target.rpartition(".")
    return f"{MODULES.get(module, module)}.{name}"
