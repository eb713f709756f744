"""Every finding in the README is a claim whose evidence agrees with the tables."""

import re

import pytest

from docs.pages.claims import LINE, PAGE, filled, rows_of
from tests.conftest import ROOT

TEXT = PAGE.read_text(encoding="utf-8")
CLAIMS = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
FINDINGS = (  # parts of the README: first words, and the heading after the part
    ("![How far", "## What you can do"),
    ("## What else it has found", "## How it is laid out"),
)


def one_line(text):
    return " ".join(text.split())


def quotes(claim):
    """Return the sentences that a claim quotes."""
    blocks = re.findall(r"(?:^> .*\n)+", claim, re.MULTILINE)
    return [one_line(re.sub(r"^> ", "", block, flags=re.MULTILINE)) for block in blocks]


def findings():
    """Return the sentences of the README that report a number, in digits or in words."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for start, end in FINDINGS:
        part = readme[readme.index(start) : readme.index(end)]
        paragraphs = [text for text in part.split("\n\n") if not text.startswith(("!", "#"))]
        for paragraph in paragraphs:
            for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z])", paragraph.strip()):
                if re.search(r"\d", re.sub(r"\(.*?\)", "", one_line(sentence))):
                    yield one_line(sentence)


def test_the_cells_of_every_claim_are_those_of_the_tables():
    assert filled(TEXT) == TEXT, "python -m docs.pages.claims writes them"


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.partition(".")[0])
def test_a_claim_is_quoted_has_cells_and_says_what_would_refute_it(claim):
    readme = one_line((ROOT / "README.md").read_text(encoding="utf-8"))
    said = quotes(claim)
    assert said
    assert all(sentence in readme for sentence in said), said
    cells = [line for line in claim.splitlines() if LINE.fullmatch(line)]
    assert cells
    assert all(rows_of(line) for line in cells)
    for part in ("- **Refuted by**: ", "- **Seen**: "):
        assert claim.count(part) == 1


def test_every_sentence_of_the_readme_with_a_number_is_a_claim():
    said = " ".join(quote for claim in CLAIMS for quote in quotes(claim))
    found = list(findings())
    assert len(found) > 5
    assert [sentence for sentence in found if sentence not in said] == []
