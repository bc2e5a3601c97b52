"""AKS: managed clusters, their agent pools, nodes, node images and maintenance windows.

``cluster``, ``agent_pool`` and ``node`` are the state; what calls and time do to it stands in packages beside them, and
answers only serialise.
"""
