"""What a scale set's model says beside its image and its policy, as far as a rule asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class WindowsSettings:
    """``osProfile.windowsConfiguration``.

    :param enable_automatic_updates: None where the model does not say; Azure's default is true
    :param is_shown: False where only the disk tells that it is Windows
    """

    enable_automatic_updates: bool | None = None
    is_shown: bool = True


@dataclass(frozen=True, slots=True)
class ServiceFabricExtension:
    """The extension that makes a set a node type of a Service Fabric cluster.

    :param durability_level: ``Bronze``, ``Silver``, ``Gold``; empty where its settings do not say
    :param cluster_endpoint: which cluster the nodes belong to
    :param is_stateless: what its own settings say; the cluster's node type knows better
    """

    name: str
    type_handler_version: str = ""
    durability_level: str = ""
    cluster_endpoint: str = ""
    node_type: str = ""
    is_stateless: bool = False


@dataclass(frozen=True, slots=True)
class ExpiringCredential:
    """A credential in an extension's settings that says itself until when it is good; never the secret.

    :param setting: where it stands, such as ``settings.fileUris[0]``
    :param kind: ``SAS token``, ``JWT``, or the name of a field
    """

    extension: str
    setting: str
    kind: str
    expires_at: datetime
