"""Scripts whose access to local and session storage cannot fail: `static/storage.js`.

The scripts of Sphinx and the themes take storage for granted, and where a browser refuses it
the first access ends the whole of them: no search, no theme, no buttons to copy code.
"""

from __future__ import annotations

import re

ACCESS = re.compile(r"(?<![\w\"'.])(?:(?:window|globalThis)\.)?(local|session)Storage\b(?![\"'])")


def guard(script: str) -> str:
    """Return a script that accesses `courseStorage` instead of the browser's storage."""
    return ACCESS.sub(r"courseStorage.\1", script)
