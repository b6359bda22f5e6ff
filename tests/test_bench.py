"""`make bench` runs other targets as somebody would who types them."""

import subprocess

from utils import bench


def test_the_arguments_of_make_bench_are_not_handed_to_the_targets_that_it_runs(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    (tmp_path / "Makefile").write_text(
        'told:\n\t@echo "[$(ARGS)]" > told.txt\nouter:\n\t@env > handed.txt\n'
    )
    subprocess.run(["make", "outer", "ARGS=tests --repeats 5"], cwd=tmp_path, check=True)
    for line in (tmp_path / "handed.txt").read_text().splitlines():
        name, _, value = line.partition("=")
        monkeypatch.setenv(name, value)
    bench.make("told")
    assert (tmp_path / "told.txt").read_text() == "[]\n"
