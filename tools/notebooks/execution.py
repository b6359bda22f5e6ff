"""Run notebooks in full and store their outputs; only a run without fault replaces a notebook."""

from __future__ import annotations

import copy
import os
import time
from pathlib import Path
from subprocess import DEVNULL

import zmq
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager

from utils import data

from . import canonical, files, kernel_environment, outputs, quizzes, runs

LOADERS = {"load_fashion_mnist": "fashion-mnist", "load_mnist": "mnist"}


class Failure(Exception):
    """A notebook did not run through; the message says why, with the traceback if there is one."""

    def __init__(self, message: str, index: int):
        """`index` is the failing cell's position in the notebook, from 0."""
        super().__init__(message)
        self.index = index


class ShellChannel(AsyncZMQSocketChannel):
    """Notices a reply that comes while a message is sent.

    nbclient answers an `interact` on the socket on which it waits for the cell's reply.
    jupyter_client sends past pyzmq's asyncio, and sending takes away the signal that wakes
    it: a reply that had just come would never be read (jupyter/nbclient#312).
    """

    def send(self, message: dict) -> None:
        super().send(message)
        self.socket.get(zmq.EVENTS)  # asked for these, pyzmq looks itself, without a signal


class KernelClient(AsyncKernelClient):
    shell_channel_class = ShellChannel


def missing_data(paths: list[Path]) -> str:
    """Say which real data the notebooks load and this computer does not have; mostly, nothing."""
    code = "".join(path.read_text(encoding="utf-8") for path in paths)
    needed = [name for loader, name in LOADERS.items() if loader in code]
    try:
        missing = [data.TITLES[name] for name in needed if data.source(name) == "stand-in"]
    except data.DataError as error:
        return str(error)
    if not missing:
        return ""
    return (
        f"The real {' and '.join(missing)} is out of reach, and what is stored must come from it. "
        "Go online, or let CNN_COURSE_DATA name a folder that holds it: see utils/data.py."
    )


def kernels_cpu_seconds() -> float:
    """Return the processor time of all kernels that have ended, however busy the machine was."""
    times = os.times()
    return times.children_user + times.children_system


def first_line(cell: NotebookNode) -> str:
    """Return the first line of code, by which an author recognizes the cell."""
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith("#")), lines[0])[:60]


def stderr_text(cell: NotebookNode) -> str:
    """Return what Python wrote to stderr in a cell that has run, without TensorFlow's log."""
    streams = outputs.normalize(cell.outputs)
    return "".join(output.text for output in streams if output.get("name") == "stderr")


def run_cell(client: NotebookClient, index: int) -> None:
    """Run one cell; raise Failure if it fails or writes to stderr."""
    cell = client.nb.cells[index]
    try:
        client.execute_cell(cell, index)
    except CellExecutionError as error:
        raise Failure(error.traceback, index) from error
    except DeadKernelError as error:
        words = "The kernel died; most often, the memory was full."
        raise Failure(words, index) from error
    if text := stderr_text(cell):
        words = f"The cell wrote to stderr, which no reader should see:\n{text}"
        raise Failure(words, index)


def executed(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Return a copy of the notebook after a full run in a fresh kernel that works in `folder`.

    Prints a line for each cell. Raises Failure.
    """
    notebook = copy.deepcopy(notebook)
    kernel = AsyncKernelManager(
        kernel_name=CURRENT_ENV_KERNEL_NAME,
        kernel_spec_manager=NbvalKernelspecManager(),
        client_factory=KernelClient,
    )
    client = NotebookClient(notebook, km=kernel, timeout=None, record_timing=False)
    code = [i for i, c in enumerate(notebook.cells) if c.cell_type == "code" and c.source.strip()]
    with (
        kernel_environment.full_run_environment() as environment,
        client.setup_kernel(
            env=environment, cwd=str(folder.resolve()), stderr=DEVNULL, cleanup_kc=True
        ),
    ):
        for number, index in enumerate(code, start=1):
            cell = notebook.cells[index]
            print(f"  cell {number:2} of {len(code)}  {first_line(cell):60}  ", end="", flush=True)
            started = time.monotonic()
            run_cell(client, index)
            print(runs.format_duration(time.monotonic() - started), flush=True)
        client.set_widgets_metadata()
    return notebook


def execute(path: Path, root: Path = files.ROOT) -> bool:
    """Run the notebook at `path` and store its outputs; return whether it ran through.

    If it did, the run is put on record; if not, the file is left as it is and the reason
    is printed.
    """
    print(files.name(path, root), flush=True)
    started, cpu_before = time.monotonic(), kernels_cpu_seconds()
    try:
        text = canonical.serialize(executed(files.read(path), path.parent))
    except Failure as failure:
        print(f"FAILED, and the file is left as it was.\n{failure}", flush=True)
        return False
    seconds = time.monotonic() - started
    files.replace(path, text)
    runs.record(path, seconds, kernels_cpu_seconds() - cpu_before, root)
    print(f"  stored after {runs.format_duration(seconds)}", flush=True)
    return True


def execute_quizzes(path: Path, root: Path = files.ROOT) -> bool:
    """Run the quizzes of a notebook that stand alone, and store them; return whether they ran.

    The other outputs stay as they are, and so does the record of the full run.
    """
    print(files.name(path, root), flush=True)
    notebook = files.read(path)
    try:
        run = executed(quizzes.cut_out(notebook), path.parent)
    except Failure as failure:
        print(f"FAILED, and the file is left as it was.\n{failure}", flush=True)
        return False
    quizzes.put_back(run, notebook)
    files.replace(path, canonical.serialize(notebook))
    return True
