"""``upgradePolicy`` of Batch pools: what is taken, in which spelling, and what is refused."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.batch import models
from emulated_nodes import data_plane
from emulated_pools import batch_account, batch_pool, batch_world, pool_id, user_account
from emulated_worlds import SUBSCRIPTION, V2
from hypothesis import given
from hypothesis import strategies as st

from arm_emulator.batch.pool_checks import pool_problems
from arm_emulator.batch.pool_resource import spelled
from arm_emulator.batch.upgrade_policy import rule_problems

if TYPE_CHECKING:
    from random import Random

    import httpx
    from emulated_worlds import Emulator, Json, Serve

VERSION = "2024-02-01"
WINDOWS = {
    "publisher": "MicrosoftWindowsServer",
    "offer": "WindowsServer",
    "sku": "2019-datacenter-smalldisk",
}
SOURCE_PAGE: dict[str, Any] = {
    "name": "test1",
    "type": "Microsoft.Batch/batchAccounts/pools",
    "parameters": {
        "properties": {
            "vmSize": "Standard_d4s_v3",
            "deploymentConfiguration": {
                "virtualMachineConfiguration": {
                    "imageReference": {**WINDOWS, "version": "latest"},
                    "nodePlacementConfiguration": {"policy": "Zonal"},
                    "nodeAgentSKUId": "batch.node.windows amd64",
                    "windowsConfiguration": {"enableAutomaticUpdates": False},
                }
            },
            "scaleSettings": {"fixedScale": {"targetDedicatedNodes": 2, "targetLowPriorityNodes": 0}},
            "upgradePolicy": {
                "mode": "Automatic",
                "automaticOSUpgradePolicy": {
                    "disableAutomaticRollback": True,
                    "enableAutomaticOSUpgrade": True,
                    "useRollingUpgradePolicy": True,
                    "osRollingUpgradeDeferral": True,
                },
                "rollingUpgradePolicy": {
                    "enableCrossZoneUpgrade": True,
                    "maxBatchInstancePercent": 20,
                    "maxUnhealthyUpgradedInstancePercent": 20,
                    "maxUnhealthyInstancePercent": 20,
                    "pauseTimeBetweenBatches": "PT0S",
                    "rollbackFailedInstancesOnPolicyBreach": False,
                },
            },
        }
    },
}
"""The example of the page that describes automatic OS upgrades of Batch pools."""


def _put(emulator: Emulator, body: Json, **options: Any) -> httpx.Response:  # noqa: ANN401 - options of a call
    return emulator.arm("PUT", pool_id("test1"), body, **{"api_version": "2023-11-01", **options})


def _page(**changes: object) -> Json:
    """The page's body in its wire form, with values at dotted paths changed; None takes one away."""
    body: Json = {"properties": copy.deepcopy(SOURCE_PAGE["parameters"]["properties"])}
    for path, value in changes.items():
        *names, last = path.split("__")
        holder = body["properties"]
        for name in names:
            holder = holder[name]
        holder.pop(last) if value is None else holder.update({last: value})
    return body


