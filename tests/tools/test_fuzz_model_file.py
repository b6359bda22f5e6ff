"""The fuzzer of model files: some seconds of it, and that it would see a fault."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tools import fuzz_model_file as fuzz
from utils.checks.part3 import model_config, model_file, sandbox


@pytest.fixture(scope="module")
def looked_at() -> list[tuple]:
    """Changed files of every kind, as (good file, change, what `look` returned)."""
    rng, kinds = np.random.default_rng(149), range(len(fuzz.good_files()))
    return [
        (kind, change, fuzz.look(change(rng, fuzz.good_files()[kind])))
        for change, share in fuzz.MUTATIONS
        for kind in kinds
        for _ in range(max(10, round(40 * share)))
    ]


def test_changed_files_are_refused_in_words_or_let_through(looked_at):
    assert [wrong for _, _, (_, wrong) in looked_at if wrong] == []
    let_through = sum(found is not None for _, _, (found, _) in looked_at)
    # The changes are neither all fatal nor all harmless.
    assert 0.1 < let_through / len(looked_at) < 0.9


@pytest.mark.skipif(not sandbox.isolation(), reason="no sandbox on this machine")
def test_what_is_let_through_loads_or_is_refused_and_does_nothing_else(looked_at):
    """One file of each kind with a changed configuration, and one with changed weights."""
    waiting = {
        (kind, change): found
        for kind, change, (found, _) in looked_at
        if found and (change is fuzz.mutate_config or (kind, change) == (0, fuzz.mutate_weights))
    }
    assert len(waiting) == len(fuzz.good_files()) + 1
    lines = fuzz.load(list(waiting.values()))
    assert len(lines) == len(waiting)
    assert [line for line in lines if fuzz.is_fault(line)] == []


def test_a_check_that_opens_a_file_would_be_seen(monkeypatch):
    """With reading of files allowed to the check itself, the fuzzer tells of it."""
    clean = model_config.cleaned

    def reading(config):
        with open(__file__, encoding="utf-8"):
            return clean(config)

    monkeypatch.setattr(model_file, "cleaned", reading)
    _, wrong = fuzz.look(fuzz.good_files()[0])
    assert any("test_fuzz_model_file" in words for words in wrong)


def test_the_seed_gives_the_same_changes():
    one, other = (
        json.dumps(config)
        for config in (
            fuzz.parts_of(fuzz.mutate_config(np.random.default_rng(3), fuzz.good_files()[1]))[
                "config.json"
            ].decode()
            for _ in range(2)
        )
    )
    assert one == other
