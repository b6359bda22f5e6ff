"""Start-up file for the kernels of tests: `tools` cannot be imported, as in Colab.

There a notebook finds `utils` alone. A notebook, or a module of `utils`, that needs what
builds the course fails with this in every test of the notebooks.
"""


def _without_tools():
    import sys

    class WithoutTools:
        """Stands first among Python's finders and refuses the package."""

        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] == "tools":
                raise ModuleNotFoundError(f"{name}: notebooks do without `tools`", name=name)

    sys.meta_path.insert(0, WithoutTools())


_without_tools()
del _without_tools
