"""The stored state of widgets that a page carries: models, slimmed, and the modules they need."""

from __future__ import annotations

import html
import json
import re

from tools.notebooks import widgets
from utils.explorers import modules

from ..spaces import unbroken
from .markup import Problem

NEVER_NEEDED = re.compile(r"layout|style|tooltip|tabbable|_dom_classes|_(model|view)_.*")
STATE = '<script type="{type}"{colab}>{state}</script>'


def with_unbroken(part):
    """Return the questions of a quiz, or a part of them, with no-break spaces in their words."""
    if isinstance(part, str):
        return unbroken(part)
    if isinstance(part, list):
        return [with_unbroken(each) for each in part]
    return {k: with_unbroken(v) for k, v in part.items()} if isinstance(part, dict) else part


def slim(model: dict) -> dict:
    """Return a stored model with what a page needs of it."""
    state = {k: v for k, v in model["state"].items() if not NEVER_NEEDED.fullmatch(k)}
    if "questions" in state:
        state["questions"] = with_unbroken(state["questions"])
    kept = {"model_name": model["model_name"], "state": state}
    if buffers := model.get("buffers"):
        kept["buffers"] = [{"path": b["path"], "data": b["data"]} for b in buffers]
    return widgets.without_derived_state(kept)


def page_state(shown: list[str], models: dict) -> dict:
    """Return the live models among the shown ones, and what they refer to or are linked with."""
    slimmed = {model_id: slim(model) for model_id, model in models.items()}
    live = [i for i in widgets.in_use(shown, slimmed) if widgets.is_ours(slimmed[i])]
    return {model_id: slimmed[model_id] for model_id in widgets.in_use(live, slimmed)}


def needed_modules(models: dict) -> list[str]:
    """Return the names of our modules that these models need; raise Problem for a missing one."""
    needed = {}  # a dict keeps the order and forgets repetitions
    for model in filter(widgets.is_ours, models.values()):
        try:
            needed |= dict.fromkeys(modules.with_dependencies(model["state"]["_module"]))
        except ValueError as error:
            raise Problem(str(error)) from None
    return list(needed)


def as_script(models: dict, colab: str | None) -> str:
    """Return the state as a script element of data, which no content of it can end early."""
    state = {"state": models, "version_major": 2, "version_minor": 0}
    text = json.dumps(state, sort_keys=True, separators=(",", ":")).replace("<", "\\u003c")
    address = f' data-colab="{html.escape(colab)}"' if colab else ""
    return STATE.format(type=widgets.STATE, colab=address, state=text)
