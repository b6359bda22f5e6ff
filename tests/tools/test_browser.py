"""Which of a machine's browsers tests and measurements use."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tools.browser import find_browser

NONE_OF_ITS_OWN = SimpleNamespace(chromium=SimpleNamespace(executable_path="/nowhere/chrome"))


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A function that makes a machine with these programs and no others."""

    def install(*names: str) -> None:
        for name in names:
            tmp_path.joinpath(name).touch(0o755)

    monkeypatch.setattr("tools.browser.ON_MACOS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CNN_COURSE_BROWSER", raising=False)
    return install


def found(**options) -> str | None:
    path = find_browser(NONE_OF_ITS_OWN, **options)
    return path and path.rpartition("/")[2]


def test_the_shell_comes_first_but_not_where_a_whole_browser_is_asked_for(machine):
    assert found() is None
    machine("chromium-headless-shell")
    assert found() == "chromium-headless-shell"
    assert found(with_windows=True) is None
    machine("google-chrome", "chromium")
    assert found() == "chromium-headless-shell"
    assert found(with_windows=True) == "chromium"


def test_a_chosen_browser_is_taken_before_all_others(machine, monkeypatch):
    machine("chromium-headless-shell", "my-chrome")
    monkeypatch.setenv("CNN_COURSE_BROWSER", "my-chrome")
    assert found() == found(with_windows=True) == "my-chrome"
    monkeypatch.setenv("CNN_COURSE_BROWSER", "my-chrom")
    with pytest.raises(ValueError, match="'my-chrom', and that is no program"):
        find_browser(NONE_OF_ITS_OWN)
