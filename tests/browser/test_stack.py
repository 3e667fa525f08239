"""The application of the whole running system: real prices of the simulator, real signals of the engine."""

from playwright.sync_api import Browser, expect

from tests.stack import Stack

ARRIVES_MS = 60_000
MOVES_MS = 20_000
PRICES = "#grid-prices td:nth-child(2)"


def test_prices_move_and_a_signal_arrives(stack: Stack, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    page.goto(f"http://127.0.0.1:{stack.endpoints().dash_port}")
    expect(page.locator("#banner")).to_contain_text("SIMULATED MARKET", timeout=ARRIVES_MS)
    expect(page.locator("#grid-prices tr")).to_have_count(10, timeout=ARRIVES_MS)
    before = page.locator(PRICES).all_inner_texts()
    page.wait_for_function(
        "([cells, before]) => [...document.querySelectorAll(cells)].some((cell, at) => cell.innerText !== before[at])",
        arg=[PRICES, before],
        timeout=MOVES_MS,
    )
    page.locator("#which label").nth(1).click()
    newest = page.locator("#grid-signals tr").first
    expect(newest).to_be_visible(timeout=ARRIVES_MS)
    key = newest.get_attribute("data-key")
    page.wait_for_function(
        "(key) => document.querySelector('#grid-signals tr').dataset.key !== key", arg=key, timeout=ARRIVES_MS
    )
    page.close()
