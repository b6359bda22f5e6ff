"""What a site needs where it is published: a map for search engines, an answer to a wrong address.

All of it follows from the one address in `_config.yml` (tools/address.py), from which
GitHub Pages makes that of the site. A site under a domain of its own has that domain in
`_config.yml` as `html: baseurl:`, which goes first.

- A course with an address gets a canonical link on each page, sitemap.xml, and a 404.html.
  GitHub Pages shows 404.html *in the place of* the missing page, however deep that is, so
  that its links and styles begin at the root of the host.
- One without has none of these: they would have to guess. Its robots.txt keeps nobody out.

Crawlers read robots.txt at the root of a host only. There it lies in a repository named
owner.github.io, or under a domain of its own; elsewhere, tell a search engine of the map.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import urlsplit

from bs4 import BeautifulSoup

from tools.address import site_of

SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
{urls}
</urlset>
"""
# GitHub Pages serves the root of a site from index.html. What it says of itself is what the
# first page says: a link that is passed on mostly leads to the root.
INDEX = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{tags}
<meta http-equiv="refresh" content="0; url={page}">
</head>
<body><p><a href="{page}">{title}</a></p></body>
</html>
"""
OF_ITSELF = (
    'meta[name="description"], meta[name="twitter:card"], meta[property^="og:"], '
    'link[rel="canonical"], link[rel~="icon"], link[rel="apple-touch-icon"]'
)
RELATIVE = re.compile(r'\b(href|src|action|data-content_root)="(?![#/]|[a-z]+:)(?:\./)?([^"]*)"')


def note_base(app, config) -> None:
    """Let the site know the address under which it will be found, if there is one."""
    base = config.html_baseurl
    if not base and config.course_repository:
        base = site_of(config.course_repository)
    config.html_baseurl = f"{base.rstrip('/')}/" if base else ""


def pages_in_order(env) -> list[str]:
    """Return all pages, in the order of the table of contents."""
    found, waiting = [], [env.config.root_doc]
    while waiting:
        page = waiting.pop(0)
        found.append(page)
        waiting = env.toctree_includes.get(page, []) + waiting
    return found


def missing_page(app):
    """Make the page for a wrong address, which lists the pages that there are."""
    if app.config.html_baseurl:
        titles = [(page, app.env.titles[page].astext()) for page in pages_in_order(app.env)]
        yield "404", {"title": "Page not found", "pages": titles}, "404.html"


def withdraw_from_search_engines(app, pagename, templatename, context, doctree) -> None:
    """Give no address to a page that stands for others."""
    if pagename == "404":
        context["pageurl"] = None


def from_the_root(page: str, base: str) -> str:
    """Return a page whose links begin at the root of the host, for the site at `base`."""
    root = urlsplit(base).path
    return RELATIVE.sub(lambda found: f'{found[1]}="{root}{found[2]}"', page)


def sitemap(env, base: str, target) -> str:
    urls = (base + target(page) for page in pages_in_order(env))
    lines = [f"<url><loc>{html.escape(url)}</loc></url>" for url in urls]
    return SITEMAP.format(urls="\n".join(lines))


def index(app) -> str:
    """Return index.html, which leads on to the first page and describes itself as that does."""
    page = app.builder.get_target_uri(app.config.root_doc)
    first = BeautifulSoup(Path(app.outdir, page).read_text("utf-8"), "html.parser")
    return INDEX.format(
        language=app.config.language,
        title=html.escape(first.title.text),
        tags="\n".join(map(str, first.head.select(OF_ITSELF))),
        page=page,
    )


def write_files(app, exception) -> None:
    """Write what stands at the root of the site."""
    if exception or app.builder.format != "html":
        return
    folder, base = Path(app.outdir), app.config.html_baseurl
    robots = "User-agent: *\nAllow: /\n"
    if base:
        robots += f"Sitemap: {base}sitemap.xml\n"
        (folder / "sitemap.xml").write_text(
            sitemap(app.env, base, app.builder.get_target_uri), "utf-8"
        )
        missing = folder / "404.html"
        missing.write_text(from_the_root(missing.read_text("utf-8"), base), "utf-8")
    (folder / "robots.txt").write_text(robots, "utf-8")
    (folder / "index.html").write_text(index(app), "utf-8")


def setup(app) -> None:
    app.connect("config-inited", note_base, priority=600)  # after `buttons` has read the address
    app.connect("html-collect-pages", missing_page)
    app.connect("html-page-context", withdraw_from_search_engines)
    app.connect("build-finished", write_files, priority=900)  # after Jupyter Book's index.html
