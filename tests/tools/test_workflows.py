"""The workflows on GitHub: whose code they run, and what they may do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
USES = re.compile(r"\buses:\s*(.*)")
PINNED = re.compile(r"([\w-]+/[\w/-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)")

# The jobs that may do more than read the repository, each with what it may do.
RIGHTS = {
    ("publish.yml", "deploy"): {"pages": "write", "id-token": "write"},
    ("release.yml", "attach"): {"contents": "write"},
}


def jobs() -> list[tuple[Path, str, dict]]:
    found = [(path, yaml.safe_load(path.read_text("utf-8"))["jobs"]) for path in WORKFLOWS]
    return [(path, name, job) for path, named in found for name, job in named.items()]


def pins() -> list[tuple[str, str, str]]:
    """Return action, commit and version of every step that runs an action."""
    lines = [line for path in WORKFLOWS for line in USES.findall(path.read_text("utf-8"))]
    return [match.groups() for line in lines if (match := PINNED.fullmatch(line.strip()))]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_named_by_its_whole_commit_with_its_version_beside(path):
    for line in USES.findall(path.read_text("utf-8")):
        assert PINNED.fullmatch(line.strip()), f"{path.name}: {line}"


def test_a_tag_or_a_short_commit_would_be_found():
    for line in ("actions/checkout@v5", "actions/checkout@08c6903 # v5.0.0", "a/b@main # v1.0.0"):
        assert not PINNED.fullmatch(line)


def test_an_action_has_one_version_in_all_workflows():
    assert len(pins()) > 10
    assert len(set(pins())) == len({action for action, *_ in pins()})


def test_only_actions_of_github_itself_are_used():
    assert {action.split("/")[0] for action, *_ in pins()} == {"actions"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_the_repository_and_nothing_more(path):
    assert yaml.safe_load(path.read_text("utf-8"))["permissions"] == {"contents": "read"}


def test_a_job_may_do_no_more_than_is_listed():
    granted = {
        (path.name, name): job["permissions"] for path, name, job in jobs() if "permissions" in job
    }
    assert granted == RIGHTS


def test_a_job_with_rights_runs_no_code_of_the_course_or_its_packages():
    for path, name, job in jobs():
        if (path.name, name) not in RIGHTS:
            continue
        for step in job["steps"]:
            assert "checkout" not in step.get("uses", ""), (path.name, name)
            assert not re.search(r"\b(make|pip|python)\b", step.get("run", "")), (path.name, name)


def test_no_job_keeps_the_token_in_its_checkout():
    for path, name, job in jobs():
        for step in job["steps"]:
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False, (path.name, name)


def test_what_comes_from_outside_is_never_written_into_a_script():
    for path, name, job in jobs():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), (path.name, name)


def test_no_workflow_gives_rights_to_the_pull_request_of_a_stranger():
    for path in WORKFLOWS:
        assert "pull_request_target" not in path.read_text("utf-8")
        assert "workflow_run" not in path.read_text("utf-8")


def test_every_job_ends_in_time():
    for path, name, job in jobs():
        assert job.get("timeout-minutes", 999) <= 300, (path.name, name)


def test_what_is_uploaded_is_what_the_commands_write():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for path, _, job in jobs():
        for step in job["steps"]:
            for target in re.findall(r"\bmake ([a-z-]+)", step.get("run", "")):
                assert re.search(rf"^{target}:", makefile, re.MULTILINE), (path.name, target)
    release = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    assert "path: _build/cnn-course.zip" in release
    assert 'gh release upload "$TAG" cnn-course.zip' in release


def steps_that_use(action: str) -> list[tuple[dict, list[dict]]]:
    """Return each step that runs this action, with the steps of its job that come before."""
    return [
        (step, job["steps"][:number])
        for _, _, job in jobs()
        for number, step in enumerate(job["steps"])
        if step.get("uses", "").partition("@")[0] == action
    ]


def test_a_cache_of_the_data_is_stored_only_once_all_of_it_is_there():
    # The plain action stores whatever lies there in the end, and never replaces it.
    assert not steps_that_use("actions/cache")
    saved = steps_that_use("actions/cache/save")
    assert saved
    for step, before in saved:
        (check,) = [each for each in before if each.get("run", "").endswith("-m utils.data")]
        assert f"steps.{check['id']}.outcome == 'success'" in step["if"]
        (restore,) = [each for each in before if "actions/cache/restore" in each.get("uses", "")]
        assert restore["with"] == step["with"]


def test_a_workflow_runs_once_at_a_time_and_only_a_test_run_is_given_up():
    for path in WORKFLOWS:
        concurrency = yaml.safe_load(path.read_text("utf-8"))["concurrency"]
        assert concurrency["group"], path.name
        assert concurrency.get("cancel-in-progress", False) is (path.name == "ci.yml"), path.name


def test_each_commit_on_main_is_tested_whatever_is_pushed_after_it():
    group = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))["concurrency"]
    assert group["group"].endswith("${{ github.event.pull_request.number || github.run_id }}")


def test_packages_that_are_held_back_end_the_weekly_run_but_not_before_it_has_run():
    steps = yaml.safe_load((ROOT / ".github/workflows/full-run.yml").read_text("utf-8"))
    steps = steps["jobs"]["execute"]["steps"]
    commands = [step.get("run") for step in steps]
    after = steps[commands.index("make lock") + 1 : commands.index("make execute") + 1]
    assert after and all("!cancelled()" in step["if"] for step in after)


def test_the_weekly_run_tells_which_outputs_have_changed():
    jobs = yaml.safe_load((ROOT / ".github/workflows/full-run.yml").read_text("utf-8"))["jobs"]
    commands = [step.get("run", "") for step in jobs["execute"]["steps"]]
    (compare,) = [command for command in commands if "tools.notebooks compare" in command]
    assert commands.index("make execute") < commands.index(compare)
    assert '"$GITHUB_STEP_SUMMARY"' in compare, "the log of a run that passes is read by nobody"
