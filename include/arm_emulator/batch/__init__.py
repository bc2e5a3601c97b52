"""Azure Batch: accounts, pools, and nodes that work.

State      ``pool``, ``node``, ``work``, ``interruption``, ``node_actions``, ``deferral``; a pool's machines are a scale set (``machines``).
World      ``documents``, ``world_checks``, ``loading``, ``dumping``.
ARM        ``addressing``, ``account_responses``, ``pool_responses``; what they change and refuse: ``account_changes``, ``pool_changes``,
           ``pool_bodies``, ``pool_checks``, ``upgrade_policy``, ``refusals``.
Data plane ``speech``, ``errors``, ``odata``, ``node_addressing``, ``node_responses``, ``task_responses``, ``served_pool_responses``.
"""
