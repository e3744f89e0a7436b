"""The bodies of requests and answers as JSON schemas, in the form of one API version.

Sources: the REST description (0.45.3) where real answers agree with it, else real answers: docs/fidelity.md
has the rows in which they differ.
"""

from __future__ import annotations

from typing import Any, Final

from qrtest.service import api_versions
from qrtest.service.analytics import GROUPS
from qrtest.service.limits import LONGEST_TAG, MOST_TAGS
from qrtest.service.submissions import LOG_LEVELS, MOST_COST_SECONDS, PROGRAMS
from qrtest.service.workloads import LARGEST_PAGE, WORKLOAD_MODES, WORKLOAD_STATUSES

__all__ = ["schemas"]

Schema = dict[str, Any]
TEXT: Final[Schema] = {"type": "string"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
NUMBER: Final[Schema] = {"type": "number"}
FLAG: Final[Schema] = {"type": "boolean"}
ANY_OBJECT: Final[Schema] = {"type": "object"}
MOMENT: Final[Schema] = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z$",
}
"""RFC 3339 in UTC, trailing zeros trimmed."""

SECONDS_TEXT: Final[Schema] = {"type": "string", "pattern": r"^\d+$"}
STATUSES: Final = ["Queued", "Running", "Completed", "Failed", "Cancelled"]


def schemas(version: str) -> dict[str, Schema]:
    """Return the schemas by name, as they are in the API *version*.

    >>> sorted(schemas("2026-04-15")["Usage"]["properties"])
    ['qpu_charge_time_seconds', 'status']
    """
    return {
        **_jobs(version),
        **_sessions(),
        **_workloads(version),
        **_backends(version),
        **_instances(),
        **_other_hosts(),
        "Versions": _object(
            versions=_list(
                _object(
                    version=TEXT,
                    status={"enum": ["live", "deprecated"]},
                    _optional={"sunset_date": TEXT},
                )
            )
        ),
        "Error": _object(
            trace=TEXT,
            errors=_list(
                _object(code=COUNT, message=TEXT, more_info=TEXT, _optional={"solution": TEXT})
            ),
        ),
    }