def _refusal(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


def test_example_of_the_source_page_is_taken_as_it_is_printed(serve: Serve) -> None:
    """The page's body, wrapper, capital mode and nodeAgentSKUId included, makes the pool that it describes (C5, R61)."""
    emulator = serve(batch_world())

    answer = _put(emulator, SOURCE_PAGE)

    shown = answer.json()
    machines = shown["properties"]["deploymentConfiguration"]["virtualMachineConfiguration"]
    written = SOURCE_PAGE["parameters"]["properties"]["upgradePolicy"]
    assert (answer.status_code, shown["name"]) == (200, "test1")
    assert shown["properties"]["upgradePolicy"] == {**written, "mode": "automatic"}
    assert (shown["properties"]["vmSize"], machines["nodeAgentSkuId"]) == (
        "STANDARD_D4S_V3",
        "batch.node.windows amd64",
    )
    assert "nodeAgentSKUId" not in machines
    assert shown["properties"]["currentDedicatedNodes"] == 2


def test_wrapped_and_plain_body_make_the_same_pool(serve: Serve) -> None:
    """Without the wrapper of specification examples the same properties make the same pool (C5)."""
    emulator = serve(batch_world())

    wrapped = _put(emulator, SOURCE_PAGE).json()["properties"]
    plain = emulator.arm("PUT", pool_id("test2"), _page(), api_version="2023-11-01").json()["properties"]

    assert wrapped == plain


@pytest.mark.parametrize("mode", ["automatic", "Manual", "ROLLING"])
def test_any_mode_goes_with_automatic_upgrades(serve: Serve, mode: str) -> None:
    """Automatic OS upgrades are on with each mode alike, in each case, and the mode is echoed in lower case (C5, R58)."""
    answer = _put(serve(batch_world()), _page(upgradePolicy__mode=mode))

    policy = answer.json()["properties"]["upgradePolicy"]
    assert policy["mode"] == mode.lower()
    assert policy["automaticOSUpgradePolicy"]["enableAutomaticOSUpgrade"] is True


@pytest.mark.parametrize("pause", ["PT0S", "P0D", "PT2S", "PT1M30S"])
def test_durations_are_echoed_letter_by_letter(serve: Serve, pause: str) -> None:
    """The pause between batches comes back as it was written (R61)."""
    body = _page(upgradePolicy__rollingUpgradePolicy__pauseTimeBetweenBatches=pause)

    policy = _put(serve(batch_world()), body).json()["properties"]["upgradePolicy"]

    assert policy["rollingUpgradePolicy"]["pauseTimeBetweenBatches"] == pause


ROLLING = "upgradePolicy__rollingUpgradePolicy__"
MACHINES = "deploymentConfiguration__virtualMachineConfiguration__"


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"upgradePolicy__mode": None}, "MissingRequiredProperty", "upgradePolicy.mode"),
        ({"upgradePolicy__mode": "Sometimes"}, "InvalidPropertyValue", "upgradePolicy.mode"),
        ({f"{ROLLING}maxBatchInstancePercent": 4}, "InvalidPropertyValue", "maxBatchInstancePercent"),
        (
            {f"{ROLLING}maxUnhealthyInstancePercent": 101},
            "InvalidPropertyValue",
            "maxUnhealthyInstancePercent",
        ),
        (
            {f"{ROLLING}maxUnhealthyUpgradedInstancePercent": -1},
            "InvalidPropertyValue",
            "maxUnhealthyUpgradedInstancePercent",
        ),
        ({f"{ROLLING}pauseTimeBetweenBatches": "soon"}, "InvalidPropertyValue", "pauseTimeBetweenBatches"),
        ({f"{ROLLING}maxSurge": True}, "InvalidPropertyValue", "maxSurge"),
        (
            {"upgradePolicy__automaticOSUpgradePolicy__osRollingUpgradeDeferral": "yes"},
            "InvalidPropertyValue",
            "osRollingUpgradeDeferral",
        ),
        ({f"{MACHINES}imageReference__version": "17763.1"}, "InvalidPropertyValue", "imageReference.version"),
        ({f"{MACHINES}nodeAgentSKUId": None}, "MissingRequiredProperty", "nodeAgentSkuId"),
        ({"vmSize": None}, "MissingRequiredProperty", "vmSize"),
        (
            {"deploymentConfiguration": {"cloudServiceConfiguration": {"osFamily": "6"}}},
            "InvalidPropertyValue",
            "cloudServiceConfiguration",
        ),
        (
            {"scaleSettings__fixedScale__targetDedicatedNodes": -1},
            "InvalidPropertyValue",
            "targetDedicatedNodes",
        ),
    ],
)
def test_refused_property_is_named(serve: Serve, changes: Json, code: str, named: str) -> None:
    """A property that Batch refuses is a 400 that names it, in message and target, and no pool is made (R15, R61)."""
    emulator = serve(batch_world())

    answer = _put(emulator, _page(**changes))

    status, said, message = _refusal(answer)
    assert (status, said) == (400, code)
    assert named in message
    assert named in answer.json()["error"]["target"]
    assert emulator.arm("GET", pool_id("test1"), api_version=VERSION).status_code == 404


def test_batch_must_not_exceed_the_unhealthy_threshold(serve: Serve) -> None:
    """A maxBatchInstancePercent above maxUnhealthyInstancePercent is refused; equal ones, or one alone, are taken (N29)."""
    emulator = serve(batch_world())
    batch, unhealthy = f"{ROLLING}maxBatchInstancePercent", f"{ROLLING}maxUnhealthyInstancePercent"

    refused = _put(emulator, _page(**{batch: 30, unhealthy: 20}))
    equal = _put(emulator, _page(**{batch: 30, unhealthy: 30}))
    alone = _put(emulator, _page(**{batch: 50, unhealthy: None}))

    assert _refusal(refused)[:2] == (400, "InvalidPropertyValue")
    assert "30 is more than maxUnhealthyInstancePercent, 20" in _refusal(refused)[2]
    assert (equal.status_code, alone.status_code) == (200, 200)


