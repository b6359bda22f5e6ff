"""Measure networks in the page: `make bench ARGS=networks`.

In headless Chromium, in a page that is served from this machine: one forward pass of chapter
5's network (89.5 million multiply–adds), an occlusion map (196 passes and one), and how often
the answers with int8 weights are Keras's on the whole test set; how long a page is kept busy
while a reader uses the explorer (long_tasks.py). Where npm is there, the same
network runs in Node in ours and in other libraries, which are fetched for it and not kept.
"""

from __future__ import annotations

import base64
import statistics
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np

from tools.bench import peers
from utils import sizes
from utils.explorers import networks

SCRIPTS = Path(__file__).resolve().parents[2] / "utils" / "explorers" / "js"
PEERS = Path(__file__).with_name("network_peers.mjs")
PACKAGES = [
    "@tensorflow/tfjs@4.22.0",
    "@tensorflow/tfjs-backend-wasm@4.22.0",
    "onnxruntime-web@1.20.1",
    "onnx-proto@8.0.1",
]
BACKENDS = {"fused": "SIMD, fused", "simd": "SIMD", "plain": "JavaScript"}

IN_THE_PAGE = """async ({ file, backend, passes }) => {
    const [{ readNetwork }, { prepare, occlusion }, { compile }] = await Promise.all(
        ["network_file", "forward", "simd"].map((name) => import(`/${name}.js`)),
    );
    const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
    const network = readNetwork(bytes);
    const run = prepare(network, backend === "plain" ? null : compile(backend === "fused"));
    const image = { shape: [28, 28, 1], data: Float32Array.from({ length: 784 }, Math.random) };
    for (let i = 0; i < 10; i += 1) run(image);
    const times = [];
    for (let i = 0; i < passes; i += 1) {
        const start = performance.now();
        run(image);
        times.push(performance.now() - start);
    }
    const start = performance.now();
    if (backend !== "plain") occlusion(run, image, { size: 6, step: 2, fill: 0 });
    return { times, occlusion: performance.now() - start };
}"""
ANSWERS = """async ({ file, images }) => {
    const [{ readNetwork }, { prepare }, { compile }] = await Promise.all(
        ["network_file", "forward", "simd"].map((name) => import(`/${name}.js`)),
    );
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const run = prepare(readNetwork(bytes(file)), compile());
    const pixels = bytes(images);
    const answers = [];
    for (let at = 0; at < pixels.length; at += 784) {
        const data = Float32Array.from(pixels.subarray(at, at + 784), (value) => value / 255);
        const found = run({ shape: [28, 28, 1], data }).at(-1).data;
        answers.push(found.indexOf(Math.max(...found)));
    }
    return answers;
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line for each request."""

    def log_message(self, *args) -> None:
        pass


def as_text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def report_speed(page, name: str, file: bytes, passes: int) -> None:
    """Print what one pass takes, in each way that a page may compute it."""
    rows = sizes.summarize(networks.find(name).layers, (28, 28, 1))
    work = sum(row["multiply_adds"] for row in rows)
    for backend, words in BACKENDS.items():
        given = {"file": as_text(file), "backend": backend, "passes": passes}
        found = page.evaluate(IN_THE_PAGE, given)
        middle = statistics.median(found["times"])
        rate = work / middle / 1e6
        late = "" if backend == "plain" else f"   occlusion {found['occlusion'] / 1000:5.2f} s"
        print(f"{name:22} {words:12} {middle:7.1f} ms {rate:6.1f} G multiply–adds/s{late}")


def report_agreement(page, name: str, file: bytes) -> None:
    """Print how many answers are Keras's on the whole test set, and the accuracies."""
    from utils import data, models, records

    (_, _), (images, labels) = data.load_fashion_mnist() if "fashion" in name else data.load_mnist()
    model = models.lecture_network() if "fashion" in name else models.reference_cnn()
    model.set_weights(records.weights(name))
    expected = model.predict(images[..., None] / 255.0, batch_size=250, verbose=0).argmax(1)
    found = []
    for at in range(0, len(images), 500):
        given = {"file": as_text(file), "images": as_text(images[at : at + 500].tobytes())}
        found += page.evaluate(ANSWERS, given)
    found = np.array(found)
    print(
        f"{name:22} same answer as Keras {100 * (found == expected).mean():.2f} %, "
        f"accuracy {(found == labels).mean():.4f} (Keras {(expected == labels).mean():.4f})"
    )


def report_peers(passes: int) -> None:
    """Print what other libraries take for the same network in Node, beside ours."""
    files = {script.name: script.read_bytes() for script in SCRIPTS.glob("*.js")}
    files["network"] = networks.file("fashion_mnist_lecture")
    times = peers.measured(PEERS, PACKAGES, files, str(passes))
    for library, milliseconds in times.items():
        ratio = milliseconds / times["ours, SIMD"]
        print(f"in Node: {library:36} {milliseconds:7.1f} ms   {ratio:5.2f} × ours")


def report(passes: int = 60) -> None:
    """Print speed, agreement and the comparison."""
    from playwright.sync_api import sync_playwright

    from tools.bench import long_tasks
    from tools.browser import HOW_TO_GET_ONE, get_browser

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=SCRIPTS))
    Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        path = get_browser(playwright)
        if path is None:
            raise SystemExit(HOW_TO_GET_ONE)
        browser = playwright.chromium.launch(executable_path=path)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        for name in networks.NETWORKS:
            report_speed(page, name, networks.file(name), passes)
        for name in networks.NETWORKS:
            report_agreement(page, name, networks.file(name))
        long_tasks.report(browser, "network")
        browser.close()
    server.shutdown()
    report_peers(passes)


if __name__ == "__main__":
    report()
