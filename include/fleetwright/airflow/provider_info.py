"""What Airflow asks a provider for: the connection type and its form."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """The provider's description (entry point ``apache_airflow_provider``)."""
    return {
        "package-name": "fleetwright",
        "name": "Fleetwright",
        "description": "Rolls new OS images out over Azure fleets.",
        "connection-types": [
            {
                "connection-type": "azure_rm",
                "hook-class-name": "fleetwright.airflow.hooks.AzureRmHook",
                "hook-name": "Azure Resource Manager",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "port"],
                    "relabeling": {"host": "Endpoint", "login": "Client ID", "password": "Client secret"},
                    "placeholders": {
                        "host": "https://management.azure.com",
                        "login": "of a service principal or a workload identity",
                    },
                },
                "conn-fields": _fields(),
            }
        ],
    }


def _fields() -> dict[str, Any]:
    """The form's own fields, which Airflow keeps in the connection's extra."""
    ways = ["default", "client_secret", "managed_identity", "workload_identity", "token"]
    return {
        "subscription_id": _text("Subscription ID", "Fleets of any other subscription are refused."),
        "credential": _choice("Credential", ways, "Empty: by what is given below and above."),
        "tenant_id": _text("Tenant ID", "Of a service principal or a workload identity."),
        "token": _text("Static bearer token", "Cannot be renewed.", secret=True),
        "managed_identity_client_id": _text(
            "Managed identity's client ID", "Empty with managed_identity: the system-assigned one."
        ),
        "workload_identity_token_file": _text(
            "Workload identity's token file", "Empty with workload_identity: AZURE_FEDERATED_TOKEN_FILE."
        ),
        "ca_bundle": _text("Extra CA bundle (PEM file)", "Trusted besides the usual authorities."),
        "require_deferral": _choice(
            "Require deferral",
            ["true", "false"],
            "Hold sets that Azure upgrades by itself; empty: on management.azure.com only.",
        ),
        "api_version": _text(
            "API version",
            "For calls about scale sets, Batch pools and AKS clusters; empty for the built-in one.",
        ),
        "node_upgrade_way": _choice(
            "Node upgrade way",
            ["auto", "data-plane", "scale-set"],
            "By what nodes of Batch pools are upgraded; empty: by the endpoint and the account.",
        ),
    }


def _text(label: str, description: str, *, secret: bool = False) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": ["string", "null"]}
    if secret:
        schema["format"] = "password"
    return {"label": label, "description": description, "schema": schema}


def _choice(label: str, values: list[str], description: str) -> dict[str, Any]:
    return {
        "label": label,
        "description": description,
        "schema": {"type": ["string", "null"], "enum": [None, *values]},
    }
