"""The bar above a page: open in Colab, download the notebook, the repository; search.

Colab and repository come from one line of `_config.yml`, the repository's address.
Without an address there is nothing to open, and so there is no button.
"""

from __future__ import annotations

import re

from sphinx.errors import ConfigError

from tools.address import address_of, colab_of


def repository(options: dict) -> str | None:
    """Return the "owner/name" of the repository, or None without an address."""
    url = (options.get("repository_url") or "").strip().removesuffix("/").removesuffix(".git")
    if not url:
        return None
    match = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+)", url)
    if not match:
        raise ConfigError(
            f'_config.yml: repository.url is "{url}", and should be empty or look like '
            "https://github.com/owner/name"
        )
    return match[1]


def add_buttons(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Tell the template `article-header-buttons.html` what there is to open."""
    is_notebook = context.get("page_source_suffix") == ".ipynb"
    name = app.config.course_repository
    context["notebook_file"] = f"_sources/{pagename}.ipynb" if is_notebook else None
    context["repository"] = address_of(name) if name else None
    context["colab"] = None
    if name and is_notebook:
        context["colab"] = colab_of(name, f"{pagename}.ipynb")


def set_up_search(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Leave one search box on the search page."""
    if pagename != "search":
        return
    context["sidebars"] = [s for s in context["sidebars"] if not s.startswith("search-button")]


def note_address(app, config) -> None:
    """Refuse a wrong address before the theme stumbles over it, and let the pages know it.

    A Markdown page has {only} published, or {only} not published, where words depend on it.
    """
    config.course_repository = repository(config.html_theme_options)
    if config.course_repository:
        app.tags.add("published")


def setup(app) -> None:
    app.add_config_value("course_repository", None, "html", [str, type(None)])
    app.connect("config-inited", note_address)
    app.connect("html-page-context", add_buttons)
    app.connect("html-page-context", set_up_search)
