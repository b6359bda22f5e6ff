"""What tests of the page's modules share: a page that imports them, and cases in page and Node."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from utils.explorers import modules


@pytest.fixture(scope="module")
def find_problems(browser, address, tmp_path_factory):
    """A function that runs cases in the browser and returns those that fail, with the reason."""
    from engine_cases import COMPARE, MODULES

    folder = tmp_path_factory.mktemp("engine")
    for module in ("engine", "sizes"):
        shutil.copy(MODULES / f"{module}.js", folder)
    shutil.copy(COMPARE, folder / "compare.js")
    page = browser.new_page()
    page.goto(address(folder))
    script = """async (text) => {
        const engine = { ...await import("/engine.js"), ...await import("/sizes.js") };
        const { runCases } = await import("/compare.js");
        return runCases(engine, text);
    }"""

    def run(cases: list[dict]) -> list[dict]:
        results = page.evaluate(script, json.dumps(cases))
        assert len(results) == len(cases) > 0
        return [result for result in results if result["problem"]]

    yield run
    page.close()


@pytest.fixture(scope="module")
def page(browser, address, tmp_path_factory):
    """A page that can import the explorers' modules."""
    folder = tmp_path_factory.mktemp("modules")
    for script in modules.FOLDER.glob("*.js"):
        shutil.copy(script, folder)
    (folder / "index.html").write_text("<!doctype html><title>modules</title>")
    page = browser.new_page()
    page.goto(address(folder))
    yield page
    page.close()


@pytest.fixture(scope="module")
def node() -> str:
    """The path of Node 18 or later."""
    path = shutil.which("node")
    version = path and subprocess.run([path, "--version"], capture_output=True, text=True).stdout
    if not path or int(re.match(r"v(\d+)", version)[1]) < 18:
        pytest.skip("Node 18 or later is not installed; the browser has run the same cases")
    return path
