"""A real browser, headless: Debian's chromium with its chromium-driver. Without one its tests are skipped."""

import json
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

ARGUMENTS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--window-size=1400,1000",
)


def _installed(*names: str) -> str:
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"no browser: {names[0]} is not installed (apt-get install chromium chromium-driver)")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory) -> Iterator[Any]:
    """The one browser of the session."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="no browser: selenium is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = _installed("chromium", "chromium-browser", "google-chrome")
    driver = _installed("chromedriver")
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # root cannot have one
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield started
    started.quit()


class Page:
    """What a test does in the browser; `driver` is selenium's, for all else."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        self.driver.get(address)

    def run(self, script: str, *arguments: object) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, script: str, seconds: float = 30) -> Any:
        """What a script returns, once that is true in JavaScript. Raises TimeoutException with the script."""
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.driver, seconds, 0.1).until(lambda driver: self.run(script), script)

    def errors(self) -> list[str]:
        """Errors that the console has told of since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def requests(self) -> list[str]:
        """What was asked for, by any page, since the last call: addresses without what data: holds."""
        told = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [one["params"] for one in told if one["method"] == "Network.requestWillBeSent"]
        return [one["request"]["url"].partition(",")[0] for one in sent]

    def dark(self, wanted: bool = True) -> None:
        """Pages see a person who prefers a dark scheme, or a light one."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if wanted else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


@pytest.fixture
def page(chromium) -> Iterator[Page]:
    """An empty page, light, with nothing of an earlier test in its console."""
    found = Page(chromium)
    found.open("about:blank")
    found.errors()
    found.requests()
    yield found
    found.dark(False)
