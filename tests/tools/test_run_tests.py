"""`make test` says clearly what is wrong with the data before it runs anything.

`make colab-test` says what differs from Colab.
"""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tools import run_tests

ROOT = Path(__file__).resolve().parents[2]


def test_a_missing_data_folder_ends_the_run_with_its_name_and_no_traceback(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "tools.run_tests"],
        cwd=ROOT,
        env=os.environ | {"CNN_COURSE_DATA": str(tmp_path / "nowhere")},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "nowhere/fashion-mnist is missing" in run.stderr
    assert "Traceback" not in run.stderr


def test_other_versions_than_colabs_are_named_with_both_numbers():
    same = f"pytest=={metadata.version('pytest')}\nnbval>=0.11,<0.12\n"
    assert run_tests.other_versions(same) == []
    differences = run_tests.other_versions(same + "pluggy==0.1\nno-such-package-here==2.0\n")
    assert differences == [
        f"pluggy is {metadata.version('pluggy')}, not 0.1",
        "no-such-package-here is missing, not 2.0",
    ]


@pytest.mark.parametrize(
    ("differences", "source", "nbval"),
    [([], "mirror", "--nbval"), ([], "stand-in", "--nbval-lax"), (["x"], "mirror", "--nbval-lax")],
)
def test_with_colabs_versions_notebooks_and_explorers_run(monkeypatch, differences, source, nbval):
    calls = []
    monkeypatch.setattr(run_tests, "other_versions", lambda requirements: differences)
    monkeypatch.setattr(run_tests.data, "source", lambda name: source)
    monkeypatch.setattr(run_tests.pytest, "main", calls.append)
    monkeypatch.setattr(run_tests.sys, "argv", ["run_tests", "--colab", "--exitfirst"])
    monkeypatch.setenv("CNN_COURSE_OFFLINE_SAMPLE", "")
    run_tests.main()
    (arguments,) = calls
    assert nbval in arguments
    assert {"chapters", "--exitfirst", "tests/utils/test_explorers_filter.py"} <= set(arguments)
    assert not {"tests", "--colab", "tests/site/test_explorers_on_site.py"} & set(arguments)
