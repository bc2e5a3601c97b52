"""What was asked for on the command line, as a rollout of node images."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import click

from fleetwright.cli.options import Common
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.images import LATEST
from fleetwright.domain.records import TriggerKind
from fleetwright.node_images.request import NodeRequest
from fleetwright.node_images.settings import (
    NODE_IMAGES_VARIABLE,
    NodeImageSettings,
    load_node_image_settings,
    node_images_file,
)


def node_request(
    common: Common, *, trigger: str, version: str = LATEST, rollback: bool = False
) -> NodeRequest:
    """Build the request from the flags and the site's settings.

    :raises ConfigurationError: for flags that mean nothing here, or settings that cannot be read
    """
    if version != LATEST:
        raise ConfigurationError(
            f"--version {version}: AKS gives a node pool the newest image of its region and no other (N35); leave it out"
        )
    if rollback:
        raise ConfigurationError("--rollback: node images never go back (N34); leave it out")
    settings = site_settings()
    manners = settings.manners
    if _is_given("poll"):
        manners = replace(manners, poll=timedelta(seconds=_poll()))
    return NodeRequest(common.fleet, TriggerKind(trigger), manners, default_window=settings.window)


def site_settings() -> NodeImageSettings:
    """How the site times upgrades; as usual where there is no file.

    :raises ConfigurationError: when the file cannot be read or holds errors
    """
    path = node_images_file(os.environ)
    if not os.environ.get(NODE_IMAGES_VARIABLE) and not path.exists():
        return NodeImageSettings()
    return load_node_image_settings(path)


def _is_given(flag: str) -> bool:
    source = click.get_current_context().get_parameter_source(flag)
    return source is click.core.ParameterSource.COMMANDLINE


def _poll() -> float:
    seconds = float(click.get_current_context().params["poll"])
    if not 1 <= seconds <= 3600:
        raise ConfigurationError(f"--poll {seconds:g}: it is from 1 to 3600 seconds")
    return seconds
