"""Run a program that is not trusted in a sandbox: no network, no writes elsewhere, with limits.

    ended = run([sys.executable, "program.py"], folder, Limits(seconds=60))

`isolation()` says what the sandbox is made of on this machine:

"bubblewrap"  no network; it sees the system, Python and `reads`, and writes into `folder` alone
"unshare"     no network; it reads what the user may read, and writes into `folder` alone
""            neither is there or works (not Linux, most containers): limits alone

CPU time, memory, the size of a file and the number of open files are limited everywhere but on
Windows; that no further process is started, on Linux on x86-64 and ARM. This module imports the
standard library alone: it is also the small program that sets the limits and then becomes the
other one.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import os
import platform
import shutil
import signal
import site
import stat
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/sys/devices/system/cpu")
MEGABYTE = 1_000_000
LAST_WORDS = 4_000  # bytes of what the program printed that are returned
NAMESPACE = "/proc/self/ns/mnt"  # the mounts that a process sees
POLL, LOOK = 0.05, 0.5  # seconds between two looks at the program, and into its folder


@dataclass(frozen=True)
class Limits:
    """What a program may take."""

    seconds: float  # of wall time, from the moment when the file `started` is there, if awaited
    seconds_to_start: float = 120.0
    cpu_seconds: int | None = None  # of all threads together; None: all cores, all the time
    megabytes: int | None = None  # of memory for data
    file_megabytes: int = 200  # a file that it writes
    folder_megabytes: int = 400  # all files of its folder
    files: int = 1_000  # in its folder
    open_files: int = 256
    may_fork: bool = False  # start further processes


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    status: str  # "ended", "timeout", "not started", "too many files"
    code: int | None  # its exit code, negative for a signal; None if it was stopped
    seconds: float  # from `started`, or from the beginning
    output: str  # the end of what it printed


# --- running ----------------------------------------------------------------------------


def run(
    command: Sequence[str],
    folder: str | Path,
    limits: Limits,
    *,
    reads: Sequence[str | Path] = (),
    environment: dict[str, str] | None = None,
    started: str = "",
) -> Ended:
    """Run `command` in `folder` within `limits`; at the end no process of it is left.

    `reads` are further files and folders that it has to read. Its environment is `environment`
    and little else: no variable of the caller's gets in. With the name of a file in `started`,
    the clock of `limits.seconds` waits until the program has made that file. For what the
    program leaves in its folder use `read`.
    """
    folder = os.path.realpath(folder)
    command = [*wrapping(isolation(), folder, reads), *launcher(limits, folder), *command]
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=plain_environment(folder) | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            start_new_session=True,
        )
        try:
            status, seconds = watch(process, Path(folder), limits, started)
        finally:
            end(process)
        size = printed.seek(0, os.SEEK_END)
        printed.seek(max(0, size - LAST_WORDS))
        words = printed.read(LAST_WORDS).decode(errors="replace")
    return Ended(status, process.returncode if status == "ended" else None, seconds, words)


def watch(
    process: subprocess.Popen, folder: Path, limits: Limits, started: str
) -> tuple[str, float]:
    """Wait for the end of a program or of its time; return a status of `Ended` and seconds."""
    begun = time.monotonic()
    since, looked = (None if started else begun), begun
    while process.poll() is None:
        now = time.monotonic()
        if since is None and os.path.lexists(folder / started):
            since = now
        if since is not None and now - since > limits.seconds:
            return "timeout", now - since
        if since is None and now - begun > limits.seconds_to_start:
            return "not started", now - begun
        if now - looked > LOOK:
            looked = now
            if is_overfull(folder, limits):
                return "too many files", now - (since or begun)
        time.sleep(POLL)
    return "ended", time.monotonic() - (since or begun)


def is_overfull(folder: Path, limits: Limits) -> bool:
    """Tell whether a folder holds more files or bytes than it may; stops counting there."""
    count = size = 0
    for place, folders, files in os.walk(folder):
        count += len(folders) + len(files)
        for name in files:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(place, name)).st_size
        if count > limits.files or size > MEGABYTE * limits.folder_megabytes:
            return True
    return False


def end(process: subprocess.Popen) -> None:
    """Kill a program and all processes of its group."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):  # nothing of the group is left
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def read(path: str | Path, most: int) -> bytes | None:
    """Return what an untrusted program left in a file; None if that is no file or too large.

    A link is not followed: it could stand where the file should.
    """
    content = beginning(path, most + 1, follow_links=False)
    return None if content is None or len(content) > most else content


