"""A world from a real scale set: ``python -m arm_emulator import``.

It reads what ``az vmss show`` and ``az vmss list-instances --expand instanceView`` print, in the CLI's flattened JSON or
as raw ARM with ``properties``, and writes a world file. What the files do not say is named on standard error, a line
for each thing, with what is assumed in its place::

    command_line  options, and what stops an import
    files         the files: JSON, and where in one something is wrong
    arm_shape     the CLI's flattened JSON back in ARM's shape
    notes         what was missing and what is assumed
    fleets        the scale set's resource
    members       its instances, each with what sets it apart
    views         power, health and extensions of an instance view
    pictures      the image versions that were seen, as a catalogue or a gallery
    worlds        all of it together, checked as any world is
"""
