"""What happens inside a cluster's nodes, and because of its channel.

os_table      what a pool's nodes run, and whether that updates itself (C17); the table is os_table.yaml
updates       the guest's own updates at 06:00 UTC under ``Unmanaged`` (R68), told from the time alone
live_patches  security patches on running nodes (R69)
transitions   what a change of the channel brings once it holds (R65, N30)
"""
