"""What the image, its disks, other patching, repairs and the calls' version mean for a rollout."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fleet_builders import NOW, a_fleet, a_set, an_instance
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.domain.eligibility import Eligibility, Facts, judge_eligibility
from fleetwright.domain.eligibility.credentials import MARGIN
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.model import ExpiringCredential, WindowsSettings
from fleetwright.domain.policy import UpgradePolicy
from fleetwright.domain.surroundings import ImageSupport, Surroundings, Unread

SAS = ExpiringCredential("CustomScript", "settings.fileUris[0]", "SAS token", NOW)
FLAGGED = UpgradePolicy(enable_automatic_os_upgrade=True, os_rolling_upgrade_deferral=True)


def judged(fleet: Fleet | None = None, **facts: object) -> Eligibility:
    """The judgement over five healthy instances, unless told otherwise."""
    return judge_eligibility(Facts(fleet or a_fleet(), **{"instances": a_set(5), **facts}))


@pytest.mark.parametrize(
    ("shown", "listed", "held"),
    [
        (True, True, False),
        (True, False, False),
        (False, True, True),
        (False, False, True),
        (None, True, False),
        (None, False, True),
    ],
)
def test_the_catalogue_decides_and_the_tables_stand_in(shown: bool | None, listed: bool, held: bool) -> None:
    """R53, C3: automaticOSUpgradeSupported where it is shown, else Azure's tables."""
    found = judged(surroundings=Surroundings(image=ImageSupport(shown, listed))).reasons

    assert bool(found) is held
    assert all("Canonical:UbuntuServer:18.04-LTS" in reason and reason.endswith("(R53)") for reason in found)


def test_support_that_cannot_be_read_holds() -> None:
    """R53: an error while asking means no."""
    unread = Unread("version 1.0 of image a:b:c", "403 AuthorizationFailed: no role")

    (reason,) = judged(surroundings=Surroundings(image=unread)).reasons

    assert reason.startswith(
        "version 1.0 of image a:b:c could not be read (403 AuthorizationFailed: no role)"
    )
    assert reason.endswith("(R53)")


def test_an_ephemeral_os_disk_holds() -> None:
    """O8: there is no disk that could be replaced, or given back."""
    (reason,) = judged(a_fleet(ephemeral_os_disk=True)).reasons

    assert reason.startswith("osDisk.diffDiskSettings.option is Local")
    assert reason.endswith("(O8)")


@pytest.mark.parametrize(
    ("version", "rules"),
    [
        ("2017-12-01", ["R17", "O5"]),
        ("2018-09-30-preview", ["R17", "O5"]),
        ("2018-10-01", ["O5"]),
        ("2023-02-28", ["O5"]),
        ("2023-03-01", []),
        ("2023-03-01-preview", []),
        ("2026-04-01", []),
        ("", []),
    ],
)
def test_a_version_that_is_too_old_is_named_with_the_one_that_is_needed(
    version: str, rules: list[str]
) -> None:
    """R17, O5: the policy is known from 2018-10-01 on, exactVersion is heeded from 2023-03-01 on."""
    found = judged(surroundings=Surroundings(api_version=version)).reasons

    assert [reason.rpartition("(")[2].rstrip(")") for reason in found] == rules
    assert all(f"api_version is {version}: " in reason for reason in found)
    assert all(
        {"R17": "2018-10-01", "O5": "2023-03-01"}[rule] in r for rule, r in zip(rules, found, strict=True)
    )


@pytest.mark.parametrize(
    ("said", "policy", "held"),
    [
        (True, UpgradePolicy(), True),
        (True, FLAGGED, True),
        (None, UpgradePolicy(), True),
        (None, FLAGGED, False),
        (False, UpgradePolicy(), False),
        (False, FLAGGED, False),
    ],
)
def test_windows_update_must_be_off(said: bool | None, policy: UpgradePolicy, held: bool) -> None:
    """R19, N3: not set is true, but where the flag stands Azure forces it to false."""
    found = judged(a_fleet(windows=WindowsSettings(said), policy=policy)).reasons

    assert bool(found) is held
    assert all("windowsConfiguration.enableAutomaticUpdates is" in r and r.endswith("(R19)") for r in found)


def test_windows_without_a_configuration_is_warned_of() -> None:
    """R19: where only the disk tells that it is Windows, nobody knows, and the plan says so."""
    found = judged(a_fleet(windows=WindowsSettings(is_shown=False)))

    assert found.reasons == ()
    assert [w.endswith("enableAutomaticUpdates is false in it (R19)") for w in found.warnings] == [True]


