"""From accuracy to points: the table in `bands.json`, and what else was measured for judging.

The file is written by `python -m tools.calibrate`; its parts "moves" and "table" are decisions
and are kept as they stand.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("bands.json")
BANDS = json.loads(FILE.read_text(encoding="utf-8"))
DEGREES, PIXELS = BANDS["moves"]["degrees"], BANDS["moves"]["pixels"]
MOST = BANDS["table"][-1]["points"]


def points(accuracy: float) -> float:
    """Return the points for an accuracy on moved test digits, a share; in half points.

    Between two lines of the table the points rise evenly: an accuracy that is a little higher
    by luck earns a little more, and no line divides the lucky from the unlucky.
    """
    shares = [line["accuracy"] for line in BANDS["table"]]
    exact = np.interp(accuracy, shares, [line["points"] for line in BANDS["table"]])
    return float(np.floor(2 * exact + 0.5 + 1e-9) / 2)
