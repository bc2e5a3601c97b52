"""A fleet's id, its key, and what its model says."""

from __future__ import annotations

import pytest
from fleet_builders import FLEET_ID, SUBSCRIPTION, a_fleet

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import FleetKind, parse_fleet_id
from fleetwright.domain.instances import HealthSource
from fleetwright.domain.policy import RollingUpgradePolicy, UpgradePolicy

SCALE_SETS = "/providers/Microsoft.Compute/virtualMachineScaleSets"


def test_an_id_is_taken_apart() -> None:
    """A fleet is named by its ARM id: subscription, resource group and name are read from the ARM id."""
    fleet_id = parse_fleet_id(FLEET_ID)

    assert fleet_id.subscription == SUBSCRIPTION
    assert (fleet_id.resource_group, fleet_id.name, fleet_id.kind) == ("rg", "web", FleetKind.SCALE_SET)


@pytest.mark.parametrize(
    "text",
    [
        FLEET_ID,
        FLEET_ID.lower(),
        FLEET_ID.upper(),
        FLEET_ID.replace("resourceGroups", "resourcegroups"),
        f"  {FLEET_ID}/ ",
    ],
)
def test_every_spelling_has_one_key(text: str) -> None:
    """ARM ids are case-insensitive: whatever case a call uses, the key of the fleet is the same."""
    assert parse_fleet_id(text).key == FLEET_ID.lower()


def test_the_names_keep_their_case() -> None:
    """What a person typed is what a person reads again."""
    fleet_id = parse_fleet_id(FLEET_ID.replace("/rg/", "/RG-One/").replace("/web", "/Web"))

    assert (fleet_id.resource_group, fleet_id.name) == ("RG-One", "Web")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "web",
        FLEET_ID[1:],
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg",
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg{SCALE_SETS}",
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg{SCALE_SETS}/",
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups//{SCALE_SETS}/web",
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web",
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/MicrosoftXCompute/virtualMachineScaleSets/web",
        f"{FLEET_ID}/virtualMachines/0",
        f"https://management.azure.com{FLEET_ID}",
    ],
)
def test_a_malformed_id_is_refused(text: str) -> None:
    """Bad input is one line that quotes it and shows the form that would be right."""
    with pytest.raises(ConfigurationError) as caught:
        parse_fleet_id(text)

    message = str(caught.value)
    assert message.startswith(
        f"fleet {text!r} is neither a scale set's id nor a Batch pool's: /subscriptions/<guid>/"
    )
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("provider", "kind"),
    [
        ("Microsoft.ContainerService/managedClusters/shop/agentPools/np1", "an AKS node pool"),
        ("Microsoft.ContainerService/managedClusters/shop/agentPools/np1/", "an AKS node pool"),
        ("microsoft.containerservice/managedclusters/shop", "an AKS cluster"),
    ],
)
def test_what_is_upgraded_elsewhere_is_sent_there(provider: str, kind: str) -> None:
    """Where only scale sets and Batch pools go, an AKS id is refused in one line that says what takes it."""
    text = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/{provider}"

    with pytest.raises(ConfigurationError) as caught:
        parse_fleet_id(text)

    message = str(caught.value)
    assert message.startswith(
        f"fleet {text!r} is {kind}, whose node images are upgraded by node_pool_rollout or fleetwright run;"
        " here a scale set or a Batch pool is asked for: /subscriptions/"
    )
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    "provider",
    [
        "Microsoft.Batch/batchAccounts/jobs/pools/Render-1",
        "microsoft.batch/BATCHACCOUNTS/jobs/POOLS/Render-1/",
    ],
)
def test_a_pools_id_is_read_in_any_case(provider: str) -> None:
    """A Batch pool is a fleet: its account and its own name are taken from its id, whatever case that has (R54)."""
    fleet_id = parse_fleet_id(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/{provider}")

    assert (fleet_id.kind, fleet_id.parent, fleet_id.name) == (FleetKind.BATCH_POOL, "jobs", "Render-1")


@pytest.mark.parametrize("subscription", ["prod", SUBSCRIPTION[:-1], f"{SUBSCRIPTION}0", "0" * 32])
def test_a_subscription_is_a_guid(subscription: str) -> None:
    """Bad input names the subscription that is none."""
    with pytest.raises(ConfigurationError, match=f"subscription '{subscription}' is not a GUID"):
        parse_fleet_id(FLEET_ID.replace(SUBSCRIPTION, subscription))


@pytest.mark.parametrize("name", ["web?api-version=1", "web#top", "web%2Fx", "my web", "web\nx", ".."])
def test_a_name_that_would_change_the_url_is_refused(name: str) -> None:
    """Bad input: no scale set has such a name, and the id becomes part of a URL."""
    with pytest.raises(ConfigurationError):
        parse_fleet_id(FLEET_ID.replace("/web", f"/{name}"))


@pytest.mark.parametrize(
    ("tags", "tagged"),
    [
        ({"fleetwright": "enabled"}, True),
        ({"Fleetwright": "enabled"}, True),
        ({"fleetwright": "disabled"}, False),
        ({"fleetwright": ""}, False),
        ({"other": "enabled"}, False),
        ({}, False),
    ],
)
def test_the_tag_hands_a_set_to_us(tags: dict[str, str], tagged: bool) -> None:
    """O1: the tag's name counts in any case, and only `enabled` says yes."""
    assert a_fleet(tags=tags).is_tagged is tagged


@pytest.mark.parametrize(
    ("sources", "judged_by"),
    [
        ((), HealthSource.NONE),
        ((HealthSource.PROBE,), HealthSource.PROBE),
        ((HealthSource.EXTENSION,), HealthSource.EXTENSION),
    ],
)
def test_readiness_is_judged_by_the_models_source(
    sources: tuple[HealthSource, ...], judged_by: HealthSource
) -> None:
    """R16, R32: probe or extension where the model has one, else power and extensions."""
    assert a_fleet(health_sources=sources).health_source is judged_by


def test_the_policy_in_force_is_the_fleets() -> None:
    """C7: a fleet answers with the policy that counts."""
    own = RollingUpgradePolicy(max_batch_instance_percent=50)

    assert a_fleet(policy=UpgradePolicy(rolling=own)).effective_policy == RollingUpgradePolicy()
    assert a_fleet(policy=UpgradePolicy(use_rolling_upgrade_policy=True, rolling=own)).effective_policy == own


def test_a_fleet_has_the_key_and_name_of_its_id() -> None:
    """The key is the id in lower case, the name is the scale set's own."""
    fleet = a_fleet()

    assert (fleet.key, fleet.name) == (FLEET_ID.lower(), "web")
