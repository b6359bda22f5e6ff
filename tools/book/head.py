"""What a page tells tabs, search engines and social networks: icon, description, card.

The description is the page's own text: the sentences with which it begins. So it cannot
fall behind the page. A Markdown page whose beginning does not describe it says it better in
its front matter:

    ---
    description: Every term of the course in one sentence.
    ---

A card needs a full address, so pages have one only in a course that has an address.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

from docutils import nodes

from . import drawings

SHORTEST, LONGEST = 50, 160  # characters of a description: what search engines show
OF_NO_TEXT = {  # pages that the site needs and nobody wrote
    "search": "Search the chapters, the exercise and the glossary of the course for a word.",
    "404": "There is no page at this address. All pages of the course are listed here.",
}
SENTENCE = re.compile(r"(?<=[.!?])(?<!\bProf\.)(?<!\b[A-Z]\.)\s+")  # not after an initial
ICONS = (
    ('rel="icon" type="image/png" sizes="32x32"', "icon.png"),
    ('rel="icon" type="image/svg+xml" sizes="any"', "icon.svg"),
    ('rel="apple-touch-icon"', "icon-large.png"),
)


def beginning(text: str) -> str:
    """Return as many of the first sentences as a description may have.

    Where the first alone is too long, it is cut at a word.
    """
    first, *sentences = SENTENCE.split(" ".join(text.split()))
    if len(first) > LONGEST:
        return first[: LONGEST - 1].rsplit(" ", 1)[0].rstrip(",;:–") + " …"
    for sentence in sentences:
        if len(first) + 1 + len(sentence) > LONGEST:
            break
        first += f" {sentence}"
    return first


def description(doctree: nodes.document, metadata: dict) -> str:
    """Return what describes a page: its front matter's word, or else how its text begins."""
    if "description" in metadata:
        return " ".join(metadata["description"].split())
    paragraph = next(doctree.findall(nodes.paragraph), None)
    return beginning(paragraph.astext()) if paragraph else ""


def card_file(pagename: str) -> str:
    """Return where a page's card lies, from the root of the site."""
    return f"_static/cards/{pagename.replace('/', '-')}.png"


def card(app, pagename: str, title: str) -> dict[str, str]:
    """Return where a page and its picture are found; in a course without address, nothing."""
    if not app.config.html_baseurl:
        return {}
    width, height = drawings.CARD
    return {
        "og:url": app.config.html_baseurl + app.builder.get_target_uri(pagename),
        "og:image": app.config.html_baseurl + card_file(pagename),
        "og:image:width": str(width),
        "og:image:height": str(height),
        "og:image:alt": f"{title}. Below: an image, a kernel, and the feature map of the two.",
    }


def social(app, pagename: str, title: str, described: str) -> dict[str, str]:
    """Return the properties by which social networks show a link to the page (https://ogp.me)."""
    is_root = pagename == app.config.root_doc
    return {
        "og:title": title,
        "og:description": described,
        "og:type": "website" if is_root else "article",
        "og:site_name": app.config.html_title,
        **card(app, pagename, title),
    }


def tag(attribute: str, name: str, content: str) -> str:
    return f'<meta {attribute}="{name}" content="{html.escape(content)}">'


def icon_links(pathto) -> str:
    """Return the links to the icon; `pathto` is Sphinx's function of a page."""
    return "\n".join(
        f'<link {rel} href="{pathto(f"_static/icons/{file}", 1)}">' for rel, file in ICONS
    )


def describe(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Put icon, description and card of a page into its head."""
    tags = [icon_links(context["pathto"])]
    if pagename in OF_NO_TEXT:
        tags.append(tag("name", "description", OF_NO_TEXT[pagename]))
    elif doctree is not None:
        title = app.env.titles[pagename].astext()
        described = description(doctree, app.env.metadata[pagename])
        tags.append(tag("name", "description", described))
        properties = social(app, pagename, title, described)
        tags += [tag("property", name, content) for name, content in properties.items()]
        size = "summary_large_image" if "og:image" in properties else "summary"
        tags.append(tag("name", "twitter:card", size))
    context["metatags"] = "\n".join([context.get("metatags", ""), *tags])


def say_the_title_once(app, pagename: str, templatename: str, context: dict, doctree) -> str | None:
    """Let the first page, whose title is the course's, not have it twice in its tab."""
    return "first-page.html" if pagename == app.config.root_doc else None


def draw(app, exception) -> None:
    """Write the icon and, for a course with an address, the cards of all pages."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    icons = static / "icons"
    icons.mkdir(exist_ok=True)
    (icons / "icon.svg").write_text(drawings.icon_svg(), "utf-8")
    drawings.icon_png(32).save(icons / "icon.png", optimize=True)
    large = drawings.icon_png(180, padding=26, background=drawings.NIGHT)
    large.save(icons / "icon-large.png", optimize=True)
    if not app.config.html_baseurl:
        return
    for pagename in sorted(app.env.found_docs):
        file = Path(app.outdir, card_file(pagename))
        file.parent.mkdir(exist_ok=True)
        title = app.env.titles[pagename].astext()
        drawings.card(title, app.config.html_title).save(file, optimize=True)


def setup(app) -> None:
    app.connect("html-page-context", describe)
    app.connect("html-page-context", say_the_title_once)
    app.connect("build-finished", draw)
