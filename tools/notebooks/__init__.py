"""The notebooks as files: canonical form, validation, full runs, and the kernels of tests.

`python -m tools.notebooks tidy|check|execute [paths]` is the command;
`make tidy`, `make test` and `make execute` call it.
"""
