"""Grade all hand-ins on the processors of this machine or of a cluster, with dask.distributed.

A unit of work is one hand-in. Its result is a file that is written when it is whole, so a unit
may run twice without harm, and a run that was stopped goes on where it was. If a worker is lost,
its unit runs on another one; a unit that ends its worker twice is set aside.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.cluster import cluster

from . import marks
from .intake import HandIn
from .sandboxes import Budget

ENDED_WORKERS = 1  # a unit is tried again as often; after that it is set aside


def missing_marks(
    out: Path, handins: list[HandIn], seed: int, budget: Budget
) -> tuple[list[dict], list[HandIn]]:
    """Return the marks that are there already, and the hand-ins that have none yet."""
    done, to_do = [], []
    for handin in handins:
        told = marks.stored(out, handin.key, marks.digest_of(handin, seed, budget))
        done.append(told) if told else to_do.append(handin)
    return done, to_do


def unit(out: str, key: str, seed: int, budget: Budget, root: str) -> str:
    """Grade one hand-in, on whatever worker; returns its key."""
    os.chdir(root)
    try:
        marks.mark(Path(out), key, seed, budget)
    except Exception as error:  # a fault of ours: it must not stop the others
        why = f"Grading it failed: {type(error).__name__}: {str(error)[:300]}"
        handin = HandIn.load(Path(out) / "handins" / key)
        marks.quarantined(Path(out), handin, seed, budget, why)
    return key


def dask_setup(worker) -> None:
    """Let Ctrl+C, which a terminal sends to all processes, end the command and not each worker.

    dask calls this in every worker: this module is a preload of theirs. A handler, unlike an
    order to ignore the signal, is not handed down to the sandboxes.
    """
    signal.signal(signal.SIGINT, lambda *_: None)


def grade(
    out: Path,
    handins: list[HandIn],
    seed: int,
    budget: Budget,
    *,
    scheduler: str = "",
    workers: int = 0,
    tell: Callable[[HandIn, int, int], None] = lambda handin, done, of: None,
) -> Iterator[str]:
    """Grade what has no mark yet; yield each key when its mark is there."""
    done, to_do = missing_marks(out, handins, seed, budget)
    by_key = {handin.key: handin for handin in to_do}
    count = len(done)
    if not to_do:
        return
    workers = min(workers or os.cpu_count() or 1, len(to_do))
    import dask
    import distributed  # noqa: F401  (its defaults have to be there before a setting of it)

    preload = dask.config.set({"distributed.worker.preload": [__name__]})
    with preload, cluster(scheduler, workers, failures=ENDED_WORKERS) as client:
        for key in finished(client, out, to_do, seed, budget):
            count += 1
            tell(by_key[key], count, len(handins))
            yield key


def finished(
    client, out: Path, to_do: list[HandIn], seed: int, budget: Budget, do: Callable = unit
) -> Iterator[str]:
    """Hand out the units of work, to be done by `do`; yield the keys of finished ones.

    When a worker is lost, dask blames all units that it held, also those that only waited there.
    So units that failed run once more, each alone; who then ends its workers is set aside.
    """
    from distributed import as_completed, wait

    root, place = os.getcwd(), str(out.resolve())

    def submit(handin: HandIn, name: str):
        return client.submit(do, place, handin.key, seed, budget, root, key=name, pure=False)

    by_name = {f"unit-{handin.key}": handin for handin in to_do}
    futures = [submit(handin, name) for name, handin in by_name.items()]
    suspects = []
    for future in as_completed(futures, raise_errors=False):
        if future.status == "finished":
            yield by_name[future.key].key
        else:
            suspects.append(by_name[future.key])
    for handin in suspects:
        alone = submit(handin, f"alone-{handin.key}")
        wait(alone)
        if alone.status != "finished":
            marks.quarantined(out, handin, seed, budget)
        yield handin.key
