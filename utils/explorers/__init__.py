"""Interactive explorers that compute in the page: each is an ipywidget with a module in js/."""

from .filter import FilterExplorer

__all__ = ["FilterExplorer"]
