"""The application layer of phases: how a publication is found and travels the regions, over ports.

Here stand the steps of one publication in one phase, from opening to ending. ``plan`` knows the phases file, ``watch`` finds
and announces what is new, ``config`` reads the files of both.
"""
