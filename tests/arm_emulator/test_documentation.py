"""The coverage table of docs/emulator.md against the routes that there are."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from emulated_worlds import Serve

from arm_emulator.aks.addressing import AGENT_POOL, CLUSTER
from arm_emulator.batch.addressing import ACCOUNT
from arm_emulator.batch.node_addressing import NODE
from arm_emulator.batch.speech import SERVICE
from arm_emulator.server import create_router
from arm_emulator.wire.router import COMPUTE_LOCATION, CONTAINER_LOCATION, RESOURCE_GROUP, SCALE_SET

PAGE = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text("utf-8")


def test_every_arm_route_is_in_the_table() -> None:
    """The table lists the routes that are served, all of them and no others."""
    short = {
        SCALE_SET: "{SS}",
        AGENT_POOL: "{AP}",
        CLUSTER: "{MC}",
        ACCOUNT: "{BA}",
        RESOURCE_GROUP: "{RG}",
        COMPUTE_LOCATION: "{L}",
        CONTAINER_LOCATION: "{CL}",
        NODE: "{BN}",
        SERVICE: "{BD}",
    }
    served = set()
    for route in create_router().routes:
        path = route.template
        for long, brief in short.items():
            path = path.replace(long, brief)
        served.add(f"{route.method} {path}")

    assert (
        set(
            re.findall(r"^\| `(\w+ [^`]+)` \|.*\|.*\|$", PAGE.split("## The emulator's own")[0], re.MULTILINE)
        )
        == served
    )


def test_every_route_of_its_own_is_in_the_table(serve: Serve) -> None:
    """The second table lists the admin routes, all of them and no others."""
    paths = serve().admin("GET", "openapi.json")["paths"]
    served = {f"{verb.upper()} {path}" for path, verbs in paths.items() for verb in verbs}
    own = PAGE.split("## The emulator's own routes")[1].split("\n## ")[0]

    listed = {
        name
        for row in re.findall(r"^\| (`.*?`) \|", own, re.MULTILINE)
        for name in re.findall(r"`(\w+ /[\w/]+)`", row)
    }

    assert listed == served


def test_the_example_world_works(serve: Serve) -> None:
    """The world of the page loads with its galleries, and its instances are healthy."""
    example, shelf = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

    emulator = serve({**yaml.safe_load(example), **yaml.safe_load(shelf)})

    assert emulator.codes("14")[-1] == "HealthState/healthy"
    (gallery,) = emulator.admin("GET", "world")["galleries"]
    assert gallery["images"][0]["versions"][1]["x-emulator"]["replicated"] == ["westeurope"]
