"""What a student's code may do in grading: answer when it is called, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys

import hand_ins
import pytest

from tools.grading import stage1, tasks
from tools.grading.sandboxes import Budget
from utils import checks
from utils.checks.part3 import sandbox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sandbox.isolation() != "bubblewrap",
        reason="bubblewrap is not there: apt install bubblewrap",
    ),
]
SEED = 11
QUICK = Budget(define=8, a_call=1, in_all=3, cpu_seconds=40, megabytes=2_000)


def graded(*cells: str, names=("output_size", "receptive_field"), budget=QUICK) -> dict:
    """Return the scores of some functions of part 1, and the statuses, by name."""
    groups = [group for group in tasks.part1_groups(SEED) if group.name in names]
    found = stage1.call(
        groups, {"part1": [*map(hand_ins.textwrap.dedent, cells)]}, "numbers", budget
    )
    for name in tasks.PART1:
        found.setdefault(name, stage1.Found([]))
    scores = {score.task: score for score in tasks.part1_scores(found, SEED)}
    return {name: (scores[name], found[name].status) for name in names}


ALWAYS = {  # in every `make test`: one of each kind
    *("endless in C", "fork bomb", "memory bomb", "reads the solutions", "opens a socket"),
    *("imports the right answer", "patches the checks", "promises seven tebibytes", "os._exit"),
    *("leaves a link", "kills everybody", "is equal to everything"),
}
FOR_ALL = {  # what they break, they break for their other functions too
    "patches NumPy",
    "patches the checks",
    "leaves a pickle",
    "promises seven tebibytes",
    "leaves a link",
    "leaves a pipe",
    "leaves many files",
    "leaves deep folders",
    "a file that never ends",
    "endless in Python, deaf to signals",
    "ten gigabytes of output",
}


def hostile_ones():
    """Yield the names of hostile functions; most of them only in `make grade-soak`."""
    long = pytest.mark.skipif("CNN_COURSE_SOAK" not in os.environ, reason="see make grade-soak")
    for what in hand_ins.HOSTILE:
        yield pytest.param(what, marks=[] if what in ALWAYS else long)


@pytest.mark.parametrize("what", list(hostile_ones()))
def test_a_hostile_function_gets_no_point_and_costs_the_next_function_none(what):
    found = graded(hand_ins.RIGHT["receptive_field"], hand_ins.HOSTILE[what])
    score, _ = found["output_size"]
    assert float(score) == 0, str(score)
    if what not in ("ends while it is defined", *FOR_ALL):
        assert float(found["receptive_field"][0]) == 5, str(found["receptive_field"][0])


def test_a_link_that_a_process_leaves_is_not_written_through(tmp_path):
    target = tmp_path / "target"
    target.write_text("as it was")
    leaving = hand_ins.HOSTILE["leaves a link for the next process"]
    found = graded(
        hand_ins.RIGHT["receptive_field"], leaving.replace("/tmp/written-by-grading", str(target))
    )
    assert target.read_text() == "as it was"
    assert float(found["receptive_field"][0]) == 5


def test_right_functions_get_the_points_of_the_notebooks_check():
    names = ("output_size", "max_pool2d", "receptive_field")
    found = graded(*(hand_ins.RIGHT[name] for name in names), names=names, budget=Budget())
    assert {name: float(score) for name, (score, _) in found.items()} == {
        "output_size": 4,
        "max_pool2d": 6,
        "receptive_field": 5,
    }
    assert {status for _, status in found.values()} == {"ok"}


WRONG = """
    def output_size(size, window, stride, padding):
        if padding == "same":
            return size
        return (size + 2 * (0 if padding == "valid" else padding) - window) // stride + 1
"""


def test_a_wrong_function_gets_the_score_of_the_notebooks_check_word_for_word():
    names: dict = {}
    exec(hand_ins.textwrap.dedent(WRONG), names)
    (score, _) = graded(WRONG, names=("output_size",), budget=Budget())["output_size"]
    assert str(score) == str(checks.output_size(names["output_size"], seed=SEED))
    assert 0 < float(score) < 4


def test_calls_that_stand_alone_and_lines_for_the_shell_are_not_run():
    cells = ["!false\n%time 1\nraise SystemExit", "while True:\n    pass", "x = 1 / 0\nimport os"]
    cells += ["def output_size(*given):\n    return 'broken", hand_ins.RIGHT["output_size"]]
    assert float(graded(*cells, names=("output_size",))["output_size"][0]) == 4


def test_a_function_that_is_not_written_is_not_attempted():
    score, status = graded("def output_size(*given):\n    ...")["output_size"]
    assert not score.attempted and status == "ok"


def test_no_file_of_the_sandbox_holds_a_right_answer():
    from tools.grading.sandboxes import library

    for kind in ("numbers", "networks"):
        texts = {path: path.read_text() for path in library(kind).rglob("*.py")}
        for path, text in texts.items():
            for word in ("def convolved", "def counted(", "def wilson", "def field_of"):
                assert word not in text, (path, word)


def test_what_it_needs_is_all_that_a_sandbox_imports_from_the_course(tmp_path):
    """The folder stands alone: nothing of the repository is on the path in there."""
    from tools.grading.sandboxes import library

    code = "import inside, transfer, utils, sys; print(utils.__path__[0])"
    for kind in ("numbers", "networks"):
        place = library(kind)
        run = subprocess.run(
            [sys.executable, "-P", "-c", code],
            cwd=tmp_path,
            env={"PYTHONPATH": str(place), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
        )
        assert run.stdout.strip() == str(place / "utils"), run.stderr
