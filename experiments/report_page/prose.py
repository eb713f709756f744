"""The prose of a study: from its README, or from the first comments of its configuration."""

import html
import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

from data_gen.reading import read_bytes
from experiments.report_page.links import href
from experiments.settings.errors import UserError
from experiments.settings.places import CONF

EXPERIMENTS = CONF / "experiment"
MADE_BY = re.compile(r"\bMade by\b[^.]*\Z")  # the words before the commands
MOST_BYTES = 2**20  # of a README
FENCES = re.compile(r"^```.*^```[^\n]*$", re.MULTILINE | re.DOTALL)  # first to last code block


@dataclass(frozen=True)
class Prose:
    """The prose of one study; all but `title` and `source` is HTML that is safe to show."""

    title: str  # plain text
    lead: str
    commands: str
    notes: str
    source: str  # the README as it is


def prose(folder: Path, base: Path) -> Prose:
    """Return the prose of the study in a folder, with links relative to the page's folder `base`.

    Raises:
        UserError: the README cannot be read.
    """
    readme, config = folder / "README.md", EXPERIMENTS / f"{folder.name}.yaml"
    if readme.is_file():
        return _of_readme(readme, base)
    lines = _comments(config) if config.is_file() else []
    if not lines:
        return Prose(
            folder.name, f"<p>{html.escape(str(readme))} is not there yet.</p>", "", "", ""
        )
    lead = f"<p>{html.escape(' '.join(lines[1:]))}</p>" if lines[1:] else ""
    return Prose(_title(lines[0]), lead, "", "", "")


def _of_readme(path: Path, base: Path) -> Prose:
    try:
        text = read_bytes(path, most=MOST_BYTES).decode()
    except ValueError as error:
        raise UserError(f"{path}: cannot be read ({error})") from error
    head, _, body = text.lstrip().partition("\n")
    fences = FENCES.search(body)
    start, end = fences.span() if fences else (len(body), len(body))
    made_by = MADE_BY.search(body[:start]) if fences else None
    start = made_by.start() if made_by else start
    parts = (body[:start], body[start:end], body[end:])
    lead, commands, notes = (_rendered(part, path.parent, base) for part in parts)
    title = head.lstrip("# ")
    return Prose(_title(title.partition(": ")[2] or title), lead, commands, notes, text)


def _title(text: str) -> str:
    return text[:1].upper() + text[1:]


def _comments(path: Path) -> list[str]:
    """Return the first comment lines of a yaml, without Hydra's directives."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = itertools.takewhile(lambda line: line.startswith("#"), lines)
    return [line.lstrip("# ") for line in comments if not line.startswith("# @package")]


def _rendered(text: str, folder: Path, base: Path) -> str:
    """Render untrusted Markdown to HTML: tags become text, links lead to files or the web."""
    markdown = Markdown(extensions=["fenced_code", "tables"])
    markdown.preprocessors.deregister("html_block")
    for name in ("html", "entity", "image_link", "image_reference", "short_image_ref"):
        markdown.inlinePatterns.deregister(name)
    markdown.treeprocessors.register(_Links(folder, base), "links", 0)
    return markdown.convert(text)


class _Links(Treeprocessor):
    """Make addresses relative to the page, and remove all but those of files and web pages."""

    def __init__(self, folder: Path, base: Path) -> None:
        super().__init__()
        self.folder, self.base = folder, base

    def run(self, root: Element) -> None:
        """Process all links below an element."""
        for link in root.iter("a"):
            address = link.attrib.pop("href", "")
            parts = _split(address)
            if parts.scheme in ("http", "https"):
                link.set("href", address)
            elif not parts.scheme and not parts.netloc and parts.path:
                file = href(self.folder / unquote(parts.path), self.base)
                place = parts.fragment and f"#{quote(unquote(parts.fragment))}"
                link.set("href", f"{file}{place}")


def _split(address: str) -> SplitResult:
    """Split an address into its parts; an invalid address has empty parts."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")
