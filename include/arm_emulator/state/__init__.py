"""A world that outlives its process: ``--state FILE``.

Everything that happens in a world follows from its document, its seed and the calls that came in, each at its instant.
So the file keeps those, and a start carries them out again::

    journal     the SQLite file: the world that it began with, and a row for each call
    clocks      a clock that remembers what it said, and one that says it again
    recorder    writes a row before its call is answered
    admin_calls the emulator's own routes, recorded
    replay      from the file to the emulator as it was

A row is committed before its call is answered: whatever a client was told is there after a kill. A call that was not
answered may be there or not, as on Azure.
"""
