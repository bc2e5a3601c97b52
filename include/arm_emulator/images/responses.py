"""Routes of the platform image catalogue: bare arrays, without pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import InvalidParameterError
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.router import COMPUTE_LOCATION, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arm_emulator.images.catalogue import PlatformImage
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_PUBLISHERS = f"{COMPUTE_LOCATION}/publishers"
_OFFERS = f"{_PUBLISHERS}/{{publisherName}}/artifacttypes/vmimage/offers"
_SKUS = f"{_OFFERS}/{{offer}}/skus"
_VERSIONS = f"{_SKUS}/{{skus}}/versions"


def image_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", _PUBLISHERS, list_publishers),
        Route("GET", _OFFERS, list_offers),
        Route("GET", _SKUS, list_skus),
        Route("GET", _VERSIONS, list_versions),
        Route("GET", f"{_VERSIONS}/{{version}}", get_version),
    )


def list_publishers(world: World, call: ArmCall) -> ArmReply:
    """The publishers of a region."""
    return _items(world, call, world.catalogue.publishers(_location(world, call), world.now))


def list_offers(world: World, call: ArmCall) -> ArmReply:
    """The offers of a publisher."""
    at = call.parameters
    return _items(world, call, world.catalogue.offers(_location(world, call), world.now, at["publisherName"]))


def list_skus(world: World, call: ArmCall) -> ArmReply:
    """The skus of an offer."""
    at = call.parameters
    names = world.catalogue.skus(_location(world, call), world.now, at["publisherName"], at["offer"])
    return _items(world, call, names)


def list_versions(world: World, call: ArmCall) -> ArmReply:
    """The versions of a sku, oldest first unless ``$orderby`` says otherwise."""
    location, image = _location(world, call), _image(world, call)
    order = call.expects("$orderby", frozenset({"name", "name asc", "name desc"}))
    versions = image.visible(location, world.now)
    if order == "name desc":
        versions.reverse()
    top = call.query.get("$top")
    if top is not None and not top.isdecimal():
        raise InvalidParameterError(f"The value '{top}' of query parameter $top is no number.", target="$top")
    names = [version.name for version in versions[: None if top is None else int(top)]]
    items = [_item(world, call, name) for name in names]
    if call.expects("$expand", frozenset({"properties"})) is not None:
        items = [{**item, "properties": _properties(image)} for item in items]
    return ArmReply.of(items)


def get_version(world: World, call: ArmCall) -> ArmReply:
    """One version; ``latest`` is the newest of the region."""
    at, image = call.parameters, _image(world, call)
    version = world.catalogue.find_version(
        _location(world, call),
        world.now,
        publisher=at["publisherName"],
        offer=at["offer"],
        sku=at["skus"],
        version=at["version"],
    )
    item = _item(world, call, version.name, parent=call.path.rstrip("/").rpartition("/")[0])
    return ArmReply.of({**item, "properties": _properties(image)})


def _image(world: World, call: ArmCall) -> PlatformImage:
    at = call.parameters
    return world.catalogue.image(at["publisherName"], at["offer"], at["skus"])


def _location(world: World, call: ArmCall) -> str:
    return world.region(call.parameters["subscriptionId"], call.parameters["location"])


def _items(world: World, call: ArmCall, names: Sequence[str]) -> ArmReply:
    return ArmReply.of([_item(world, call, name) for name in names])


def _item(world: World, call: ArmCall, name: str, *, parent: str | None = None) -> dict[str, Any]:
    path = call.path.rstrip("/") if parent is None else parent
    return {"location": _location(world, call), "name": name, "id": f"{path}/{name}"}


def _properties(image: PlatformImage) -> dict[str, Any]:
    return {
        "osDiskImage": {"operatingSystem": image.os_type, "sizeInGb": 31},
        "dataDiskImages": [],
        "automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": image.automatic_os_upgrade_supported},
        "hyperVGeneration": "V2",
        "architecture": "x64",
        "features": [],
        "imageDeprecationStatus": {"imageState": "Active"},
    }
