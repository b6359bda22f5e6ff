"""What builds, runs, tests, trains and grades the course. Nothing in `utils` imports it."""

import sys

# Commands print "…" and "×", which not every locale has: a question mark is better than a
# UnicodeEncodeError at the end of a long run.
for stream in (sys.stdout, sys.stderr):
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")
