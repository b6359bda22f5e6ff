"""A pytest plugin that leaves out what is slow to start: `pytest -p tools.quick_tests`.

Left out is each test that needs a browser, a kernel, a built site or a new environment, as
its fixtures say; that has the mark `slow`; or that imports TensorFlow when it runs: it is
skipped at that import.
"""

from __future__ import annotations

import sys

import pytest

FIXTURES = {"browser", "build_site", "made_once", "notebook", "run_course"}
SLOW_TO_IMPORT = {"keras", "tensorflow"}


class SkipSlowImports:
    """A finder of modules that skips the test which imports a module that is slow to import.

    A check takes what an answer raises for a fault of the answer, also this skip. So it is noted,
    and the test counts as skipped whatever became of it.
    """

    imported = ""

    def find_spec(self, name, path=None, target=None):
        if name in SLOW_TO_IMPORT:
            self.imported = f"it imports {name}"
            pytest.skip(self.imported, allow_module_level=True)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = (yield).get_result()
        if self.imported and report.failed:
            path, line, _ = item.location
            report.outcome, report.longrepr = "skipped", (path, line, self.imported)
        if call.when == "teardown":
            self.imported = ""


def pytest_configure(config):
    finder = SkipSlowImports()
    sys.meta_path.insert(0, finder)
    config.pluginmanager.register(finder)
    config.add_cleanup(lambda: sys.meta_path.remove(finder))


def pytest_collection_modifyitems(config, items):
    slow = [
        item
        for item in items
        if item.get_closest_marker("slow") or FIXTURES & set(item.fixturenames)
    ]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]
