"""Routes of own galleries: reads, and the life of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import ErrorDetail, InvalidParameterError, ResourceNotFoundError
from arm_emulator.compute.instance import Fate
from arm_emulator.galleries.changes import put_version, remove_version, update_version
from arm_emulator.galleries.rendering import gallery_body, image_body, version_body, versions_of
from arm_emulator.operations.links import async_operation_url, poll_headers
from arm_emulator.operations.operation import Operation
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import paged
from arm_emulator.wire.router import GALLERY, RESOURCE_GROUP, SUBSCRIPTION, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arm_emulator.compute.model import JsonObject
    from arm_emulator.galleries.galleries import Gallery, GalleryImage
    from arm_emulator.galleries.versions import GalleryVersion
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_LIST = "providers/Microsoft.Compute/galleries"
_IMAGE = f"{GALLERY}/images/{{galleryImageName}}"
_VERSION = f"{_IMAGE}/versions/{{galleryImageVersionName}}"


def gallery_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", f"{SUBSCRIPTION}/{_LIST}", list_galleries),
        Route("GET", f"{RESOURCE_GROUP}/{_LIST}", list_galleries),
        Route("GET", GALLERY, get_gallery),
        Route("GET", f"{GALLERY}/images", list_images),
        Route("GET", _IMAGE, get_image),
        Route("GET", f"{_IMAGE}/versions", list_versions),
        Route("GET", _VERSION, get_version),
        Route("PUT", _VERSION, put),
        Route("PATCH", _VERSION, patch),
        Route("DELETE", _VERSION, delete),
    )


def list_galleries(world: World, call: ArmCall) -> ArmReply:
    """The galleries of a subscription or of a resource group."""
    world.subscription(call.parameters["subscriptionId"])
    group = call.parameters.get("resourceGroupName")
    where = f"/subscriptions/{call.parameters['subscriptionId']}/" + (
        f"resourceGroups/{group}/" if group else ""
    )
    found = [g for key, g in world.galleries.by_id.items() if key.startswith(where.lower())]
    return _page(call, [gallery_body(gallery) for gallery in found])


def get_gallery(world: World, call: ArmCall) -> ArmReply:
    """One gallery."""
    return ArmReply.of(gallery_body(addressed_gallery(world, call)))


def list_images(world: World, call: ArmCall) -> ArmReply:
    """The images of a gallery."""
    gallery = addressed_gallery(world, call)
    return _page(call, [image_body(gallery, image) for image in gallery.images.values()])


def get_image(world: World, call: ArmCall) -> ArmReply:
    """One image."""
    return ArmReply.of(image_body(*addressed_image(world, call)))


def list_versions(world: World, call: ArmCall) -> ArmReply:
    """The versions of an image, without their replication."""
    gallery, image = addressed_image(world, call)
    page, next_link = paged(call, versions_of(image))
    value = [version_body(world.regions, gallery, image, version, with_status=False) for version in page]
    return ArmReply.of({"value": value, **({"nextLink": next_link} if next_link else {})})


def get_version(world: World, call: ArmCall) -> ArmReply:
    """One version; its replication where ``$expand`` asks for it."""
    with_status = "replicationstatus" in _expanded(call)
    gallery, image = addressed_image(world, call)
    version = _addressed_version(image, call)
    return ArmReply.of(version_body(world.regions, gallery, image, version, with_status=with_status))


def _expanded(call: ArmCall) -> set[str]:
    """What ``$expand`` names, in lower case.

    :raises InvalidParameterError: it names something that a version does not have.
    """
    named = {part.strip().lower() for part in call.query.get("$expand", "").split(",")} - {""}
    if named - {"replicationstatus", "uefisettings"}:
        raise InvalidParameterError(
            f"The value '{call.query['$expand']}' of query parameter $expand is not supported; it takes "
            "ReplicationStatus and UefiSettings.",
            target="$expand",
        )
    return named


def put(world: World, call: ArmCall) -> ArmReply:
    """Publish a version, or change all of one that is there: 201 and 200, with an operation to poll."""
    gallery, image = addressed_image(world, call)
    name = call.parameters["galleryImageVersionName"]
    is_new = name not in image.versions
    version = put_version(world, gallery, image, name, call)
    return _accepted(world, call, (gallery, image, version), status=201 if is_new else 200)


def patch(world: World, call: ArmCall) -> ArmReply:
    """Change what the body names."""
    gallery, image = addressed_image(world, call)
    version = update_version(world, _addressed_version(image, call), call)
    return _accepted(world, call, (gallery, image, version), status=200)


def delete(world: World, call: ArmCall) -> ArmReply:
    """Withdraw a version: from now on nothing is deployed from it; what runs it goes on."""
    gallery, image = addressed_image(world, call)
    if call.parameters["galleryImageVersionName"] not in image.versions:
        return ArmReply(204)
    remove_version(image, _addressed_version(image, call), call)
    return ArmReply(202, headers=poll_headers(world, call.base_url, _operation(world, call, gallery)))


def addressed_gallery(world: World, call: ArmCall) -> Gallery:
    """The gallery in the path.

    :raises ResourceNotFoundError: it is not there; likewise for its subscription and resource group.
    """
    at = call.parameters
    world.subscription(at["subscriptionId"])
    where = f"/subscriptions/{at['subscriptionId']}/resourceGroups/{at['resourceGroupName']}"
    gallery_id = f"{where}/providers/Microsoft.Compute/galleries/{at['galleryName']}"
    found = world.galleries.by_id.get(gallery_id.lower())
    if found is not None:
        return found
    gallery = f"Microsoft.Compute/galleries/{at['galleryName']}"
    raise world.not_found(at["subscriptionId"], at["resourceGroupName"], gallery)


def addressed_image(world: World, call: ArmCall) -> tuple[Gallery, GalleryImage]:
    """The image in the path, and its gallery.

    :raises ResourceNotFoundError: it is not there.
    """
    gallery = addressed_gallery(world, call)
    return gallery, gallery.image(call.parameters["galleryImageName"])


def _addressed_version(image: GalleryImage, call: ArmCall) -> GalleryVersion:
    name = call.parameters["galleryImageVersionName"]
    found = image.versions.get(name)
    if found is None:
        raise ResourceNotFoundError(
            f"The Resource 'Microsoft.Compute/galleries/{call.parameters['galleryName']}/images/{image.name}"
            f"/versions/{name}' was not found."
        )
    return found


def _page(call: ArmCall, bodies: Sequence[JsonObject]) -> ArmReply:
    page, next_link = paged(call, bodies)
    return ArmReply.of({"value": list(page), **({"nextLink": next_link} if next_link else {})})


def _accepted(
    world: World, call: ArmCall, what: tuple[Gallery, GalleryImage, GalleryVersion], *, status: int
) -> ArmReply:
    body: dict[str, Any] = version_body(world.regions, *what, with_status=False)
    state = "Creating" if status == 201 else "Updating"
    body["properties"] = {**body["properties"], "provisioningState": state}
    operation = _operation(world, call, what[0], result_path=call.path.rstrip("/"))
    headers = {"Azure-AsyncOperation": async_operation_url(call.base_url, operation), "Retry-After": "1"}
    return ArmReply.of(body, status=status, headers=headers)


def _operation(world: World, call: ArmCall, gallery: Gallery, *, result_path: str | None = None) -> Operation:
    """The operation of a change that takes no time; a fault may make it fail or hang."""
    operation = Operation(
        id=world.new_guid("operation"),
        subscription=call.parameters["subscriptionId"],
        location=gallery.location,
        resource=gallery.id.lower(),
        started=world.now,
        stuck=call.disruption.fate is Fate.STUCK,
        result_path=result_path,
        collection="capsOperations",
    )
    if call.disruption.fate is Fate.FAIL:
        operation.failures.append(ErrorDetail(call.disruption.code, call.disruption.message))
    world.operations[operation.id] = operation
    operation.end_if_settled(world.now)
    return operation
