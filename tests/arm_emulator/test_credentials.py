"""Credentials in extension settings: they expire, they are renewed, and what is protected is never shown."""

from __future__ import annotations

import pytest
from emulated_worlds import HEALTH_EXTENSION, V2, Emulator, Json, Serve, scale_set, scale_set_id, world

SIGNATURE = "sig=c2VjcmV0"


def script(expiry: str, section: str = "protectedSettings") -> Json:
    """An extension that fetches a script with a shared access signature."""
    url = f"https://store.example/scripts/setup.sh?sv=2022-11-02&se={expiry}&sr=b&{SIGNATURE}"
    properties = {
        "publisher": "Microsoft.Azure.Extensions",
        "type": "CustomScript",
        "typeHandlerVersion": "2.1",
    }
    return {"name": "Setup", "properties": {**properties, section: {"fileUris": [url]}}}


def fleet(expiry: str, section: str = "protectedSettings") -> Json:
    """A scale set that runs the script and then reports its health."""
    return scale_set(extensions=(script(expiry, section), HEALTH_EXTENSION))


def renew(emulator: Emulator) -> None:
    """PATCH the model with a signature that is good for years."""
    profile = {"extensionProfile": {"extensions": [script("2030-01-01T00:00:00Z"), HEALTH_EXTENSION]}}
    body = {"properties": {"virtualMachineProfile": profile}}
    assert emulator.arm("PATCH", scale_set_id(), body).status_code == 200


@pytest.mark.parametrize("section", ["settings", "protectedSettings"])
@pytest.mark.parametrize("expiry", ["2024-05-31T23%3A59%3A59Z", "2024-06-01"])
def test_expired_signature_fails_its_extension(serve: Serve, section: str, expiry: str) -> None:
    """An extension that runs with an expired SAS fails, and the operation names it without the token (R18, R36)."""
    emulator = serve(world(fleet(expiry, section)))

    accepted = emulator.reimage("0", "3")
    emulator.advance(300)
    operation = emulator.http.get(accepted.headers["Azure-AsyncOperation"])

    assert emulator.codes("0")[0] == "ProvisioningState/failed/VMExtensionProvisioningError"
    assert emulator.codes("6")[0] == "ProvisioningState/succeeded"
    assert operation.json()["status"] == "Failed"
    assert "extension 'Setup' expired at 2024-0" in operation.text
    assert SIGNATURE not in operation.text + str(emulator.instance("0"))


def test_signature_that_expires_later_works_until_then(serve: Serve) -> None:
    """What counts is the world's time at which the extension runs (R18)."""
    emulator = serve(world(fleet("2024-06-01T01:00:00Z")))

    emulator.reimage("0")
    emulator.advance(3600)
    emulator.reimage("3")
    emulator.advance(300)

    assert emulator.codes("0")[0] == "ProvisioningState/succeeded"
    assert emulator.codes("3")[0].startswith("ProvisioningState/failed")


@pytest.mark.parametrize("action", ["manualupgrade", "reimage"])
def test_renewed_signature_recovers_what_failed(serve: Serve, action: str) -> None:
    """After a PATCH with a fresh SAS, deploying the model brings the failed instances to Succeeded (R37)."""
    emulator = serve(world(fleet("2024-05-01")))
    emulator.reimage("0", "3")
    emulator.advance(300)
    renew(emulator)

    emulator.arm("POST", f"{scale_set_id()}/{action}", {"instanceIds": ["0", "3"]})
    emulator.advance(300)

    shown = [emulator.codes(i) for i in ("0", "3")]
    assert shown == [["ProvisioningState/succeeded", "PowerState/running", "HealthState/healthy"]] * 2
    assert emulator.instance("0")["properties"]["storageProfile"]["imageReference"]["exactVersion"] == V2


def test_protected_settings_are_never_shown(serve: Serve) -> None:
    """No answer of ARM echoes protectedSettings, and who writes back what was read does not lose them (R18)."""
    emulator = serve(world(fleet("2024-05-01")))
    shown = emulator.arm("GET", scale_set_id())

    replaced = emulator.arm("PUT", scale_set_id(), shown.json())
    emulator.reimage("0")
    emulator.advance(300)

    assert "CustomScript" in shown.text
    assert "protectedSettings" not in shown.text + replaced.text
    assert emulator.instance("6")["properties"]["latestModelApplied"] is True
    assert emulator.codes("0")[0].startswith("ProvisioningState/failed")
