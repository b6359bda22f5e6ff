"""Normalize the outputs of cells: join streams, apply carriage returns, drop log lines."""

from __future__ import annotations

import re
from itertools import groupby

from nbformat import NotebookNode

# TensorFlow's C++ code logs its start-up to the process's stderr, whatever Python does.
LOGGED_BY_TENSORFLOW = re.compile(
    r"""^(?:
        \d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d\.\d+:\ [IWE]\ \S+\.(?:cc|h):\d+\]  # 2026-… I a/b.cc:1]
      | [IWE]\d{4}\ \d\d:\d\d:\d+\.\d+\ .*\.(?:cc|h):\d+\]                 # I0000 00:00:… b.cc:1]
      | WARNING:\ All\ log\ messages\ before\ absl::InitializeLog
      | To\ enable\ the\ following\ instructions:
    )""",
    re.VERBOSE,
)
BACKSPACE = re.compile(r"[^\x08]?\x08")  # with what it takes away; \b would be a word's end


def without_log_lines(text: str) -> str:
    """Return `text` without the lines that TensorFlow's C++ code logged."""
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if not LOGGED_BY_TENSORFLOW.match(line)]
    return "".join(kept) if "".join(kept).strip() else ""


def final_line(line: str) -> str:
    """Return a line after its carriage returns and backspaces, as a terminal shows it.

    A progress bar goes back and writes over itself, padding with spaces; its
    last state is what stays.
    """
    if "\r" not in line and "\b" not in line:
        return line
    states = [state for state in line.split("\r") if state.strip("\b ")]
    seen = states[-1] if states else ""
    while "\b" in seen:
        seen = BACKSPACE.sub("", seen, count=1)
    return seen.rstrip(" ")


def render_terminal(text: str) -> str:
    """Return printed `text` as a terminal shows it at the end."""
    return "\n".join(final_line(line) for line in text.split("\n"))


def merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join the pieces in which a stream arrived, as far as no other output lies between them."""
    result = []
    for stream, pieces in groupby(outputs, key=lambda output: output.get("name")):
        if stream is None:
            result += pieces
            continue
        text = "".join(piece.text for piece in pieces)
        text = render_terminal(without_log_lines(text) if stream == "stderr" else text)
        if text:
            result.append(NotebookNode(output_type="stream", name=stream, text=text))
    return result


def normalize(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return the outputs with streams joined and TensorFlow's log lines dropped.

    Twice, because a dropped log line may have stood between two pieces of stdout.
    """
    return merged(merged(outputs))


def images(cell: NotebookNode) -> list[tuple[str, dict]]:
    """Return, for each picture a code cell shows, its type and the metadata it came with."""
    return [
        (mime, output.get("metadata", {}).get(mime, {}))
        for output in cell.get("outputs", [])
        for mime in output.get("data", {})
        if mime.startswith("image/")
    ]
