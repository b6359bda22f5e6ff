"""The sandbox: a program in it reaches no network, writes nowhere else, and ends when it must."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from utils.checks.part3 import sandbox
from utils.checks.part3.sandbox import Limits

pytestmark = [
    pytest.mark.slow,  # each starts programs
    pytest.mark.skipif(sys.platform != "linux", reason="made for Linux"),
]
KINDS = ("bubblewrap", "unshare")
TRY = """
def attempt(call):
    try:
        print(call())
    except BaseException as error:
        print(type(error).__name__)
"""


@pytest.fixture(params=KINDS)
def kind(request, monkeypatch) -> str:
    """Each kind of sandbox that works on this machine."""
    found = sandbox.isolation()
    if request.param == "unshare" and found == "bubblewrap":
        monkeypatch.setattr(sandbox.shutil, "which", lambda name: None if name == "bwrap" else name)
        sandbox.isolation.cache_clear()
        found = sandbox.isolation()
    if found != request.param:
        sandbox.isolation.cache_clear()
        pytest.skip(f"no {request.param} here")
    yield found
    sandbox.isolation.cache_clear()


def run(code: str, folder: Path, limits: Limits | None = None, **more) -> sandbox.Ended:
    return sandbox.run([sys.executable, "-c", code], folder, limits or Limits(20), **more)


def test_it_is_said_what_the_sandbox_is_made_of(monkeypatch):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    sandbox.isolation.cache_clear()
    assert sandbox.isolation() == ""
    monkeypatch.undo()
    sandbox.isolation.cache_clear()
    assert sandbox.isolation() in ("bubblewrap", "unshare", "")


def test_the_mounts_of_the_machine_itself_are_never_changed(tmp_path):
    """The program that shuts others in refuses to work outside a namespace of its own."""
    before = Path("/proc/self/mountinfo").read_text()
    command = sandbox.launcher(Limits(20), str(tmp_path), "unshare")
    ended = subprocess.run([*command, "true"], capture_output=True, text=True)
    assert ended.returncode == 1 and "namespace of its own" in ended.stderr
    assert Path("/proc/self/mountinfo").read_text() == before


def test_a_program_writes_into_its_folder_and_nowhere_else(kind, tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir(), outside.mkdir()
    places = [outside, "/tmp", "/dev/shm", "/usr", os.path.expanduser("~"), Path(sys.prefix)]
    code = TRY + f"for place in {list(map(str, places))!r}:\n"
    code += "    attempt(lambda: open(place + '/hack', 'w'))\n"
    ended = run(code + "open('here', 'w').write('x')", inside)
    assert ended.status == "ended" and ended.code == 0
    assert set(ended.output.split()) <= {"OSError", "FileNotFoundError", "PermissionError"}
    assert (inside / "here").read_text() == "x"
    assert not any(Path(place, "hack").exists() for place in places)


def test_a_program_cannot_make_the_rest_writable_again(kind, tmp_path):
    code = TRY + (
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.mount(b'none', b'/', None, ctypes.c_ulong(0x1020), None))\n"
        "print(libc.mount(b'none', b'/tmp', b'tmpfs', ctypes.c_ulong(0), None))\n"
        "print(libc.unshare(0x10020000))\n"
        "print(libc.umount2(os.getcwd().encode(), 2))\n"
        "attempt(lambda: open('/usr/hack', 'w'))\n"
    )
    ended = run(code, tmp_path)
    *calls, writing = ended.output.split()
    assert calls[0] == calls[1] == calls[3] == "-1", ended.output
    assert writing == "OSError" and not Path("/usr/hack").exists()


def test_bubblewrap_hides_the_users_files(kind, tmp_path):
    if kind != "bubblewrap":
        pytest.skip("only bubblewrap does")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "inside").mkdir()
    code = TRY + "".join(
        f"attempt(lambda: open({str(path)!r}).read())\n"
        for path in ("/etc/passwd", tmp_path / "secret", __file__)
    )
    ended = run(code, tmp_path / "inside")
    assert ended.output.split() == ["FileNotFoundError"] * 3
    shown = run(
        f"print(open({str(tmp_path / 'secret')!r}).read())",
        tmp_path / "inside",
        reads=[tmp_path / "secret"],
    )
    assert shown.output == "secret\n"


def test_a_program_has_no_network(kind, tmp_path):
    code = TRY + (
        "import socket\n"
        "attempt(lambda: socket.create_connection(('192.0.2.1', 80), 3))\n"
        "print([name for _, name in socket.if_nameindex()])\n"
    )
    ended = run(code, tmp_path)
    assert ended.output.splitlines() == ["OSError", "['lo']"]


def test_a_program_starts_threads_and_no_processes(kind, tmp_path):
    code = TRY + (
        "import os, subprocess, threading\n"
        "thread = threading.Thread(target=print, args=('a thread',)); thread.start()\n"
        "thread.join()\n"
        "attempt(os.fork)\n"
        "attempt(lambda: subprocess.run(['true']))\n"
        "attempt(lambda: os.posix_spawn('/bin/true', ['true'], {}))\n"
    )
    ended = run(code, tmp_path)
    assert ended.output.split() == ["a", "thread"] + 3 * ["PermissionError"]
    allowed = run(
        "import subprocess; subprocess.run(['true'])", tmp_path, Limits(20, may_fork=True)
    )
    assert allowed.code == 0


def test_no_process_is_left_at_the_end(kind, tmp_path):
    code = (
        "import os, time\n"
        "if os.fork():\n    os._exit(0)\n"
        "os.setsid()\n"
        "while True:\n    open('beat', 'w').write(str(time.time())); time.sleep(0.01)\n"
    )
    run(code, tmp_path, Limits(1, may_fork=True))
    time.sleep(0.2)
    before = (tmp_path / "beat").read_text() if (tmp_path / "beat").exists() else ""
    time.sleep(0.3)
    after = (tmp_path / "beat").read_text() if (tmp_path / "beat").exists() else ""
    assert before == after


TOO_MUCH = {
    "wall time": ("import time; time.sleep(60)", {"seconds": 0.5}, "timeout"),
    "CPU time": ("while True: pass", {"seconds": 30, "cpu_seconds": 1}, "ended"),
    "memory": ("a = bytearray(10**9)", {"seconds": 30, "megabytes": 300}, "ended"),
    "a file": (
        "open('a', 'wb').write(bytes(10**7))",
        {"seconds": 30, "file_megabytes": 2},
        "ended",
    ),
    "open files": (
        "a = [open('a', 'w') for _ in range(99)]",
        {"seconds": 30, "open_files": 50},
        "ended",
    ),
    "many files": (
        "import time\nfor i in range(10**6): open(str(i % 5000), 'w')\n",
        {"seconds": 30, "files": 100},
        "too many files",
    ),
    "much in many files": (
        "import time\nfor i in range(50): open(str(i), 'wb').write(bytes(10**6))\ntime.sleep(60)",
        {"seconds": 30, "folder_megabytes": 10},
        "too many files",
    ),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_a_program_that_takes_too_much_ends(what, tmp_path):
    code, limits, status = TOO_MUCH[what]
    begun = time.monotonic()
    ended = run(code, tmp_path, Limits(**limits))
    assert ended.status == status and ended.code != 0
    assert time.monotonic() - begun < 20


def test_the_clock_waits_for_the_program_to_start(tmp_path):
    code = "import time; time.sleep(1); open('started', 'w'); time.sleep(0.3)"
    ended = run(code, tmp_path, Limits(1.2), started="started")
    assert ended.status == "ended" and 0.2 < ended.seconds < 1.2
    never = run("import time; time.sleep(60)", tmp_path / ".", Limits(1, 1), started="never")
    assert never.status == "not started"


def test_no_variable_of_the_caller_gets_in(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "abc")
    ended = run("import os; print(sorted(os.environ))", tmp_path, environment={"OWN": "1"})
    assert "SECRET" not in ended.output and "'OWN'" in ended.output


def test_only_plain_files_are_read_of_what_it_leaves(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    os.mkfifo(tmp_path / "pipe")
    assert sandbox.read(tmp_path / "a", 5) == b"12345"
    assert sandbox.read(tmp_path / "a", 4) is None
    for name in ("link", "pipe", "none", "."):
        assert sandbox.read(tmp_path / name, 5) is None
    assert sandbox.beginning(tmp_path / "link", 2) == b"12"
