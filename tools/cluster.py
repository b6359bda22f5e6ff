"""Workers of dask.distributed, on this machine or at an address: for grading and for training."""

from __future__ import annotations

import contextlib

# What numerical libraries take as the number of threads of a process.
THREADS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
)


@contextlib.contextmanager
def cluster(scheduler: str, workers: int, failures: int, threads: int = 1):
    """Yield a client of the cluster at an address, or of one of our own.

    Our own has so many workers, each a process whose libraries use so many threads. A unit of
    work is tried again on another worker as often as `failures` says.
    """
    import dask
    from distributed import Client, LocalCluster

    environment = dask.config.get("distributed.nanny.pre-spawn-environ")
    dask.config.set(
        {
            "distributed.scheduler.allowed-failures": failures,
            "distributed.worker.daemon": False,
            "distributed.comm.timeouts.connect": "60s",
            "distributed.nanny.pre-spawn-environ": environment | dict.fromkeys(THREADS, threads),
        }
    )
    if scheduler:
        with Client(scheduler, timeout="60s") as client:
            yield client
        return
    local = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        memory_limit="0",
        silence_logs="CRITICAL",
    )
    with local, Client(local) as client:
        yield client
