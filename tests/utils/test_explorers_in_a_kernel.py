"""The explorers in a real kernel: what a page sends arrives, and little travels back."""

from __future__ import annotations

from ast import literal_eval
from pathlib import Path

import numpy as np
import pytest

from tools.bench.explorers import kernel, until_idle
from utils.explorers import arrays, samples
from utils.explorers.base import encode

ROOT = Path(__file__).resolve().parents[2]
SET_UP = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import ipywidgets
import numpy as np
from utils.explorers import FilterExplorer, PoolingExplorer
"""
SIZE = 10_000  # bytes; a result is larger, all else in a message smaller


class Notebook:
    """A notebook's side of a kernel: it runs cells, and its widgets send what a reader changes."""

    def __init__(self, client):
        self.client = client
        self.run(SET_UP)

    def published(self, request: str) -> list[dict]:
        return until_idle(self.client, request)

    def run(self, code: str) -> tuple[str, list[dict]]:
        """Return what a cell prints, and the messages of its widgets."""
        published = self.published(self.client.execute(code))
        for message in published:
            assert message["msg_type"] != "error", "\n".join(message["content"]["traceback"])
        text = "".join(message["content"].get("text", "") for message in published)
        return text, [m for m in published if m["msg_type"].startswith("comm_")]

    def value(self, expression: str):
        return literal_eval(self.run(f"print(repr(({expression})))")[0])

    def send(self, widget: str, state: dict) -> list[dict]:
        """Send traits as the page does, arrays as buffers; return what comes back for widgets."""
        state = dict(state)
        names = [name for name, value in state.items() if isinstance(value, np.ndarray)]
        buffers = []
        for name in names:
            state[name] = encode(state[name])
            buffers.append(state[name].pop("data"))
        data = {"method": "update", "state": state}
        data["buffer_paths"] = [[name, "data"] for name in names]
        session = self.client.session
        content = {"comm_id": self.value(f"{widget}.model_id"), "data": data}
        request = session.msg("comm_msg", content)
        session.send(self.client.shell_channel.socket, request, buffers=buffers)
        published = self.published(request["header"]["msg_id"])
        return [m for m in published if m["msg_type"] == "comm_msg"]


@pytest.fixture(scope="module")
def notebook():
    with kernel() as client:
        yield Notebook(client)


def weight(messages: list[dict]) -> int:
    """Return how many bytes messages have, with their buffers."""
    return sum(
        len(str(message["content"])) + sum(len(buffer) for buffer in message["buffers"])
        for message in messages
    )


def sent(messages: list[dict], name: str) -> list:
    """Return each value that messages of the kernel's own, and not echoes, have for a trait."""
    data = [message["content"]["data"] for message in messages]
    return [
        each["state"][name] for each in data if each["method"] == "update" and name in each["state"]
    ]


def test_what_the_page_sends_arrives_and_its_own_result_does_not_come_back(notebook):
    notebook.run("seen = []; f = FilterExplorer(); f.observe(seen.append, ['bias', 'feature_map'])")
    photo = samples.load()["photo"]
    result = arrays.convolve(photo, np.array(notebook.value("f.kernel.tolist()")), bias=30)
    assert result.nbytes > SIZE
    back = notebook.send("f", {"bias": 30, "feature_map": result})
    assert notebook.value("sorted(change.name for change in seen)") == ["bias", "feature_map"]
    assert notebook.value("f.bias, f.feature_map.shape") == (30.0, result.shape)
    assert weight(back) < 1000


def test_a_result_that_the_page_did_not_send_comes_from_python(notebook):
    notebook.run("f = FilterExplorer(selected='digit')")
    back = notebook.send("f", {"kernel": np.ones((5, 5), "float32"), "stride": 2})
    assert [each["shape"] for each in sent(back, "feature_map")] == [[12, 12]]
    expected = arrays.convolve(samples.load()["digit"], np.ones((5, 5)), stride=2)
    buffer = next(m for m in back if sent([m], "feature_map"))["buffers"][0]
    np.testing.assert_allclose(np.frombuffer(buffer, "float32"), expected.ravel())


@pytest.mark.parametrize(
    "state",
    [
        {"bias": None},  # what JSON makes of NaN
        {"position": [-1, 0]},
        {"stride": 10**9},
        {"kernel": {"shape": [3, 3], "dtype": "float32", "data": None}},
        {"kernel": np.zeros((4, 4), "float32")},
        {"image": np.zeros((3, 3, 9), "uint8")},
        {"selected": "../cat"},
    ],
    ids=lambda state: next(iter(state)),
)
def test_a_wrong_value_from_the_page_is_not_taken_and_the_next_right_one_is(notebook, state):
    notebook.run("f = FilterExplorer(selected='digit', bias=7)")
    before = notebook.value("repr(f), f.position, f.bias")
    notebook.send("f", state)
    assert notebook.value("repr(f), f.position, f.bias") == before
    notebook.send("f", {"bias": 8})
    assert notebook.value("f.bias") == 8


@pytest.mark.parametrize("link", ["link", "dlink"])
def test_a_feature_map_is_pooled_through_a_link(notebook, link):
    notebook.run("f = FilterExplorer(selected='garment'); p = PoolingExplorer()")
    notebook.run(f"link = ipywidgets.{link}((f, 'feature_map'), (p, 'image'))")
    notebook.send("f", {"stride": 2})
    assert notebook.value("p.image.shape, p.pooled.shape, p.selected") == (
        (13, 13),
        (6, 6),
        "your image",
    )
    notebook.run("f.kernel = np.zeros((3, 3)); assert not p.image.any()")


def test_two_linked_kernels_come_to_rest(notebook):
    notebook.run("f, g = FilterExplorer(), FilterExplorer()")
    notebook.run("link = ipywidgets.link((f, 'kernel'), (g, 'kernel'))")
    back = notebook.send("g", {"kernel": np.eye(3, dtype="float32")})
    assert notebook.value("f.kernel.tolist()") == np.eye(3).tolist()
    assert len(sent(back, "kernel")) == 1  # for f; g's page has it
    notebook.run("f.kernel = np.ones((5, 5)); assert g.kernel.shape == (5, 5)")


def test_boxes_and_jslinks_name_the_explorers(notebook):
    code = "f, p = FilterExplorer(), PoolingExplorer()\n"
    code += "link = ipywidgets.jslink((f, 'feature_map'), (p, 'image'))\n"
    code += "box = ipywidgets.VBox([f, p])"
    _, opened = notebook.run(code)
    states = {m["content"]["comm_id"]: m["content"]["data"]["state"] for m in opened}
    f, p, link, box = notebook.value("[each.model_id for each in (f, p, link, box)]")
    assert states[box]["children"] == [f"IPY_MODEL_{f}", f"IPY_MODEL_{p}"]
    assert states[link]["source"] == [f"IPY_MODEL_{f}", "feature_map"]
    assert states[link]["target"] == [f"IPY_MODEL_{p}", "image"]
    assert states[f]["_esm"].count("export default") == 1
    assert weight(opened) < 500_000
