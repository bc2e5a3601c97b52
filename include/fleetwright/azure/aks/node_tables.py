"""What is asked of ``kubectl``, and the tables that it answers with.

Azure cuts a command's output at 512 kB, and ``-o json`` of one real node alone is some 20 kB. So each question names its
columns: about 150 characters a pod. A column holds no run of spaces but between the labels of Go's ``map[a:b c:d]``,
so that one stands last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fleetwright.domain.errors import ProviderError

_LABEL = r".metadata.labels.kubernetes\.azure\.com/agentpool"
_ANNOTATION = r".metadata.annotations.kubernetes\.azure\.com/live-patching-"
_MISSING = "<none>"


@dataclass(frozen=True, slots=True)
class Table:
    """One question.

    :param columns: the path of each by its heading
    """

    what: str
    columns: Mapping[str, str]

    @property
    def command(self) -> str:
        """The command that asks it."""
        columns = ",".join(f"{heading}:{path}" for heading, path in self.columns.items())
        return f"kubectl get {self.what} -o 'custom-columns={columns}'"


NODES = Table(
    "nodes",
    {
        "NODE": ".metadata.name",
        "POOL": _LABEL,
        "UNSCHEDULABLE": ".spec.unschedulable",
        "CREATED": ".metadata.creationTimestamp",
        "PATCHED": f"{_ANNOTATION}current-timestamp",
        "REBOOT": f"{_ANNOTATION}reboot-required",
        "CONDITIONS": ".status.conditions[*].type",
        "STATUSES": ".status.conditions[*].status",
    },
)
BUDGETS = Table(
    "poddisruptionbudgets -A",
    {
        "BUDGET": ".metadata.name",
        "NAMESPACE": ".metadata.namespace",
        "ALLOWED": ".status.disruptionsAllowed",
        "HEALTHY": ".status.currentHealthy",
        "DESIRED": ".status.desiredHealthy",
        "EXPECTED": ".status.expectedPods",
        "SELECTOR": ".spec.selector",
    },
)
PODS = Table(
    "pods -A",
    {
        "POD": ".metadata.name",
        "NAMESPACE": ".metadata.namespace",
        "NODE": ".spec.nodeName",
        "PHASE": ".status.phase",
        "LABELS": ".metadata.labels",
    },
)
END = "end-of-answer"
QUESTION = " && ".join([*(table.command for table in (NODES, BUDGETS, PODS)), f"echo {END}"])


def read_tables(output: str) -> tuple[tuple[Mapping[str, str], ...], ...]:
    """The rows of the three tables, by their headings; a cell without a value is empty.

    :raises ProviderError: when the answer is not whole, or is no such table
    """
    lines = [line for line in output.splitlines() if line.strip()]
    if not lines or lines[-1].strip() != END:
        last = lines[-1].strip()[:100] if lines else "nothing"
        raise ProviderError(f"kubectl's answer is not whole: it ends with {last!r}")
    found: dict[str, list[Mapping[str, str]]] = {}
    for table, line in _assigned(lines[:-1]):
        rows = found.setdefault(table.what, [])
        if line:
            rows.append(_row(table, line))
    return tuple(tuple(found.get(table.what, ())) for table in (NODES, BUDGETS, PODS))


def _assigned(lines: list[str]) -> Iterator[tuple[Table, str]]:
    """Each line with the table it belongs to; a line of headings begins one, and is empty here."""
    begins = {tuple(table.columns): table for table in (NODES, BUDGETS, PODS)}
    table: Table | None = None
    for line in lines:
        heading = begins.get(tuple(line.split()))
        table = heading or table
        if table is None:
            if line.startswith("No resources found"):
                continue
            raise ProviderError(
                f"kubectl answered {line.strip()[:200]!r}, and not the table it was asked for"
            )
        yield table, "" if heading or line.startswith("No resources found") else line


def _row(table: Table, line: str) -> Mapping[str, str]:
    cells = line.split(maxsplit=len(table.columns) - 1)
    if len(cells) != len(table.columns):
        raise ProviderError(
            f"kubectl's answer about {table.what} cannot be understood: {line.strip()[:200]!r}"
        )
    return {
        heading: "" if cell.strip() == _MISSING else cell.strip()
        for heading, cell in zip(table.columns, cells, strict=True)
    }
