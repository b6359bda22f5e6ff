"""Measure training in the page: `make bench ARGS=training`.

In headless Chromium, with WebAssembly and with plain JavaScript, and beside them Keras on one
core and, where npm is there, other libraries in Node: images a second for the network Conv 8
3 × 3 – pool – Conv 16 3 × 3 – pool – dense 10 and batches of 32. Then what that network reaches
on the 1,000 images to judge by, and whether every prepared situation shows what its text says,
both with five seeds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tools.bench import peers

SCRIPTS = Path(__file__).resolve().parents[2] / "utils" / "explorers" / "js"
PEERS = Path(__file__).with_name("training_peers.mjs")
PACKAGES = ["convnetjs@0.3.0", "@tensorflow/tfjs@4.22.0"]
SEEDS = range(1, 6)
WANTED = {"digits": 0.95, "garments": 0.85}
SECONDS = {"simd": 15, "plain": 60}

# Train by the worker's calls, in the page itself; `stop` ends it once an accuracy is reached.
TRAIN = """async ({ settings, epochs, way, stop, situation }) => {
    const [{ TrainingServer }, { FIRST }, { compileLearning }, { SITUATIONS }] = await Promise.all(
        ["training_worker", "training_settings", "learning_memory", "training_situations"].map(
            (name) => import(`/${name}.js`),
        ),
    );
    const server = new TrainingServer(way === "plain" ? null : compileLearning());
    const prepared = SITUATIONS.find(({ name }) => name === situation);
    const all = { ...FIRST, ...prepared?.settings, ...settings };
    const bytes = await (await fetch(`/${all.data}.images`)).arrayBuffer();
    await server.load({ name: all.data, bytes });
    const made = server.build({ settings: all });
    const [judged, losses] = [[made.judged], []];
    const start = performance.now();
    let reached = null;
    const take = (report) => {
        if (report.batch) losses.push(report.batch.loss);
        if (!report.judged) return;
        judged.push(report.judged);
        if (reached === null && report.judged.test.accuracy >= stop) {
            reached = performance.now() - start;
            server.stop();
        }
    };
    const steps = made.epochSteps * (epochs ?? prepared.epochs);
    const last = await server.run({ steps }, take);
    take(last);
    const seconds = (performance.now() - start) / 1000;
    return { judged, losses, seconds, reached, steps: last.steps, problem: last.problem };
}"""
SPEED = """async ({ way, steps }) => {
    const [{ Network }, { compileLearning }, { makeOptimizer }, { FIRST, layersOf }] =
        await Promise.all(
            ["learning", "learning_memory", "optimizers", "training_settings"].map(
                (name) => import(`/${name}.js`),
            ),
        );
    const module = way === "plain" ? null : compileLearning();
    const layers = layersOf(FIRST);
    const network = new Network({ input: [28, 28, 1], layers, batch: 32, module });
    const optimize = makeOptimizer(network.parameters, { optimizer: "adam" });
    const images = Float32Array.from({ length: 32 * 784 }, (_, i) => (i % 5 ? 0 : (i % 97) / 97));
    const labels = Array.from({ length: 32 }, (_, i) => i % 10);
    const train = (count) => {
        for (let i = 0; i < count; i += 1) network.step(images, labels, 32, optimize, 0.0001);
    };
    train(steps / 4);
    const start = performance.now();
    train(steps);
    return (32000 * steps) / (performance.now() - start);
}"""
KERAS = """
import os, sys, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import keras, numpy as np, tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
from keras import layers
model = keras.Sequential([
    keras.Input((28, 28, 1)),
    layers.Conv2D(8, 3, padding="same", activation="relu"), layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu"), layers.MaxPooling2D(),
    layers.Flatten(), layers.Dense(10, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy")
x = np.random.default_rng(0).random((5000, 28, 28, 1), dtype="float32")
y = np.arange(5000) % 10
model.fit(x, y, batch_size=32, verbose=0)
start = time.perf_counter()
model.fit(x, y, batch_size=32, epochs=3, verbose=0)
print(15000 / (time.perf_counter() - start))
"""


def best(found: dict) -> float:
    return max(judged["test"]["accuracy"] for judged in found["judged"])


def last(found: dict, part: str = "test", number: str = "accuracy") -> float:
    return found["judged"][-1][part][number]


def all_dead(found: dict) -> bool:
    """Whether no filter gives anything any more, and the loss is that of guessing."""
    dead = found["judged"][-1]["dead"]
    return dead["dead"] == dead["all"] > 0 and abs(last(found, number="loss") - 2.3026) < 0.02


def accuracy_at(found: dict, step: int) -> float:
    return next(j["test"]["accuracy"] for j in found["judged"] if j["step"] >= step)


# What the answers of training_situations.js say, as questions to what a training found.
CLAIMS: dict[str, Callable[[dict], bool]] = {
    "usual": lambda f: (
        f["judged"][0]["test"]["accuracy"] < 0.3
        and accuracy_at(f, 157) > 0.85
        and max(j["test"]["accuracy"] for j in f["judged"] if j["step"] <= 314) > 0.9
    ),
    "too-fast": lambda f: bool(f["problem"]) or (max(f["losses"]) > 2.31 and last(f) < 0.2),
    "too-slow": lambda f: last(f) < 0.4 and last(f, number="loss") > 1.9,
    "no-relu": lambda f: 0.8 < last(f) < 0.94,
    "few-images": lambda f: (
        last(f, "train") == 1 and last(f, "train", "loss") < 0.05 and last(f) < 0.9
    ),
    "wrong-labels": lambda f: last(f) > 0.8 and last(f) > last(f, "train") + 0.1,
    "shuffled": lambda f: 0.7 < last(f) < 0.93,
    "dead-relus": all_dead,
    "zeros": all_dead,
    "peeked": lambda f: last(f, "peeked") > 0.97 and last(f) < last(f, "peeked") - 0.04,
}


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line for each request."""

    def log_message(self, *args) -> None:
        pass


def write_page(folder: Path) -> None:
    """Write what a page needs to train: the modules, and the images."""
    for file in [*SCRIPTS.glob("*.js"), *SCRIPTS.parent.glob("*.images")]:
        shutil.copy(file, folder)
    (folder / "index.html").write_text("<!doctype html><title>training</title>")


def report_speed(page) -> None:
    """Print images a second: ours, Keras's, and those of other libraries."""
    for way, words, steps in [("simd", "WebAssembly", 600), ("plain", "plain JavaScript", 80)]:
        rates = sorted(page.evaluate(SPEED, {"way": way, "steps": steps}) for _ in range(3))
        print(f"{words:40} {rates[1]:8,.0f} images/s")
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    run = subprocess.run(
        [sys.executable, "-c", KERAS], capture_output=True, text=True, env=environment
    )
    print(f"{'Keras with TensorFlow, one core':40} {float(run.stdout.split()[-1]):8,.0f} images/s")
    report_peers()


def report_peers() -> None:
    """Print images a second of other JavaScript libraries in Node."""
    for library, rate in peers.measured(PEERS, PACKAGES, {}).items():
        print(f"{library + ', in Node':40} {rate:8,.0f} images/s")


def report_accuracy(page) -> None:
    """Print how long the usual network takes to what is wanted of it, for each seed."""
    for way, seconds in SECONDS.items():
        for data, wanted in WANTED.items():
            for seed in SEEDS:
                given = {"settings": {"data": data, "seed": seed}, "epochs": 25, "stop": wanted}
                found = page.evaluate(TRAIN, {**given, "way": way, "situation": "usual"})
                late = (found["reached"] or 1e9) / 1000
                mark = "" if late <= seconds else f"   more than {seconds} s"
                print(f"{way:6} {data:9} seed {seed}: {best(found):.3f} after {late:5.1f} s{mark}")


def report_situations(page) -> None:
    """Print for each prepared situation with how many seeds it shows what its text says."""
    for situation, claim in CLAIMS.items():
        given = {"situation": situation, "way": "simd", "stop": 2}
        found = [page.evaluate(TRAIN, {**given, "settings": {"seed": seed}}) for seed in SEEDS]
        shown = [claim(each) for each in found]
        accuracies = " ".join(f"{last(each):.3f}" for each in found)
        print(f"{situation:13} {sum(shown)} of {len(shown)} seeds; accuracies {accuracies}")


def report() -> None:
    """Print speed, long tasks, situations and accuracies, once `make book` has built the site."""
    from playwright.sync_api import sync_playwright

    from tools.bench import long_tasks
    from tools.browser import HOW_TO_GET_ONE, get_browser

    with tempfile.TemporaryDirectory(prefix="bench-training-") as folder:
        write_page(Path(folder))
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            path = get_browser(playwright)
            if path is None:
                raise SystemExit(HOW_TO_GET_ONE)
            browser = playwright.chromium.launch(executable_path=path)
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            report_speed(page)
            long_tasks.report(browser, "training")
            report_situations(page)
            report_accuracy(page)
            browser.close()
        server.shutdown()


if __name__ == "__main__":
    report()
