"""Links to other hosts: dead ones are found, and a host that refuses a program is no fault."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from bs4 import BeautifulSoup
from sample_book import write_sample

from tools.book import __main__ as command
from tools.book import weight

ANSWERS = {"/ok": 200, "/gone": 404, "/refuses": 403}
NAME = "a-teacher/cnn-2027"
LICENSE = "https://creativecommons.org/licenses/by/4.0/"


@pytest.fixture(scope="module")
def host():
    """The address of a host on this machine that answers as hosts do."""

    class Host(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(ANSWERS[self.path])
            self.end_headers()

        do_HEAD = do_GET

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_dead_link_is_named_with_its_place_and_a_refusal_is_not(host, tmp_path):
    links = " ".join(f"[{path}]({host}{path})" for path in ANSWERS)
    book = write_sample(tmp_path / "book", f"# Sample\n\n{links}\n")
    broken, is_online = command.check_links(book, tmp_path / "output")
    assert is_online
    (line,) = broken
    assert line.startswith("chapters/sample.ipynb, line ") and f"{host}/gone (404" in line


@pytest.mark.parametrize(("broken", "is_online", "ci", "status"), [
    ([], True, "", 0),
    (["a.md, line 1: http://x/ (404)"], True, "", 1),
    (["a.md, line 1: http://x/ (no name)"], False, "", 0),
    (["a.md, line 1: http://x/ (no name)"], False, "true", 1),
])  # fmt: skip
def test_where_no_host_answers_there_is_no_network_which_is_a_fault_in_ci_alone(
    monkeypatch, tmp_path, broken, is_online, ci, status
):
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(command, "check_links", lambda *_: (broken, is_online))
    with pytest.raises(SystemExit) as end:
        command.tell_of_links(tmp_path, tmp_path)
    assert int(end.value.code) == status


def around_the_text(page) -> set[str]:
    """Return the links to other hosts of a page but for those of its text."""
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    if soup.article:
        soup.article.decompose()
    return {link["href"] for link in soup.select("a[href^=http]")}


def test_around_the_text_pages_link_to_the_license_and_the_course_itself_alone(own_site):
    """These come from templates, where linkcheck does not look."""
    allowed = (f"https://github.com/{NAME}", f"https://colab.research.google.com/github/{NAME}/")
    for page in weight.pages(own_site):
        links = around_the_text(page)
        assert LICENSE in links and links - {LICENSE}, page
        assert all(link.startswith(allowed) for link in links - {LICENSE}), page
