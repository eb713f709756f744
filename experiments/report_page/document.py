"""Assemble the report page: its frame, the sections of all studies, all styles and scripts."""

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from string import Template

from data_gen.patterns import visible
from experiments.figures.style import COLOURS
from experiments.report_page.section import Section

HERE = Path(__file__).parent
VENDOR = ("uplot.min.js", "tabulator.min.js")
STYLES = ("uplot.min.css", "tabulator.min.css")


def document(sections: Sequence[Section]) -> str:
    """Return self-contained HTML; the same sections give the same text.

    A content security policy allows only the embedded scripts to run, and nothing to be fetched.
    """
    scripts = [(HERE / "vendor" / name).read_text(encoding="utf-8") for name in VENDOR]
    scripts = [_without_map(script) for script in scripts] + [_own_script()]
    theme = (HERE / "browser" / "theme.js").read_text(encoding="utf-8")
    styles = [(HERE / "vendor" / name).read_text(encoding="utf-8") for name in STYLES]
    styles = [_without_map(style) for style in styles]
    styles += [path.read_text(encoding="utf-8") for path in _own_files("css")]
    frame = Template((HERE / "browser" / "page.html").read_text(encoding="utf-8"))
    return frame.substitute(
        policy=_policy([theme, *scripts]),
        theme=f"<script>{theme}</script>",
        styles="".join(f"<style>{style}</style>" for style in styles),
        cards="".join(section.card() for section in sections),
        sections="".join(section.html() for section in sections),
        data="".join(section.script() for section in sections),
        scripts="".join(f"<script>{script}</script>" for script in scripts),
    )


def _policy(scripts: Sequence[str]) -> str:
    """Return a Content-Security-Policy that allows scripts by their hashes."""
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


def _own_script() -> str:
    """Return the page's own script files as one script without global names."""
    parts = [f"const COLOURS = {json.dumps(COLOURS)};"]
    files = [path for path in _own_files("js") if path.name != "theme.js"]
    parts += [path.read_text(encoding="utf-8") for path in files]
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "\n})();"


def _own_files(ending: str) -> list[Path]:
    return visible(HERE / "browser", f"*.{ending}")


def _without_map(text: str) -> str:
    """Remove the address of a source map, which a browser's tools would try to fetch."""
    return "\n".join(line for line in text.splitlines() if "sourceMappingURL" not in line)
