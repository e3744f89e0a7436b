"""Collects results of jobs, and goes on where it stopped: what is pending stands in a database.

A restart is a new `Collector` on the same file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qiskit_ibm_runtime import SamplerV2
from qiskit_ibm_runtime.exceptions import IBMRuntimeError, RuntimeJobNotFound

__all__ = ["Collector", "Store"]


class Store:
    """Jobs by id, each pending, collected or failed, in the SQLite file *path*."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("create table if not exists jobs (id primary key, state, ones)")

    def put(self, job_id: str, state: str, ones: int | None = None) -> None:
        """Say what has become of a job."""
        self._database.execute(
            "insert or replace into jobs values (?, ?, ?)", (job_id, state, ones)
        )

    def forget(self, job_id: str) -> None:
        """Know nothing of a job any more."""
        self._database.execute("delete from jobs where id = ?", (job_id,))

    def jobs(self, state: str) -> Sequence[str]:
        """Return the ids of the jobs in *state*."""
        rows = self._database.execute("select id from jobs where state = ? order by id", (state,))
        return [job_id for (job_id,) in rows]

    def ones(self, job_id: str) -> int | None:
        """Return how many shots of a collected job gave 1."""
        row = self._database.execute("select ones from jobs where id = ?", (job_id,)).fetchone()
        return None if row is None else row[0]

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


class Collector:
    """Submits circuits to *service* and collects what they gave, now or after a restart."""

    def __init__(self, service: Any, store: Store) -> None:
        self._service = service
        self._store = store

    def submit(self, backend: Any, circuits: Sequence[Any]) -> str:
        """Submit a job, and remember it."""
        job_id = str(SamplerV2(mode=backend).run(circuits, shots=100).job_id())
        self._store.put(job_id, "pending")
        return job_id

    def resume(self) -> None:
        """Look after every job that is pending, once."""
        for job_id in self._store.jobs("pending"):
            self._look_after(job_id)

    def _look_after(self, job_id: str) -> None:
        try:
            job = self._service.job(job_id)
        except RuntimeJobNotFound:
            self._store.forget(job_id)  # deleted on the platform
            return
        except IBMRuntimeError:
            return  # not to be reached just now: next time
        if job.done():
            counts = job.result()[0].data.meas.get_counts()
            self._store.put(job_id, "collected", counts.get("1", 0))
        elif job.in_final_state():
            self._store.put(job_id, "failed")
