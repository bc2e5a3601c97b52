"""What stands outside a fleet's model and decides whether it may be upgraded; read once, before the first batch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that was asked for and could not be read.

    :param what: the thing with its id
    :param why: the provider's own words, on one line
    """

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what} could not be read ({self.why})"


@dataclass(frozen=True, slots=True)
class ImageSupport:
    """Whether Azure upgrades a platform image automatically (R53).

    :param shown: ``automaticOSUpgradeSupported`` of a version, None where the catalogue does not say
    :param listed: the image stands in Azure's published tables (C3)
    """

    shown: bool | None
    listed: bool


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """The load balancer of a health probe.

    :param probe_seconds: the probe's interval, None where the load balancer has no such probe
    """

    name: str
    sku: str
    probe: str
    probe_seconds: int | None


@dataclass(frozen=True, slots=True)
class NodeType:
    """The node type of a Service Fabric cluster that a set's instances are."""

    cluster: str
    name: str
    durability_level: str
    is_stateless: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything of it; None is what was not asked for, because no rule needs it.

    :param api_version: the one that scale-set calls carry, empty where it does not matter
    """

    api_version: str = ""
    image: ImageSupport | Unread | None = None
    load_balancer: LoadBalancer | Unread | None = None
    node_type: NodeType | Unread | None = None
