"""The directive `{explorer}`, which makes an explorer while the site is built.

    ```{explorer} FilterExplorer
    :kernel: sobel x
    :stride: 2
    ```

Options are the arguments of the class, as JSON or plain text; a body, if there is one,
is a JSON object of further arguments. A wrong name or argument stops the build.
"""

from __future__ import annotations

import json

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from tools.notebooks import widgets

from .markup import Problem


class AnyOption(dict):
    """The options of a directive that takes every name, and leaves the values as text."""

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, name: str):
        return lambda value: value


def argument(text: str | None):
    """Return an option's value: JSON if it is that, else the text itself; without one, True."""
    try:
        return True if text is None else json.loads(text)
    except json.JSONDecodeError:
        return text


def explorer_class(name: str) -> type:
    """Return a class of utils.explorers; raise Problem for another name."""
    from utils import explorers

    found = getattr(explorers, name, None)
    if not (isinstance(found, type) and hasattr(found, "_module")):
        known = sorted(n for n in dir(explorers) if hasattr(getattr(explorers, n), "_module"))
        raise Problem(f"utils.explorers has no {name}; it has {', '.join(known) or 'none'}")
    return found


def made(name: str, arguments: dict, prefix: str) -> dict:
    """Return the state of a new explorer, which stands first, and of what it refers to.

    The ids are `prefix` and numbers. Raises Problem for what the class refuses.
    """
    from ipywidgets.embed import dependency_state

    try:
        explorer = explorer_class(name)(**arguments)
    except (TypeError, ValueError, LookupError) as error:
        raise Problem(f"{name}: {error}") from error
    except Exception as error:  # traitlets has its own, which is no ValueError
        if type(error).__name__ != "TraitError":
            raise
        raise Problem(f"{name}: {error}") from error
    models = dependency_state([explorer], drop_defaults=False)
    names = {old: f"{prefix}-{i}" for i, old in enumerate(models, start=1)}
    return widgets.renamed(models, names)


class ExplorerDirective(SphinxDirective):
    """Makes an explorer, and shows it as a notebook's output would be."""

    required_arguments = 1
    has_content = True
    option_spec = AnyOption()

    def run(self) -> list[nodes.Node]:
        arguments = {name.replace("-", "_"): argument(v) for name, v in self.options.items()}
        prefix = f"explorer-{self.env.new_serialno('explorer') + 1}"
        try:
            body = json.loads("\n".join(self.content) or "{}")
            models = made(self.arguments[0], arguments | dict(body), prefix)
        except (Problem, ValueError, TypeError) as problem:
            raise self.error(f"{self.env.docname}: {problem}") from problem
        self.env.temp_data.setdefault("explorers", {}).update(models)
        view = json.dumps({"model_id": next(iter(models))})
        text = f'<script type="{widgets.VIEW}">{view}</script>'
        return [nodes.raw("", text, format="html")]
