"""Stage 1, untrusted: call what a student wrote, in a sandbox, and bring back what comes of it.

A job is a list of groups, each the calls of one function. A group that ends the process or its
time costs the groups after it nothing: they get a new process.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from utils.checks.attempt import Outcome, too_long
from utils.checks.child import ENDED
from utils.checks.part3 import sandbox
from utils.checks.part3.model_config import Unacceptable, cleaned, read_json

from . import transfer
from .sandboxes import Budget, run, workplace

NEVER_DEFINED = "the cells that define it ended Python, or took too long"


@dataclass
class Group:
    """The calls of one function."""

    name: str
    notebook: str  # "part1", "part2", "part3"
    function: str
    calls: list[tuple] = field(default_factory=list)
    read: str = ""  # "figure": what is in the figure; "networks": see networks_inside.py
    seed: int = 0


@dataclass
class Found:
    """What came of a group."""

    outcomes: list[Any]  # Outcome for a call, or what networks_inside.py found
    status: str = "ok"  # or "timeout", "crash", "malformed"


def told(value: Any, arrays: dict[str, np.ndarray]) -> str:
    """Return an argument as `inside.given` reads it; an array is added to `arrays`."""
    if isinstance(value, np.ndarray):
        arrays[f"a{len(arrays)}"] = value
        return f"@{len(arrays) - 1}"
    return repr(value)


def described(group: Group, arrays: dict[str, np.ndarray], budget: Budget) -> dict:
    slow = group.read == "networks" or group.function == "augment"
    return {
        "name": group.name,
        "notebook": group.notebook,
        "function": group.function,
        "calls": [[told(each, arrays) for each in call] for call in group.calls],
        "read": group.read,
        "seed": group.seed,
        "seconds": 180.0 if slow else budget.a_call * (1 if group.notebook == "part1" else 2),
        "in_all": budget.networks if slow else budget.in_all * (1 if group.calls else 3),
    }


def call(
    groups: list[Group], notebooks: dict[str, list[str]], kind: str, budget: Budget
) -> dict[str, Found]:
    """Call all groups in sandboxes of a kind, "numbers" or "networks"; return by their names."""
    found: dict[str, Found] = {}
    ends = time.monotonic() + budget.define + sum(map(lambda g: time_for(g, budget), groups))
    arrays: dict[str, np.ndarray] = {}
    rest = [(group, described(group, arrays, budget)) for group in groups]
    while rest:
        job = {
            "kind": kind,
            "notebooks": notebooks,
            "groups": [about for _, about in rest],
            "seconds_to_define": budget.define,
        }
        # A folder for each process: what one has left there, links for instance, is no other's.
        with workplace() as folder:
            np.savez(folder / "inputs.npz", **arrays)
            (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
            ended = run("inside.py", kind, folder, budget, max(5.0, ends - time.monotonic()))
            rest = collected(rest, folder, ended, found)
    return found


def time_for(group: Group, budget: Budget) -> float:
    slow = group.read == "networks" or group.function == "augment"
    return budget.networks if slow else 2 * budget.in_all


def collected(
    rest: list[tuple[Group, dict]], folder: Path, ended: sandbox.Ended, found: dict[str, Found]
) -> list[tuple[Group, dict]]:
    """Put what came of the groups into `found`; return those that need a new process."""
    doing = (sandbox.read(folder / "current", 200) or b"").decode(errors="replace")
    left = transfer.LARGEST_ALL
    late = ended.status == "timeout" or "Timeout (" in ended.output or ended.code in (-24, 152)
    for place, (group, about) in enumerate(rest):
        values, status, size = results(folder, group, about, left)
        left -= size
        finished = sandbox.read(folder / f"{group.name}.done", 10) is not None
        if status == "ok" and not finished:
            if doing == f"define {group.notebook}" or not doing:
                problem, status = NEVER_DEFINED, "timeout" if late else "crash"
            else:
                seconds = about["seconds"] if group.calls else about["in_all"]
                problem = too_long(seconds) if late else ENDED
                status = "timeout" if late else "crash"
            values = [*values, Outcome(problem=problem, timed_out=late)]
        elif status == "malformed":
            values = [Outcome(problem="what it gave cannot be read")]
        found[group.name] = Found(values, status)
        if not finished and not doing.startswith("define") and doing == group.name:
            return rest[place + 1 :]
        if not finished and doing == f"define {group.notebook}":
            of_others = [each for each in rest[place + 1 :] if each[0].notebook != group.notebook]
            for other, _ in rest[place + 1 :]:
                if other.notebook == group.notebook:
                    found[other.name] = Found([Outcome(problem=problem, timed_out=late)], status)
            return of_others
    return []


def results(folder: Path, group: Group, about: dict, most: int) -> tuple[list[Any], str, int]:
    """Return what was written for a group, "ok" or "malformed", and how many bytes it was.

    At most `most` bytes are read. What the folder takes on the disk is limited too, but one file
    may lie there under many names.
    """
    values: list[Any] = []
    size = 0
    for place in range(len(about["calls"]) or 1):
        path = folder / f"{group.name}-{place}.npz"
        content = sandbox.read(path, min(transfer.LARGEST_FILE, most - size))
        if content is None and os.path.lexists(path):  # a link, a pipe, or too large
            return values, "malformed", size
        if content is None:
            break
        size += len(content)
        try:
            value = transfer.read(content)
            values.append(value if group.read == "networks" else outcome_of(value))
        except transfer.Malformed:
            return values, "malformed", size
    return values, "ok", size


def outcome_of(value: Any) -> Outcome:
    """Return an outcome from what was written of it. Raises Malformed."""
    try:
        return Outcome(
            value=value["value"],
            problem=str(value["problem"])[:600],
            changed_input=value["changed"] is True,
            timed_out=value["timed_out"] is True,
            figures=int(value["figures"]),
        )
    except Exception as error:  # whatever stands there instead of a number, Infinity for instance
        raise transfer.Malformed("an outcome that is none") from error


# --- networks, looked at again where no student's code runs ---------------------------------

LOSSES = {
    "SparseCategoricalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
}
LOSSES |= {"MeanSquaredError", "MeanAbsoluteError", "KLDivergence", "BinaryCrossentropy", "Poisson"}
LOSSES |= {"CategoricalHinge", "Hinge", "SquaredHinge", "CosineSimilarity", "Huber", "LogCosh"}
LOSS_NAMES = {
    *("sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy", "mse"),
    *("mean_squared_error", "mean_absolute_error", "mae", "kl_divergence", "poisson", "hinge"),
    *("categorical_focal_crossentropy", "squared_hinge", "categorical_hinge", "huber"),
}


def allowed_loss(loss: Any) -> Any:
    """Return the loss of a network, if it is one of Keras's own. Raises Unacceptable."""
    if loss is None or isinstance(loss, str) and loss in LOSS_NAMES:
        return loss
    if isinstance(loss, dict) and loss.get("module") == "keras.losses":
        config = loss.get("config")
        named = loss.get("class_name") in LOSSES and isinstance(config, dict)
        if named and all(isinstance(v, int | float | str | bool | None) for v in config.values()):
            plain = {"module": "keras.losses", "class_name": loss["class_name"], "config": config}
            return plain | {"registered_name": None}
    raise Unacceptable("its loss is none of Keras's own")


