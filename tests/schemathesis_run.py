"""schemathesis against a server of ours, by the description that it publishes: `nox -s schemathesis`.

What is given behind `--` goes to schemathesis: `-n 1000` draws more requests.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

import qrtest


def main(options: list[str]) -> int:
    """Run schemathesis, and return its exit status."""
    program = shutil.which("st")
    if program is None:
        sys.exit("schemathesis is not installed: nox -s schemathesis installs it.")
    with qrtest.serve(port=0) as server:
        command = [program, "run", f"{server.url}/openapi.json", "--url", server.url]
        command += ["--checks", "not_a_server_error", "-H", "Authorization: Bearer any"]
        command += options or ["-n", "15"]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
