"""A small book for tests, whose notebook has every kind of cell and output of a page."""

from __future__ import annotations

import base64
import io
import re
import shutil
from pathlib import Path

import nbformat
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
NO_ADDRESS = re.compile(r'^  url: "[^"]*"$', re.MULTILINE)

MARKDOWN = r"""# Sample

A formula $\lfloor (n + 2p - k)/s \rfloor + 1$, `code`, [the start](../intro.md),
and one more on a line $$y' = 3x^2$$ of its own.

$$\begin{aligned}
z_{i,j,c} &= b_c + \sum_{u=0}^{k_h-1} \sum_{v=0}^{k_w-1} \sum_{c'=0}^{C_\mathrm{in}-1}
    x_{i s + u,\, j s + v,\, c'} \, w_{u,v,c',c} \quad\text{for every } i, j \text{ and } c \\
a_{i,j,c} &= \max(0,\, z_{i,j,c})
\end{aligned}$$

| Layer | Output shape | Parameters | Multiply–adds | Receptive field | Remark |
|---|---|---:|---:|---:|---|
| `Conv2D(64, 7, padding="same")` | 28 × 28 × 64 | 3,200 | 2,458,624 | 7 | the first layer |

<details><summary>Show the answer</summary>

Flatten only rearranges.

</details>
"""


def picture(width: int, height: int) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def write_sample(book: Path, markdown: str = MARKDOWN, alt: str = "A teal box.") -> Path:
    """Write a book of two pages with the settings of the course, but no address."""
    new = nbformat.v4
    long_line = "print('" + "a long line " * 20 + "')"
    outputs = [
        new.new_output("stream", name="stdout", text="accuracy 0.9117 " * 20 + "\n"),
        new.new_output(
            "display_data",
            data={"image/png": picture(2400, 600), "text/plain": "<Figure>"},
            metadata={"image/png": {"width": 1200, "height": 300, "alt": alt}},
        ),
        new.new_output(
            "execute_result",
            data={"text/html": "<table><tr>" + "<td>0.123456</td>" * 15 + "</tr></table>"},
            execution_count=1,
        ),
    ]
    cells = [
        new.new_markdown_cell(markdown),
        new.new_code_cell(long_line, execution_count=1, outputs=outputs),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    language = {"name": "python", "pygments_lexer": "ipython3"}
    metadata = {"kernelspec": kernel, "language_info": language}
    notebook = new.new_notebook(cells=cells, metadata=metadata)
    (book / "chapters").mkdir(parents=True)
    nbformat.write(notebook, book / "chapters" / "sample.ipynb")
    (book / "intro.md").write_text("# Start\n\nRead the [sample](chapters/sample.ipynb).\n")
    toc = "format: jb-book\nroot: intro\nchapters:\n- file: chapters/sample\n"
    (book / "_toc.yml").write_text(toc)
    config, count = NO_ADDRESS.subn('  url: ""', (ROOT / "_config.yml").read_text("utf-8"))
    assert count == 1, "the address stands in one line of _config.yml"
    (book / "_config.yml").write_text(config, "utf-8")
    shutil.copy(ROOT / "references.bib", book)  # which the settings name
    return book
