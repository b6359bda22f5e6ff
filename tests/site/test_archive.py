"""The site as one archive: the same bytes each time, and it opens from where it is unpacked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tools.book import archive

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unpacked(own_site, tmp_path_factory) -> Path:
    """The folder of the unpacked archive, whose path has a space as a stick's name may have."""
    folder = tmp_path_factory.mktemp("USB stick")
    archive.write(own_site, folder / "site.zip")
    with ZipFile(folder / "site.zip") as packed:
        assert packed.testzip() is None
        packed.extractall(folder)
    return folder / archive.FOLDER


def test_the_same_site_gives_the_same_bytes_whenever_and_wherever(own_site, tmp_path):
    copy = tmp_path / "elsewhere"
    for name in sorted(os.listdir(own_site), reverse=True):
        if (own_site / name).is_dir():
            shutil.copytree(own_site / name, copy / name, copy_function=shutil.copyfile)
        else:
            copy.mkdir(exist_ok=True)
            shutil.copyfile(own_site / name, copy / name)
    (copy / "intro.html").chmod(0o600)
    os.utime(copy / "index.html", (10**9, 10**9))
    for site, target in ((own_site, "a.zip"), (copy, "b.zip")):
        archive.write(site, tmp_path / target)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_all_is_in_one_folder_in_the_order_of_names_and_open_to_all(own_site, tmp_path):
    archive.write(own_site, tmp_path / "site.zip")
    with ZipFile(tmp_path / "site.zip") as packed:
        entries = packed.infolist()
    names = [entry.filename for entry in entries]
    assert names == sorted(names)
    assert all(name.startswith(f"{archive.FOLDER}/") and ".." not in name for name in names)
    assert {entry.external_attr >> 16 for entry in entries} == {0o644}
    assert len({entry.date_time for entry in entries}) == 1


def test_what_only_a_server_needs_stays_behind_and_nothing_else(own_site, unpacked):
    def names(folder: Path) -> set[str]:
        return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}

    left = names(own_site) - names(unpacked)
    assert {"404.html", "sitemap.xml", "robots.txt"} <= left
    rest = {name for name in left if not name.startswith(("_static/cards/", "."))}
    assert rest <= archive.FOR_SERVERS
    assert names(unpacked) - names(own_site) == {"READ-ME-FIRST.txt"}


def test_from_a_usb_stick_a_reader_starts_at_index_and_gets_through_every_page(visitor, unpacked):
    visit = visitor()
    page = visit.page
    page.goto((unpacked / "index.html").as_uri())
    page.wait_for_url("**/intro.html")
    titles = [page.title()]
    while following := page.locator("a.right-next").all():
        address = following[0].evaluate("link => link.href")
        page.goto(address, wait_until="load")
        titles.append(page.title())
    assert len(titles) > 10 and "Status" in titles[-1]
    assert visit.problems == [] and visit.foreign == []


def test_on_a_usb_stick_explorers_compute_and_notebooks_can_be_saved(visitor, unpacked):
    page = visitor().page
    page.goto((unpacked / "intro.html").as_uri())
    page.locator(".live-widget").first.scroll_into_view_if_needed()
    result = page.locator(".live-widget .cx-status").first
    result.wait_for()
    before = result.inner_text()
    page.locator(".live-widget input[type=range]").first.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('.cx-status').innerText !== before", arg=before
    )
    for chapter in sorted((unpacked / "chapters").glob("0[1-57]*.html")):
        page.goto(chapter.as_uri())
        link = page.locator("a[download]").get_attribute("href")
        assert (chapter.parent / link).resolve().is_file(), link


def test_the_archive_says_how_to_begin(unpacked):
    words = " ".join((unpacked / "READ-ME-FIRST.txt").read_text().split())
    for name in re.findall(r"\b\w+\.html", words):
        assert (unpacked / name).is_file()
    assert "Unpack this archive first" in words


def test_beside_the_site_lies_what_a_kernel_needs_with_the_published_data(own_site, tmp_path):
    data = tmp_path / "published"
    for name in ("mnist/train-images-idx3-ubyte.gz", "mnist/notes.txt"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(b"digits")
    archive.write(own_site, tmp_path / "site.zip", ROOT, data)
    with ZipFile(tmp_path / "site.zip") as packed:
        names = {n.removeprefix(f"{archive.FOLDER}/") for n in packed.namelist()}
        words = packed.read(f"{archive.FOLDER}/READ-ME-FIRST.txt").decode()
        packed.extractall(tmp_path)
    assert {"index.html", "course/utils/data.py", "course/requirements.txt"} <= names
    assert "course/data/mnist/train-images-idx3-ubyte.gz" in names
    assert not any("notes" in name or "solutions" in name or ".pyc" in name for name in names)
    assert "CNN_COURSE_DATA" in words
    course = tmp_path / archive.FOLDER / "course"
    code = "from utils.explorers import FilterExplorer; print(FilterExplorer())"
    run = [sys.executable, "-c", code]
    shown = subprocess.run(run, cwd=course, capture_output=True, text=True)
    assert shown.stdout.startswith("FilterExplorer"), shown.stderr


def test_without_the_data_the_archive_tells_of_the_stand_in(own_site, tmp_path):
    archive.write(own_site, tmp_path / "site.zip", ROOT)
    with ZipFile(tmp_path / "site.zip") as packed:
        assert not any("course/data" in name for name in packed.namelist())
        words = packed.read(f"{archive.FOLDER}/READ-ME-FIRST.txt").decode()
    assert "CNN_COURSE_OFFLINE_SAMPLE=1" in words
