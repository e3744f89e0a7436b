"""Instances of the service: plans, limits and usage, and what each API says of them.

Sources: the REST description (0.45.3) for GET instance, instances and accounts; IBM Cloud's guide "Use IBM
Cloud Platform APIs to access instances" for the resource controller and `extensions`; what releases 0.26 to
0.51 of the client read of search and catalog. The ids of plans are those that the client knew until 0.40.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from qrtest.code_repr import AsCode
from qrtest.errors import SimulationError
from qrtest.http.messages import Response
from qrtest.service import error_responses, parse, serialize

__all__ = ["ACCOUNT_ID", "CRN", "REGIONS", "Instance", "Instances"]

ACCOUNT_ID: Final = "00000000000000000000000000007357"
REGIONS: Final = ("us-east", "eu-de")
NAME: Final = "qrtest"
CRN: Final = (
    f"crn:v1:bluemix:public:quantum-computing:{REGIONS[0]}:a/{ACCOUNT_ID}:"
    "00000000-0000-4000-8000-000000007357::"
)
RESOURCE_ID: Final = "b6049020-80f4-11eb-a0f7-e35ec9b4054f"
"""The catalog's id of the service (IBM Cloud's guide)."""

PERIOD_SECONDS: Final = 28 * 86_400
"""The period that usage is counted in, and the allocation of a plan without one of its own (assumed)."""

OPEN_SECONDS: Final = 600
"""The allocation of the open plan in a period (documented)."""


class Plan(NamedTuple):
    """A plan in the catalog."""

    id: str
    display_name: str
    pricing: str


PLANS: Final[Mapping[str, Plan]] = {
    "open": Plan("850b21a7-71de-4e53-9441-1abdd202f35d", "Open", "free"),
    "paygo": Plan("5304b575-3cff-4455-90dc-ae4367762093", "Pay-As-You-Go", "paygo"),
    "flex": Plan("53bde9d3-cdbb-46f5-a98f-60ebcadf7260", "Flex", "subscription"),
    "premium": Plan("7f666d17-7893-47d8-bf9d-2b2389fc4dfc", "Premium", "subscription"),
    "dedicated": Plan("c8122eb7-fdb1-4746-841d-45bbc7678195", "Dedicated", "subscription"),
    "internal": Plan("91b2c828-2952-4f05-aed8-bedf92c6c480", "Internal", "paid"),
    "on-prem": Plan("850b48e9-2d3a-4f6a-9f4e-000000000004", "On-Prem", "paid"),
}


@dataclass(frozen=True, kw_only=True, repr=False)
class Instance(AsCode):
    """An instance of the service: where jobs belong to, and what is paid for.

    *plan*: "open", "paygo", "flex", "premium", "dedicated", "internal" or "on-prem". *region*: "us-east" or
    "eu-de". *backends*: names, None for all of the simulation. *usage_limit*, *usage_allocation* and
    *usage_consumed* are seconds of QPU time; a submission beyond the limit is rejected. The allocation is
    that of the plan if not given. *crn*: made up if not given.

    Raises `SimulationError` for a plan that does not exist.

    >>> Instance(name="team", plan="open", region="eu-de").resource_name.split(":")[4:6]
    ['quantum-computing', 'eu-de']
    """

    name: str = NAME
    plan: str = "paygo"
    region: str = "us-east"
    crn: str | None = None
    backends: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    usage_limit: float | None = None
    usage_allocation: float | None = None
    usage_consumed: float = 0.0

    def __post_init__(self) -> None:
        if self.plan not in PLANS:
            raise SimulationError(f"plan={self.plan!r}: there are {', '.join(PLANS)}.")
        if self.region not in REGIONS:
            raise SimulationError(f"region={self.region!r}: there are {', '.join(REGIONS)}.")
        for name in ("backends", "tags"):
            value = getattr(self, name)
            if isinstance(value, str):
                raise SimulationError(f"{name}={value!r} is one text: write {name}=({value!r},).")
            if value is not None:
                object.__setattr__(self, name, tuple(value))

    @property
    def resource_name(self) -> str:
        """The CRN, given or made up from the name."""
        if self.crn is not None:
            return self.crn
        if self.name == NAME and self.region == REGIONS[0]:
            return CRN
        number = int.from_bytes(self.name.encode()[-6:], "big")
        return (
            f"crn:v1:bluemix:public:quantum-computing:{self.region}:a/{ACCOUNT_ID}:"
            f"00000000-0000-4000-8000-{number:012x}::"
        )

    @property
    def plan_id(self) -> str:
        """The catalog's id of the plan."""
        return PLANS[self.plan].id

    @property
    def allocated_seconds(self) -> float:
        """The allocation, given or that of the plan."""
        if self.usage_allocation is not None:
            return self.usage_allocation
        return OPEN_SECONDS if self.plan == "open" else PERIOD_SECONDS

    @property
    def account_id(self) -> str:
        """The account in the CRN."""
        return self.resource_name.split(":a/")[-1].split(":")[0]

    def is_used_up(self, used_seconds: float) -> bool:
        """Return whether the limit is reached, after *used_seconds* in this simulation."""
        return (
            self.usage_limit is not None and self.usage_consumed + used_seconds >= self.usage_limit
        )


