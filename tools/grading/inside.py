"""The program in the sandbox: define a student's functions, call them, write down what comes.

    python -P inside.py

In its folder lie job.json (which functions, what they are given) and inputs.npz (arrays); it
writes one `.npz` file for each call. It knows no right answer, and nothing that it writes is
believed: what a student's function changes in this process, it changes for itself alone.
"""

from __future__ import annotations

import ast
import contextlib
import faulthandler
import json
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np

HERE = Path.cwd()
sys.path.insert(0, str(Path(__file__).parent))  # `transfer`, and what there is of `utils`
import transfer  # noqa: E402

from utils.checks.attempt import Outcome, attempt  # noqa: E402

A_STATEMENT, AN_IMPORT = 15.0, 120.0  # seconds for a statement outside of functions
DEFINING = (
    *(ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If, ast.Try, ast.With),
)


def statements(source: str) -> list[ast.stmt]:
    """Return the statements of a cell that define something; of a cell that is no Python, none.

    Lines for the shell or for IPython (`!pip …`, `%time …`) are left out. Calls that stand by
    themselves, for instance of a check, a plot or a training, are not made.
    """
    lines = []
    for line in source.splitlines():
        space, words = line[: len(line) - len(line.lstrip())], line.lstrip()
        lines.append(f"{space}pass" if words.startswith(("!", "%", "?")) else line)
    try:
        body = ast.parse("\n".join(lines)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = []
    for statement in body:
        if isinstance(statement, ast.ImportFrom):  # each name by itself: one may not be there
            found += [
                ast.ImportFrom(statement.module, [name], statement.level)
                for name in statement.names
            ]
        elif isinstance(statement, DEFINING):
            found.append(statement)
    return found


def defined(cells: list[str]) -> dict:
    """Return the names that a notebook defines; a statement that fails costs no other."""
    names = {"__name__": "__main__"}
    for cell in cells:
        for statement in statements(cell):
            module = ast.fix_missing_locations(ast.Module([statement], []))
            try:
                code = compile(module, "notebook", "exec")
            except (SyntaxError, ValueError, RecursionError):
                continue
            imports = isinstance(statement, ast.Import | ast.ImportFrom)
            seconds = AN_IMPORT if imports else A_STATEMENT
            attempt(lambda code=code: exec(code, names), seconds=seconds, patience=1)
    return names


@contextlib.contextmanager
def no_data():
    """Let no data be loaded while a notebook is defined: without data, nothing is trained."""
    try:
        from utils import data
    except ImportError:  # in part 1
        yield
        return

    def refuse(*arguments, **named):
        raise data.DataError("in grading, functions are called, and no data is loaded")

    with (
        mock.patch.object(data, "load_mnist", refuse),
        mock.patch.object(data, "load_fashion_mnist", refuse),
    ):
        yield


def given(told, arrays):
    """Return an argument: a literal, in which "@3" stands for array 3."""
    if isinstance(told, str) and told.startswith("@"):
        return arrays[f"a{told[1:]}"]
    return ast.literal_eval(told)


def as_dictionary(outcome: Outcome) -> dict:
    return {
        "value": outcome.value,
        "problem": outcome.problem,
        "changed": outcome.changed_input,
        "timed_out": outcome.timed_out,
        "figures": outcome.figures,
    }


def call(group: dict, names: dict, arrays) -> None:
    """Call one function with all that it is to be given, until a call or all take too long."""
    function, begun = names.get(group["function"]), time.monotonic()
    for place, arguments in enumerate(group["calls"]):
        path = HERE / f"{group['name']}-{place}.npz"
        if path.exists():
            continue
        faulthandler.dump_traceback_later(group["seconds"] + 2, exit=True)
        if function is None:
            outcome = Outcome()
        else:
            positional = [given(each, arrays) for each in arguments]
            # By the clock, as all limits of a budget, which are wide enough for a busy machine.
            outcome = attempt(function, *positional, seconds=group["seconds"], patience=1)
        transfer.write(path, as_dictionary(read_value(group, outcome)))
        if outcome.timed_out or time.monotonic() - begun > group["in_all"]:
            return


def read_value(group: dict, outcome: Outcome) -> Outcome:
    """Return an outcome with what is in a figure, where one is asked for."""
    if group.get("read") != "figure" or outcome.problem:
        return outcome
    from utils.checks.part2.curves import read_figure

    found = attempt(lambda: read_figure(outcome.value)).value
    value = {"read": found, "kind": type(outcome.value).__name__}
    value["open"] = outcome.value is None
    return Outcome(value=value, figures=outcome.figures)


def networks(group: dict, names: dict) -> None:
    """Look at the network of `build_model`, or at its training, with the course's own checks."""
    import networks_inside

    faulthandler.dump_traceback_later(group["in_all"], exit=True)
    found = getattr(networks_inside, group["function"])(names, group["seed"])
    transfer.write(HERE / f"{group['name']}-0.npz", found)


def now_doing(what: str) -> None:
    (HERE / "current").write_text(what, encoding="utf-8")


def main() -> None:
    job = json.loads((HERE / "job.json").read_text(encoding="utf-8"))
    arrays = np.load(HERE / "inputs.npz", allow_pickle=False)
    known: dict[str, dict] = {}
    if job["kind"] == "networks":  # so that their start is on nobody's time
        import keras  # noqa: F401
        import matplotlib.pyplot  # noqa: F401
    (HERE / "started").touch()
    for group in job["groups"]:
        notebook = group["notebook"]
        if notebook not in known:
            now_doing(f"define {notebook}")
            faulthandler.dump_traceback_later(job["seconds_to_define"], exit=True)
            with no_data():
                known[notebook] = defined(job["notebooks"][notebook])
        now_doing(group["name"])
        if group.get("read") == "networks":
            networks(group, known[notebook])
        else:
            call(group, known[notebook], arrays)
        (HERE / f"{group['name']}.done").touch()
    faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main()
