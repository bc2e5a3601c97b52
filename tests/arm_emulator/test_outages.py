"""A zone that is down for a while, and a token that expires in the middle of the work."""

from __future__ import annotations

from emulated_worlds import HEALTH_EXTENSION, V1, V2, Emulator, Json, Serve, scale_set, scale_set_id, world

HEALTHY = ["ProvisioningState/succeeded", "PowerState/running", "HealthState/healthy"]
DOWN = ["ProvisioningState/succeeded", "PowerState/stopped", "HealthState/unknown"]
ZONE_2 = {"zoneDown": "2", "location": "West Europe"}


def version(emulator: Emulator, instance: str) -> str:
    """The image version that an instance runs."""
    found: str = emulator.instance(instance)["properties"]["storageProfile"]["imageReference"]["exactVersion"]
    return found


def test_zone_is_down_while_the_fault_lasts(serve: Serve) -> None:
    """The zone's instances of every set of the region lose power and health, and come back when it ends (R32, R48)."""
    elsewhere = scale_set("north", location="northeurope")
    emulator = serve(world(scale_set(), scale_set("b"), elsewhere))

    emulator.admin("POST", "faults", {"effect": ZONE_2, "seconds": 60})
    down = [emulator.codes("1"), emulator.codes("4", "b")]
    untouched = [emulator.codes("0"), emulator.codes("1", "north")]
    emulator.advance(60)
    back = emulator.codes("1")
    emulator.advance(5)

    assert down == [DOWN, DOWN]
    assert untouched == [HEALTHY, HEALTHY]
    assert back == [*HEALTHY[:2], "HealthState/initializing"]
    assert emulator.codes("1") == emulator.codes("4", "b") == HEALTHY
    assert emulator.audit()["maxOutOfService"] == 5


def test_work_in_a_zone_that_is_down_stands_still(serve: Serve) -> None:
    """What is under way, or begins, in the zone goes on with the time left when the zone is back (R5)."""
    emulator = serve()
    emulator.reimage("1", "0")
    emulator.advance(15)
    emulator.admin("POST", "faults", {"effect": ZONE_2})
    late = emulator.reimage("4")
    emulator.advance(3600)
    standing = [version(emulator, i) for i in ("0", "1", "4")]

    emulator.http.delete("/_emulator/faults")
    emulator.advance(5)
    first = [version(emulator, i) for i in ("1", "4")]
    emulator.advance(15)

    assert late.status_code == 202
    assert standing == [V2, V1, V1]
    assert first == [V2, V1]
    assert version(emulator, "4") == V2
    emulator.advance(300)
    assert emulator.codes("1") == emulator.codes("4") == HEALTHY


def test_zone_goes_down_with_a_matching_call(serve: Serve) -> None:
    """With a match the zone goes down with the first call that is due, and the call is answered and judged as ever (R14)."""
    match = {"method": "POST", "path": "*/reimage"}
    emulator = serve(world(faults=[{"match": match, "after": 1, "effect": {"zoneDown": "2"}}]))

    emulator.reimage("0")
    before = emulator.codes("1")
    second = emulator.reimage("3")

    assert (before, second.status_code) == (HEALTHY, 202)
    assert emulator.codes("1") == DOWN
    assert emulator.admin("GET", "audit")["violations"] == []


def test_zone_that_is_down_is_written_and_loaded_again(serve: Serve) -> None:
    """A world with a zone down and work that stands still there goes on in the same way after a reload."""
    first = serve()
    first.reimage("1")
    first.advance(15)
    first.admin("POST", "faults", {"effect": ZONE_2, "seconds": 100})
    document = first.admin("GET", "world")

    second = serve(document)
    again = second.admin("GET", "world")
    second.advance(104)
    before = version(second, "1")
    second.advance(1)

    assert again == document
    assert (before, version(second, "1")) == (V1, V2)


def test_zone_that_is_down_shows_binary_health_as_unhealthy(serve: Serve) -> None:
    """Extension 1.0 has no word for unknown (N22)."""
    old = {**HEALTH_EXTENSION, "properties": {**HEALTH_EXTENSION["properties"], "typeHandlerVersion": "1.0"}}
    emulator = serve(world(scale_set(extensions=(old,)), faults=[{"effect": {"zoneDown": 2}}]))

    assert emulator.codes("1")[2] == "HealthState/unhealthy"


def get_with(emulator: Emulator, token: str) -> tuple[int, str, str]:
    """Status, error code and challenge of a GET with a token."""
    answer = emulator.arm("GET", scale_set_id(), headers={"Authorization": f"Bearer {token}"})
    error: Json = answer.json().get("error", {})
    return answer.status_code, error.get("code", ""), answer.headers.get("WWW-Authenticate", "")


def test_token_expires_and_a_new_one_is_good(serve: Serve) -> None:
    """The token of the matching call is refused from then on with Azure's challenge; another one is taken."""
    emulator = serve()
    emulator.admin(
        "POST", "faults", {"match": {"path": "*/web"}, "after": 1, "effect": {"tokenExpires": True}}
    )

    seen = [get_with(emulator, token) for token in ("first", "first", "first", "second", "second")]

    assert [status for status, _, _ in seen] == [200, 401, 401, 200, 200]
    assert seen[1][1] == "InvalidAuthenticationToken"
    assert seen[1][2].startswith("Bearer ")
    assert 'error="invalid_token"' in seen[1][2]


def test_token_stays_expired_when_the_world_is_loaded_again(serve: Serve) -> None:
    """GET /world remembers what a fault let expire."""
    first = serve(world(faults=[{"effect": {"tokenExpires": True}}]))
    get_with(first, "first")

    second = serve(first.admin("GET", "world"))

    assert [get_with(second, token)[0] for token in ("first", "second")] == [401, 200]
