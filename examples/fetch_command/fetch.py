"""Fetches the result of a job on IBM Quantum, by REST: python fetch.py JOB_ID --wait 300

The key and the instance come from QISKIT_IBM_TOKEN and QISKIT_IBM_INSTANCE. Exit status: 0 the result is on
stdout, 1 the job has none, 3 it is not ready.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

import requests

API = "https://quantum.cloud.ibm.com/api/v1"
IAM = "https://iam.cloud.ibm.com/identity/token"
FINAL = ("Completed", "Failed", "Cancelled", "Cancelled - Ran too long")
LONGEST_PAUSE_SECONDS = 60


def main(arguments: list[str] | None = None) -> int:
    """Fetch a result as the command line says."""
    parser = argparse.ArgumentParser(prog="fetch")
    parser.add_argument("job_id")
    parser.add_argument("--wait", type=float, default=300, help="seconds to wait, at most")
    options = parser.parse_args(arguments)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {_token(session)}"
        session.headers["Service-CRN"] = os.environ["QISKIT_IBM_INSTANCE"]
        status = _settled(session, options.job_id, options.wait)
        print(f"{options.job_id}: {status}", file=sys.stderr)
        if status not in FINAL:
            return 3
        if status != "Completed":
            return 1
        print(_get(session, f"{API}/jobs/{options.job_id}/results").text)
    return 0


def _token(session: requests.Session) -> str:
    form = {
        "grant_type": "urn:ibm:params:oauth:grant-type:apikey",
        "apikey": os.environ["QISKIT_IBM_TOKEN"],
    }
    answer = session.post(IAM, data=form, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def _settled(session: requests.Session, job_id: str, patience_seconds: float) -> str:
    """Return the last status that is known of a job after *patience_seconds* at most."""
    waited, pause = 0.0, 1.0
    while True:
        status = str(_get(session, f"{API}/jobs/{job_id}?exclude_params=true").json()["status"])
        if status in FINAL or waited >= patience_seconds:
            return status
        time.sleep(pause)
        waited += pause
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _get(session: requests.Session, url: str) -> requests.Response:
    answer = session.get(url, timeout=30)
    answer.raise_for_status()
    return answer


if __name__ == "__main__":
    sys.exit(main())
