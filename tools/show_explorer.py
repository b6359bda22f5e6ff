"""Render an explorer alone on an HTML page, from its Python state, as a kernel's front end would.

    python -m tools.show_explorer "PoolingExplorer(pool_size=3)"

writes `_build/alone.html` and opens it in the browser.
"""

from __future__ import annotations

import base64
import json
import sys
import webbrowser
from pathlib import Path

from ipywidgets.widgets.widget import _remove_buffers

FILE = Path(__file__).resolve().parent.parent / "_build" / "alone.html"
PAGE = """<!doctype html>
<html lang="en" data-theme="light">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Explorer</title>
<style>
  html { --pst-color-text-base: #222832; --pst-color-background: #fff; --pst-color-surface: #f3f4f5;
    --pst-color-text-muted: #48566b; --pst-color-link: #0a6f8a; }
  html[data-theme="dark"] { --pst-color-text-base: #ced6dd; --pst-color-background: #14181e;
    --pst-color-surface: #222832; --pst-color-text-muted: #9ca4af; --pst-color-link: #41b8d6; }
  body { margin: 16px; font-family: sans-serif; background: var(--pst-color-background); }
</style>
<main></main>
<script type="module">
const widgets = WIDGETS;
const models = widgets.map(({ state, buffers, files }) => {
  for (const [path, text] of buffers) {
    const holder = path.slice(0, -1).reduce((object, key) => object[key], state);
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    holder[path.at(-1)] = new DataView(bytes.buffer);
  }
  const target = new EventTarget();
  const listeners = new Map();
  const model = {
    state,
    saved: 0,
    get: (name) => state[name],
    set: (name, value) => {
      if (state[name] === value) return;
      state[name] = value;
      target.dispatchEvent(new Event(`change:${name}`));
    },
    save_changes: () => { model.saved += 1; },
    on: (name, listener) => {
      listeners.set(listener, (event) => listener(...(event.detail ?? [])));
      target.addEventListener(name, listeners.get(listener));
    },
    off: (name, listener) => target.removeEventListener(name, listeners.get(listener)),
    // The one message that explorers send: a kernel answers it with a file.
    send: ({ kind, name }) => {
      const text = files[name] ?? files[""];
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const detail = [{ kind, name }, [new DataView(bytes.buffer)]];
      setTimeout(() => target.dispatchEvent(new CustomEvent("msg:custom", { detail })));
    },
  };
  return model;
});
for (const [index, { esm, css }] of widgets.entries()) {
  document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  const source = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const { default: explorer } = await import(source);
  const el = document.querySelector("main").appendChild(document.createElement("div"));
  window.cleanup = explorer.render({ model: models[index], el });
}
Object.assign(window, { model: models[0], models, ready: true });
</script>
</html>
"""


def page_text(*widgets) -> str:
    """Return an HTML page that shows the widgets, with `window.model` for the first."""
    parts = []
    for widget in widgets:
        state, paths, buffers = _remove_buffers(widget.get_state())
        kept = {name: state[name] for name in state if name not in {"_esm", "_css", "layout"}}
        files = {"": getattr(widget, "_file", b"")} | getattr(widget, "_files", {})
        encoded = [base64.b64encode(bytes(buffer)).decode() for buffer in buffers]
        parts.append(
            {
                "state": kept,
                "buffers": list(zip(paths, encoded, strict=True)),
                "esm": widget._esm,
                "css": widget._css,
                "files": {name: base64.b64encode(each).decode() for name, each in files.items()},
            }
        )
    return PAGE.replace("WIDGETS", json.dumps(parts).replace("<", "\\u003c"))


def main() -> None:
    from utils import explorers

    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(page_text(eval(sys.argv[1], vars(explorers))), "utf-8")
    print(FILE)
    webbrowser.open(FILE.as_uri())


if __name__ == "__main__":
    main()
