"""Takes the screenshots of docs/screens/ from a fresh demonstration: ``make screens``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from socket import socket

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SCREENS = ROOT / "docs/screens"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 960}
STARTED_WITHIN_S = 120


def free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str, process: subprocess.Popen[str]) -> None:
    """Return once the server answers."""
    until = time.monotonic() + STARTED_WITHIN_S
    while True:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the server did not start") from None
            time.sleep(0.2)


def shoot(page: Page, name: str) -> None:
    """Keep what a page shows."""
    page.screenshot(path=SCREENS / f"{name}.png", animations="disabled")


def respondent(browser: Browser, link: str) -> None:
    """Answer on a phone."""
    page = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True, locale="zh-CN").new_page()
    page.goto(link)
    shoot(page, "form-390")
    for label in page.locator("fieldset .choices > div:nth-child(2) label").all():
        label.click()
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/done/**")
    shoot(page, "thanks-390")


def inspector(browser: Browser, said: str, url: str) -> None:
    """Look at the county, the survey, the plan and the verdict as the city does."""
    password = re.search(r"登录名 demo-city\s+密码\s+(\S+)", said)
    verdict = re.search(r"/staff(/surveys/\d+/)verdict/", said)
    if password is None or verdict is None:
        raise SystemExit(f"no login for the city's inspector in:\n{said}")
    page = browser.new_context(viewport=DESK, locale="zh-CN").new_page()
    page.goto(f"{url}/staff/login")
    page.get_by_label("登录名").fill("demo-city")
    page.get_by_label("口令").fill(password[1])
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/staff/**")
    for path, name in (("/counties/", "counties"), ("/counties/379901/", "county"), (verdict[1], "survey")):
        page.goto(f"{url}/staff{path}")
        shoot(page, name)
    page.goto(f"{url}/staff{verdict[1]}verdict/")
    shoot(page, "verdict")


def main() -> None:
    """Start a fresh demonstration, look at it, stop it."""
    SCREENS.mkdir(exist_ok=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="screens") as folder, sync_playwright() as driver:
        log = Path(folder, "log")
        environment = os.environ | {"INSTANCE_DIR": folder, "PORT": str(port), "PYTHONUNBUFFERED": "1"}
        with log.open("w") as output:
            command = [sys.executable, "-m", "surveyapp"]
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, text=True)
        try:
            wait_for(url, process)
            said = log.read_text()
            link = re.search(rf"{url}/s/\S+", said)
            flags = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
            respondent(browser, link[0] if link else "")
            inspector(browser, said, url)
            browser.close()
        finally:
            process.terminate()
            process.wait(20)


if __name__ == "__main__":
    main()
