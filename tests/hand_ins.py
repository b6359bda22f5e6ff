"""Hand-ins made for tests: notebooks of part 1 as students write them, and as attackers do."""

from __future__ import annotations

import json
import textwrap
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

RIGHT = {
    "output_size": """
        def output_size(size, window, stride, padding):
            if padding == "same":
                return -(-size // stride)
            return (size + 2 * (0 if padding == "valid" else padding) - window) // stride + 1
    """,
    "receptive_field": """
        def receptive_field(layers):
            field, jump = 1, 1
            for window, stride in layers:
                field, jump = field + (window - 1) * jump, jump * stride
            return field
    """,
    "max_pool2d": """
        import numpy as np

        def max_pool2d(maps, size, stride):
            windows = np.lib.stride_tricks.sliding_window_view(maps, (size, size), axis=(0, 1))
            return windows[::stride, ::stride].max(axis=(-2, -1))
    """,
}
# Right answers, if something is possible that must not be.
IF = """
    def output_size(size, window, stride, padding):
        {attempt}
        if padding == "same":
            return -(-size // stride)
        return (size + 2 * (0 if padding == "valid" else padding) - window) // stride + 1
"""


def only_if(attempt: str) -> str:
    return textwrap.dedent(IF).replace("{attempt}", attempt.strip().replace("\n", "\n    "))


def notebook(*cells: str, claims: dict[str, float] | None = None) -> bytes:
    """Return a notebook with these code cells, and checks that claim some points."""
    code = [{"cell_type": "code", "source": textwrap.dedent(cell), "outputs": []} for cell in cells]
    code += [
        {
            "cell_type": "code",
            "source": f"checks.{name}({name})",
            "metadata": {"nbgrader": {"grade_id": f"{name}-check"}},
            "outputs": [{"output_type": "execute_result", "data": {"text/plain": str(points)}}],
        }
        for name, points in (claims or {}).items()
    ]
    return json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def put(folder: Path, name: str, files: dict[str, bytes]) -> None:
    """Make a hand-in as Moodle has it in a download."""
    place = folder / name
    place.mkdir(parents=True)
    for file, content in files.items():
        (place / file).write_bytes(content)


def zipped(path: Path, files: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path.read_bytes()


# Each is a notebook of part 1 whose output_size is hostile; none of them deserves a point for it.
HOSTILE = {
    "endless in C": """
        def output_size(*given):
            return max(iter(int, 1))
    """,
    "endless in Python, deaf to signals": """
        import signal

        def output_size(*given):
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
            while True:
                pass
    """,
    "fork bomb": only_if("import os\nwhile os.fork() >= 0:\n    pass"),
    "memory bomb": only_if("many = [bytearray(2**30) for _ in range(64)]"),
    "ten gigabytes of output": """
        def output_size(*given):
            import os
            while True:
                os.write(2, b"x" * 1_000_000)
    """,
    "a file that never ends": only_if(
        "with open('big', 'wb') as file:\n    for _ in range(10_000):\n"
        "        file.write(b'x' * 1_000_000)"
    ),
    "reads /etc/passwd": only_if("open('/etc/passwd').read()"),
    "reads the solutions": only_if(f"open({str(ROOT / 'solutions/14_9/1_from_scratch.ipynb')!r})"),
    "reads the checks": only_if(f"open({str(ROOT / 'utils/checks/part1/output_size.py')!r})"),
    "reads the home folder": only_if("import os\nassert os.listdir(os.path.expanduser('~root'))"),
    "imports the right answer": """
        from utils.checks.part1.windows import outputs as output_size
    """,
    "imports the course's sizes": """
        from utils.sizes import output_size
    """,
    "opens a socket": only_if(
        "import socket\nsocket.create_connection(('127.0.0.1', 22), timeout=1)"
    ),
    "starts a program": only_if("import subprocess\nsubprocess.run(['true'], check=True)"),
    "patches NumPy": """
        import numpy as np

        np.array_equal = np.allclose = lambda *given, **named: True
        np.ndarray.__eq__ = None

        def output_size(*given):
            return 4
    """,
    "patches the checks": """
        from utils import checks
        from utils.checks import attempt

        attempt.Outcome.problem = ""
        attempt.attempt = lambda *given, **named: attempt.Outcome(value=4)
        checks.output_size = lambda function: 4.0

        def output_size(*given):
            return 4
    """,
    "prints a score": """
        print("output_size · 4/4")

        def output_size(*given):
            print("4.0")
            open("marks.json", "w").write('{"points": 4}')
            return 4.0
    """,
    "leaves a pickle": """
        import transfer, numpy as np

        def write(path, value):
            np.savez(open(path, "wb"), text=np.array([{"value": 4}], dtype=object))

        transfer.write = write

        def output_size(*given):
            return 4
    """,
    "promises seven tebibytes": """
        import io, transfer, zipfile
        import numpy as np

        def write(path, value):
            file = io.BytesIO()
            about = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
            np.lib.format.write_array_header_1_0(file, about)
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("text.npy", file.getvalue())

        transfer.write = write

        def output_size(*given):
            return 4
    """,
    "leaves a link": """
        import os, transfer

        transfer.write = lambda path, value: os.symlink("/etc/passwd", path)

        def output_size(*given):
            return 4
    """,
    "leaves a pipe": """
        import os, transfer

        transfer.write = lambda path, value: os.mkfifo(path)

        def output_size(*given):
            return 4
    """,
    "leaves a link for the next process": """
        import os

        def output_size(*given):
            os.remove("job.json")
            os.symlink("/tmp/written-by-grading", "job.json")
            os._exit(0)
    """,
    "leaves many files": only_if("for i in range(100_000):\n    open(f'file{i}', 'w')"),
    "leaves deep folders": only_if(
        "import os\nfor _ in range(2_500):\n    os.mkdir('d')\n    os.chdir('d')"
    ),
    "os._exit": """
        import os

        def output_size(*given):
            os._exit(0)
    """,
    "ends while it is defined": """
        import os

        class Ending:
            os._exit(0)
    """,
    "kills its parent": """
        import os, signal

        def output_size(*given):
            os.kill(os.getppid(), signal.SIGKILL)
            return 4
    """,
    "kills everybody": """
        import os, signal

        def output_size(*given):
            os.kill(-1, signal.SIGKILL)
            return 4
    """,
    "crashes": """
        import ctypes

        def output_size(*given):
            ctypes.string_at(0)
    """,
    "is equal to everything": """
        class Equal(int):
            __eq__ = __ge__ = __le__ = lambda self, other: True
            __hash__ = int.__hash__

        def output_size(*given):
            return Equal(4)
    """,
    "deep recursion": """
        def output_size(*given):
            value = []
            for _ in range(100_000):
                value = [value]
            return value
    """,
    "a number without end": """
        def output_size(*given):
            return 10**5_000
    """,
    "minus one and nan": """
        def output_size(*given):
            return float("nan") if given[1] > 2 else -1
    """,
}
