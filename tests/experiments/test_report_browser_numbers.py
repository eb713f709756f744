"""Tables and charts of the report in a browser: searching, sorting, and details on click."""

import re
from pathlib import Path

import pytest

from experiments.statistics.matrix import by_method
from experiments.statistics.methods import over_runs
from experiments.statistics.standings import best_first
from experiments.tables.rows import method, read_table
from tests.conftest import ROOT

sync_api = pytest.importorskip("playwright.sync_api")


def column(page, field):
    """Return the texts of a column of the table of numbers, as shown."""
    cells = f'[data-part="table"] .tabulator-row [tabulator-field="{field}"]'
    return page.locator(f"section:not([hidden]) {cells}").all_inner_texts()


@pytest.mark.slow
def test_a_column_sorts_as_numbers_both_ways(opened):
    page = opened("#study/charges_cpu")
    page.select_option('[data-part="table"] .controls select', "error")
    title = page.locator(
        'section:visible [data-part="table"] .tabulator-col[tabulator-field="mean"]'
    )
    rows = [
        r
        for r in read_table(ROOT / "results/charges_cpu/transfer.csv")
        if r.metric == "error" and r.mean == r.mean
    ]
    groups = {}
    for r in rows:
        groups.setdefault((r.model, r.distribution, r.size), []).append(r)
    means = sorted(over_runs(group).mean for group in groups.values())
    title.locator(".tabulator-col-title").click()
    rising = [float(text) for text in column(page, "mean") if text != "n/a"]
    assert rising == pytest.approx(means[: len(rising)], rel=6e-3)
    title.locator(".tabulator-col-title").click()
    falling = [float(text) for text in column(page, "mean")]
    assert falling == pytest.approx(means[::-1][: len(falling)], rel=6e-3)
    assert falling[0] > 100 > 1 > rising[0]
    title.focus()
    page.keyboard.press("Enter")
    assert title.get_attribute("aria-sort") == "ascending"


def test_the_table_searches_and_filters(opened):
    page = opened("#study/quickstart")
    page.fill('section:visible input[type="search"]', "GRID demo@10 64")
    counter = page.locator('section:visible [data-part="table"] .tabulator-page-counter')
    sync_api.expect(counter).to_contain_text("of 1 rows")
    assert set(column(page, "distribution")) == {"grid"}
    assert set(column(page, "size")) == {"64"}
    page.fill('section:visible input[type="search"]', "")
    page.select_option('section:visible [aria-label="Filter by size"]', "128")
    page.select_option('section:visible [aria-label="Filter by model"]', "demo")
    assert set(column(page, "size")) == {"128"}
    assert set(column(page, "model")) == {"demo"}
    assert set(column(page, "metric")) == {"valid"}
    page.select_option('section:visible [data-part="table"] .controls select', "*")
    assert len(set(column(page, "metric"))) > 3


def test_a_click_on_a_number_shows_its_details(opened):
    page = opened("#study/quickstart")
    page.fill('section:visible input[type="search"]', "@1x grid 64")
    page.select_option('section:visible [aria-label="Filter by model"]', "next_hop")
    sheet = page.locator("dialog.sheet")
    for _ in range(100):  # a click is lost if the filter redraws the row at that moment
        page.locator("section:visible .tabulator-row .number").first.click()
        if sheet.is_visible():
            break
    assert sheet.is_visible()
    text = sheet.inner_text()
    table = read_table(ROOT / "results/quickstart/transfer.csv")
    place = ("next_hop", "1x", "grid", 64, "valid")
    rows = [r for r in table if (r.model, r.steps_rule, r.distribution, r.size, r.metric) == place]
    assert len(rows) == 5
    for r in rows:
        assert f"{r.mean:.3f}" in text
        assert f"[{r.low:.3f}, {r.high:.3f}]" in text
        for fact in (r.config_hash, r.data_hash, r.commit, r.versions):
            assert fact in text
    assert "hidden_dim:" in sheet.locator("pre").inner_text()
    base = Path(page.url.partition("#")[0].removeprefix("file://")).parent
    for link in sheet.locator(".facts a").all():
        assert (base / link.get_attribute("href")).is_dir()
    assert sheet.locator(".facts a").count() == 5
    page.reload()
    page.wait_for_selector("dialog[open] pre")
    assert sheet.inner_text() == text
    page.keyboard.press("Escape")
    assert not sheet.is_visible()
    page.wait_for_url(lambda url: "model=" not in url)


@pytest.mark.slow
def test_a_run_that_is_not_published_says_so(opened):
    page = opened("#study/sat_cpu")
    page.fill('section:visible input[type="search"]', "deep_sets sr")
    page.locator("section:visible .tabulator-row .number").first.click()
    text = page.locator("dialog.sheet").inner_text()
    assert "not published" in text
    assert "gn.models.deep_sets" in text