@pytest.mark.parametrize(
    ("mode", "held"),
    [
        ("AutomaticByPlatform", True),
        ("automaticbyplatform", True),
        ("AutomaticByOS", False),
        ("Manual", False),
        ("ImageDefault", False),
        ("", False),
    ],
)
def test_the_platform_must_not_patch_as_well(mode: str, held: bool) -> None:
    """N2, C5: patchMode AutomaticByPlatform holds in any case of its letters, every other mode is good."""
    found = judged(a_fleet(patch_mode=mode)).reasons

    assert bool(found) is held
    assert all(f"patchSettings.patchMode is {mode};" in r and r.endswith("(N2)") for r in found)


def test_drive_letters_may_change() -> None:
    """N5: said for Windows instances with data disks, and for no others."""
    windows = a_fleet(windows=WindowsSettings(enable_automatic_updates=False))
    with_disks = (an_instance(0, data_disk_ids=("0:/disks/d",)),)

    (warning,) = judged(windows, instances=with_disks).warnings

    assert "drive letters" in warning
    assert judged(windows).warnings == judged(instances=with_disks).warnings == ()


def test_instances_behind_the_model_are_flagged() -> None:
    """R31: counted and named in the plan; the swap brings them to the model, so nothing is held."""
    behind = (an_instance(0), an_instance(1, latest_model_applied=False))

    found = judged(instances=behind)

    assert found.reasons == ()
    assert [w.partition(":")[0] for w in found.warnings] == [
        "1 of 2 instances are behind the latest model (1)"
    ]


def test_repairs_and_hooks_are_told() -> None:
    """O8, N25: what else acts on the set stands in the plan, and holds nothing."""
    fleet = a_fleet(automatic_repairs=True, lifecycle_hooks=("UpgradeAutoOSScheduling",))

    found = judged(fleet)

    assert found.reasons == ()
    assert [w.rpartition("(")[2] for w in found.warnings] == ["O8)", "N25)"]
    assert "UpgradeAutoOSScheduling" in found.warnings[1]


@given(seconds=st.integers(-(10**7), 10**7))
def test_a_credential_must_outlive_the_rollout_and_its_margin(seconds: int) -> None:
    """R18: held exactly when it ends before the predicted end plus 30 minutes."""
    end = NOW + timedelta(hours=1)
    fleet = a_fleet(credentials=(replace(SAS, expires_at=end + timedelta(seconds=seconds)),))

    assert bool(judged(fleet, predicted_end=end).reasons) is (seconds < MARGIN.total_seconds())


def test_every_credential_that_expires_is_named() -> None:
    """R18: extension, setting, its end and the predicted end, one reason each."""
    jwt = ExpiringCredential("Agent", "settings.token", "JWT", NOW + timedelta(minutes=50))
    good = replace(SAS, expires_at=NOW + timedelta(days=1))

    found = judged(a_fleet(credentials=(SAS, good, jwt)), predicted_end=NOW + timedelta(minutes=25)).reasons

    assert [reason.partition(" expires")[0] for reason in found] == [
        "extension CustomScript: the SAS token in settings.fileUris[0]",
        "extension Agent: the JWT in settings.token",
    ]
    assert "expires at 2024-06-01T12:50:00Z" in found[1]
    assert "(2024-06-01T12:25:00Z)" in found[1]


def test_nothing_expires_where_nothing_is_to_be_done() -> None:
    """R18, N6: a set that is on the newest version already is not held over a credential."""
    assert judged(a_fleet(credentials=(SAS,)), predicted_end=None).reasons == ()


def test_every_family_is_asked_at_once() -> None:
    """R17-R19, R53, N2, N4, O5, O8: whatever is wrong in any family is in the one answer."""
    fleet = a_fleet(
        windows=WindowsSettings(enable_automatic_updates=True),
        patch_mode="AutomaticByPlatform",
        ephemeral_os_disk=True,
        credentials=(SAS,),
        health_sources=(),
    )
    around = Surroundings(api_version="2018-04-01", image=ImageSupport(shown=False, listed=True))

    found = judged(fleet, surroundings=around, predicted_end=NOW, foreign_rollout="somebody").reasons

    rules = [reason.rpartition("(")[2].rstrip(")") for reason in found]
    assert sorted(rules) == sorted(["O4", "R53", "O8", "R17", "O5", "R16", "R19", "N2", "R18"])
