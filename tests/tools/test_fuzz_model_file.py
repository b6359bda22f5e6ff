"""The fuzzer of model files: some seconds of it, and that it would see a fault."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tools import fuzz_model_file as fuzz
from utils.checks.part3 import model_config, model_file, sandbox


def test_changed_files_are_refused_in_words_or_let_through():
    rng = np.random.default_rng(149)
    found = [fuzz.look(fuzz.mutated(rng)) for _ in range(250)]
    assert [wrong for _, wrong in found if wrong] == []
    let_through = sum(result is not None for result, _ in found)
    assert 25 < let_through < 225  # the changes are neither all fatal nor all harmless


@pytest.mark.skipif(not sandbox.isolation(), reason="no sandbox on this machine")
def test_what_is_let_through_loads_or_is_refused_and_does_nothing_else():
    rng, waiting = np.random.default_rng(1), []
    while len(waiting) < 6:
        result, _ = fuzz.look(fuzz.mutate_config(rng, fuzz.good_files()[len(waiting) % 3]))
        waiting += [result] if result else []
    lines = fuzz.load(waiting)
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
