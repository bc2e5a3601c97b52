"""Asking and telling a cluster itself: kubectl through runCommand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from aks_bodies import CLUSTER_ID, Estate, the_cluster
from azure_doubles import DROPPED, Reply, ScriptedServer, VirtualClock, arm_error_body, unguarded
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.azure.aks.driver import AksDriver
from fleetwright.azure.aks.live_patching import annotate_command
from fleetwright.azure.aks.node_tables import QUESTION
from fleetwright.azure.aks.selectors import parse_selector
from fleetwright.azure.aks.workload_parsing import parse_workloads
from fleetwright.azure.client import ArmClient
from fleetwright.domain.errors import ConfigurationError, ProviderError
from fleetwright.domain.node_pools.clusters import NodeBudget, NodeState
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError

COMMAND = f"{CLUSTER_ID}/runCommand"
RESULT = f"{CLUSTER_ID}/commandResults/0e9872"

# As kubectl 1.29 prints custom columns.
NODES = """\
NODE        POOL   UNSCHEDULABLE   CREATED                PATCHED            REBOOT   CONDITIONS                      STATUSES
aks-np1-0   np1    <none>          2024-02-01T10:00:00Z   20240220T000000Z   <none>   MemoryPressure,PIDPressure,Ready   False,False,True
aks-np1-1   np1    true            2024-02-01T10:00:00Z   <none>             true     MemoryPressure,PIDPressure,Ready   False,False,False
aks-sys-0   sys    <none>          2024-02-01T10:00:00Z   <none>             <none>   MemoryPressure,PIDPressure,Ready   False,False,True
"""
BUDGETS = """\
BUDGET   NAMESPACE   ALLOWED   HEALTHY   DESIRED   EXPECTED   SELECTOR
web      shop        0         2         2         2          map[matchLabels:map[app:web]]
all      shop        1         3         2         3          map[]
api      shop        1         1         0         1          map[matchExpressions:[map[key:app operator:In values:[api job]]] matchLabels:map[tier:back]]
none     shop        0         0         0         0          <none>
web      other       0         1         1         1          map[matchLabels:map[app:web]]
"""
PODS = """\
POD     NAMESPACE   NODE        PHASE       LABELS
web-0   shop        aks-np1-0   Running     map[app:web pod-template-hash:5d]
web-1   shop        aks-np1-1   Running     map[app:web pod-template-hash:5d]
api-0   shop        aks-sys-0   Pending     map[app:api tier:back]
job-0   shop        aks-np1-1   Succeeded   map[app:job tier:back]
web-9   other       <none>      Pending     map[app:web]
"""
OUTPUT = f"{NODES}{BUDGETS}{PODS}end-of-answer\n"


def result(logs: str, exit_code: int = 0) -> Reply:
    """A command's result."""
    said = {"provisioningState": "succeeded", "exitCode": exit_code, "logs": logs}
    return Reply(body={"id": "0e9872", "properties": said})


def running(server: ScriptedServer) -> Reply:
    """A command that was begun."""
    return Reply(202, None, {"Location": f"{server.url}{RESULT}?api-version=2026-08-01"})


def test_a_question_that_failed_is_asked_again(server: ScriptedServer, client: ArmClient) -> None:
    """A question changes nothing, so one 503 or one lost answer is no reason to leave a cluster for a whole week (R71)."""
    replies = [Reply(503), DROPPED, running(server)]
    estate = Estate(server, {COMMAND: replies, RESULT: [result(OUTPUT)]})

    workloads = AksDriver(client).read_workloads(the_cluster())

    assert len(workloads.nodes) == 3
    assert estate.calls == [*[f"POST {COMMAND}"] * 3, f"GET {RESULT}"]