def beginning(path: str | Path, most: int, follow_links: bool = True) -> bytes | None:
    """Return the first `most` bytes of a file; None if there is no plain file.

    A pipe or a device in its place is not waited for.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    flags |= 0 if follow_links else getattr(os, "O_NOFOLLOW", 0)
    try:
        number = os.open(path, flags)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        return None
    with os.fdopen(number, "rb") as file:
        return file.read(most)


# --- what the sandbox is made of ----------------------------------------------------------


@functools.cache
def isolation() -> str:
    """Return what shuts a program in on this machine: "bubblewrap", "unshare" or ""."""
    if sys.platform != "linux":
        return ""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = os.path.realpath(folder)
        inside, outside = Path(folder, "inside"), Path(folder, "outside")
        trial = f"open({str(inside / 'a')!r}, 'w'); open({str(outside)!r}, 'w')"
        inside.mkdir()
        for kind in ("bubblewrap", "unshare"):
            begin = wrapping(kind, str(inside), ())
            if not begin:
                continue
            command = [*begin, *launcher(Limits(20), str(inside), kind)]
            command += [sys.executable, "-I", "-S", "-c", trial]
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(command, capture_output=True, timeout=30, cwd=inside)
            if (inside / "a").exists() and not outside.exists():
                return kind
            (inside / "a").unlink(missing_ok=True)
            outside.unlink(missing_ok=True)
    return ""


def wrapping(kind: str, folder: str, reads: Sequence[str | Path]) -> list[str]:
    """Return the beginning of a command that shuts in what follows."""
    if kind == "unshare" and shutil.which("unshare"):
        spaces = ("user", "mount", "net", "pid", "ipc", "uts")
        options = ["--map-root-user", "--fork", "--kill-child", "--mount-proc"]
        return ["unshare", *(f"--{space}" for space in spaces), *options, "--"]
    if kind != "bubblewrap" or not shutil.which("bwrap"):
        return []
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    for path in dict.fromkeys([*SYSTEM, *places_of_python(), __file__, *map(str, reads)]):
        command += ["--ro-bind-try", path, path]
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    command += ["--bind", folder, folder, "--remount-ro", "/", "--chdir", folder]
    return [*command, "--"]


def places_of_python() -> list[str]:
    """Return the folders from which this Python imports what is installed."""
    found = [sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages()]
    if site.ENABLE_USER_SITE:
        found.append(site.getusersitepackages())
    found += [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    return [path for path in map(os.path.abspath, found) if path != "/"]


def plain_environment(folder: str) -> dict[str, str]:
    """Return environment variables that tell nothing about the user."""
    kept = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "SYSTEMROOT")
    own = {name: os.environ[name] for name in kept if name in os.environ}
    return own | {name: folder for name in ("HOME", "TMPDIR", "TEMP", "TMP", "KERAS_HOME")}


# --- the program that sets the limits -----------------------------------------------------


def launcher(limits: Limits, folder: str, kind: str | None = None) -> list[str]:
    """Return the command that sets the limits and then becomes the program that follows."""
    if os.name != "posix":
        return []
    kind = isolation() if kind is None else kind
    told = asdict(limits)
    if kind == "unshare":
        told |= {"sealed": folder, "outside": os.readlink(NAMESPACE)}
    return [sys.executable, "-I", "-S", os.path.abspath(__file__), json.dumps(told)]


def set_limits(told: dict) -> None:
    """Limit this process, and what it becomes or starts, to `told`: `Limits` as a dictionary."""
    import resource

    everything = (os.cpu_count() or 1) * (told["seconds"] + told["seconds_to_start"])
    numbers = {
        "RLIMIT_CPU": told["cpu_seconds"] or int(everything) + 1,
        "RLIMIT_DATA": told["megabytes"] and MEGABYTE * told["megabytes"],
        "RLIMIT_FSIZE": MEGABYTE * told["file_megabytes"],
        "RLIMIT_NOFILE": told["open_files"],
        "RLIMIT_CORE": 0,
    }
    for name, number in numbers.items():
        if number is not None and hasattr(resource, name):
            which = getattr(resource, name)
            most = resource.getrlimit(which)[1]
            if most != resource.RLIM_INFINITY:
                number = min(number, most)
            with contextlib.suppress(ValueError, OSError):  # macOS refuses some
                resource.setrlimit(which, (number, number))


def seal(folder: str) -> None:
    """Make all of this mount namespace read-only but `folder`, and give up the right to undo it."""
    libc = ctypes.CDLL(None, use_errno=True)
    recursive, private, bind, mount_setattr, at_cwd, read_only = (
        0x4000,
        1 << 18,
        0x1000,
        442,
        -100,
        1,
    )

    def checked(result: int) -> None:
        if result:
            raise OSError(ctypes.get_errno(), "cannot shut the program in")

    def set_attributes(path: bytes, flags: int, add: int, remove: int) -> None:
        attributes = ctypes.create_string_buffer(struct.pack("<4Q", add, remove, 0, 0), 32)
        checked(libc.syscall(mount_setattr, at_cwd, path, flags, attributes, ctypes.c_size_t(32)))

    place = os.fsencode(folder)
    checked(libc.mount(b"none", b"/", None, ctypes.c_ulong(recursive | private), None))
    checked(libc.mount(place, place, None, ctypes.c_ulong(bind), None))
    set_attributes(b"/", 0x8000, read_only, 0)
    set_attributes(place, 0, 0, read_only)
    os.chdir("/")
    os.chdir(folder)  # through the new mount
    for capability in range(64):
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; beyond the last one it fails
    header = ctypes.create_string_buffer(struct.pack("<Ii", 0x20080522, 0))
    checked(libc.capset(header, ctypes.create_string_buffer(24)))


# Numbers of system calls: clone, and those that are refused outright.
CALLS = {"x86_64": (0xC000003E, 56, (57, 58)), "aarch64": (0xC00000B7, 220, ())}


def forbid_processes() -> None:
    """Let this process start threads but no further process (seccomp), where that is known how."""
    if sys.platform != "linux" or platform.machine() not in CALLS:
        return
    architecture, clone, refused = CALLS[platform.machine()]
    load, equal, at_least, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, refuse, unknown = 0x7FFF0000, 0x00050001, 0x00050026  # EPERM, ENOSYS
    number, its_architecture, first_argument, a_thread = 0, 4, 16, 0x10000
    program = [
        (load, 0, 0, its_architecture),
        (equal, 1, 0, architecture),
        (give, 0, 0, refuse),
        (load, 0, 0, number),
        (at_least, 0, 1, 0x40000000),  # another table of calls
        (give, 0, 0, refuse),
        (equal, 0, 1, 435),  # clone3, whose arguments no filter can see: clone comes instead
        (give, 0, 0, unknown),
    ]
    for call in refused:
        program += [(equal, 0, 1, call), (give, 0, 0, refuse)]
    program += [
        (equal, 1, 0, clone),
        (give, 0, 0, allow),
        (load, 0, 0, first_argument),
        (any_bit, 0, 1, a_thread),
        (give, 0, 0, allow),
        (give, 0, 0, refuse),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    whole = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.create_string_buffer(whole), 0, 0):
        raise OSError(ctypes.get_errno(), "cannot forbid further processes")


def main() -> None:
    told, command = json.loads(sys.argv[1]), sys.argv[2:]
    if "sealed" in told:
        if os.readlink(NAMESPACE) == told["outside"]:
            raise SystemExit("not in a mount namespace of its own")
        seal(told["sealed"])
    set_limits(told)
    if not told["may_fork"]:
        forbid_processes()
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
