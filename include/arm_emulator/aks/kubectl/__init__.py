"""A small kubectl, for ``runCommand``: get, annotate, cordon, uncordon and version, in Kubernetes' own words and shapes.

shell       several commands in one text, joined by ``&&``, ``||``, ``;`` or new lines
commands    which command a line is
arguments   its flags
outcomes    what it prints, and its exit code
selectors   ``-l``
getting     ``kubectl get``, and what it shows: node_objects, pod_objects, printing, columns
changing    ``kubectl annotate``, ``cordon`` and ``uncordon``
"""
