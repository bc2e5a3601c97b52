"""The name by which an operation of AKS speaks of itself."""

from __future__ import annotations

from uuid import UUID


def swapped_name(operation_id: str) -> str:
    """The id with the bytes of its first three groups swapped, as AKS's polls name an operation (recorded traffic).

    Whoever compares ``name`` with the id in the address must not expect the same text.

    >>> swapped_name("00112233-4455-6677-8899-aabbccddeeff")
    '33221100-5544-7766-8899-aabbccddeeff'
    """
    return str(UUID(bytes_le=UUID(operation_id).bytes))