def test_zones_are_crossed_only_where_there_are_zones(serve: Serve) -> None:
    """The flag enableCrossZoneUpgrade is refused without Zonal placement and taken with it (N29)."""
    emulator = serve(batch_world())

    regional = _put(emulator, _page(**{f"{MACHINES}nodePlacementConfiguration": None}))
    zonal = _put(emulator, _page())

    assert _refusal(regional)[:2] == (400, "InvalidPropertyValue")
    assert "enableCrossZoneUpgrade" in _refusal(regional)[2]
    assert zonal.status_code == 200


def test_pool_that_a_world_brought_in_wrong_can_be_opted_out(serve: Serve) -> None:
    """What is wrong with a loaded pool does not stop a change of something else; making it wrong anew is refused (N29)."""
    wrong = {
        "maxBatchInstancePercent": 50,
        "maxUnhealthyInstancePercent": 20,
        "enableCrossZoneUpgrade": False,
    }
    emulator = serve(batch_world(batch_account(batch_pool(rolling=wrong))))

    def patch(**policy: object) -> httpx.Response:
        return emulator.arm(
            "PATCH", pool_id(), {"properties": {"upgradePolicy": policy}}, api_version=VERSION
        )

    out = patch(automaticOSUpgradePolicy={"enableAutomaticOSUpgrade": False})
    other = patch(rollingUpgradePolicy={"maxBatchInstancePercent": 40})

    assert out.status_code == 200
    assert _refusal(other)[:2] == (400, "InvalidPropertyValue")
    assert "40 is more than maxUnhealthyInstancePercent, 20" in _refusal(other)[2]


def test_zonal_placement_needs_a_region_with_zones(serve: Serve) -> None:
    """A Zonal pool in a region without zones is refused with the region's name."""
    flat = [{"name": "westeurope", "displayName": "West Europe"}]

    answer = _put(serve(batch_world(locations=flat)), _page())

    assert _refusal(answer)[:2] == (400, "InvalidPropertyValue")
    assert "Zonal needs zones, and westeurope has none" in _refusal(answer)[2]


def test_windows_updates_and_automatic_upgrades_exclude_each_other(serve: Serve) -> None:
    """enableAutomaticUpdates: true is refused with automatic OS upgrades and taken without (R19)."""
    emulator = serve(batch_world())
    updates = {f"{MACHINES}windowsConfiguration": {"enableAutomaticUpdates": True}}
    off = {"upgradePolicy__automaticOSUpgradePolicy__enableAutomaticOSUpgrade": False}

    refused = _put(emulator, _page(**updates))
    taken = _put(emulator, _page(**updates, **off))

    assert _refusal(refused)[:2] == (400, "InvalidPropertyValue")
    assert "windowsConfiguration.enableAutomaticUpdates" in _refusal(refused)[2]
    assert taken.status_code == 200


@pytest.mark.parametrize(
    ("named", "status"),
    [("galleries/g/images/web", 200), ("galleries/g/images/web/versions/1.0.0", 400), ("images/web", 400)],
)
def test_own_image_is_one_of_a_gallery_and_names_no_version(serve: Serve, named: str, status: int) -> None:
    """A gallery image is followed when its id names no version; a version (R15) and a managed image (R28) are refused."""
    image = {"id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/{named}"}

    answer = _put(serve(batch_world()), _page(**{f"{MACHINES}imageReference": image}))

    assert answer.status_code == status


@pytest.mark.parametrize("field", ["sharedGalleryImageId", "communityGalleryImageId"])
@pytest.mark.parametrize(("version", "status"), [("", 200), ("/versions/1.0.0", 400)])
def test_shared_image_names_no_version(serve: Serve, field: str, version: str, status: int) -> None:
    """An image that others share is followed as one's own is: when its id names no version (R15)."""
    image = {field: f"/SharedGalleries/0001-G/Images/web{version}"}

    answer = _put(serve(batch_world()), _page(**{f"{MACHINES}imageReference": image}))

    assert answer.status_code == status


def test_image_without_a_version_is_the_latest(serve: Serve) -> None:
    """R15: an ``imageReference`` that leaves the version out means ``latest``, as Batch documents it: it may be upgraded."""
    emulator = serve(batch_world())
    image = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"}

    answer = _put(emulator, _page(**{f"{MACHINES}imageReference": image}))
    emulator.advance(300)

    node = data_plane(emulator, "GET", "/pools/test1/nodes/tvm-0").json()
    assert answer.status_code == 200
    assert node["virtualMachineInfo"]["imageReference"]["exactVersion"] == V2


