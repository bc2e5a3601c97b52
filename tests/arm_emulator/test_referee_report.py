"""The referee's report: counts, times, batches."""

from __future__ import annotations

from emulated_worlds import STEADY, V1, V2, Serve, scale_set, scale_set_id, world


def test_a_clean_batch_is_reported_in_full(serve: Serve) -> None:
    """The report of one batch: counts, times, batches, and no violation."""
    emulator = serve(world(scale_set(dataDisksPerInstance=1)))
    emulator.advance(10)
    emulator.reimage("0", "3", "6")
    emulator.advance(300)

    report = emulator.admin("GET", "audit")

    assert report["scaleSets"] == {
        scale_set_id(): {
            "instances": 15,
            "firstSwapAt": "2024-06-01T00:00:10Z",
            "lastReadyAt": "2024-06-01T00:00:50Z",
            "maxOutOfService": 3,
            "maxOutOfServicePercent": 20.0,
            "maxInFlight": 3,
            "maxZonesInFlight": 1,
            "maxUpdateDomainsInFlight": 1,
            "swaps": {"0": 1, "3": 1, "6": 1},
            "rollbacks": {},
            "dataDisksLost": 0,
            "imageVersions": {V2: 3, V1: 12},
            "batches": [
                {
                    "instances": ["0", "3", "6"],
                    "acceptedAt": "2024-06-01T00:00:10Z",
                    "readyAt": "2024-06-01T00:00:50Z",
                }
            ],
            "busySeconds": 40.0,
            "wallSeconds": 40.0,
            "overheadSeconds": 0.0,
        }
    }
    assert report["regions"] == {"westeurope": {"maxZonesInFlightPerImage": 1}}
    assert report["pairs"] == {"overlapSeconds": 0.0}
    assert (report["batchPools"], report["nodePools"], report["violations"]) == ({}, {}, [])
    assert report["requests"] == {"total": 1, "mutating": 1, "perInstance": 0.333}


def test_batch_is_ready_when_its_last_instance_is_on_either_version(serve: Serve) -> None:
    """A batch with a rolled-back instance is ready when that is; one whose instance stays unhealthy never is."""
    emulator = serve(world(imageBehaviours=[{"version": V2, "instances": ["3"], "health": "never"}]))
    emulator.reimage("0", "3", "6")
    emulator.advance(320)
    before = emulator.audit()["batches"]

    emulator.reimage("3", version=V1)
    emulator.advance(40)

    report = emulator.audit()
    expected = {"instances": ["0", "3", "6"], "acceptedAt": "2024-06-01T00:00:00Z"}
    assert before == [{**expected, "readyAt": None}]
    assert report["batches"] == [{**expected, "readyAt": "2024-06-01T00:06:00Z"}]
    assert report["lastReadyAt"] == "2024-06-01T00:06:00Z"


def test_instances_of_an_unknown_image_are_counted_as_such(serve: Serve) -> None:
    """Where no image version can be resolved the report says so in words."""
    emulator = serve(world(scale_set(imageVersion=None), platformImages=[]))

    assert emulator.audit()["imageVersions"] == {"unknown": 15}


def test_flight_ends_with_the_health_seconds(serve: Serve) -> None:
    """In flight until healthSeconds after the end of the swap; then an instance that is not ready is unhealthy."""
    behaviours = [{"version": V2, "health": "never"}]
    emulator = serve(world(imageBehaviours=behaviours, referee={"healthSeconds": 60}))
    emulator.reimage("0", "3", "6")

    emulator.advance(300)

    report = emulator.audit()
    assert (report["busySeconds"], report["maxInFlight"], report["lastReadyAt"]) == (80.0, 3, None)
    emulator.reimage("9")
    assert emulator.audit()["maxOutOfService"] == 4


def test_flight_of_an_operation_without_an_end_is_over_after_half_an_hour(serve: Serve) -> None:
    """R48: after 30 minutes an operation has failed for its instances, and another zone may go; not a minute before."""
    stuck = {"match": {"method": "POST", "path": "*/reimage"}, "effect": {"operation": "stuck"}, "times": 1}
    emulator = serve(world(scale_set("a"), scale_set("b"), faults=[stuck]))
    emulator.reimage("0", name="a")
    emulator.advance(1799)
    emulator.reimage("1", name="b")
    before = emulator.broken_rules()
    emulator.advance(100)

    emulator.reimage("4", name="b")

    assert (before, emulator.broken_rules()) == (["R48"], ["R48"])
    assert emulator.audit("a")["busySeconds"] == 1800.0


def test_late_instance_is_ready_all_the_same(serve: Serve) -> None:
    """An instance that becomes ready after its time completes its batch then; the idle time in between is overhead."""
    behaviours = [{"version": V2, "health": "never"}]
    emulator = serve(world(imageBehaviours=behaviours, referee={"healthSeconds": 60}))
    emulator.reimage("0")
    emulator.advance(200)

    emulator.admin("POST", "instances", {"id": scale_set_id(), "instances": ["0"], "health": "healthy"})

    report = emulator.audit()
    assert report["batches"][0]["readyAt"] == "2024-06-01T00:03:20Z"
    assert (report["wallSeconds"], report["busySeconds"], report["overheadSeconds"]) == (200.0, 80.0, 120.0)


def test_overhead_is_the_time_between_batches(serve: Serve) -> None:
    """OverheadSeconds is what lies between the first swap and the last ready with nothing in flight."""
    emulator = serve()
    for batch in (["0", "3", "6"], ["9", "12"]):
        emulator.reimage(*batch)
        emulator.advance(47)

    report = emulator.audit()

    assert (report["wallSeconds"], report["busySeconds"], report["overheadSeconds"]) == (87.0, 80.0, 7.0)


def test_what_happens_from_outside_is_counted_but_no_violation(serve: Serve) -> None:
    """A crash after the acceptance raises maxOutOfService and breaks no rule."""
    emulator = serve()
    emulator.reimage("0", "3", "6")

    emulator.admin(
        "POST", "instances", {"id": scale_set_id(), "instances": ["1", "2"], "health": "unhealthy"}
    )

    assert (emulator.audit()["maxOutOfService"], emulator.broken_rules()) == (5, [])


def test_refused_calls_are_not_counted(serve: Serve) -> None:
    """What Azure refused never happened to the referee; the request log still has it."""
    emulator = serve(world(faults=[{"effect": {"status": 429}, "times": 1}]))

    emulator.reimage("0")
    emulator.reimage("99")
    report = emulator.admin("GET", "audit")

    assert report["scaleSets"][scale_set_id()]["swaps"] == {}
    assert report["requests"] == {"total": 2, "mutating": 2, "perInstance": None}


def test_ids_are_the_documents_whatever_case_a_call_used(serve: Serve) -> None:
    """Keys of the report are the ids that the world wrote."""
    emulator = serve()

    emulator.arm("POST", f"{scale_set_id().upper()}/REIMAGE", {"instanceIds": ["0"], "exactVersion": V2})

    assert list(emulator.admin("GET", "audit")["scaleSets"]) == [scale_set_id()]
    assert emulator.audit()["swaps"] == {"0": 1}


def test_scaling_out_counts_new_instances_as_out_of_service(serve: Serve) -> None:
    """New instances are not ready until they have booted; removed ones are forgotten."""
    emulator = serve(world(scale_set(capacity=3), timings=STEADY))

    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 5})
    emulator.advance(60)
    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 2})

    report = emulator.audit()
    assert (report["instances"], report["maxOutOfService"], report["maxOutOfServicePercent"]) == (2, 2, 40.0)
