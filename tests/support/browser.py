"""Debian's Chromium on a phone and on a desk; a request to anybody but our own server fails the test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    sync_playwright,
)

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
ALONE = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Start the browser's driver."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Start Debian's Chromium, headless and talking to nobody."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path is not None, "no Chromium: run scripts/system-packages.sh"
    rootly = ["--no-sandbox"] if os.geteuid() == 0 else []
    running = playwright.chromium.launch(executable_path=path, args=rootly + ALONE)
    yield running
    running.close()


OpenContext = Callable[..., BrowserContext]


@pytest.fixture
def open_context(browser: Browser) -> Iterator[OpenContext]:
    """Give a way to open a fresh browser profile; strange requests and script errors fail the test."""
    opened: list[BrowserContext] = []
    faults: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # Chromium reports every 4xx page it was rightly given; those are the test's business.
        if message.type == "error" and "Failed to load resource" not in message.text:
            faults.append(f"console: {message.text}")

    def see(request: Request) -> None:
        host = urlsplit(request.url).hostname
        if urlsplit(request.url).scheme in ("http", "https") and host != "127.0.0.1":
            faults.append(f"asked {request.url}")

    def open_one(**options: object) -> BrowserContext:
        context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", **options)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        context.on("console", hear)
        context.on("weberror", lambda error: faults.append(f"script: {error.error}"))
        context.on("request", see)
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()
    assert not faults, faults


@pytest.fixture
def phone(open_context: OpenContext) -> Page:
    """Give a phone 390 points wide, touched with a finger."""
    return open_context(viewport=PHONE, device_scale_factor=3, is_mobile=True, has_touch=True).new_page()


@pytest.fixture
def desk(open_context: OpenContext) -> Page:
    """Give an office computer."""
    return open_context(viewport=DESK, accept_downloads=True).new_page()


CheckAccess = Callable[[Page], None]


@pytest.fixture(scope="session")
def check_access() -> CheckAccess:
    """Give the accessibility check of the page shown: nothing found, nothing wider than the screen."""
    axe = Axe()

    def check(page: Page) -> None:
        found = axe.run(
            page, options={"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
        )
        assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
        width, shown = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert width <= shown, f"{page.url} is {width} wide on a screen of {shown}"

    return check
