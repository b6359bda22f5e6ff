"""The course's notebooks as files: one form on disk, checked, run in full, run in tests.

`python -m tools.notebooks tidy|check|execute [paths]` is the command;
`make tidy`, `make test` and `make execute` call it.
"""
