"""The kernel that nbval runs a notebook in, with three things that nbval lacks."""

from __future__ import annotations

import os
from unittest.mock import patch

from nbval.kernel import RunningKernel

OUTPUTS = {"stream", "display_data", "execute_result", "clear_output"}


class Kernel(RunningKernel):
    """Starts again once if it did not start; hides outputs as IPython and widgets do."""

    environment: dict[str, str] = {}  # what conftest.py sets for kernels, and for them alone
    in_widget = False

    def __init__(self, *args, **kwargs):
        with patch.dict(os.environ, self.environment):
            try:
                super().__init__(*args, **kwargs)
            except RuntimeError:  # it did not answer in time, as happens on a busy machine
                super().__init__(*args, **kwargs)

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        """Run a cell with history: IPython reads there that a `;` at its end hides the result."""
        return self.kc.execute(cell_input, allow_stdin=allow_stdin, stop_on_error=False)

    def belongs_to_widget(self, message: dict) -> bool:
        """Tell whether a message is output of an `interact` or another Output widget.

        Such a widget says, by its `msg_id`, from when to when the outputs are
        its own. Jupyter and nbclient then store them in the widget's state.
        """
        content = message["content"]
        if message["msg_type"] == "comm_msg":
            state = content["data"].get("state", {})
            self.in_widget = bool(state.get("msg_id", self.in_widget))
        return self.in_widget and message["msg_type"] in OUTPUTS

    def get_message(self, stream: str, timeout: float | None = None) -> dict:
        """Return the next message of a stream that does not belong into a widget."""
        message = super().get_message(stream, timeout=timeout)
        while self.belongs_to_widget(message):
            message = super().get_message(stream, timeout=timeout)
        return message
