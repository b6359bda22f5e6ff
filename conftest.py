"""Give nbval the kernels of `tools.notebooks`, so that `pytest --nbval chapters` works as it is."""

from __future__ import annotations

from contextlib import ExitStack

import nbval.plugin

from tools.notebooks import kernel_environment, nbval_kernel


def pytest_configure(config):
    if not (config.option.nbval or config.option.nbval_lax):
        return
    open_until_the_end = ExitStack()
    config.add_cleanup(open_until_the_end.close)
    environment = open_until_the_end.enter_context(kernel_environment.testing_environment())
    nbval_kernel.Kernel.environment = environment
    nbval.plugin.RunningKernel = nbval_kernel.Kernel
    cell = nbval.plugin.IPyNbCell
    cell.compare_outputs = nbval_kernel.also_compare_widgets(cell.compare_outputs)
    cell.sanitize = nbval_kernel.without_seeds(cell.sanitize)
