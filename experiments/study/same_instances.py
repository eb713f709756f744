"""Keep scores apart that are of different instances: a mean over them would mean nothing."""

import logging
from collections.abc import Iterable, Sequence

from experiments.tables.rows import Row, method

LOG = logging.getLogger(__name__)
SHOWN = 3  # the number of cells that a warning names
Place = tuple[str, int, str]  # distribution, size, rule of steps


def warn_of_two_evaluations(rows: Iterable[Row]) -> None:
    """Warn of evaluations of one run whose cells have one name, one number and other instances.

    Only the last of them gets into the tables of a study.

    Args:
        rows: of all evaluations.
    """
    found: dict[tuple[str, int, Place], dict[str, int]] = {}
    names: dict[tuple[str, int, Place], str] = {}
    for row in rows:
        key = row.config_hash, row.seed, _place(row)
        hashes = found.setdefault(key, {})
        hashes[row.data_hash] = max(row.num_instances, hashes.get(row.data_hash, 0))
        names[key] = f"{row.model} seed {row.seed}"
    for key, hashes in found.items():
        numbers = list(hashes.values())
        if numbers.count(max(numbers)) > 1:
            LOG.warning(
                "%s was scored on several sets of %d instances named %s: the last one counts",
                names[key], max(numbers), _named(key[-1]),
            )  # fmt: skip


def on_the_same_instances(rows: Sequence[Row]) -> list[Row]:
    """Leave out runs that were scored on other instances than most runs of their method.

    It warns of them, and of cells on which methods were scored on different instances.

    Args:
        rows: of a study, each score of a run once.
    """
    hashes_of: dict[tuple[str, str, Place], dict[str, set[tuple[str, int]]]] = {}
    for row in rows:
        of_method = hashes_of.setdefault((row.task, method(row), _place(row)), {})
        of_method.setdefault(row.data_hash, set()).add((row.config_hash, row.seed))
    kept = {key: max(of, key=lambda name: len(of[name])) for key, of in hashes_of.items()}
    for (_, name, place), of in hashes_of.items():
        for left_out in set(of) - {kept[_, name, place]}:
            seeds = ", ".join(str(seed) for _, seed in sorted(of[left_out], key=lambda r: r[1]))
            LOG.warning(
                "%s: seeds %s were scored on other instances of %s than most seeds: left out there",
                name, seeds, _named(place),
            )  # fmt: skip
    _warn_of_hashes(kept)
    return [r for r in rows if r.data_hash == kept[r.task, method(r), _place(r)]]


def warn_of_methods(rows: Iterable[Row]) -> None:
    """Warn of cells on which methods were scored on different instances.

    Args:
        rows: of a study, whose methods have the same instances in all of their runs.
    """
    _warn_of_hashes({(row.task, method(row), _place(row)): row.data_hash for row in rows})


def _warn_of_hashes(hashes: dict[tuple[str, str, Place], str]) -> None:
    """Warn once of all cells with the same groups of methods."""
    by_cell: dict[tuple[str, str, int], dict[str, list[str]]] = {}
    for (task, name, (distribution, size, _)), data_hash in hashes.items():
        by_cell.setdefault((task, distribution, size), {}).setdefault(data_hash, []).append(name)
    cells_of: dict[str, list[str]] = {}  # the methods, in groups of the same instances -> cells
    for (_, distribution, size), methods in by_cell.items():
        if len(methods) > 1:
            groups = "; ".join(", ".join(names) for names in methods.values())
            cells_of.setdefault(groups, []).append(f"{distribution} {size}")
    for groups, cells in cells_of.items():
        more = f" and {len(cells) - SHOWN} more cells" if len(cells) > SHOWN else ""
        LOG.warning(
            "%s%s: not all methods were scored on the same instances (%s)",
            ", ".join(cells[:SHOWN]), more, groups,
        )  # fmt: skip


def _place(row: Row) -> Place:
    return row.distribution, row.size, row.steps_rule


def _named(place: Place) -> str:
    return f"{place[0]} {place[1]}"
