"""Run all tests of the course with the data that can be had here: `make test`.

With the real data every notebook is compared strictly. Where neither a mirror
nor Keras's download answers, the stand-in is used, and of the notebooks only
the cells that do not depend on the data are compared.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from utils import data

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK_FOLDERS = [
    name for name in ("chapters", "exercises", "solutions") if (ROOT / name).is_dir()
]


def main() -> int:
    os.chdir(ROOT)
    try:
        stand_in = "stand-in" in {data.source("fashion-mnist"), data.source("mnist")}
    except data.DataError as error:
        sys.exit(str(error))
    if stand_in:
        os.environ["CNN_COURSE_OFFLINE_SAMPLE"] = "1"
        print(
            "The real data cannot be had here (no CNN_COURSE_DATA, no download): testing with "
            "the stand-in. Numbers that depend on the data are not compared."
        )
    nbval = "--nbval-lax" if stand_in else "--nbval"
    return pytest.main(["-ra", "--quiet", "tests", nbval, *NOTEBOOK_FOLDERS, *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
