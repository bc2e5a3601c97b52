"""A stand-in for Azure that speaks ARM over HTTP, for tests and demonstrations.

It serves scale sets, the platform image catalogue, subscriptions and locations as Azure Resource Manager does, to any
client that speaks to Azure; the official Python clients work against it unmodified. Start it with
``python -m arm_emulator --world WORLD.yaml``, or in a test with :class:`arm_emulator.server_thread.EmulatorServer`.

How a request travels, a package for each station::

    wire/        from HTTP to a call and back: routes, tokens, api-versions, preconditions, headers, errors
    compute/     scale sets and instances: responses serialise, the other modules are state and know no HTTP
    images/      the platform image catalogue, and what instances do when they boot a version
    resources/   subscriptions, regions (a table of the public ones), load balancers
    operations/  long-running operations and their polls
    faults/      calls that go wrong on purpose
    world/       the state as a whole: read, checked, loaded, moved on in time, written again
    referee/     hears the world's events and judges them; knows nothing else
    admin/       the emulator's own routes, ``/_emulator/…``

There is no wall clock in the state and no thread behind it. Every request first moves the world to the clock's time:
the timeline (a heap of instants) is worked off in order, each event at its own instant. On a manual clock five minutes
cost nothing.

Keys of a world document that are this emulator's own
-----------------------------------------------------

Under ``x-emulator`` of a scale set, besides ``imageVersion``, ``unhealthyInstances``, ``dataDisksPerInstance``,
``updateDomains`` and ``timings``:

``rollingUpgrade``
    A rolling upgrade by somebody else, as ``rollingUpgrades/latest`` shows it:
    ``{code: RollingForward, startTime, lastAction, lastActionTime, policy, progress, error}``; all but ``code`` may be
    left out. ``POST /_emulator/rollingUpgrades`` with ``{id, rollingUpgrade}`` sets it later; null takes it away.
    One with ``platformVersion`` is carried out by this world; the other keys say how far it is.
``upgradeHistory``, ``automaticSince``, ``eligible``, ``repairsSuspended``
    Upgrades that this world carried out before, since when automatic ones are on, the version that the set would go to
    and since when its region has it, and whether automatic repairs were suspended.
``instances``, ``previousModels``, ``instanceIds``, ``nextInstanceId``, ``etag``
    What ``GET /_emulator/world`` writes where an instance differs from what its number and its set say: versions,
    counts of disks, health, protection, and the step that it is at with the instant at which that ends.

``operations`` at the top holds the operations in progress. A document with them can be loaded again like any other:
what was in flight goes on. Operations that have ended, the referee's record and the request log are not part of it.

What is emulated and what is not, route by route: ``docs/emulator.md``.
"""
