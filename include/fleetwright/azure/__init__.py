"""Azure Resource Manager over HTTP: one client, and one driver per kind of fleet.

::

    endpoint  credentials  hosts                where to call, as whom, and who may see the token
    calls  urls  bodies  operations  paging     calls and answers as values
    retries  exchange  budget  failures         what an outcome means: pure, shared by sync and async
    transport  client                           the blocking half, on requests
    async_transport  async_client               the reading half for triggers, on httpx
    catalogue  scale_sets                       what a rollout asks for
"""