def _object(*, _optional: dict[str, Schema] | None = None, **required: Schema) -> Schema:
    """Return an object with these fields and no others."""
    return {
        "type": "object",
        "properties": {**required, **(_optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _named(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _nullable(of: Schema) -> Schema:
    return {"anyOf": [of, {"type": "null"}]}


def _jobs(version: str) -> dict[str, Schema]:
    usage_status = {"enum": ["pending", "complete"]}
    charge = {"qpu_charge_time_seconds": COUNT, "status": usage_status}
    moments = _object(created=MOMENT, _optional={"running": MOMENT, "finished": MOMENT})
    client = {"qiskit_version": TEXT, "caller": TEXT}
    if version < api_versions.CHARGE_TIME:
        usage = _object(seconds=COUNT)
        metrics_usage = _object(quantum_seconds=COUNT, seconds=COUNT, status=usage_status)
        more = {"bss": _object(seconds=COUNT)}
    else:
        client["qiskit_version"] = {"type": "string", "pattern": r"^v?\d+(\.\d+)*$"}
        usage = metrics_usage = _object(**charge)
        more = {"circuits_execution_time_ns": COUNT}
        if version < api_versions.EXECUTION_TIME_BESIDE_USAGE:
            metrics_usage, more = _object(**charge, circuits_execution_time_ns=COUNT), {}
    tags = {**_list({**TEXT, "maxLength": LONGEST_TAG}), "maxItems": MOST_TAGS}
    job = {"id": TEXT, "backend": TEXT, "state": _named("State"), "status": {"enum": STATUSES}}
    job |= {"program": _object(id=TEXT), "user_id": TEXT, "created": MOMENT, "cost": COUNT}
    optional = {"params": ANY_OBJECT, "runtime": TEXT, "tags": tags, "session_id": TEXT}
    optional |= {"private": {"const": True}, "calibration_id": TEXT, "usage": _named("Usage")}
    return {
        "State": _object(
            status={"enum": STATUSES},
            _optional={
                "reason": TEXT,
                "reason_code": {"type": "integer", "minimum": 1000, "maximum": 9999},
                "reason_solution": TEXT,
            },
        ),
        "Usage": usage,
        "Job": _object(**job, _optional={**optional, "estimated_running_time_seconds": NUMBER}),
        "Jobs": _object(jobs=_list(_named("Job")), count=COUNT, limit=COUNT, offset=COUNT),
        "Metrics": _object(timestamps=moments, usage=metrics_usage, **more, **client),
        "Submitted": _object(
            id=TEXT,
            backend=TEXT,
            _optional={"session_id": TEXT, "private": {"const": True}, "calibration_id": TEXT},
        ),
        "Submission": {
            **_object(
                program_id={"enum": list(PROGRAMS)},
                backend=TEXT,
                _optional={
                    "params": ANY_OBJECT,
                    "tags": tags,
                    "cost": {"type": "integer", "minimum": 0, "maximum": MOST_COST_SECONDS},
                    "log_level": {"enum": list(LOG_LEVELS)},
                    "private": FLAG,
                    "session_id": TEXT,
                    "calibration_id": TEXT,
                    "runtime": TEXT,
                },
            ),
            "additionalProperties": True,
        },
        "Tags": _object(tags=tags),
        "CircuitsUrl": _object(url=_nullable(TEXT)),
    }


def _sessions() -> dict[str, Schema]:
    states = {"enum": ["open", "active", "inactive", "closed"]}
    optional = {"activated_at": MOMENT, "last_job_started": MOMENT, "active_ttl": COUNT}
    return {
        "Session": _object(
            id=TEXT,
            backend_name=TEXT,
            mode={"enum": ["dedicated", "batch"]},
            state=states,
            state_reason=TEXT,
            accepting_jobs=FLAG,
            max_ttl=COUNT,
            interactive_ttl=COUNT,
            started_at=MOMENT,
            elapsed_time={"type": "number", "minimum": 0},
            timestamps=_list(_object(status=states, timestamp=MOMENT)),
            user_id=TEXT,
            _optional={**optional, "last_job_completed": MOMENT, "closed_at": MOMENT},
        ),
        "SessionRequest": {
            "type": "object",
            "properties": {
                "mode": {"enum": ["dedicated", "batch"]},
                "backend": TEXT,
                "backend_name": TEXT,
                "max_ttl": {"type": "integer", "minimum": 1, "maximum": 28_800},
            },
            "required": ["mode"],
        },
        "Accepting": _object(accepting_jobs=FLAG),
    }


def _workloads(version: str) -> dict[str, Schema]:
    optional = {"ended": MOMENT, "status_reason": TEXT, "usage_seconds": COUNT}
    optional |= {"estimated_running_time_seconds": NUMBER}
    if version >= api_versions.CHARGE_TIME:
        optional["usage"] = _object(qpu_charge_time_seconds=COUNT)
    workload = _object(
        id=TEXT,
        created=MOMENT,
        backend=TEXT,
        instance=TEXT,
        user_id=TEXT,
        accepting_jobs=_nullable(FLAG),
        mode={"enum": list(WORKLOAD_MODES)},
        status={"enum": list(WORKLOAD_STATUSES)},
        tags=_list(TEXT),
        _optional=optional,
    )
    link = _object(href=TEXT)
    return {
        "Workloads": _object(
            workloads=_list(workload),
            total_count=COUNT,
            limit={"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE},
            _optional={"previous": link, "next": link},
        )
    }


def _backends(version: str) -> dict[str, Schema]:
    device = _object(
        name=TEXT,
        status=_object(name={"enum": ["online", "paused", "offline"]}, reason=TEXT),
        queue_length=COUNT,
        qubits=COUNT,
        physical_qubits=COUNT,
        is_simulator=FLAG,
        clops=_object(type=TEXT, value=COUNT),
        processor_type=_object(_optional={"family": TEXT, "revision": TEXT, "segment": TEXT}),
        _optional={
            "class": {"const": "mock"},
            "wait_time_seconds": _object(average=NUMBER, p50=NUMBER, p95=NUMBER),
        },
    )
    is_listed_by_name = version < api_versions.BACKENDS_AS_OBJECTS
    return {
        "Backends": _object(devices=_list(TEXT if is_listed_by_name else device)),
        "BackendStatus": _object(
            state=FLAG, status=TEXT, message=TEXT, length_queue=COUNT, backend_version=TEXT
        ),
        "BackendConfiguration": {
            "type": "object",
            "properties": {"backend_name": TEXT, "n_qubits": COUNT, "basis_gates": _list(TEXT)},
            "required": ["backend_name", "n_qubits", "basis_gates"],
        },
        "BackendProperties": {
            "type": "object",
            "properties": {"backend_name": TEXT, "qubits": _list(_list(ANY_OBJECT))},
            "required": ["backend_name", "qubits", "gates", "last_update_date"],
        },
        "BackendDefaults": {"type": "null"},
    }


def _instances() -> dict[str, Schema]:
    limit = _nullable({"type": "number", "minimum": 0})
    return {
        "Instances": _object(instances=_list(_object(crn=TEXT, plan_id=TEXT, name=TEXT))),
        "Instance": _object(
            backends=_list(TEXT),
            plan_id=TEXT,
            usage_allocation_seconds=SECONDS_TEXT,
            qctrl_enabled=FLAG,
            _optional={"instance_limit": NUMBER, "instance_limit_seconds": SECONDS_TEXT},
        ),
        "InstanceUsage": _object(
            instance_id=TEXT,
            plan_id=TEXT,
            usage_period=_object(start_time=MOMENT, end_time=MOMENT),
            usage_consumed_seconds=COUNT,
            usage_allocation_seconds=COUNT,
            usage_limit_reached=FLAG,
            _optional={"usage_limit_seconds": COUNT},
        ),
        "Configuration": _object(_optional={"instance_limit": NUMBER}),
        "ConfigurationRequest": _object(instance_limit=limit),
        "Account": _object(
            plans=_list(
                _object(
                    plan_id=TEXT,
                    usage_allocation_seconds=COUNT,
                    unallocated_usage_seconds=COUNT,
                    backends=_list(TEXT),
                    _optional={"usage_limit_seconds": COUNT},
                )
            )
        ),
        "AnalyticsUsage": _object(usage=COUNT),
        "AnalyticsGrouped": _object(
            data=_list(_object(group=TEXT, usage=COUNT, _optional={"interval_start": MOMENT}))
        ),
        "AnalyticsFilters": _object(
            backends=_list(_object(name=TEXT)),
            instances=_list(_object(id=TEXT, deleted=FLAG)),
            users=_list(_object(id=TEXT)),
            plans=_list(_object(name=TEXT)),
            subscriptions=_list(ANY_OBJECT),
        ),
        "GroupBy": {"enum": list(GROUPS)},
        "ClassicUsage": _object(period=ANY_OBJECT, byInstance=_list(ANY_OBJECT)),
    }


def _other_hosts() -> dict[str, Schema]:
    return {
        "Token": _object(
            access_token=TEXT,
            refresh_token=TEXT,
            token_type={"const": "Bearer"},
            expires_in=COUNT,
            expiration=COUNT,
            scope=TEXT,
        ),
        "Search": _object(items=_list(ANY_OBJECT), limit=COUNT),
        "Plan": {"type": "object", "required": ["id", "name", "overview_ui", "metadata"]},
        "Resource": {"type": "object", "required": ["id", "crn", "name", "extensions"]},
        "Resources": _object(
            rows_count=COUNT, next_url=_nullable(TEXT), resources=_list(_named("Resource"))
        ),
        "ResourceRequest": {"type": "object"},
        "Anything": {},
    }
