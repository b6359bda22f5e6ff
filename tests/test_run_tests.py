"""`make test` says clearly what is wrong with the data before it runs anything."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_a_missing_data_folder_ends_the_run_with_its_name_and_no_traceback(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "utils.run_tests"],
        cwd=ROOT,
        env=os.environ | {"CNN_COURSE_DATA": str(tmp_path / "nowhere")},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "nowhere/fashion-mnist is missing" in run.stderr
    assert "Traceback" not in run.stderr
