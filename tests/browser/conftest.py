"""A real Chromium, without a window and without a network, and the pages it looks at."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from grundton.report import render_html

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)


@cache
def load_synthetic() -> ModuleType:
    path = Path(__file__).parents[1] / "unit" / "report" / "synthetic.py"
    spec = importlib.util.spec_from_file_location("grundton_synthetic_browser", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Browser:
    """The driver with the few gestures the tests are made of."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, path: Path, anchor: str = "") -> None:
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(path.as_uri() + anchor)
        self.until("document.documentElement.dataset.ready === 'true'")

    def js(self, expression: str, *arguments: Any) -> Any:
        return self.driver.execute_script("return (\n" + expression.rstrip().rstrip(";") + "\n);", *arguments)

    def until(self, expression: str, seconds: float = 15) -> None:
        end = time.monotonic() + seconds
        while not self.js(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.02)

    def find(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def all(self, selector: str) -> list[Any]:
        return self.driver.find_elements("css selector", selector)  # type: ignore[no-any-return]

    def text(self, selector: str) -> str:
        return " ".join(self.find(selector).text.split())

    def click(self, selector: str) -> None:
        element = self.find(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def keys(self, *keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def choose(self, selector: str, value: str) -> None:
        self.driver.execute_script(
            "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change', {bubbles: true}))",
            self.find(selector),
            value,
        )

    def type(self, selector: str, text: str) -> None:
        """Type into a field and wait until the page has taken it in."""
        field = self.find(selector)
        field.clear()
        field.send_keys(text)
        time.sleep(0.3)

    def media(self, **features: str) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]},
        )

    def complaints(self) -> list[str]:
        """What the console says."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Every address the page asked for."""
        messages = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]

    def findings(self) -> int:
        """How many findings the page says it shows."""
        line = self.js("document.querySelector('#result-line .l-en').textContent")
        return int(line.split("·")[0].removeprefix("Findings:").replace(",", ""))


@pytest.fixture(scope="session")
def _driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if not CHROMIUM or not DRIVER:
        pytest.skip("needs chromium and chromedriver (Debian: apt install chromium-driver)")
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = CHROMIUM
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def browser(_driver: Any) -> Iterator[Browser]:
    """A browser whose page must not have complained or asked for anything when the test is over."""
    browser = Browser(_driver)
    yield browser
    assert browser.complaints() == []
    assert [url for url in browser.requests() if not url.startswith(("file:", "data:", "about:"))] == []
    if browser.js("location.protocol") == "file:":
        browser.js("localStorage.clear()")
    browser.media()
    browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.fixture(scope="session")
def write_page(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("pages")

    @cache
    def write(hosts: int, controls: int = 24, hostile: bool = False) -> tuple[Path, dict[str, Any]]:
        document = load_synthetic().document(hosts, controls, hostile=hostile)
        path = folder / f"report-{hosts}-{controls}-{hostile}.html"
        path.write_text(render_html(document), encoding="utf-8")
        return path, document

    return write


@pytest.fixture(scope="session")
def three(write_page: Any) -> tuple[Path, dict[str, Any]]:
    return write_page(3)


@pytest.fixture(scope="session")
def sixty(write_page: Any) -> tuple[Path, dict[str, Any]]:
    return write_page(60)


@pytest.fixture(scope="session")
def thousand(write_page: Any) -> tuple[Path, dict[str, Any]]:
    return write_page(1000, 110)


@pytest.fixture(scope="session")
def hostile(write_page: Any) -> tuple[Path, dict[str, Any]]:
    return write_page(20, hostile=True)
