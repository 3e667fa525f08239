"""What a person sees: prices move, a chain shows Greeks, signals arrive, and everything says that it is simulated."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

BANNER = "SIMULATED MARKET"
LAST, CALL_DELTA, STRIKE, PUT_DELTA = 1, 3, 8, 13
MOVES_MS = 10_000
NUMBER = re.compile(r"^[+-]?[\d,]+\.?\d*$")

TEXTS = "(selector) => [...document.querySelectorAll(selector)].map((cell) => cell.textContent)"


def texts(page: Page, selector: str) -> list[str]:
    found: list[str] = page.evaluate(TEXTS, selector)
    return found


def column(grid: str, place: int) -> str:
    return f"#grid-{grid} td:nth-child({place + 1})"


@pytest.mark.parametrize("path", ["/", "/pipeline", "/nowhere"])
def test_every_page_says_that_the_market_is_simulated(page: Page, app_url: str, path: str) -> None:
    page.goto(app_url + path)
    expect(page.locator("#banner")).to_contain_text(BANNER)
    expect(page.locator("#banner")).to_be_visible()
    expect(page.locator("header")).to_contain_text("Nothing here is investment advice")


def test_prices_move(page: Page) -> None:
    expect(page.locator("#grid-prices tr")).to_have_count(10)
    expect(page.locator("#connection")).to_have_text("live")
    page.wait_for_function(
        "([selector, number]) => [...document.querySelectorAll(selector)].every((cell) => "
        "new RegExp(number).test(cell.textContent))",
        arg=[column("prices", LAST), NUMBER.pattern],
    )
    before = texts(page, column("prices", LAST))
    assert all(NUMBER.match(text) for text in before)
    page.wait_for_function(
        "([selector, before]) => [...document.querySelectorAll(selector)].some((cell, at) => "
        "cell.textContent !== before[at])",
        arg=[column("prices", LAST), before],
        timeout=MOVES_MS,
    )


def test_a_chain_shows_greeks_on_both_sides_of_the_strikes(page: Page) -> None:
    page.wait_for_function(
        "(selector) => [...document.querySelectorAll(selector)].filter((cell) => cell.textContent.startsWith('+'))"
        ".length >= 5",
        arg=column("chain", CALL_DELTA),
    )
    strikes = [float(text.replace(",", "")) for text in texts(page, column("chain", STRIKE))]
    assert strikes == sorted(strikes)
    deltas = [float(text) for text in texts(page, column("chain", CALL_DELTA)) if NUMBER.match(text)]
    assert all(0 <= delta <= 1 for delta in deltas)
    assert deltas == sorted(deltas, reverse=True) or len(deltas) < len(strikes)
    assert all(float(text) <= 0 for text in texts(page, column("chain", PUT_DELTA)) if NUMBER.match(text))
    assert "NaN" not in page.inner_text("#grid-chain")
    expect(page.locator("#chain-caption")).to_contain_text("method: european-bsm")


def test_a_click_on_a_price_opens_its_chain(page: Page) -> None:
    page.click("#grid-prices tr[data-key=SPY]")
    expect(page.locator("#chain-caption")).to_contain_text("SPY")
    expect(page.locator("#grid-prices tr[data-key=SPY]")).to_have_class("chosen")
    expect(page.locator("#candles")).to_contain_text("SPY")


def test_signals_arrive(page: Page) -> None:
    page.locator("#which label").nth(1).click()
    first = page.locator("#grid-signals tr").first
    expect(first).to_be_visible()
    newest = first.get_attribute("data-key")
    page.wait_for_function(
        "(key) => document.querySelector('#grid-signals tr').dataset.key !== key", arg=newest, timeout=MOVES_MS
    )
    cells = first.locator("td").all_inner_texts()
    assert cells[2] in {"Buy", "Sell", "Hold"}
    assert 0 <= float(cells[3]) <= 100


def test_a_click_on_a_signal_shows_its_lineage_and_its_waterfall(page: Page) -> None:
    key = page.locator("#grid-signals tr").first.get_attribute("data-key")
    page.click(f"#grid-signals tr[data-key='{key}']")  # a newer signal may have come in above it
    detail = page.locator(f"#detail-{key}")
    expect(detail).to_contain_text(str(key))
    expect(detail.locator(".lineage code")).to_have_count(7)
    expect(detail.locator(".js-plotly-plot")).to_contain_text("Spark (features)")


def test_the_pipeline_page_shows_services_and_streams(page: Page) -> None:
    page.click("text=Pipeline")
    expect(page.locator("#grid-services tr")).to_have_count(7)
    expect(page.locator("#grid-services tr[data-key=dash]")).to_contain_text("not ready")
    expect(page.locator("#grid-streams tr")).to_have_count(5)
    page.wait_for_function(
        "(row) => parseFloat(document.querySelector(row).cells[1].textContent) > 0",
        arg="#grid-streams tr[data-key='features.greeks']",
    )
    page.go_back()
    expect(page.locator("#grid-prices tr")).to_have_count(10)


def test_nothing_is_loaded_from_elsewhere_and_the_console_stays_quiet(browser: Browser, app_url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(app_url)
    expect(page.locator("#candles .js-plotly-plot")).to_be_visible()
    expect(page.locator("#grid-signals tr").first).to_be_visible()
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(app_url).netloc}
    assert complaints == []
    context.close()


def test_a_phone_can_read_it(browser: Browser, app_url: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(app_url)
    expect(page.locator("#banner")).to_be_visible()
    expect(page.locator("#grid-prices tr").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
