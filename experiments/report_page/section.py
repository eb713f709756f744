"""The section of one study on the page: static HTML, and data for the interactive parts."""

import base64
import inspect
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from omegaconf import DictConfig, OmegaConf

from data_gen.patterns import visible
from data_gen.reading import read_bytes
from experiments.figures.exhibit import FIGURES
from experiments.report_page.links import href
from experiments.report_page.numbers import run_data, table_data
from experiments.report_page.packing import packed
from experiments.report_page.pictures import size, small
from experiments.report_page.plain_tables import curve_data, plain_tables
from experiments.report_page.prose import FENCES, Prose, prose
from experiments.settings.construct import construct
from experiments.settings.errors import UserError
from experiments.tables.goals import MetricGoal
from experiments.tables.pictures import ENDING, plain, stored_pictures
from experiments.tables.rows import read_table

PIXELS = 2.4  # pixels of a picture for one of the page: 125 page pixels to an inch of paper


@dataclass(frozen=True)
class Section:
    """The content of one study's section. Texts are untrusted and are escaped here."""

    folder: Path
    base: Path  # the folder of the page
    prose: Prose
    figures: list[Path]  # PNGs, in the order in which the README names them
    data: dict[str, Any]

    @classmethod
    def of(cls, folder: Path, base: Path) -> "Section":
        """Read the study in a folder.

        Raises:
            UserError: a table, a file of pictures or a run cannot be read.
        """
        words, rows = prose(folder, base), read_table(folder / "transfer.csv")
        if not rows:
            raise UserError(f"{folder / 'transfer.csv'}: the table has no rows")
        goals = folder / "metrics.csv"
        told = read_table(goals, MetricGoal) if goals.is_file() else []
        data = {
            "name": folder.name,
            **table_data(rows, told),
            "runs": run_data(folder, base),
            "folder": href(folder, base) + "/",
            "pictures": [
                {"file": name, **plain(picture)}
                for name, pictures in stored_pictures(folder).items()
                for picture in pictures
            ],
            "tables": plain_tables(folder),
            "curves": curve_data(folder),
        }
        return cls(folder, base, words, _figures(folder, words.source), data)

    @property
    def link(self) -> str:
        """The address of the section within the page."""
        return f"#study/{quote(self.folder.name)}"

    def card(self) -> str:
        """Return the study's question and first figure as HTML, for the overview."""
        name = escape(self.folder.name)
        image = '<img alt="">' if self.figures else ""
        return (
            f'<a class="card" href="{escape(self.link)}" data-of="{name}">'
            f"{image}<strong>{escape(self.prose.title)}</strong><span>{name}</span></a>"
        )

    def html(self) -> str:
        """Return the section as HTML, without the parts that scripts draw from the data."""
        name, words = escape(self.folder.name), self.prose
        parts = [f'<h1 class="name">{name}</h1><h2>{escape(words.title)}</h2>{words.lead}']
        if words.commands:
            parts.append(
                f"<details><summary>The commands that made it</summary>{words.commands}</details>"
            )
        parts.append(f'<nav class="parts" aria-label="Parts of {name}"></nav>')
        if self.figures:
            parts.append(_part("figures", "Figures", "".join(map(self._figure, self.figures))))
        shown = [("play", "Play")] if self.data["pictures"] else []
        shown += [("chart", "Score by size"), ("table", "Every number")]
        shown += [("learning", "Learning curves")] if self.data["curves"] else []
        shown += [("cells", "Other tables")] if self.data["tables"] else []
        parts += [_part(key, title, "") for key, title in shown]
        parts.append(_part("files", "Files", words.notes + self._files()))
        return (
            f'<section class="study" data-study="{name}" id="study/{name}">'
            f"{''.join(parts)}</section>"
        )

    def script(self) -> str:
        """Return the data as a script element that the browser does not run."""
        name = escape(self.folder.name)
        kind = "application/octet-stream"
        return f'<script type="{kind}" data-data="{name}">{packed(self.data)}</script>'

    def _figure(self, path: Path) -> str:
        caption = escape(_caption(path))
        content = small(read_bytes(path))
        picture = base64.b64encode(content).decode()
        others = [path.with_suffix(ending) for ending in (".pdf", ".gif")]
        links = " · ".join(
            f'<a href="{escape(href(other, self.base))}">{other.suffix[1:].upper()}</a>'
            for other in others
            if other.is_file()
        )
        return (
            f'<figure><button class="enlarge" aria-label="Enlarge {escape(path.stem)}">'
            f'<img src="data:image/png;base64,{picture}" alt="{escape(path.stem)}: {caption}"'
            f'{_sides(content)} decoding="async"></button><figcaption><b>{escape(path.stem)}</b>'
            f" {caption} {links}</figcaption></figure>"
        )

    def _files(self) -> str:
        kinds = ("*.csv", f"*{ENDING}", "*.tex")
        files = [path for kind in kinds for path in visible(self.folder, kind)]
        folders = [self.folder / name for name in ("configurations", "runs")]
        files += [path for path in folders if path.is_dir()]
        items = "".join(
            f'<li><a href="{escape(href(path, self.base))}">{escape(path.name)}</a></li>'
            for path in files
        )
        return f'<ul class="files">{items}</ul>'


def _part(key: str, title: str, content: str) -> str:
    return f'<div class="part" data-part="{key}"><h3 tabindex="-1">{title}</h3>{content}</div>'


def _figures(folder: Path, text: str) -> list[Path]:
    """Return the pictures of a folder in the order in which a text names them, then by name."""
    found = {path.stem: path for path in visible(folder, "*.png")}
    named = [word for word in re.findall(r"`([^`]+)`", FENCES.sub("", text)) if word in found]
    return [found[stem] for stem in dict.fromkeys([*named, *found])]


def _sides(png: bytes) -> str:
    """Return width and height as HTML attributes, at one scale for all pictures."""
    width, height = (round(side / PIXELS) for side in size(png))
    return f' width="{width}" height="{height}"' if width and height else ""


def _caption(path: Path) -> str:
    """Return the caption of one of the project's figures; "" for any other picture."""
    config = FIGURES / f"{path.stem}.yaml"
    node = OmegaConf.load(config) if config.is_file() else None
    if not isinstance(node, DictConfig) or node.get("study") not in ("", path.parent.name):
        return ""
    figure = construct(node, f"figure.{path.stem}")
    about = (inspect.getdoc(type(figure)) or "").partition("\n\n")[0]
    labels = [str(node.get(key) or "").rstrip(".") for key in ("metric_label", "caption")]
    told = [f"{label[:1].upper()}{label[1:]}." for label in labels if label]
    return " ".join(" ".join([*told, about]).split())