class Instances:
    """The instances of an account; requests can change them. *epoch*: when the simulation began."""

    def __init__(self, instances: Sequence[Instance], *, epoch: float) -> None:
        if not instances:
            raise SimulationError("instances=[]: an account has one instance at least.")
        self._epoch = epoch
        self._by_crn = {instance.resource_name: instance for instance in instances}
        self._also_called: dict[str, str] = {}
        self.crn: Final = next(iter(self._by_crn))
        if len(self._by_crn) < len(instances):
            raise SimulationError("Two instances have the same CRN: give each a name of its own.")

    def all(self) -> tuple[Instance, ...]:
        """Return the instances as they are now, the first one first."""
        return tuple(self._by_crn.values())

    def called(self, wanted: str, listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the only instance, as *listed*, under the CRN or name *wanted*; it answers to it, too."""
        if not wanted.startswith("crn:"):
            return [{**each, "name": wanted} for each in listed]
        self._also_called[wanted] = self.crn
        return [{**each, "crn": wanted} for each in listed]

    def own_crn(self, crn: str | None) -> str:
        """Return the CRN under which jobs of the header Service-CRN are kept; the first one for None."""
        return self.crn if crn is None else self._also_called.get(crn, crn)

    def named(self, crn: str | None) -> Instance:
        """Return the instance of the header Service-CRN; the first one for None."""
        found = self._by_crn.get(self.own_crn(crn))
        if found is None:
            raise error_responses.instance_unknown(str(crn))
        return found

    def _change(self, instance: Instance, **changes: Any) -> Instance:
        crn = instance.resource_name
        self._by_crn[crn] = replace(instance, crn=crn, **changes)
        return self._by_crn[crn]

    # --- the service itself ---

    def listed(self) -> Response:
        """GET /instances."""
        entries = [
            {"crn": each.resource_name, "plan_id": each.plan_id, "name": each.name}
            for each in self.all()
        ]
        return serialize.json_response({"instances": entries})

    @staticmethod
    def details(instance: Instance, backends: Sequence[str]) -> Response:
        """GET /instance: *backends* are those of the simulation."""
        body: dict[str, Any] = {
            "backends": list(backends if instance.backends is None else instance.backends),
            "plan_id": instance.plan_id,
            "usage_allocation_seconds": str(round(instance.allocated_seconds)),
            "qctrl_enabled": False,
        }
        if instance.usage_limit is not None:
            body["instance_limit"] = instance.usage_limit
            body["instance_limit_seconds"] = str(round(instance.usage_limit))
        return serialize.json_response(body)

    def configuration(self, instance: Instance, body: bytes | None) -> Response:
        """GET /instances/configuration, and PUT with a *body*: the limit of *instance* in seconds."""
        if body is None:
            limit = instance.usage_limit
            return serialize.json_response({} if limit is None else {"instance_limit": limit})
        asked = parse.json_object(body)
        if "instance_limit" not in asked:
            raise error_responses.body_invalid("instance_limit is required")
        self._change(instance, usage_limit=_seconds(asked["instance_limit"], "instance_limit"))
        return serialize.empty(204)

    def account(self, account_id: str, plan_id: str | None, backends: Sequence[str]) -> Response:
        """GET /accounts/{id}: what each plan of the account has allocated, of one plan if it is named."""
        mine = [each for each in self.all() if each.account_id == account_id.removeprefix("a/")]
        if not mine:
            raise error_responses.account_unknown(account_id)
        plans = []
        for plan in dict.fromkeys(each.plan_id for each in mine if plan_id in (None, each.plan_id)):
            of_plan = [each for each in mine if each.plan_id == plan]
            allocated = round(sum(each.allocated_seconds for each in of_plan))
            entry: dict[str, Any] = {
                "plan_id": plan,
                "usage_allocation_seconds": max(allocated, PERIOD_SECONDS),
                "unallocated_usage_seconds": max(0, PERIOD_SECONDS - allocated),
                "backends": list(backends),
            }
            limits = [each.usage_limit for each in of_plan if each.usage_limit is not None]
            if limits:
                entry["usage_limit_seconds"] = round(sum(limits))
            plans.append(entry)
        return serialize.json_response({"plans": plans})

    def usage(self, instance: Instance, used_seconds: float, now: float) -> Response:
        """GET /instances/usage: what *instance* has consumed, *used_seconds* of it here."""
        body: dict[str, Any] = {
            "instance_id": instance.resource_name,
            "plan_id": instance.plan_id,
            "usage_period": {
                "start_time": serialize.timestamp(self._epoch),
                "end_time": serialize.timestamp(self._epoch + now),
            },
            "usage_consumed_seconds": round(instance.usage_consumed + used_seconds),
            "usage_allocation_seconds": round(instance.allocated_seconds),
        }
        if instance.usage_limit is not None:
            body["usage_limit_seconds"] = round(instance.usage_limit)
        body["usage_limit_reached"] = instance.is_used_up(used_seconds)
        return serialize.json_response(body)

    # --- search, catalog and resource controller ---

    def search(self) -> Response:
        """POST /v3/resources/search: the instances of the account."""
        items = [
            {
                "crn": each.resource_name,
                "service_plan_unique_id": each.plan_id,
                "name": each.name,
                "tags": [tag.lower() for tag in each.tags],
                "doc": {"extensions": {"allocation": {}, **_extensions(each)}},
            }
            for each in self.all()
        ]
        return serialize.json_response({"items": items, "limit": 100})

    def plan(self, plan_id: str) -> Response:
        """GET /api/v1/{plan id} of the catalog."""
        for name, plan in PLANS.items():
            if plan.id == plan_id:
                return serialize.json_response(
                    {
                        "id": plan_id,
                        "name": name,
                        "kind": "plan",
                        "overview_ui": {"en": {"display_name": plan.display_name}},
                        "metadata": {"pricing": {"type": plan.pricing}},
                    }
                )
        return serialize.json_response({"message": "Object not found"}, 404)

    def resources(self, parameter: Callable[[str], str | None]) -> Response:
        """GET /v2/resource_instances, with the query's name, resource_id and resource_plan_id."""
        found = [
            _resource(each)
            for each in self.all()
            if parameter("name") in (None, each.name)
            and parameter("resource_id") in (None, RESOURCE_ID)
            and parameter("resource_plan_id") in (None, each.plan_id)
        ]
        return serialize.json_response(
            {"rows_count": len(found), "next_url": None, "resources": found}
        )

    def resource(self, crn: str, body: bytes | None) -> Response:
        """GET /v2/resource_instances/{crn}, and PATCH with a *body*: name, limit, allocation, backends."""
        instance = self._by_crn.get(crn)
        if instance is None:
            return serialize.json_response(
                {"status_code": 404, "message": f"Resource instance {crn} is not found."}, 404
            )
        if body is None:
            return serialize.json_response(_resource(instance))
        asked = parse.json_object(body)
        parameters = asked.get("parameters", {})
        if not isinstance(parameters, dict):
            raise error_responses.body_invalid("parameters must be an object")
        changes: dict[str, Any] = {}
        if "name" in asked:
            changes["name"] = str(asked["name"])
        for field, name in _OF_PARAMETERS.items():
            if name in parameters:
                changes[field] = _seconds(parameters[name], name)
        if "backends" in parameters:
            changes["backends"] = _backends(parameters["backends"])
        return serialize.json_response(_resource(self._change(instance, **changes)))


_OF_PARAMETERS: Final = {
    "usage_limit": "instance_limit_seconds",
    "usage_allocation": "usage_allocation_seconds",
}


def _extensions(instance: Instance) -> dict[str, Any]:
    limit = instance.usage_limit
    return {
        "instance_limit_seconds": None if limit is None else round(limit),
        "usage_allocation_seconds": round(instance.allocated_seconds),
        "backends": ["ANY"] if instance.backends is None else list(instance.backends),
    }


def _resource(instance: Instance) -> dict[str, Any]:
    crn = instance.resource_name
    return {
        "id": crn,
        "guid": crn.split(":")[7] if crn.count(":") >= 7 else crn,
        "crn": crn,
        "name": instance.name,
        "account_id": instance.account_id,
        "region_id": instance.region,
        "resource_id": RESOURCE_ID,
        "resource_plan_id": instance.plan_id,
        "state": "active",
        "type": "service_instance",
        "extensions": _extensions(instance),
    }


def _seconds(value: Any, name: str) -> float | None:
    """Return a limit as a number; texts are taken, too, as the resource controller sends them."""
    if value is None:
        return None
    try:
        seconds = float(value) if not isinstance(value, bool) else -1.0
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise error_responses.body_invalid(f"{name} must be a number of seconds or null")
    return seconds


def _backends(value: Any) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise error_responses.body_invalid('backends must be a list of names, or ["ANY"]')
    return None if value == ["ANY"] else tuple(value)
