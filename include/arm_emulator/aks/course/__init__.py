"""What calls and time do to the nodes of a pool: upgrades of their image, drains, scaling.

beginning   a call asks for the newest image; or a course that stopped is taken up again
rolling     which node is next, and when the course is over
steps       what a node is at, and what follows when that is over
drains      cordon, eviction within budgets, and what a drain that does not end does
ending      succeeded, failed or canceled
scaling     nodes that come and go by a call
"""
