"""Measure how long a class takes to grade: time, processor time of each stage, memory.

    python -m tools.bench.grading --students 100 --workers 2

The class is made of the solutions: a third has all of it, a third one part each, a third the
exercise as it was given out; of those with a model, it is one of the course's own networks.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
STAGES = {"inside.py": "functions", "look.py": "second look", "model_runner.py": "model"}
EVERY = 0.2  # seconds between two looks at the processes


def model_file(folder: Path) -> bytes:
    """Return a file with the course's network of part 3."""
    import keras

    from utils import models, records

    keras.config.set_dtype_policy("float32")
    model = models.reference_cnn()
    model.set_weights(records.weights("mnist_reference"))
    model.save(folder / "model.keras")
    return (folder / "model.keras").read_bytes()


def make_class(folder: Path, students: int, model: bytes) -> None:
    """Write the hand-ins of a class, as Moodle has them."""
    solved = sorted((ROOT / "solutions" / "14_9").glob("*.ipynb"))
    unsolved = sorted((ROOT / "exercises" / "14_9").glob("*.ipynb"))
    for number in range(students):
        kind = number % 3
        chosen = solved if kind == 0 else [solved[number % len(solved)]] if kind == 1 else unsolved
        place = folder / f"Student {number}_{1000 + number}_assignsubmission_file_"
        place.mkdir(parents=True)
        for path in chosen:
            told = json.loads(path.read_bytes())
            told["metadata"]["student"] = number
            (place / path.name).write_text(json.dumps(told), encoding="utf-8")
        if kind == 0:
            (place / "model.keras").write_bytes(model)


class Watch:
    """Adds up what the processes below one take, as long as it is asked to look."""

    def __init__(self, process: int):
        self.process = psutil.Process(process)
        self.seconds: dict[tuple[str, int], float] = {}
        self.peak = 0

    def look(self) -> None:
        memory = 0
        for child in [self.process, *self.process.children(recursive=True)]:
            try:
                words = child.cmdline()
                names = (name for name in STAGES if any(word.endswith(name) for word in words[:4]))
                stage = STAGES.get(next(names, ""), "the rest")
                used = child.cpu_times()
                self.seconds[stage, child.pid] = used.user + used.system
                memory += child.memory_info().rss
            except psutil.Error:
                continue
        self.peak = max(self.peak, memory)

    def by_stage(self) -> dict[str, list[float]]:
        found = defaultdict(list)
        for (stage, _), seconds in self.seconds.items():
            found[stage].append(seconds)
        return found


def measure(students: int, workers: int) -> None:
    """Grade a class of a size, and print what it took."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_class(folder / "in", students, model_file(folder))
        command = [sys.executable, "-m", "tools.grading", str(folder / "in")]
        command += ["--out", str(folder / "out"), "--seed", "1", "--workers", str(workers)]
        begun = time.monotonic()
        run = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        watch = Watch(run.pid)
        while run.poll() is None:
            try:
                watch.look()
            except psutil.NoSuchProcess:
                break
            time.sleep(EVERY)
        took = time.monotonic() - begun
    print(f"{students} hand-ins, {workers} workers: {took:.0f} s, {took / students:.1f} s each")
    for stage, seconds in sorted(watch.by_stage().items()):
        mean, most = sum(seconds) / len(seconds), max(seconds)
        print(f"  {stage:12} {len(seconds):4} processes, CPU mean {mean:.1f} s, most {most:.1f} s")
    print(f"  peak memory of all processes {watch.peak / 1e9:.1f} GB")


def main(arguments: list[str] | None = None) -> None:
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    measure(options.students, options.workers)


if __name__ == "__main__":
    main()