@pytest.mark.slow
def test_the_chart_shows_numbers_and_hides_methods(opened):
    page = opened("#study/quickstart?metric=solved&distribution=grid")
    metric = page.locator('section:visible [data-key="metric"]')
    assert metric.input_value() == "solved"
    page.goto(page.url.partition("#")[0] + "#study/quickstart?metric=cost_ratio")
    sync_api.expect(metric).to_have_value("cost_ratio")
    page.go_back()
    sync_api.expect(metric).to_have_value("solved")
    part = page.locator('section:visible [data-part="chart"]')
    part.scroll_into_view_if_needed()
    part.locator(".u-over").hover(position={"x": 300, "y": 100})
    readout = part.locator(".readout").inner_text()
    assert re.search(r"next_hop@1x\s+0\.\d+ \[0\.\d+, [01]", readout)
    part.locator(".chip", has_text="next_hop@1x").click()
    part.locator(".u-over").hover(position={"x": 300, "y": 100})
    assert "next_hop@1x" not in part.locator(".readout").inner_text()
    part.locator(".u-over").click(position={"x": 300, "y": 100})
    assert "solved" in page.locator("dialog.sheet h2").inner_text()


def test_the_worst_method_is_shown_at_first_and_buttons_are_as_their_lines(opened):
    page = opened("#study/inductive_bias")
    part = page.locator('section:visible [data-part="chart"]')
    shown = part.locator('.chip[aria-pressed="true"]').all_inner_texts()
    metric, distribution = (
        part.locator(f'[data-key="{key}"]').input_value() for key in ("metric", "distribution")
    )
    rows = read_table(ROOT / "results/inductive_bias/transfer.csv")
    mine = [r for r in rows if r.metric == metric]
    here = [r for r in mine if (r.distribution, r.size) == (distribution, 16)]  # all have answers
    answered = {method(r) for r in here if r.mean == r.mean}
    order = [name for name in best_first(by_method(mine), 1) if name in answered]
    assert len(shown) == 8
    assert shown == [name for name in order if name in shown]
    assert (shown[0], shown[-1]) == (order[0], order[-1])
    assert len({name.partition("@")[0] for name in shown[:7]}) == 7  # the best rule of each method
    part.locator(".plain", has_text="All").click()
    assert part.locator(".chip .dashed").count() > 8
    looks = part.locator(".chip .swatch").evaluate_all("all => all.map(i => i.style.background)")
    assert len(set(looks)) == min(len(looks), 24)


@pytest.mark.slow
def test_learning_curves_begin_with_a_score_and_losses_have_a_log_scale(opened):
    page = opened("#study/quickstart/learning")
    part = page.locator('section:visible [data-part="learning"]')
    metric, log = part.locator("select").nth(1), part.get_by_label("log scale")
    assert metric.input_value() == "val/valid"
    assert not log.is_visible()
    before = part.locator("canvas").evaluate("c => c.toDataURL()")
    metric.select_option("val/loss")
    assert log.is_checked()
    drawn = part.locator("canvas").evaluate("c => c.toDataURL()")
    log.uncheck()
    linear = part.locator("canvas").evaluate("c => c.toDataURL()")
    assert len({before, drawn, linear}) == 3


@pytest.mark.slow
def test_other_tables_are_searched_as_well(opened):
    page = opened("#study/quickstart/cells")
    part = page.locator('section:visible [data-part="cells"]')
    searches = part.locator('input[type="search"]')
    assert searches.count() == part.locator("h4").count() == 3
    table = part.locator(".tabulator").first
    lines = (ROOT / "results/quickstart/cells.csv").read_text().splitlines()
    count = sum("grid" in line for line in lines)
    searches.first.fill("GRID")
    counter = table.locator(".tabulator-page-counter")
    sync_api.expect(counter).to_contain_text(f"of {count} rows")
    assert all("grid" in text for text in table.locator(".tabulator-row").all_inner_texts())
    searches.first.fill("nothing like it")
    sync_api.expect(table).to_contain_text("No line fits.")


@pytest.mark.slow
def test_a_tap_on_the_chart_shows_numbers_and_a_tap_on_a_number_its_details(opened):
    page = opened("#study/quickstart/chart", width=390, is_mobile=True, has_touch=True)
    part = page.locator('section:visible [data-part="chart"]')
    part.locator(".u-over").tap(position={"x": 150, "y": 100})
    number = part.locator(".readout button", has_text="next_hop@1x")
    text = number.inner_text()
    number.tap()
    page.wait_for_selector("dialog.sheet .facts")
    shown = page.locator("dialog.sheet").inner_text()
    assert "next_hop@1x: valid" in shown
    assert re.search(r"0\.\d+", text)[0] in shown
