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
                        "login": "empty: azure-identity's default chain",
                    },
                },
                "conn-fields": {
                    "subscription_id": _text("Subscription ID"),
                    "tenant_id": _text("Tenant ID"),
                    "token": _text("Static bearer token", secret=True),
                    "ca_bundle": _text("Extra CA bundle (PEM file)"),
                },
            }
        ],
    }


def _text(label: str, *, secret: bool = False) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": ["string", "null"]}
    if secret:
        schema["format"] = "password"
    return {"label": label, "schema": schema}
