"""Build a report of Weights & Biases from the tables of a study."""

import warnings
from types import ModuleType
from typing import Any

from data_gen.seeding import content_hash
from experiments.statistics.markdown import leaderboard, transfer_matrix
from experiments.tables.goals import MetricGoal, perfect_of
from experiments.tables.rows import Row, read_table
from experiments.tracking.source import STUDY, Source, metric_name, own_rule

WIDTH = 24  # of a report, in the units of its layout
HEIGHT = 6


def report(source: Source, project: str, metric: str | None = None, entity: str = "") -> Any:  # noqa: ANN401
    """Return a `Report` with a part for each task, and the figures; no server is asked.

    Args:
        source: the source of a study.
        project: the project that the study's runs are mirrored in.
        metric: the metric to show; None is the first one in the table of each task.
        entity: the owner of the project; "" leaves it to the server.

    Raises:
        UserError: a table cannot be read.
    """
    wr = _reports()
    place = {"project": project, "entity": entity}
    blocks: list[Any] = [wr.TableOfContents()]
    rows = source.rows()
    goals = read_table(source.folder / "metrics.csv", MetricGoal)
    for task in dict.fromkeys(row.task for row in rows):
        of_task = [row for row in rows if row.task == task]
        shown = metric if metric in {row.metric for row in of_task} else of_task[0].metric
        runs = wr.Runset(
            name=task, filters=f"Group = '{source.study}' and JobType = '{task}'",
            groupby=["config.label"], **place,
        )  # fmt: skip
        perfect = perfect_of(goals, task, shown)
        blocks += _of_task(wr, runs, [row for row in of_task if row.metric == shown], perfect)
    own = f"Group = '{source.study}' and JobType = '{STUDY}'"
    blocks += _of_study(wr, wr.Runset(name=source.study, filters=own, **place), source)
    made = wr.Report(
        title=f"{source.study}: transfer", description=_description(rows), blocks=blocks,
        width="fluid", **place,
    )  # fmt: skip
    return _with_stable_ids(wr, made, source.study)


def serialised(made: Any) -> str:  # noqa: ANN401
    """Return a report in the server's JSON format."""
    model = made._to_model()
    return model.model_dump_json(by_alias=True, exclude_none=True, indent=1) + "\n"


def _reports() -> ModuleType:
    """Import the reports module without the deprecation warnings of its own dependency."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import wandb_workspaces.reports.v2 as wr
    return wr


def _of_task(wr: ModuleType, runs: Any, rows: list[Row], perfect: float) -> list:  # noqa: ANN401
    """Return the tables and panels of one metric of a task."""
    metric = rows[0].metric
    return [
        wr.H1(rows[0].task),
        wr.H2(f"Leaderboard: {metric}"),
        wr.MarkdownBlock(leaderboard(rows, perfect)),
        wr.H2(f"Size curves: {metric}"),
        wr.PanelGrid(runsets=[runs], panels=_size_curves(wr, rows)),
        wr.H2(f"Transfer matrix: {metric}"),
        wr.MarkdownBlock(transfer_matrix(rows)),
        wr.PanelGrid(runsets=[runs], panels=_cells(wr, rows)),
        wr.H2("Training curves"),
        wr.PanelGrid(runsets=[runs], panels=_training_curves(wr, metric)),
    ]


def _size_curves(wr: ModuleType, rows: list[Row]) -> list[Any]:
    """Return a plot over sizes for each distribution."""
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(row.distribution, []).append(row)
    return [
        wr.LinePlot(
            title=name, x="size", log_x=True, title_x="size", title_y=rows[0].metric,
            y=[f"by_size/{name}/{m}" for m in _metrics(of_name)],
            groupby=wr.Config("label"), groupby_rangefunc="stderr",
            layout=wr.Layout(x=WIDTH // 3 * (i % 3), y=HEIGHT * (i // 3), w=WIDTH // 3, h=HEIGHT),
        )
        for i, (name, of_name) in enumerate(by_name.items())
    ]  # fmt: skip


def _cells(wr: ModuleType, rows: list[Row]) -> list[Any]:
    """Return a bar plot for every cell, in a grid of distributions x sizes."""
    sizes = sorted({row.size for row in rows})
    names = list(dict.fromkeys(row.distribution for row in rows))
    width = max(1, WIDTH // len(sizes))
    panels = []
    for y, name in enumerate(names):
        for x, size in enumerate(sizes):
            cell = [row for row in rows if (row.distribution, row.size) == (name, size)]
            if cell:
                keys = [f"transfer/{name}/{size}/{metric}" for metric in _metrics(cell)]
                panels.append(
                    wr.BarPlot(
                        title=f"{name}, {size}", metrics=keys, groupby=wr.Config("label"),
                        groupby_rangefunc="stderr",
                        layout=wr.Layout(x=width * x, y=HEIGHT * y, w=width, h=HEIGHT),
                    )
                )  # fmt: skip
    return panels


def _training_curves(wr: ModuleType, metric: str) -> list[Any]:
    """Return plots of in-distribution metrics over updates."""
    return [
        wr.LinePlot(
            title=key, x="step", y=[key], groupby=wr.Config("label"), groupby_rangefunc="stderr",
            layout=wr.Layout(x=WIDTH // 3 * i, y=0, w=WIDTH // 3, h=HEIGHT),
        )
        for i, key in enumerate(("train/loss", "val/loss", f"val/{metric}"))
    ]  # fmt: skip


def _of_study(wr: ModuleType, own: Any, source: Source) -> list[Any]:  # noqa: ANN401
    """Return the figures and the joined table."""
    panels = [
        wr.MediaBrowser(media_keys=[f"figure/{path.name}"], num_columns=1)
        for path in source.pictures()
    ]
    table = wr.WeavePanelSummaryTable(table_name="transfer", layout=wr.Layout(w=WIDTH, h=12))
    return [
        wr.H1("Figures"),
        wr.PanelGrid(runsets=[own], panels=panels),
        wr.H1("Every row"),
        wr.PanelGrid(runsets=[own], panels=[table]),
    ]


def _metrics(rows: list[Row]) -> list[str]:
    """Return the names of a metric in the mirrors of the runs, one for each step rule."""
    own = {}
    for row in rows:
        own.setdefault((row.model, row.config_hash), []).append(row.steps_rule)
    names = [metric_name(row, own_rule(own[row.model, row.config_hash])) for row in rows]
    return sorted(set(names))


def _description(rows: list[Row]) -> str:
    runs = {(row.config_hash, row.seed) for row in rows}
    seeds = {row.seed for row in rows}
    return f"{len(runs)} runs, {len(seeds)} seeds; code at {', '.join(_commits(rows))}"


def _commits(rows: list[Row]) -> list[str]:
    return sorted({row.commit for row in rows})


def _with_stable_ids(wr: ModuleType, made: Any, study: str) -> Any:  # noqa: ANN401
    """Replace random identifiers by numbered ones, so that equal tables give equal reports."""
    grids = [block for block in made.blocks if isinstance(block, wr.PanelGrid)]
    for g, grid in enumerate(grids):
        for p, part in enumerate([*grid.runsets, *grid.panels]):
            part._id = content_hash(f"{study}/{g}/{p}")[:11]
    return made
