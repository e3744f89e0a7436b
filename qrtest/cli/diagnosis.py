"""What is installed here, where settings come from, and what looks wrong: the facts behind `qrtest doctor`.

Nothing heavy is imported, and folders of other people's packages are not walked into: it takes less than a
second in a large project.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from qrtest.cassette import store
from qrtest.client import releases
from qrtest.errors import QrtestError
from qrtest.extras import ALSO_USED, EXTRAS
from qrtest.redaction.allowlist import project_rules
from qrtest.redaction.redactor import shown

__all__ = ["Diagnosis", "diagnose", "problems_of", "warnings_of"]

PACKAGES: Final = (
    "qrtest",
    "qiskit-ibm-runtime",
    "qiskit",
    "qiskit-aer",
    "pytest",
    "hypothesis",
    "responses",
    "requests",
    "urllib3",
    "vcrpy",
    "pytest-xdist",
    "pytest-recording",
    "pytest-vcr",
    "pytest-socket",
    "pytest-html",
)
CONFIGURATION: Final = (
    "pytest.toml",
    "pytest.ini",
    "pyproject.toml",
    "tox.ini",
    "setup.cfg",
    "conftest.py",
)
SHOWN_VARIABLES: Final = ("CI", "NO_COLOR")
SECRET_VARIABLES: Final = ("QRTEST_REDACTION_KEY",)
"""Reported as set, without their values."""

KEYS: Final = (
    "QISKIT_IBM_TOKEN",
    "IBMCLOUD_API_KEY",
    "IBM_CLOUD_API_KEY",
    "IQP_API_TOKEN",
    "QE_TOKEN",
)
"""Variables in which users of IBM Quantum keep an API key; the client reads the first."""

DIVERSIONS: Final = ("IAM_URL", "QISKIT_IBM_URL")
"""Where the client sends the API key instead of to IBM: see its `api.auth` and `accounts.management`."""

IBM_HOSTS: Final = (
    "cloud.ibm.com",
    "quantum-computing.ibm.com",
    "quantum.ibm.com",
    "quantum.cloud.ibm.com",
)
PROXIES: Final = (
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "https_proxy",
    "http_proxy",
    "all_proxy",
)
NOT_OURS: Final = ("node_modules", "site-packages", "__pycache__")
SETTINGS_IN_A_FILE: Final = re.compile(
    r"qrtest_\w+ *= *[^\n,]+|--qrtest-[\w-]+(?:=\w+)?|\[tool\.qrtest[^]]*\]|pytest_qrtest_configure|no:qrtest"
)
SAFE_VCRPY: Final = (8, 2, 1)
FOLDER: Final = "cassettes"


@dataclass(frozen=True)
class Diagnosis:
    """What was found; a version or a value that is None does not exist.

    *extras* maps each extra to the libraries of it that are missing.
    """

    python: str
    installed: Mapping[str, str | None]
    supported: str
    extras: Mapping[str, tuple[str, ...]]
    configuration: Mapping[str, str]
    environment: Mapping[str, str | None]
    cassettes: Mapping[str, int]
    problems: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    """What is usual where people work, and is better not so where tests run."""


def diagnose(project: Path, environment: Mapping[str, str]) -> Diagnosis:
    """Return what was found of the installation and of *project*, without secret values of *environment*."""
    installed = {name: _version(name) for name in PACKAGES}
    libraries_of = {extra: libraries for extra, (_, libraries) in EXTRAS.items()}
    configuration = dict(_configuration(project))
    folders, backups = _cassettes(project)
    oldest, newest = (".".join(map(str, each)) for each in (releases.OLDEST, releases.NEWEST_KNOWN))
    return Diagnosis(
        python=platform.python_version(),
        installed=installed,
        supported=f"qiskit-ibm-runtime {oldest} and newer, tried up to {newest}",
        extras={
            extra: tuple(each for each in libraries if find_spec(each) is None)
            for extra, libraries in (libraries_of | ALSO_USED).items()
        },
        configuration=configuration,
        environment=dict(_shown(environment)),
        cassettes={os.fspath(folder): len(store.files(folder)) for folder in folders},
        problems=(
            *problems_of(installed, environment, " ".join(configuration.values())),
            *_broken(project, has_pytest=find_spec("pytest") is not None),
            *(
                f"{backup}: what convert kept may hold secrets: delete it, do not commit it."
                for backup in backups
            ),
        ),
        warnings=tuple(warnings_of(environment)),
    )


# --- what looks wrong -------------------------------------------------------------------------------


def problems_of(
    installed: Mapping[str, str | None], environment: Mapping[str, str], configured: str = ""
) -> Iterator[str]:
    """Yield what looks wrong with versions, variables and settings, each with what to do.

    *configured* is the text of the settings in the project's files.

    >>> list(problems_of({"vcrpy": "7.0.0"}, {}))
    ['vcrpy 7.0.0 runs code from a cassette: pip install "vcrpy>=8.2.1".']
    """
    yield from _wrong_versions(installed)
    yield from _quarrels(installed, environment, configured)
    yield from _wrong_settings(environment)
    yield from _leaks(environment)


def warnings_of(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the variables that hold an API key, without their values.

    >>> [warning.split(" ", 1)[0] for warning in warnings_of({"QISKIT_IBM_TOKEN": "secret"})]
    ['QISKIT_IBM_TOKEN']
    """
    for name in KEYS:
        if environment.get(name):
            yield (
                f"{name} holds an API key that every test and every program started here can read: save the "
                "account with QiskitRuntimeService.save_account(), and unset it where tests run."
            )


