"""The report, opened from disk in a headless browser; skipped if there is no browser."""

import pytest
from omegaconf import OmegaConf

from experiments.report import report
from experiments.tables.rows import write_table
from tests.experiments.test_tables_and_figures import STUDIES, row

ATTACK = "<img src=x onerror=document.title='run'>"


def pixels(page):
    return page.evaluate(
        "document.querySelector('section:not([hidden]) .stage canvas').toDataURL()"
    )


def test_every_study_opens_by_its_link(opened):
    page = opened()
    cards = page.locator(".card")
    assert cards.count() == len(STUDIES)
    assert page.evaluate("[...document.querySelectorAll('.card img')].every(i => i.src)")
    for folder in STUDIES:
        page.goto(page.url.partition("#")[0] + f"#study/{folder.name}")
        section = f'section[data-study="{folder.name}"]'
        page.wait_for_selector(f"{section}[data-filled] .tabulator-row")
        assert page.locator("main > section:visible").count() == 1
        assert page.locator(f'{section} [data-part="chart"] .u-over').count() == 1
        assert page.locator(f"{section} figure").count() == len(list(folder.glob("*.png")))


@pytest.mark.slow
@pytest.mark.parametrize("study", ["nbody_cpu", "sat_cpu", "quickstart"])
def test_a_player_plays_and_stops(opened, study):
    page = opened(f"#study/{study}/play")
    play = page.locator("section:visible .play").first
    slider = page.locator('section:visible input[type="range"]').first
    before = pixels(page)
    page.wait_for_timeout(300)
    assert pixels(page) == before  # nothing moves by itself
    play.click()
    for _ in range(200):
        if int(slider.input_value()) > 5:
            break
        page.wait_for_timeout(50)
    play.click()
    stopped, frame = pixels(page), int(slider.input_value())
    assert stopped != before
    page.wait_for_timeout(300)
    assert pixels(page) == stopped
    assert int(slider.input_value()) == frame
    slider.fill("0")
    assert pixels(page) == before


@pytest.mark.slow
def test_without_javascript_a_card_leads_to_its_study(opened):
    page = opened(java_script_enabled=False)
    page.locator(".card", has_text="sat_cpu").click()
    assert page.url.endswith("#study/sat_cpu")
    top = page.locator("section#study\\/sat_cpu").bounding_box()["y"]
    assert 0 <= top < 200


@pytest.mark.slow
def test_the_visible_page_has_one_first_heading(opened):
    page = opened()
    assert page.locator("h1:visible").count() == 1
    page.locator(".card").first.click()
    page.wait_for_selector("section[data-filled]")
    assert page.locator("h1:visible").all_inner_texts() == [STUDIES[0].name]


@pytest.mark.slow
def test_the_theme_follows_the_system_and_remembers_a_choice(opened):
    page = opened(color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.click("button.theme")
    assert page.evaluate(paper) != dark
    page.wait_for_timeout(200)  # the browser stores the choice with a delay
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "light"


def test_nothing_is_wider_than_a_phone(opened):
    page = opened(width=390, is_mobile=True, has_touch=True)
    wider = "document.documentElement.scrollWidth - innerWidth"
    for folder in STUDIES:
        page.goto(page.url.partition("#")[0] + f"#study/{folder.name}")
        page.wait_for_selector(f'section[data-study="{folder.name}"][data-filled]')
        assert page.evaluate(wider) <= 0
        page.locator("section:visible .tabulator-row .number").first.click()
        assert page.evaluate(wider) <= 0
        body = page.locator("dialog.sheet .body")
        assert body.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
        page.keyboard.press("Escape")


@pytest.mark.slow
def test_a_picture_is_enlarged(opened):
    page = opened("#study/sat_difficulty")
    page.locator("section:visible .enlarge").first.click()
    assert page.locator("dialog.sheet .picture img").evaluate("i => i.naturalWidth") > 1000


def test_untrusted_text_is_shown_and_not_run(opened, tmp_path):
    folder = tmp_path / "in" / ATTACK
    folder.mkdir(parents=True)
    names = {"model": ATTACK, "task": ATTACK, "distribution": ATTACK, "metric": ATTACK}
    rows = [row(**names, seed=seed, config_hash=ATTACK, size=n) for seed in (0, 1) for n in (8, 16)]
    write_table(rows, folder / "transfer.csv")
    (folder / "README.md").write_text(f"# x: {ATTACK}\n\n{ATTACK}\n\n[a](javascript:alert(1))\n")
    (folder / "cells.csv").write_text(f"{ATTACK},b\n{ATTACK},1\n")
    curves = f"task,model,seed,step,metric,value\n{ATTACK},{ATTACK},0,1,{ATTACK},0.5\n"
    (folder / "curves.csv").write_text(curves)
    path = tmp_path / "report.html"
    config = {"study": None, "results_dir": str(tmp_path / "in"), "file": str(path)}
    report(OmegaConf.create(config))
    page = opened("", path)
    page.locator(".card").click()
    page.wait_for_selector("section[data-filled] .tabulator-row")
    page.locator('section:visible [data-part="chart"] .u-over').hover()
    page.locator(".tabulator-row .number").first.click()
    text = page.locator("dialog.sheet").inner_text()
    assert f"Configuration {ATTACK} is not published in" in text
    assert f"python -m experiments.publish study={ATTACK}" in text
    assert page.locator("[onerror]").count() == 0
    assert page.locator('img[src="x"]').count() == 0
    assert page.title() == f"{ATTACK}: Finite Means"
