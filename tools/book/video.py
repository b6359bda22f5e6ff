"""A video that asks its host for nothing until the reader wants to play it.

A paragraph that holds a link to a video on YouTube, and nothing else, becomes a figure:
a picture of our own, a button, and the link. Only a click on the button loads the
player, from youtube-nocookie.com; course.js does that. Without JavaScript, in a folder
(where the player refuses to work: it wants to know the address of the page) and on
paper there is the link alone, as in Colab.
"""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

from docutils import nodes

VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{11}")
HOSTS = {"youtube.com", "www.youtube.com", "m.youtube.com"}

BEGINNING = """<figure class="course-video" data-video="{video}" data-title="{title}">
<div class="course-video-stage" hidden>
{picture}
<p class="course-video-title" aria-hidden="true">{title}</p>
<button type="button"><span aria-hidden="true">▶</span> Play the video here
<span>(asks youtube-nocookie.com)</span></button>
</div>
<figcaption>"""
END = "</figcaption></figure>"


def square(x: float, y: float, side: float, style: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{side:g}" height="{side:g}" {style}/>'


def preview() -> str:
    """Return the drawing of the stage: a window slides over an image and leaves a map."""
    image = [
        square(70 + 22 * j, 46 + 22 * i, 20, f'fill="#14b8a6" opacity="{shade:g}"')
        for i in range(7)
        for j in range(7)
        for shade in [0.85 if abs(i - j) <= 1 else 0.22]
    ]
    feature_map = [
        square(404 + 22 * j, 68 + 22 * i, 20, f'fill="#f59e0b" opacity="{shade:g}"')
        for i in range(5)
        for j in range(5)
        for shade in [0.9 if i == j else 0.25]
    ]
    window = square(113, 89, 64, 'fill="none" stroke="#a78bfa" stroke-width="4"')
    output = square(447, 111, 22, 'fill="none" stroke="#a78bfa" stroke-width="4"')
    rays = '<path d="M177 89 447 111M177 153 447 133" stroke="#a78bfa" stroke-width="2"/>'
    return (
        '<svg viewBox="0 0 584 246" aria-hidden="true" focusable="false">'
        + "".join([*image, *feature_map, rays, window, output])
        + "</svg>"
    )


def video_of(address: str) -> str | None:
    """Return the id of the YouTube video that an address leads to, or None."""
    parts = urlsplit(address)
    video = None
    if parts.hostname == "youtu.be":
        video = parts.path.strip("/")
    elif parts.hostname in HOSTS and parts.path == "/watch":
        video = parse_qs(parts.query).get("v", [None])[0]
    return video if video and VIDEO_ID.fullmatch(video) else None


def only_link(paragraph: nodes.paragraph) -> nodes.reference | None:
    """Return the link that makes up a whole paragraph, or None."""
    parts = [part for part in paragraph.children if part.astext().strip()]
    is_link = len(parts) == 1 and isinstance(parts[0], nodes.reference)
    return parts[0] if is_link else None


def place_videos(app, doctree: nodes.document) -> None:
    """Put a stage around each link to a video that stands alone; the link stays."""
    for paragraph in list(doctree.findall(nodes.paragraph)):
        link = only_link(paragraph)
        video = link is not None and video_of(link.get("refuri", ""))
        if not video:
            continue
        title = html.escape(" ".join(link.astext().split()))
        beginning = BEGINNING.format(video=video, title=title, picture=preview())
        around = [nodes.raw("", text, format="html") for text in (beginning, END)]
        paragraph.replace_self([around[0], paragraph.deepcopy(), around[1]])


def setup(app) -> None:
    app.connect("doctree-read", place_videos)
