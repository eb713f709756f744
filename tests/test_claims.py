"""Every finding in the README is a claim whose evidence agrees with the tables."""

import re

import pytest

from docs.pages.claims import LINE, PAGE, filled, rows_of
from tests.conftest import ROOT

TEXT = PAGE.read_text(encoding="utf-8")
CLAIMS = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
FINDINGS = (  # parts of the README: first words, and the words after the part
    ("![Shortest paths", "Two commands, on Linux"),
    ("## Three more findings", "Every sentence with a number"),
)


def one_line(text):
    return " ".join(text.split())


def quotes(claim):
    """Return the sentences that a claim quotes."""
    blocks = re.findall(r"(?:^> .*\n)+", claim, re.MULTILINE)
    return [one_line(re.sub(r"^> ", "", block, flags=re.MULTILINE)) for block in blocks]


def leads(page):
    """Return the first words of the findings of a page, in italics or bold."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    shown = text[text.index("\n## What it shows") : text.index("\n## Where it falls short")]
    return re.findall(r"^(?:\d\.|-) (?:\*\*|\*)([^*]+)\*", one_lines(shown), re.MULTILINE)


def one_lines(text):
    """A text with every item of a list in one line."""
    return re.sub(r"\n {2,}", " ", text)


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
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    text = " ".join(one_line(page.read_text(encoding="utf-8")) for page in pages if page != PAGE)
    said = quotes(claim)
    assert said
    assert all(sentence in text for sentence in said), said
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


@pytest.mark.parametrize("page", ["shortest_path.md"])
def test_every_finding_of_a_page_is_a_claim(page):
    said = [quote for claim in CLAIMS for quote in quotes(claim)]
    assert len(leads(page)) >= 5
    assert [lead for lead in leads(page) if not any(lead in quote for quote in said)] == []
