"""Run other JavaScript libraries in Node, for benchmarks that show them beside ours."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path


def measured(
    script: Path, packages: Sequence[str], files: dict[str, bytes], *arguments: str
) -> dict[str, float]:
    """Return what `script` finds: the JSON object that it prints last.

    It runs in a new folder with `packages` from npm and `files` by name. Where that cannot be,
    it is said why, and nothing is found.
    """
    if not (npm := shutil.which("npm")) or not (node := shutil.which("node")):
        print("Other libraries: needs Node and npm, which are not here.")
        return {}
    with tempfile.TemporaryDirectory(prefix="bench-peers-") as name:
        folder = Path(name)
        (folder / "package.json").write_text('{"type": "module"}')
        quiet = ["--silent", "--no-audit", "--no-fund"]
        if subprocess.run([npm, "install", *quiet, *packages], cwd=folder).returncode:
            print("Other libraries: npm could not fetch them.")
            return {}
        for file, content in files.items():
            (folder / file).write_bytes(content)
        shutil.copy(script, folder)
        run = subprocess.run(
            [node, script.name, *arguments], cwd=folder, capture_output=True, text=True
        )
        if run.returncode:
            print(f"Other libraries: {run.stderr.strip()[-500:]}")
            return {}
        return json.loads(run.stdout.splitlines()[-1])
