"""The source of a mirror: the files of a run or a study, and names for their numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from data_gen.patterns import visible
from data_gen.reading import read_bytes
from data_gen.seeding import content_hash
from experiments.run.folder import RunFolder
from experiments.run.identity import NOT_STORED
from experiments.settings.errors import UserError
from experiments.settings.predicates import is_name
from experiments.tables.rows import Row, read_table

MAX_TAG = 64  # characters, the limit of wandb
STUDY = "study"  # the kind of a mirror of a whole study


@dataclass(frozen=True)
class Source:
    """A folder of a run or a study, with its names in a tracker."""

    folder: Path  # has the curve, the tables and the pictures
    home: Path  # the folder for files of trackers: <runs_dir>/<study>
    study: str
    kind: str  # the label of the task, or STUDY
    tags: tuple[str, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.name

    @property
    def id(self) -> str:
        """The identifier of the mirror, equal for every start of a run."""
        return content_hash(f"{self.study}/{self.name}")

    @property
    def is_run(self) -> bool:
        """True if the source is one run, not a study."""
        return self.kind != STUDY

    def curve(self) -> list[str]:
        """Return the complete lines of the training curve, each a mapping in JSON."""
        path = RunFolder(self.folder).metrics_path
        text = read_bytes(path, self.folder).decode() if path.is_file() else ""
        return [line for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def rows(self) -> list[Row]:
        """Return the rows of all transfer tables, beginning with the one of the training."""
        paths = sorted(visible(self.folder, "transfer*.csv"), key=lambda p: (len(p.name), p.name))
        return [row for path in paths for row in read_table(path)]

    def pictures(self) -> list[Path]:
        """Return the paths of figures (png) and animations (gif)."""
        found = [*visible(self.folder, "*.png"), *visible(self.folder, "*.gif")]
        return sorted(path for path in found if path.is_file())


def source_of_run(folder: RunFolder, config: DictConfig, runs_dir: Path) -> Source:
    """Return the source of a run, mirrored in `<runs_dir>/<study>`; its tags describe the training.

    Raises:
        UserError: the configuration is not that of a run, or a name in it cannot be part of a path;
            the folder may come from someone else.
    """
    stored = OmegaConf.masked_copy(config, _stored(config))
    plain: Any = OmegaConf.to_container(stored, resolve=True)
    try:
        home = runs_dir / _name(plain, "study")
        task = _name(plain, "task_label")
        sizes = [int(size) for size in plain["train"]["sizes"]] or [0]
        facts = [task, plain["label"], *plain["train"]["distribution"]]
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{folder.config_path}: not the configuration of a run") from error
    tags = tuple(str(tag)[:MAX_TAG] for tag in [*facts, f"sizes {min(sizes)}-{max(sizes)}"])
    return Source(folder.path, home, home.name, task, tags, plain)


def _name(plain: Any, key: str) -> str:  # noqa: ANN401
    """Return a value that may be part of a path; raise ValueError otherwise."""
    if not is_name(plain[key]):
        raise ValueError(key)
    return plain[key]


def source_of_study(folder: Path, runs_dir: Path) -> Source:
    """Return the source of a study's tables and figures, mirrored in `<runs_dir>/<study>`."""
    home = runs_dir / folder.name
    return Source(folder, home, folder.name, STUDY, (STUDY,), {"study": folder.name})


def _stored(config: DictConfig) -> list[str]:
    return [str(key) for key in config if key not in NOT_STORED]


def own_rule(rules: Sequence[str]) -> str:
    """Return the step rule that names of metrics omit: the first that is a number, or the first."""
    return next((rule for rule in rules if rule.isdigit()), rules[0] if rules else "")


def summary(rows: Sequence[Row]) -> dict[str, float]:
    """Return a mapping of `transfer/<distribution>/<size>/<metric>` to the mean.

    If a cell was scored twice, the mean over more instances counts. A metric under another step
    rule than the model's own ends with `@<rule>`.

    Args:
        rows: the rows of one run.
    """
    own = own_rule([row.steps_rule for row in rows])
    most: dict[str, Row] = {}
    for row in rows:
        key = f"transfer/{row.distribution}/{row.size}/{metric_name(row, own)}"
        if key not in most or row.num_instances > most[key].num_instances:
            most[key] = row
    return {key: row.mean for key, row in most.items()}


def by_size(rows: Sequence[Row]) -> list[dict[str, float]]:
    """Return a line for each size of one run: `size`, and `by_size/<distribution>/<metric>`."""
    lines: dict[int, dict[str, float]] = {}
    for key, mean in summary(rows).items():
        distribution, size, metric = key.removeprefix("transfer/").rsplit("/", 2)
        line = lines.setdefault(int(size), {"size": int(size)})
        line[f"by_size/{distribution}/{metric}"] = mean
    return [lines[size] for size in sorted(lines)]


def metric_name(row: Row, own: str) -> str:
    """Return the name of a metric, with the step rule if it is not the model's own."""
    return row.metric if row.steps_rule == own else f"{row.metric}@{row.steps_rule}"
