"""What Airflow asks the provider for: the connection type, its form, and the hook behind it."""

from __future__ import annotations

from airflow.providers_manager import ProvidersManager, _create_provider_info_schema_validator
from airflow.sdk.definitions.connection import Connection

from fleetwright.airflow.hooks import AzureRmHook
from fleetwright.airflow.provider_info import get_provider_info
from fleetwright.azure.batch.upgrade_ways import WAY_WORDS
from fleetwright.azure.identities import Identity


def test_the_provider_info_is_valid_by_airflows_own_schema() -> None:
    """Airflow validates every provider against its schema and drops the ones that do not match."""
    errors = list(_create_provider_info_schema_validator().iter_errors(get_provider_info()))

    assert errors == []


def test_airflow_finds_the_provider_and_its_connection_type() -> None:
    """The entry point makes ``azure_rm`` a connection type of this Airflow, with a hook that can be imported."""
    found = ProvidersManager().hooks["azure_rm"]

    assert found is not None
    assert found.hook_name == "Azure Resource Manager"
    assert found.package_name == "fleetwright"


def test_the_hook_of_a_connection_is_ours() -> None:
    """A connection of the type leads to the hook, whose own attributes say the same as the provider info."""
    hook = Connection(conn_id="azure_rm_default", conn_type="azure_rm").get_hook()

    assert isinstance(hook, AzureRmHook)
    (declared,) = get_provider_info()["connection-types"]
    assert declared["connection-type"] == AzureRmHook.conn_type
    assert declared["hook-name"] == AzureRmHook.hook_name


def test_the_form_asks_for_endpoint_subscription_credential_and_ca() -> None:
    """The UI's form has a field for each of them, shows the endpoint by that name, and hides what is unused."""
    (declared,) = get_provider_info()["connection-types"]

    assert set(declared["conn-fields"]) == {
        "subscription_id",
        "credential",
        "tenant_id",
        "token",
        "managed_identity_client_id",
        "workload_identity_token_file",
        "ca_bundle",
        "require_deferral",
        "api_version",
        "node_upgrade_way",
    }
    assert declared["ui-field-behaviour"]["relabeling"] == {
        "host": "Endpoint",
        "login": "Client ID",
        "password": "Client secret",
    }
    assert set(declared["ui-field-behaviour"]["hidden-fields"]) == {"schema", "port"}


def test_the_token_is_entered_like_a_password() -> None:
    """Whoever looks over a shoulder at the form does not read the token."""
    (declared,) = get_provider_info()["connection-types"]

    assert declared["conn-fields"]["token"]["schema"]["format"] == "password"


def test_the_choices_of_the_form_are_those_that_the_hook_takes() -> None:
    """What the form offers for the credential is what the hook knows, and nothing is chosen beforehand (O2)."""
    (declared,) = get_provider_info()["connection-types"]
    fields = declared["conn-fields"]

    assert fields["credential"]["schema"]["enum"] == [None, *(str(way) for way in Identity)]
    assert fields["require_deferral"]["schema"]["enum"] == [None, "true", "false"]
    assert fields["node_upgrade_way"]["schema"]["enum"] == [None, *WAY_WORDS]
