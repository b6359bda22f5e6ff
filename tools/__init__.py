"""What builds, runs, tests, trains and grades the course. Nothing in `utils` imports it."""
