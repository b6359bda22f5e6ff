"""`make bench` runs other targets as somebody would who types them, says what it cannot measure
here, and measures pages as readers get them."""

from __future__ import annotations

import gzip
import subprocess
from functools import partial
from threading import Thread
from urllib.request import urlopen

from tools.bench import __main__ as bench
from tools.bench import lighthouse, stock
from tools.book import weight


def test_lighthouse_without_node_says_what_is_missing(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    lighthouse.report(repeats=1)
    assert "needs Node 18 or later with npx, which is not here" in capsys.readouterr().out


def test_pages_are_served_compressed_as_on_github_pages(site):
    handler = partial(lighthouse.AsGitHubPages, directory=site)
    with lighthouse.Server(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with urlopen(f"http://127.0.0.1:{server.server_port}/intro.html") as answer:
            assert gzip.decompress(answer.read()) == (site / "intro.html").read_bytes()
            assert answer.headers["Content-Encoding"] == "gzip"
        server.shutdown()


def test_the_table_of_weights_has_a_line_for_each_page(site):
    head, *lines = weight.table(site).splitlines()
    assert head.split()[:6] == ["page", "html", "css", "js", "fonts", "images"]
    names = [page.relative_to(site).as_posix() for page in weight.pages(site)]
    assert [line.split()[0] for line in lines] == names


def test_a_browser_loads_what_the_weight_of_a_page_counts(browser, site):
    """And axe runs, though the page's policy keeps out scripts that are added to it."""
    found = stock.visit(browser, site, "references.html")
    counted = weight.weigh(site / "references.html").without_images
    assert abs(found.bytes - counted) < 0.03 * counted
    assert (found.hosts, found.faults) == (set(), 0)


def test_other_hosts_and_faults_of_a_page_are_counted(browser, tmp_path):
    page = "<!doctype html><title>x</title><script src='https://a.test/x.js'></script><img src=p>"
    (tmp_path / "page.html").write_text(page)
    found = stock.visit(browser, tmp_path, "page.html")
    assert found.hosts == {"a.test"}
    assert found.bytes == len(gzip.compress(page.encode(), mtime=0))
    assert found.faults >= 2  # no language, no alternative text


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
