"""Inside the sandbox of the fuzzer: load many models one after the other, and watch what happens.

    python fuzz_loader.py FOLDER MODEL_RUNNER MEGABYTES

Each folder in FOLDER holds what `model_runner` gets of a model. For each, a line of JSON is
added to FOLDER/told.jsonl: what came of it, and which events of Python's audit hooks (PEP 578) do
not belong to loading a model. It imports nothing of the course, so that it can run alone.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
from pathlib import Path

SECONDS = 10  # for one model; more is no fault, since the sandbox has a clock
CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.chmod")
STRANGE = (
    *("socket.connect", "socket.bind", "socket.getaddrinfo", "urllib.Request"),
    *("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.kill"),
    *("marshal.loads", "pickle.find_class", "code.__new__", "ctypes.dlopen"),
)


class TooSlow(BaseException):
    """Not an Exception, so that nothing takes it for a fault of the model."""


class Watch:
    """Notes strange events while it is on."""

    def __init__(self, allowed: list[str]):
        self.allowed, self.events, self.on = tuple(allowed), [], False
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple) -> None:
        if not self.on:
            return
        if event in STRANGE:
            if event in ("marshal.loads", "code.__new__") and self.is_import():
                return  # what Keras imports late
            self.events.append(f"{event} {arguments!r}"[:200])
        elif event == "open" and isinstance(arguments[0], str | bytes):
            path = os.path.abspath(os.fsdecode(arguments[0]))
            if not path.startswith(self.allowed):
                self.events.append(f"open {path}"[:200])
        elif event in CHANGES and not os.path.abspath(os.fsdecode(arguments[0])).startswith(
            self.allowed[0]
        ):
            self.events.append(f"{event} {arguments[0]}"[:200])

    @staticmethod
    def is_import() -> bool:
        frame = sys._getframe(2)
        while frame is not None:
            if "importlib" in frame.f_code.co_filename:
                return True
            frame = frame.f_back
        return False


def ring(number, frame):
    raise TooSlow


def told_of(folder: Path, runner: dict, images, watch: Watch) -> dict:
    """Load one model and ask it; return what came of it."""
    watch.events, watch.on = [], True
    try:
        signal.alarm(SECONDS)
        values = runner["answers"](runner["load"](folder), images)
        came = f"answers {values.shape}"
    except TooSlow:
        came = "too slow"
    except MemoryError:
        came = "memory"
    except runner["Problem"] as problem:
        came = f"problem {problem}"
    except Exception as error:
        came = f"raised {type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
        watch.on = False
    return {"case": folder.name, "came": came[:300], "events": watch.events[:20]}


def main(folder: Path, path: str, megabytes: int) -> None:
    import keras
    import numpy as np

    runner = runpy.run_path(path)
    images = np.random.default_rng(0).random((2, 28, 28, 1)).astype(np.float32)
    places = [str(folder.resolve()), sys.prefix, sys.base_prefix, "/proc/", "/sys/", "/usr/"]
    watch = Watch(places)
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(1, 3)])
    model.predict(images, verbose=0)  # whatever is imported late is imported now
    signal.signal(signal.SIGALRM, ring)
    runner["limit_memory"](megabytes)
    (folder / "started").touch()
    for case in sorted(place for place in folder.iterdir() if place.name.isdecimal()):
        with open(folder / "told.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(told_of(case, runner, images, watch)) + "\n")
        keras.utils.clear_session(free_memory=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
