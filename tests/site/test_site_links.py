"""Links to other hosts: listed from the site, and told apart by what their hosts answer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tools.book import links

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = {"/ok": 200, "/gone": 404, "/refuses": 403, "/moved": 301, "/breaks": 503}


@pytest.fixture(scope="module")
def host():
    """A host on this machine that answers as hosts do."""

    class Host(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/late":
                time.sleep(4)
            self.send_response(ANSWERS.get(self.path, 200))
            if self.path == "/moved":
                self.send_header("Location", "/ok")
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def nobody() -> str:
    """An address at which nobody listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{closed.getsockname()[1]}/"


def write_page(folder: Path, *addresses: str) -> Path:
    text = "".join(f'<a href="{address}">x</a>' for address in addresses)
    (folder / "page.html").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("/ok", "ok"),
        ("/gone", "dead"),
        ("/refuses", "refused"),
        ("/breaks", "failing"),
        ("/moved", "moved"),
        ("/late", "late"),
    ],
)
def test_a_link_is_what_its_host_answers(host, path, state):
    assert links.ask(host + path, timeout=2 if path == "/late" else 30).state == state


def test_a_dead_link_ends_the_command_with_an_error_that_names_its_page(host, tmp_path):
    site = write_page(tmp_path, f"{host}/ok", f"{host}/gone#part")
    command = [sys.executable, "-m", "tools.book.links", "--site", site]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1
    assert f"1 of 2 links are dead:\n  {host}/gone (404 Not Found)\n    in page.html" in run.stdout


def test_a_host_that_fails_each_time_ends_the_command_with_an_error(host):
    found = {f"{host}/ok": ["a.html"], f"{host}/breaks": ["b.html"]}
    text, well = links.report(found, links.check(list(found), pause=0))
    assert not well
    assert f"1 of 2 links lead to a host that fails:\n  {host}/breaks (503 Service" in text


def test_a_host_that_recovers_is_no_problem(monkeypatch):
    answers = iter([links.Answer("failing", "503"), links.Answer("late"), links.Answer("ok")])
    monkeypatch.setattr(links, "ask", lambda *_: next(answers))
    assert links.check(["https://a.b/"], pause=0) == {"https://a.b/": links.Answer("ok")}


def test_where_a_network_is_expected_and_no_host_answers_the_command_fails(nobody, tmp_path):
    site = write_page(tmp_path, nobody)
    command = [sys.executable, "-m", "tools.book.links", "--site", site, "--pause", "0"]
    for value, status in (("true", 1), ("", 0)):
        run = subprocess.run(
            command, cwd=ROOT, env=os.environ | {"CI": value}, capture_output=True, text=True
        )
        assert run.returncode == status and "No host answers: 1 links" in run.stdout
        assert ("CI is set" in run.stdout) == bool(value)


def test_without_a_network_the_command_says_so_and_calls_no_link_dead(nobody, tmp_path):
    found = links.external_links(write_page(tmp_path, nobody))
    text, well = links.report(found, links.check(list(found), timeout=30, pause=0))
    assert well and text == f"No host answers: 1 links cannot be checked here.\n  {nobody}"


def test_one_host_that_cannot_be_reached_among_others_is_a_problem(host, nobody):
    found = {f"{host}/ok": ["a.html"], nobody: ["b.html"]}
    text, well = links.report(found, links.check(list(found), timeout=30, pause=0))
    assert not well and "1 of 2 links could not be reached:" in text and "in b.html" in text


def test_links_within_a_site_and_their_parts_are_left_out(tmp_path):
    site = write_page(
        tmp_path, "page.html", "#top", "mailto:a@b.c", "https://a.b/c#d", "https://a.b/c"
    )
    assert links.external_links(site) == {"https://a.b/c": ["page.html"]}


def test_the_links_of_the_course_are_found(site):
    found = links.external_links(site)
    assert "https://creativecommons.org/licenses/by/4.0/" in found
    assert all(address.startswith("https://") for address in found)
