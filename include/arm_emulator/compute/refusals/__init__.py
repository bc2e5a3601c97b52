"""What Azure refuses in a client's PUT or PATCH of a scale set, beyond what no scale set can have.

A world file may have such a set all the same: whoever rolls out must be able to meet one. The checks::

    asked              the resource that the call would make, taken apart for the checks
    automatic_upgrade  what enableAutomaticOSUpgrade needs (R15, R16, R19, R24, R28, N1-N4, N17)
    service_fabric     durability, extension version, probes (R20-R23, R33, C1)
    health_sources     their settings and what depends on them (N4, N22, R34)
    repairs            automatic repairs and health from outside
    size               how many instances a set may have
    judging            all of them in order; the first is the answer
"""
