"""Routes of Microsoft.Features, in both styles, and of resource providers' own registration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.compute.instance import Fate
from arm_emulator.resources.features import names_of, register, spelled, state_of, unregister
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import page_reply
from arm_emulator.wire.router import SUBSCRIPTION, Route

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.compute.model import JsonObject
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import Subscription, World

_ALL = f"{SUBSCRIPTION}/providers/Microsoft.Features"
_OF_NAMESPACE = f"{_ALL}/providers/{{namespace}}/features"
_REGISTRATIONS = f"{_ALL}/featureProviders/{{namespace}}/subscriptionFeatureRegistrations"
_PROVIDER = f"{SUBSCRIPTION}/providers/{{namespace}}"


def feature_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", f"{_ALL}/features", list_all, only_reads=True),
        Route("GET", _OF_NAMESPACE, list_of_namespace, only_reads=True),
        Route("GET", f"{_OF_NAMESPACE}/{{feature}}", get, only_reads=True),
        Route("POST", f"{_OF_NAMESPACE}/{{feature}}/register", begin_register),
        Route("POST", f"{_OF_NAMESPACE}/{{feature}}/unregister", begin_unregister),
        Route("GET", f"{_ALL}/subscriptionFeatureRegistrations", list_all_registrations, only_reads=True),
        Route("GET", _REGISTRATIONS, list_registrations, only_reads=True),
        Route("GET", f"{_REGISTRATIONS}/{{feature}}", get_registration, only_reads=True),
        Route("PUT", f"{_REGISTRATIONS}/{{feature}}", put_registration),
        Route("DELETE", f"{_REGISTRATIONS}/{{feature}}", delete_registration),
        Route("GET", _PROVIDER, get_provider, only_reads=True),
        Route("POST", f"{_PROVIDER}/register", register_provider),
    )


def list_all(world: World, call: ArmCall) -> ArmReply:
    """The features of all namespaces."""
    subscription = _subscription(world, call)
    return page_reply(call, [_feature(world, subscription, name) for name in names_of(subscription)])


def list_of_namespace(world: World, call: ArmCall) -> ArmReply:
    """The features of one namespace."""
    subscription = _subscription(world, call)
    return page_reply(call, [_feature(world, subscription, name) for name in _in_namespace(world, call)])


def get(world: World, call: ArmCall) -> ArmReply:
    """A feature's state."""
    return ArmReply.of(_feature(world, _subscription(world, call), _name(call)))


def begin_register(world: World, call: ArmCall) -> ArmReply:
    """Ask for a feature: Registering, and Registered some time later."""
    subscription = _subscription(world, call)
    if call.disruption.fate is Fate.APPLY:
        register(world, subscription, _name(call))
    return ArmReply.of(_feature(world, subscription, _name(call)))


def begin_unregister(world: World, call: ArmCall) -> ArmReply:
    """Give a feature up: Unregistering, and Unregistered some time later."""
    subscription = _subscription(world, call)
    if call.disruption.fate is Fate.APPLY:
        unregister(world, subscription, _name(call))
    return ArmReply.of(_feature(world, subscription, _name(call)))


def list_all_registrations(world: World, call: ArmCall) -> ArmReply:
    """The registrations of all namespaces."""
    subscription = _subscription(world, call)
    return page_reply(call, [_registration(world, subscription, name) for name in names_of(subscription)])


def list_registrations(world: World, call: ArmCall) -> ArmReply:
    """The registrations of one namespace."""
    subscription = _subscription(world, call)
    return page_reply(call, [_registration(world, subscription, n) for n in _in_namespace(world, call)])


def get_registration(world: World, call: ArmCall) -> ArmReply:
    """A feature's registration."""
    return ArmReply.of(_registration(world, _subscription(world, call), _name(call)))


def put_registration(world: World, call: ArmCall) -> ArmReply:
    """Ask for a feature in the new style."""
    begin_register(world, call)
    return get_registration(world, call)


def delete_registration(world: World, call: ArmCall) -> ArmReply:
    """Give a feature up in the new style."""
    begin_unregister(world, call)
    return ArmReply()


def get_provider(world: World, call: ArmCall) -> ArmReply:
    """A resource provider; all are registered in every subscription of a world."""
    return ArmReply.of(_provider(_subscription(world, call), call.parameters["namespace"]))


def register_provider(world: World, call: ArmCall) -> ArmReply:
    """Register a resource provider again, which makes it see a feature (R63)."""
    return get_provider(world, call)


def _subscription(world: World, call: ArmCall) -> Subscription:
    return world.subscription(call.parameters["subscriptionId"])


def _name(call: ArmCall) -> str:
    return f"{call.parameters['namespace']}/{call.parameters['feature']}"


def _in_namespace(world: World, call: ArmCall) -> Iterable[str]:
    prefix = f"{call.parameters['namespace']}/".lower()
    return (name for name in names_of(_subscription(world, call)) if name.lower().startswith(prefix))


def _feature(world: World, subscription: Subscription, name: str) -> JsonObject:
    known = spelled(subscription, name)
    namespace, _, feature = known.partition("/")
    where = f"/subscriptions/{subscription.id}/providers/Microsoft.Features/providers"
    return {
        "properties": {"state": state_of(world, subscription, known).value},
        "id": f"{where}/{namespace}/features/{feature}",
        "type": "Microsoft.Features/providers/features",
        "name": known,
    }


def _registration(world: World, subscription: Subscription, name: str) -> JsonObject:
    known = spelled(subscription, name)
    namespace, _, feature = known.partition("/")
    where = f"/subscriptions/{subscription.id}/providers/Microsoft.Features/featureProviders"
    return {
        "properties": {
            "state": state_of(world, subscription, known).value,
            "approvalType": "AutoApproval",
            "subscriptionId": subscription.id,
            "providerNamespace": namespace,
            "featureName": feature,
            "displayName": feature,
        },
        "id": f"{where}/{namespace}/subscriptionFeatureRegistrations/{feature}",
        "type": "Microsoft.Features/featureProviders/subscriptionFeatureRegistrations",
        "name": feature,
    }


def _provider(subscription: Subscription, namespace: str) -> JsonObject:
    return {
        "id": f"/subscriptions/{subscription.id}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [],
    }