def _wrong_versions(installed: Mapping[str, str | None]) -> Iterator[str]:
    vcrpy = installed.get("vcrpy")
    if vcrpy is not None and _release(vcrpy) < SAFE_VCRPY:
        yield f'vcrpy {vcrpy} runs code from a cassette: pip install "vcrpy>=8.2.1".'
    client = installed.get("qiskit-ibm-runtime")
    if client is not None and _release(client)[:2] > releases.NEWEST_KNOWN:
        yield (
            f"qiskit-ibm-runtime {client} is newer than any that was tried: if something is missing, "
            "look for a newer qrtest."
        )


def _quarrels(
    installed: Mapping[str, str | None], environment: Mapping[str, str], configured: str
) -> Iterator[str]:
    """Yield what plugins of pytest do to each other."""
    if installed.get("pytest-recording") and installed.get("pytest-vcr"):
        yield (
            "pytest-recording and pytest-vcr are both installed, and refuse each other: run pytest with "
            "-p no:vcr or -p no:recording."
        )
    uses_sockets = (
        environment.get("QRTEST_TRANSPORT") == "sockets"
        or re.search(r"qrtest[_-]transport *= *sockets", configured) is not None
    )
    if installed.get("pytest-socket") and uses_sockets:
        yield (
            "pytest-socket may forbid the connections of the transport 'sockets': run pytest with "
            "--allow-hosts=127.0.0.1."
        )
    if "no:qrtest" in configured or "no:qrtest" in environment.get("PYTEST_ADDOPTS", ""):
        yield "-p no:qrtest turns the plugin off: there are no fixtures until it is removed."
    if environment.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        yield "PYTEST_DISABLE_PLUGIN_AUTOLOAD is set: pytest loads the plugin only with -p qrtest.plugin."


def _wrong_settings(environment: Mapping[str, str]) -> Iterator[str]:
    for variable, choices in _setting_variables().items():
        value = environment.get(variable)
        if value and value not in choices:
            yield f"{variable}={shown(value)}: there are {', '.join(choices)}."
    if environment.get("QRTEST_RECORD", "none") != "none" and environment.get("CI"):
        yield "QRTEST_RECORD is set in CI, where nothing is recorded: unset it."


def _leaks(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the variables that would hand an API key to somebody, without their values."""
    for name in DIVERSIONS:
        host = urlsplit(environment.get(name, "")).hostname
        if host and not any(host == each or host.endswith(f".{each}") for each in IBM_HOSTS):
            yield f"{name} makes the client send the API key to {host}, not to IBM: unset it to record."
    if environment.get("SSLKEYLOGFILE"):
        yield (
            "SSLKEYLOGFILE writes the keys of TLS connections to a file that decrypts a session: "
            "unset it to record."
        )
    for name in PROXIES:
        if "@" in environment.get(name, ""):
            yield f"{name} holds a password, which logs may show: keep it out of the address."
    if environment.get("QISKIT_IBM_RUNTIME_LOG_LEVEL", "").upper() == "DEBUG":
        yield (
            "QISKIT_IBM_RUNTIME_LOG_LEVEL=DEBUG writes requests and answers to the log: unset it where logs "
            "are kept, as in CI."
        )


def _broken(project: Path, *, has_pytest: bool) -> Iterator[str]:
    """Yield what looks wrong with the installation and with the files of *project*."""
    try:
        releases.installed()
    except QrtestError as error:
        yield str(error)
    if not has_pytest:
        yield "pytest is not installed, and the fixtures need it: pip install 'qrtest[pytest]'."
    elif not any(point.name == "qrtest" for point in entry_points(group="pytest11")):
        yield "pytest does not find the plugin: qrtest is not installed, only on the path. pip install it."
    try:
        project_rules(project.absolute() / "x")
    except QrtestError as error:
        yield str(error)


# --- where things come from -------------------------------------------------------------------------


def _shown(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in (*_setting_variables(), *SECRET_VARIABLES, *SHOWN_VARIABLES):
        if name in environment:
            yield name, "(set)" if name in SECRET_VARIABLES else shown(environment[name])


def _setting_variables() -> Mapping[str, tuple[str, ...]]:
    """Return the variables that are settings of the plugin, with their choices; none without pytest."""
    if find_spec("pytest") is None:
        return {}
    from qrtest.plugin.settings import SETTINGS

    return {setting.variable: setting.choices for setting in SETTINGS.values()}


def _configuration(project: Path) -> Iterator[tuple[str, str]]:
    """Yield the files that configure qrtest, each with the settings in it."""
    for name in CONFIGURATION:
        file = project / name
        if file.is_file():
            found = dict.fromkeys(SETTINGS_IN_A_FILE.findall(file.read_text("utf-8", "replace")))
            if found:
                yield os.fspath(file), ", ".join(found)


def _cassettes(project: Path) -> tuple[list[Path], list[Path]]:
    """Return the folders of cassettes in *project*, and the backups in them, in one walk."""
    folders, backups = [], []
    for place, names, files in os.walk(project):
        names[:] = sorted(
            name
            for name in names
            if not name.startswith(".")
            and name not in NOT_OURS
            and not Path(place, name, "pyvenv.cfg").exists()
        )
        folders += [Path(place, name) for name in names if name == FOLDER]
        if FOLDER in Path(place).relative_to(project).parts:
            backups += [Path(place, name) for name in sorted(files) if name.endswith(".bak")]
    return folders, backups


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3] if part.isdigit())
