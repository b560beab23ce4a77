"""The page of an audit in a real browser: it fits, it loads nothing, and it unfolds without a script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from secure_s3.bucket.reports.page import page_of
from tests.bucket.reports.support import HOSTILE, MIXED, SNAPSHOT, SOUND, audit

from .audit_picture import SIZES, resize, viewed
from .support import CHROMEDRIVER, CHROMIUM

pytest.importorskip("selenium", reason="selenium is not installed: pip install '.[test]'")
if not (CHROMIUM and CHROMEDRIVER):
    pytest.skip("no Chromium here: apt-get install chromium chromium-driver", allow_module_level=True)
pytestmark = pytest.mark.slow

LONG = "amzn-s3-demo-archive-with-as-long-a-name-as-there-may-be-1234567"
BUCKETS = (SNAPSHOT, replace(SNAPSHOT, bucket=LONG), replace(SNAPSHOT, bucket=HOSTILE, account=HOSTILE))

each_size = pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)

OVERLAPPING = """
    const texts = [...document.querySelectorAll(".picture .layer")].map((layer) => {
        const [name, told] = layer.querySelectorAll("text");
        const frame = layer.querySelector("rect").getBoundingClientRect();
        const [left, right] = [name.getBoundingClientRect(), told.getBoundingClientRect()];
        return left.right + 4 > right.left || right.right > frame.right ? layer.textContent : "";
    });
    return texts.filter(Boolean);
"""
CONTRASTS = """
    const number = (part) => {
        const c = part / 255;
        return c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
    };
    const light = (rgb) => { const [r, g, b] = rgb.match(/[\\d.]+/g).map(Number).map(number);
                             return .2126 * r + .7152 * g + .0722 * b; };
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            if (!colour.startsWith("rgba(0, 0, 0, 0")) return colour;
        }
        return "rgb(255, 255, 255)";
    };
    const poor = new Set();
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!own || element.closest("title, desc")) continue;
        const drawn = element.ownerSVGElement && element.previousElementSibling;
        const style = getComputedStyle(element);
        const rect = element.parentElement.querySelector(":scope > rect");
        const [text, ground] = drawn && rect
            ? [style.fill, getComputedStyle(rect).fill] : element.ownerSVGElement
            ? [style.fill, behind(element)] : [style.color, behind(element)];
        const [a, b] = [light(text), light(ground)].sort((x, y) => y - x);
        if ((a + .05) / (b + .05) < 4.5) poor.add(`${element.textContent}: ${text} on ${ground}`);
    }
    return [...poor];
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Chromium with the page of three buckets, one of which has a hostile name."""
    audits = [audit(*MIXED, snapshot=BUCKETS[0]), *(audit(*SOUND, snapshot=each) for each in BUCKETS[1:])]
    with viewed(page_of(audits), tmp_path_factory.mktemp("report")) as driver:
        yield driver


@each_size
def test_page_fits(driver: Any, size: tuple[int, int]) -> None:
    """Nothing is wider than the window, also with everything unfolded; no words overlap in the picture."""
    resize(driver, *size)
    unfold = "document.querySelectorAll('details').forEach((each) => { each.open = given; })"
    for opened in ("true", "false"):
        driver.execute_script(unfold.replace("given", opened))
        wide, window = driver.execute_script(
            "const page = document.documentElement; return [page.scrollWidth, page.clientWidth]"
        )
        assert wide <= window == size[0]
    assert driver.execute_script(OVERLAPPING) == []


@each_size
def test_picture_is_seen(driver: Any, size: tuple[int, int]) -> None:
    """The picture of the layers is in sight, is as wide as its place, and a layer leads to its finding."""
    resize(driver, *size)
    picture = driver.find_element("css selector", "#b0 .picture")
    assert picture.is_displayed()
    assert picture.size["width"] >= 280
    assert picture.size["height"] >= 300
    layer = picture.find_element("css selector", "a[aria-label='Transport: 1 medium']")
    driver.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", layer)
    target = driver.execute_script("return document.querySelector(':target').textContent")
    assert "Requests over plain HTTP are let through." in target


@pytest.mark.parametrize("dark", [False, True], ids=["bright", "dark"])
def test_text_can_be_read(driver: Any, dark: bool) -> None:
    """All text stands out from what is behind it by 4.5 to 1, in the dark as well (WCAG 2.2, 1.4.3)."""
    resize(driver, *SIZES["phone"], dark=dark)
    assert driver.execute_script(CONTRASTS) == []


def test_details_unfold(driver: Any) -> None:
    """A click unfolds why a finding matters; the page has no script for it."""
    resize(driver, *SIZES["phone"])
    card = driver.find_element("css selector", "#b0 .finding details")
    why = card.find_element("css selector", "p")
    assert not why.is_displayed()
    card.find_element("css selector", "summary").click()
    assert why.is_displayed()
    assert why.text == "Without it a mistake elsewhere is enough."


def test_page_loads_nothing(driver: Any) -> None:
    """The page asks for nothing, no script of a bucket's name runs, and the console stays empty."""
    driver.get_log("browser")
    driver.refresh()
    entries = "return performance.getEntriesByType('resource').map((each) => each.name)"
    asked = [each for each in driver.execute_script(entries) if not each.startswith("data:")]
    assert asked == []
    assert driver.execute_script("return document.scripts.length + document.images.length") == 0
    assert driver.get_log("browser") == []


def test_pictures_can_be_taken(driver: Any) -> None:
    """A picture of the page is a picture, and not of one colour."""
    resize(driver, *SIZES["desk"])
    assert len(driver.get_screenshot_as_png()) > 20_000
