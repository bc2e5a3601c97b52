"""The emulator's own routes about images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from arm_emulator.admin import image_bodies
from arm_emulator.admin.image_happenings import publish_image, replicate_image, withdraw_image
from arm_emulator.admin.node_image_happenings import publish_node_image

if TYPE_CHECKING:
    from arm_emulator.emulator import Emulator

_NAMED = frozenset({"publisher", "offer", "sku", "gallery", "image", "version", "nodeImage"})


def image_routes(emulator: Emulator) -> APIRouter:
    """All of them."""
    router = APIRouter()

    @router.post("/images")
    async def post_image(body: image_bodies.PublishImage) -> dict[str, Any]:
        """Publish an image version now, of a platform image or in a gallery; or a node image, now or later."""
        emulator.advance()
        if isinstance(body, image_bodies.PublishNodeImage):
            publish_node_image(emulator.world, body)
        else:
            publish_image(emulator.world, body)
        return body.model_dump(include=set(_NAMED))

    @router.post("/images/replicate")
    async def post_replication(body: image_bodies.ReplicateImage) -> dict[str, Any]:
        """Say how far a version of a gallery's image has come in a region."""
        emulator.advance()
        replicate_image(emulator.world, body)
        return body.model_dump(mode="json", exclude_none=True)

    @router.post("/images/withdraw")
    async def post_withdrawal(body: image_bodies.WithdrawImage) -> dict[str, Any]:
        """Withdraw a version: it is not listed any more, and a reimage to it is refused."""
        emulator.advance()
        withdraw_image(emulator.world, body)
        return body.model_dump(include=set(_NAMED))

    return router