def test_nodes_and_budgets_are_asked_for_by_one_command(
    server: ScriptedServer, client: ArmClient, clock: VirtualClock
) -> None:
    """One runCommand names the columns that count, so that a large cluster's answer is not cut off."""
    estate = Estate(server, {COMMAND: running(server), RESULT: [Reply(202), result(OUTPUT)]})

    workloads = AksDriver(client).read_workloads(the_cluster())

    created = datetime(2024, 2, 1, 10, tzinfo=UTC)
    assert workloads.nodes == (
        NodeState("aks-np1-0", "np1", patched_to="2024.02.20", created_at=created),
        NodeState(
            "aks-np1-1", "np1", is_ready=False, is_cordoned=True, needs_reboot=True, created_at=created
        ),
        NodeState("aks-sys-0", "sys", created_at=created),
    )
    assert estate.calls == [f"POST {COMMAND}", f"GET {RESULT}", f"GET {RESULT}"]
    assert estate.bodies[0] == {"command": QUESTION, "context": ""}
    assert clock.waits == [5.0, 5.0]


def test_a_budget_knows_the_nodes_of_its_pods() -> None:
    """MatchLabels and matchExpressions choose pods of the budget's namespace; pods that are over do not count."""
    budgets = parse_workloads(OUTPUT).budgets

    assert budgets == (
        NodeBudget("shop", "web", 0, 2, 2, 2, frozenset({"aks-np1-0", "aks-np1-1"})),
        NodeBudget("shop", "all", 1, 3, 2, 3, frozenset({"aks-np1-0", "aks-np1-1", "aks-sys-0"})),
        NodeBudget("shop", "api", 1, 1, 0, 1, frozenset({"aks-sys-0"})),
        NodeBudget("shop", "none", 0, 0, 0, 0, frozenset()),
        NodeBudget("other", "web", 0, 1, 1, 1, frozenset()),
    )
    assert [budget.can_never_be_met for budget in budgets] == [True, False, False, False, True]


def test_a_cluster_may_have_no_budgets_and_no_pods() -> None:
    """Kubectl's line about no resources is no row of a table."""
    output = f"{NODES}No resources found\nNo resources found\nend-of-answer"

    assert (len(parse_workloads(output).nodes), parse_workloads(output).budgets) == (3, ())


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        (OUTPUT[:-40], "kubectl's answer is not whole: it ends with"),
        ("", "kubectl's answer is not whole: it ends with 'nothing'"),
        ("error: x\nend-of-answer", "kubectl answered 'error: x', and not the table it was asked for"),
        (f"{NODES}aks-np1-3\nend-of-answer", "about nodes cannot be understood: 'aks-np1-3'"),
        (OUTPUT.replace("0         2         2 ", "x         2         2 "), "kubectl shows 'x' as ALLOWED"),
    ],
)
def test_an_answer_that_cannot_be_read_means_no(
    server: ScriptedServer, client: ArmClient, output: str, problem: str
) -> None:
    """An answer that is cut off or strange is an error which says what could not be read."""
    Estate(server, {COMMAND: running(server), RESULT: result(output)})

    with pytest.raises(ProviderError) as caught:
        AksDriver(client).read_workloads(the_cluster())

    assert problem in str(caught.value)
    assert str(caught.value).startswith("cluster shop: ")


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ([Reply(400, arm_error_body("RunCommandDisabled", "Run command is disabled"))], "RunCommandDisabled"),
        ([Reply(403, arm_error_body("AuthorizationFailed"))], "AuthorizationFailed"),
        ([DROPPED], "its answer was lost"),
    ],
)
def test_a_cluster_that_cannot_be_asked_is_named(
    server: ScriptedServer, client: ArmClient, answers: list[Reply], problem: str
) -> None:
    """A cluster whose runCommand is off, refused or unanswered is an error, never an empty answer."""
    Estate(server, {COMMAND: answers})

    with pytest.raises(ProviderError, match=f"cluster shop could not be asked by runCommand: .*{problem}"):
        AksDriver(client).read_workloads(the_cluster())


def test_a_command_without_an_end_is_given_up(
    server: ScriptedServer, client: ArmClient, clock: VirtualClock
) -> None:
    """A question that is not answered in five minutes is an error."""
    Estate(server, {COMMAND: running(server), RESULT: Reply(202)})

    with pytest.raises(ProviderError, match=r"cluster shop: kubectl get nodes .* did not end in 5 minutes"):
        AksDriver(client).read_workloads(the_cluster())

    assert clock.passed.total_seconds() == 300


