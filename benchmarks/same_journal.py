"""Whether the same program and seed give the same journal, on a busy machine, too.

Run: python -m benchmarks.same_journal 1000. During half of the runs a process beside it
computes on each processor. It ends with 1 if two runs differ.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from qrtest import simulate

THREADS = 8
TASKS = 100


def threads() -> str:
    """Return the journal of eight threads that poll a job each, with a lock, a queue of work and a pool."""
    with simulate(seed=3) as sim:
        jobs = [sim.job(f"QUEUED {number % 3 + 1}m; DONE") for number in range(THREADS)]
        lock = threading.Lock()

        def poll(job: Any, seconds: float) -> None:
            while not job.in_final_state():
                time.sleep(seconds)
                with lock:
                    job.status()

        workers = [
            threading.Thread(target=poll, args=(job, 5 + number % 2))
            for number, job in enumerate(jobs)
        ]
        for worker in workers:
            worker.start()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda job: job.status(), jobs))
        for worker in workers:
            worker.join()
        return sim.journal.timeline(lines=sys.maxsize)


def tasks() -> str:
    """Return the journal of a hundred tasks that poll a job each, and a thread for some of the results."""
    with simulate(seed=3) as sim:

        async def poll(number: int) -> None:
            job = sim.job(f"QUEUED {number % 5 + 1}m; DONE")
            while not job.in_final_state():
                await asyncio.sleep(30)
            if number % 10 == 0:
                await asyncio.to_thread(job.result)

        async def main() -> None:
            await asyncio.gather(*map(poll, range(TASKS)))

        asyncio.run(main())
        return sim.journal.timeline(lines=sys.maxsize)


@contextmanager
def load() -> Iterator[None]:
    """Keep every processor busy within the block."""
    program = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(program) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def digests(program: Callable[[], str], runs: int) -> Counter[str]:
    """Return how often each digest of a journal came, in so many *runs*."""
    return Counter(sha256(program().encode()).hexdigest() for _ in range(runs))


def main() -> int:
    """Print how many journals there were; return 1 if there were two of one program."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    is_different = False
    for program in (threads, tasks):
        found = digests(program, runs - runs // 2)
        with load():
            found += digests(program, runs // 2)
        print(
            f"{program.__name__}: {runs:,} runs, half of them under load, {len(found)} journal(s)"
        )
        is_different = is_different or len(found) > 1
    return int(is_different)


if __name__ == "__main__":
    sys.exit(main())