def looked_at(networks: dict[str, dict], seed: int, budget: Budget) -> dict[str, Any]:
    """Look at networks that came out of a sandbox, in another; return facts by name.

    A network that cannot be rebuilt from allowed parts is left out.
    """
    job, arrays = {}, {}
    for name, network in networks.items():
        for about, of_network in taken(name, network):
            job[name] = about
            arrays |= of_network
    if not job:
        return {}
    with workplace() as folder:
        np.savez(folder / "weights.npz", **arrays)
        whole = json.dumps({"seed": seed, "networks": job})
        (folder / "networks.json").write_text(whole, encoding="utf-8")
        run("look.py", "networks", folder, budget, budget.networks)
        found = {}
        for name in job:
            content = sandbox.read(folder / f"{name}.npz", transfer.LARGEST_FILE)
            if content is not None:
                found[name] = transfer.read(content)
    return {name: facts for name, facts in found.items() if "problem" not in facts}


def taken(name: str, network: Any) -> Iterator[tuple[dict, dict]]:
    """Yield the description of a network and its arrays; nothing, if it is not allowed."""
    try:
        config = cleaned(read_json(network["config"].tobytes()))
        loss = allowed_loss(read_json(network["compiled"].tobytes()))
        parts = {part: list(network[part]) for part in ("weights", "after") if part in network}
        for arrays in parts.values():
            if not all(isinstance(a, np.ndarray) and a.dtype.kind in "fiu" for a in arrays):
                return
    except (Unacceptable, TypeError, KeyError, AttributeError):
        return
    counts = {part: len(arrays) for part, arrays in parts.items()}
    stored = {
        f"{name}/{part}/{i}": array
        for part, arrays in parts.items()
        for i, array in enumerate(arrays)
    }
    yield {"config": config, "loss": loss, "counts": counts}, stored
