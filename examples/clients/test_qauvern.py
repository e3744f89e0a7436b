"""qauvern, which looks after the usage of instances: its own client asks the simulated service."""

from datetime import UTC, datetime, timedelta

import pytest
from qauvern.api_client import IBMQuantumAPIClient
from qauvern.plan import Plan

import qrtest

ACCOUNT = "00000000000000000000000000007357"


@pytest.fixture
def client():
    """The client of qauvern; its requests to all hosts of IBM Cloud reach the simulation."""
    instances = [qrtest.Instance(name="team", plan="premium", usage_consumed=40, usage_limit=600)]
    with qrtest.simulate(transport="requests", instances=instances):
        yield IBMQuantumAPIClient(api_key="any will do")


def only_instance(client):
    [found] = client.discover_instances(Plan.PREMIUM).active
    return found


def test_instances_are_found_with_what_they_used(client):
    found = only_instance(client)
    assert (found.name, found.limit_seconds) == ("team", 600)
    state = client.get_instance(found)
    assert state.consumed_seconds == 40
    account = client.get_account(ACCOUNT, Plan.PREMIUM, [state])
    assert account.limit_seconds == 600


def test_usage_is_read_in_every_form(client):
    crn = only_instance(client).crn
    end = datetime.now(tz=UTC)
    assert client.get_instance_usage_seconds(crn, end - timedelta(days=1), end, ACCOUNT) >= 0
    assert client.get_plan_usage_seconds(Plan.PREMIUM, end - timedelta(days=1), end, ACCOUNT) >= 0
    client.get_detailed_usage(crn, ACCOUNT)
    client.get_daily_usage(crn, ACCOUNT, end.date(), end.date())


def test_a_limit_is_changed(client):
    found = only_instance(client)
    client.update_instance_parameters(
        found.crn, allocation_seconds=found.allocation_seconds, limit_seconds=300
    )
    assert only_instance(client).limit_seconds == 300