def test_policy_exists_from_2023_11_01_on(serve: Serve) -> None:
    """An older api-version neither writes nor sees upgradePolicy, and does not lose it; 2023-11-01 has it (C4, R57)."""
    emulator = serve(batch_world())
    old, first = "2023-05-01", "2023-11-01"

    refused = _put(emulator, _page(), api_version=old)
    taken = _put(emulator, _page(), api_version=first)
    unseen = emulator.arm("GET", pool_id("test1"), api_version=old).json()
    kept = _put(emulator, unseen, api_version=old)
    seen = emulator.arm("GET", pool_id("test1"), api_version=first).json()["properties"]

    assert _refusal(refused)[:2] == (400, "InvalidRequestBody")
    assert "it exists since 2023-11-01" in _refusal(refused)[2]
    assert (taken.status_code, kept.status_code) == (200, 200)
    assert "upgradePolicy" not in unseen["properties"]
    assert seen["upgradePolicy"] == taken.json()["properties"]["upgradePolicy"]


def test_account_that_is_not_activated_refuses_automatic_upgrades(serve: Serve) -> None:
    """PUT and PATCH with enableAutomaticOSUpgrade are refused with the account's name; its pools load all the same (N28, R60)."""
    account = {**batch_account(batch_pool()), "x-emulator": {"activated": False}}
    emulator = serve(batch_world(account))
    automatic = {"upgradePolicy": {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}}
    off = {"upgradePolicy": {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": False}}}

    put = _put(emulator, _page())
    patch = emulator.arm("PATCH", pool_id(), {"properties": automatic}, api_version=VERSION)
    out = emulator.arm("PATCH", pool_id(), {"properties": off}, api_version=VERSION)

    for answer in (put, patch):
        assert _refusal(answer)[:2] == (400, "InvalidPropertyValue")
        assert "not activated for Batch account 'work'" in _refusal(answer)[2]
    assert out.status_code == 200


def test_account_that_is_not_activated_shows_no_policy(serve: Serve) -> None:
    """R60, N28: neither plane shows the policy of a pool whose account was never activated."""
    account = {**batch_account(batch_pool()), "x-emulator": {"activated": False}}
    emulator = serve(batch_world(account))

    shown = emulator.arm("GET", pool_id(), api_version=VERSION).json()
    listed = emulator.arm("GET", pool_id().rpartition("/")[0], api_version=VERSION).json()["value"]
    served = data_plane(emulator, "GET", "/pools/p1").json()

    for properties in (shown["properties"], listed[0]["properties"], served):
        assert "vmSize" in properties
        assert "upgradePolicy" not in properties


def test_deferral_in_a_user_subscription_needs_its_feature(serve: Serve) -> None:
    """The flag osRollingUpgradeDeferral is refused with the feature's name and state until it is Registered (R59)."""
    emulator = serve(
        batch_world(user_account(), batch_account(name="ours"), subscriptions=[{"id": SUBSCRIPTION}])
    )
    feature = (
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Features/providers/Microsoft.Compute/features"
        "/RollingUpgradeDeferral"
    )

    unregistered = _put(emulator, _page())
    elsewhere = emulator.arm("PUT", pool_id("p2", "ours"), _page(), api_version=VERSION)
    emulator.arm("POST", f"{feature}/register", api_version="2021-07-01")
    registering = _put(emulator, _page())
    emulator.advance(60)
    registered = _put(emulator, _page())

    assert _refusal(unregistered)[:2] == (400, "SubscriptionNotRegisteredForFeature")
    assert "'Microsoft.Compute/RollingUpgradeDeferral' is NotRegistered" in _refusal(unregistered)[2]
    assert "is Registering" in _refusal(registering)[2]
    assert (elsewhere.status_code, registered.status_code) == (200, 200)


def test_official_client_writes_and_reads_a_policy(serve: Serve) -> None:
    """The unmodified client creates a pool with a policy, changes it, and sees why one is refused (R61)."""
    client = serve(batch_world()).batch()
    pool = client.pool.get("rg", "work", "p1")
    policy = models.UpgradePolicy(
        mode=models.UpgradeMode.ROLLING,
        automatic_os_upgrade_policy=models.AutomaticOSUpgradePolicy(
            enable_automatic_os_upgrade=True,
            os_rolling_upgrade_deferral=True,
            use_rolling_upgrade_policy=True,
        ),
        rolling_upgrade_policy=models.RollingUpgradePolicy(
            max_batch_instance_percent=40,
            max_unhealthy_instance_percent=20,
            pause_time_between_batches="PT2S",
        ),
    )

    with pytest.raises(HttpResponseError, match="maxUnhealthyInstancePercent") as refused:
        client.pool.update("rg", "work", "p1", models.Pool(upgrade_policy=policy))
    policy.rolling_upgrade_policy.max_unhealthy_instance_percent = 40
    changed = client.pool.update("rg", "work", "p1", models.Pool(upgrade_policy=policy)).upgrade_policy

    assert refused.value.error.code == "InvalidPropertyValue"
    assert pool.upgrade_policy.mode == models.UpgradeMode.AUTOMATIC
    assert changed.mode == models.UpgradeMode.ROLLING
    assert changed.rolling_upgrade_policy.max_batch_instance_percent == 40
    assert changed.rolling_upgrade_policy.pause_time_between_batches == "PT2S"


def test_machines_follow_the_policy_of_their_pool(serve: Serve) -> None:
    """A changed policy is that of the scale set behind the pool, too, and its machines are as they were (R54)."""
    emulator = serve(batch_world(user_account(batch_pool(nodes=2))))
    rolling = {"maxBatchInstancePercent": 50, "maxUnhealthyInstancePercent": 50}
    body = {"properties": {"upgradePolicy": {"mode": "Rolling", "rollingUpgradePolicy": rolling}}}

    emulator.arm("PATCH", pool_id(), body, api_version=VERSION)

    (machines,) = (
        emulator.arm(
            "GET", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachineScaleSets"
        )
    ).json()["value"]
    listed = emulator.arm("GET", f"{machines['id']}/virtualMachines").json()["value"]
    assert machines["properties"]["upgradePolicy"]["rollingUpgradePolicy"] == rolling
    assert [machine["properties"]["latestModelApplied"] for machine in listed] == [True, True]


def test_older_version_cannot_patch_a_policy(serve: Serve) -> None:
    """A PATCH of upgradePolicy by an api-version before 2023-11-01 is refused, other properties are taken (C4, R57)."""
    emulator = serve(batch_world())
    policy = {"properties": {"upgradePolicy": {"mode": "manual"}}}
    name = {"properties": {"displayName": "named"}}

    refused = emulator.arm("PATCH", pool_id(), policy, api_version="2023-05-01")
    taken = emulator.arm("PATCH", pool_id(), name, api_version="2023-05-01")
    wrapped = emulator.arm("PATCH", pool_id(), {"name": "p1", "parameters": policy}, api_version="2023-11-01")

    assert _refusal(refused)[:2] == (400, "InvalidRequestBody")
    assert (taken.status_code, taken.json()["properties"]["displayName"]) == (200, "named")
    assert wrapped.json()["properties"]["upgradePolicy"]["mode"] == "manual"


@given(st.randoms(use_true_random=False))
def test_no_spelling_of_names_and_words_matters(random: Random) -> None:
    """Whatever the case of property names, mode and placement, the pool is the one that Batch's spelling makes (C5)."""

    def shouted(text: str) -> str:
        return "".join(random.choice((letter.upper(), letter.lower())) for letter in text)

    def scrambled(value: Any, name: str = "") -> Any:  # noqa: ANN401 - JSON of any shape
        if isinstance(value, dict):
            return {shouted(key): scrambled(inner, key) for key, inner in value.items()}
        return shouted(value) if name in {"mode", "policy", "vmSize"} else value

    published = spelled({"properties": SOURCE_PAGE["parameters"]["properties"]})

    assert spelled({"properties": scrambled(published["properties"])}) == published
    assert spelled(published) == published


@given(st.integers(5, 100) | st.none(), st.integers(5, 100) | st.none())
def test_percentages_are_judged_against_each_other_when_both_are_set(
    batch: int | None, unhealthy: int | None
) -> None:
    """A policy is refused for its percentages exactly when both are set and the batch is the larger (N29)."""
    body = _page(
        **{f"{ROLLING}maxBatchInstancePercent": batch, f"{ROLLING}maxUnhealthyInstancePercent": unhealthy}
    )

    problems = list(rule_problems(spelled(body)))

    assert bool(problems) == (batch is not None and unhealthy is not None and batch > unhealthy)
    assert not list(pool_problems(spelled(body)["properties"]))
