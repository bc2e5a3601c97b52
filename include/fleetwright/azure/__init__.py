"""Azure Resource Manager over HTTP: one client, and one driver per kind of fleet.

::

    endpoint  credentials  hosts  trust         where to call, as whom, and who may see the token
    calls  urls  bodies  paging  operations     calls and answers as values
    retries  exchange  budget  failures  errors what an outcome means: shared by both halves
    transport  verbatim  client                 the blocking half, on requests
    async_transport  async_client               the reading half for triggers, on httpx
    fleet_parsing  instance_parsing  known_pages  rolling_upgrades
                                                from ARM's bodies to the domain's values
    fleet_drivers  scale_sets  batch            what a rollout asks for: the driver of each kind of fleet
    model_updates  catalogue                    what beside that it asks for
"""