def test_output_at_azures_limit_is_not_believed(server: ScriptedServer, client: ArmClient) -> None:
    """What has Azure's full length was cut off, also where its end looks whole."""
    Estate(server, {COMMAND: result("x" * (512 * 1024) + OUTPUT)})

    with pytest.raises(ProviderError, match="was cut off at 512 kB"):
        AksDriver(client).read_workloads(the_cluster())


def test_a_live_patch_annotates_nodes(server: ScriptedServer, client: ArmClient) -> None:
    """R69: one command sets the date on all of a pool's nodes, and its result is where Location says."""
    estate = Estate(server, {COMMAND: running(server)})

    url = AksDriver(client).begin_live_patch(
        the_cluster(), ["aks-np1-0", "aks-np1-1"], "2024.02.20", unguarded
    )

    assert url == f"{server.url}{RESULT}?api-version=2026-08-01"
    assert estate.bodies[0]["command"] == (
        "kubectl annotate node aks-np1-0 aks-np1-1"
        " kubernetes.azure.com/live-patching-golden-timestamp=20240220T000000Z --overwrite"
    )


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (DROPPED, AnswerLostError),
        (Reply(409, arm_error_body("OperationNotAllowed")), CallRefusedError),
        (result("Error from server (NotFound)", 1), CallRefusedError),
    ],
)
def test_a_live_patch_that_was_not_begun_says_why(
    server: ScriptedServer, client: ArmClient, answer: Reply, error: type[ProviderError]
) -> None:
    """R69: a lost answer, a refusal and a command that failed at once are told apart; none is sent twice."""
    estate = Estate(server, {COMMAND: answer})

    with pytest.raises(error):
        AksDriver(client).begin_live_patch(the_cluster(), ["aks-np1-0"], "2024.02.20", unguarded)

    assert len(estate.calls) == 1


@pytest.mark.parametrize(
    ("nodes", "date", "problem"),
    [
        (["aks-np1-0; rm"], "2024.02.20", "node 'aks-np1-0; rm' has a name"),
        (["$(x)"], "2024.02.20", r"node '\$\(x\)' has a name"),
        (["-l=a"], "2024.02.20", "node '-l=a' has a name"),
        ([], "2024.02.20", "no node is named"),
        (["aks-np1-0"], "20240220", "security patches up to '20240220': it is a date such as 2024.02.20"),
    ],
)
def test_what_a_shell_would_read_is_refused(nodes: list[str], date: str, problem: str) -> None:
    """R69: names and dates become part of a command, so only what Kubernetes allows is let through."""
    with pytest.raises(ConfigurationError, match=problem):
        annotate_command(nodes, date)


LABEL = st.from_regex(r"[a-z]([a-z0-9./-]{0,8}[a-z0-9])?", fullmatch=True)
LABELS = st.dictionaries(LABEL, LABEL, max_size=3)


@given(wanted=LABELS, labels=LABELS, values=st.lists(LABEL, min_size=1, max_size=3), key=LABEL)
def test_selectors_choose_as_kubernetes_does(
    wanted: dict[str, str], labels: dict[str, str], values: list[str], key: str
) -> None:
    """MatchLabels and each operator of matchExpressions mean what Kubernetes says, whatever the labels are."""
    printed = " ".join(f"{name}:{value}" for name, value in wanted.items())
    oracle = all(labels.get(name) == value for name, value in wanted.items())
    operators = {
        f"In values:[{' '.join(values)}]": labels.get(key) in values,
        f"NotIn values:[{' '.join(values)}]": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }

    for operator, holds in operators.items():
        text = f"map[matchExpressions:[map[key:{key} operator:{operator}]] matchLabels:map[{printed}]]"
        selector = parse_selector(text)
        assert selector is not None
        assert selector.selects(labels) is (oracle and holds)
