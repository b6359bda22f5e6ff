"""Extend nbval: a kernel that collects the states of widgets, and their comparison."""

from __future__ import annotations

import base64
import os
import re
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from unittest.mock import patch

from nbformat import NotebookNode, from_dict
from nbval.kernel import RunningKernel

from . import comparison, widgets

OUTPUTS = {"stream", "display_data", "execute_result", "clear_output"}


class Kernel(RunningKernel):
    """Starts again once if it did not start; keeps outputs and states of widgets."""

    environment: dict[str, str] = {}  # what conftest.py sets for kernels, and for them alone

    def __init__(self, *args, **kwargs):
        self.states: dict[str, dict] = defaultdict(dict)
        self.buffers: dict[str, dict] = defaultdict(dict)
        self.outputs: dict[str, list] = defaultdict(list)
        self.capturing = ""  # the id of the Output widget that outputs belong to now
        with patch.dict(os.environ, self.environment):
            try:
                super().__init__(*args, **kwargs)
            except RuntimeError:  # it did not answer in time, as happens on a busy machine
                super().__init__(*args, **kwargs)

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        """Run a cell with history: IPython reads there that a `;` at its end hides the result."""
        return self.kc.execute(cell_input, allow_stdin=allow_stdin, stop_on_error=False)

    def update_state(self, message: dict) -> None:
        """Take over the state of a widget that a message tells, as Jupyter does to store it.

        An Output widget, such as that of `interact`, says by its `msg_id` from when to when
        outputs are its own.
        """
        content = message["content"]
        model, data = content["comm_id"], content["data"]
        self.states[model].update(data.get("state", {}))
        paths = map(tuple, data.get("buffer_paths", []))
        self.buffers[model].update(zip(paths, message["buffers"], strict=False))
        if "msg_id" in data.get("state", {}):
            self.capturing = model if data["state"]["msg_id"] else ""

    def belongs_to_widget(self, message: dict) -> bool:
        """Tell whether a message is output of a widget, which keeps it then."""
        kind = message["msg_type"]
        if kind in ("comm_open", "comm_msg"):
            self.update_state(message)
        if not self.capturing or kind not in OUTPUTS:
            return False
        if kind == "clear_output":
            self.outputs[self.capturing].clear()
        else:
            output = from_dict({"output_type": kind, **message["content"]})
            self.outputs[self.capturing].append(output)
        return True

    def get_message(self, stream: str, timeout: float | None = None) -> dict:
        """Return the next message of a stream that does not belong to a widget."""
        message = super().get_message(stream, timeout=timeout)
        while self.belongs_to_widget(message):
            message = super().get_message(stream, timeout=timeout)
        return message

    def models(self) -> dict:
        """Return the widgets' states as a notebook stores them."""
        return {
            model: NotebookNode(
                model_name=state.get("_model_name"),
                state={**state, "outputs": self.outputs[model]} if "outputs" in state else state,
                buffers=[
                    {"path": list(path), "data": base64.b64encode(data).decode()}
                    for path, data in self.buffers[model].items()
                ],
            )
            for model, state in self.states.items()
        }


SEED = re.compile(r"<small[^>]*>seed [\d, ]+</small>")


def without_seeds(sanitize: Callable) -> Callable:
    """Extend nbval's method that prepares a text for comparison: the seed of a check is left out.

    It is a note for people, and no result: the verdict is the same with every seed.
    """

    @wraps(sanitize)
    def sanitized(self, text):
        text = sanitize(self, text)
        return SEED.sub("", text) if isinstance(text, str) else text

    return sanitized


def also_compare_widgets(compare: Callable) -> Callable:
    """Extend the method with which a cell of nbval compares outputs to states of widgets.

    They are compared as they are when the cell has run.
    """

    @wraps(compare)
    def compare_outputs(self, test, ref, skip_compare=None) -> bool:
        if not compare(self, test, ref, skip_compare):
            return False
        models = widgets.stored(self.parent.nb), self.parent.kernel.models()
        shown = zip(comparison.views(ref), comparison.views(test), strict=False)
        found = [each for ids in shown for each in comparison.widget_differences(*ids, models)]
        if found:
            self.comparison_traceback.append("A widget's state differs from the stored one:")
            self.comparison_traceback += [f"  {each}" for each in found]
        return not found

    return compare_outputs
