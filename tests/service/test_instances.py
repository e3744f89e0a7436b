"""Instances: what the service, search, catalog and resource controller say of them, and how they change."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from qrtest import Instance
from qrtest.service.instances import ACCOUNT_ID, CRN, PLANS, RESOURCE_ID
from tests.asking import Asking

RESOURCES = "https://resource-controller.cloud.ibm.com/v2/resource_instances"
TEAM = Instance(name="team", plan="premium", region="eu-de", backends=("ibm_torino",))


def asking(*instances: Instance) -> Asking:
    return Asking(instances=instances or (Instance(),))


def test_the_details_of_an_instance_have_its_plan_allocation_and_backends() -> None:
    """Seconds are texts, as in the REST description; a limit is there when there is one."""
    ask = asking(Instance(plan="open", usage_limit=480))
    assert ask("GET", "/instance").body == {
        "backends": ["ibm_torino", "ibm_brisbane", "ibm_sherbrooke"],
        "plan_id": PLANS["open"].id,
        "usage_allocation_seconds": "600",
        "instance_limit": 480,
        "instance_limit_seconds": "480",
        "qctrl_enabled": False,
    }


def test_the_limit_of_an_instance_can_be_changed_and_removed() -> None:
    """PUT and GET of its configuration; a submission beyond the limit is rejected."""
    ask = asking()
    assert ask("GET", "/instances/configuration").body == {}
    assert ask("PUT", "/instances/configuration", {"instance_limit": 0}).status == 204
    assert ask("GET", "/instances/configuration").body == {"instance_limit": 0.0}
    submission = {"program_id": "sampler", "backend": "ibm_torino"}
    assert ask("POST", "/jobs", submission).status == 409
    assert ask("PUT", "/instances/configuration", {"instance_limit": None}).status == 204
    assert ask("POST", "/jobs", submission).status == 200


@pytest.mark.parametrize("body", [{}, [], {"instance_limit": "soon"}, {"instance_limit": -1}, b"{"])
def test_a_limit_that_is_none_is_rejected(body: Any) -> None:
    """With code 1208."""
    answer = asking()("PUT", "/instances/configuration", body)
    assert (answer.status, answer.code) == (400, 1208)


def test_usage_says_what_remains_of_the_allocation() -> None:
    """The client subtracts; it needs a limit or an allocation for that."""
    usage = asking(Instance(plan="open"))("GET", "/instances/usage").body
    assert usage["usage_allocation_seconds"] == 600
    assert usage["usage_consumed_seconds"] == 0


@pytest.mark.parametrize("account_id", [ACCOUNT_ID, f"a/{ACCOUNT_ID}"])
def test_an_account_lists_its_plans(account_id: str) -> None:
    """Each with what its instances have allocated; one of them when it is named."""
    ask = asking(Instance(usage_allocation=1_000), Instance(name="b", usage_allocation=500), TEAM)
    path = f"/accounts/{quote(account_id, safe='')}"
    plans = ask("GET", path).body["plans"]
    assert [plan["plan_id"] for plan in plans] == [PLANS["paygo"].id, PLANS["premium"].id]
    [paygo] = ask("GET", f"{path}?plan_id={PLANS['paygo'].id}").body["plans"]
    assert paygo["usage_allocation_seconds"] - paygo["unallocated_usage_seconds"] == 1_500
    assert ask("GET", "/accounts/nobody").status == 404


def test_a_resource_has_the_extensions_of_the_service() -> None:
    """In the list, and by itself under its CRN."""
    ask = asking(Instance(usage_limit=60), TEAM)
    listed = ask("GET", f"{RESOURCES}?resource_id={RESOURCE_ID}").body
    assert listed["rows_count"] == 2
    assert [each["extensions"] for each in listed["resources"]] == [
        {"instance_limit_seconds": 60, "usage_allocation_seconds": 2_419_200, "backends": ["ANY"]},
        {
            "instance_limit_seconds": None,
            "usage_allocation_seconds": 2_419_200,
            "backends": ["ibm_torino"],
        },
    ]
    [team] = ask("GET", f"{RESOURCES}?resource_plan_id={PLANS['premium'].id}").body["resources"]
    assert ask("GET", f"{RESOURCES}/{quote(team['id'], safe='')}").body == team
    assert ask("GET", f"{RESOURCES}/crn%3Aunknown").status == 404


def test_a_resource_can_be_changed() -> None:
    """Name, limit, allocation (as text, which the broker expects) and backends; its CRN stays."""
    ask = asking()
    parameters = {"usage_allocation_seconds": "900", "instance_limit_seconds": 60, "backends": []}
    changed = ask(
        "PATCH", f"{RESOURCES}/{quote(CRN, safe='')}", {"name": "renamed", "parameters": parameters}
    )
    assert changed.status == 200
    assert (changed.body["name"], changed.body["crn"]) == ("renamed", CRN)
    assert ask("GET", "/instance").body["usage_allocation_seconds"] == "900"
    answer = ask("POST", "/jobs", {"program_id": "sampler", "backend": "ibm_torino"})
    assert (answer.status, answer.code) == (404, 1007)


@pytest.mark.parametrize(
    "body", [b"", {"parameters": []}, {"parameters": {"usage_allocation_seconds": "much"}}]
)
def test_a_change_of_a_resource_that_is_none_is_rejected(body: Any) -> None:
    """With code 1208."""
    answer = asking()("PATCH", f"{RESOURCES}/{quote(CRN, safe='')}", body)
    assert (answer.status, answer.code) == (400, 1208)
