"""The bar above a page: open in Colab, download the notebook, the repository; search.

Colab and repository come from one line of `_config.yml`, the repository's address.
Without an address there is nothing to open, and so there is no button.
"""

from __future__ import annotations

import re

from sphinx.errors import ConfigError

COLAB = "https://colab.research.google.com/github"


def repository_parts(options: dict) -> tuple[str, str] | None:
    """Return the "owner/name" and the branch of the repository, or None without an address."""
    url = (options.get("repository_url") or "").strip().removesuffix("/").removesuffix(".git")
    if not url:
        return None
    match = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+)", url)
    if not match:
        raise ConfigError(
            f'_config.yml: repository.url is "{url}", and should be empty or look like '
            "https://github.com/owner/name"
        )
    return match[1], options.get("repository_branch") or "main"


def add_buttons(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Tell the template `article-header-buttons.html` what there is to open."""
    is_notebook = context.get("page_source_suffix") == ".ipynb"
    parts = repository_parts(app.config.html_theme_options)
    context["notebook_file"] = f"_sources/{pagename}.ipynb" if is_notebook else None
    context["repository"] = f"https://github.com/{parts[0]}" if parts else None
    context["colab"] = None
    if parts and is_notebook:
        repository, branch = parts
        context["colab"] = f"{COLAB}/{repository}/blob/{branch}/{pagename}.ipynb"


def set_up_search(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Leave one search box on the search page, and make it work from a folder."""
    if pagename != "search":
        return
    context["sidebars"] = [s for s in context["sidebars"] if not s.startswith("search-button")]
    # A page that was opened as a file may not read its neighbours for excerpts.
    app.add_js_file(
        None,
        body='if (location.protocol === "file:") '
        "DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;",
    )


def check_address(app, config) -> None:
    """Refuse a wrong address before the theme stumbles over it."""
    repository_parts(config.html_theme_options)


def setup(app) -> None:
    app.connect("config-inited", check_address)
    app.connect("html-page-context", add_buttons)
    app.connect("html-page-context", set_up_search)
