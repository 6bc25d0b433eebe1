"""`make kubernetes-test`: the chart is installed, used, upgraded, disturbed and removed on a real cluster of two nodes.

Not among the tests of `make test`: it needs root, a Docker engine and Kubernetes' own programs (docs/kubernetes.md).
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.chart.combinations import nested
from tests.deploy.chart.rendered import SETS
from tests.deploy.chart.rendering import CHART, NEEDED, Manifest, manifests, rendered
from tests.deploy.kubernetes.cluster import HERE, ROOT, Cluster, control_plane, nodes
from tests.deploy.kubernetes.control_plane import ControlPlane
from tests.deploy.kubernetes.metrics import start_metrics_server
from tests.deploy.kubernetes.network import MACHINES, plug, unplug
from tests.deploy.kubernetes.orders import mails, pay
from tests.deploy.kubernetes.policies import CLOSED, OPEN, is_open
from tests.deploy.kubernetes.release import MAIL, TOKEN, Release, is_ready, until
from tests.deploy.kubernetes.resources import definitions
from tests.docs.transcripts import of_text

pytestmark = pytest.mark.timeout(3000)
PAGE = ROOT / "docs/kubernetes.md"
INSTALL, FIRST_EVENT, UPGRADE = (one.command for one in of_text("docs/kubernetes.md", PAGE.read_text()))
OF_THE_TEST = "relevo deploy /tmp/workflows/receipt --author ann --yes"
"""Beside the workflow of the page: one that answers every order by a mail with its number."""
SETTLED = 7
"""Seconds from a deployment until every event counts for it: docs/deploying.md has five."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, ControlPlane]]:
    with control_plane(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(scope="module")
def api(started: tuple[Cluster, ControlPlane]) -> Cluster:
    """An API server that knows the operators' resources, with a namespace for restricted pods."""
    cluster, _ = started
    cluster.kubectl(
        "create", "--filename=-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": definitions()})
    )
    for one in definitions():
        cluster.kubectl("wait", f"crd/{one['metadata']['name']}", "--for=condition=Established", "--timeout=60s")
    cluster.kubectl("create", "namespace", "shops")
    cluster.kubectl("label", "namespace", "shops", "pod-security.kubernetes.io/enforce=restricted")
    account = "serviceaccount/default"  # of each pod that names none: it comes soon after its namespace
    cluster.kubectl("wait", "--namespace=shops", account, "--for=create", "--timeout=60s")
    return cluster


def refused(cluster: Cluster, made: list[Manifest]) -> str:
    """What the API server says against the manifests, and against their pods."""
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            **one["spec"]["template"],
            "metadata": {"name": one["metadata"]["name"], "namespace": "shops"},
        }
        for one in made
        if one["kind"] in {"Deployment", "StatefulSet", "Job"}
    ]
    for pod in pods:
        pod["spec"].pop("serviceAccountName", None)  # it comes with the manifests, which are not kept
        pod["spec"].pop("priorityClassName", None)
    done = cluster.ask(
        *("kubectl", "apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename=-"),
        text=json.dumps({"apiVersion": "v1", "kind": "List", "items": [*made, *pods]}),
    )
    return "" if done.returncode == 0 and "Warning" not in done.stderr else done.stderr


@pytest.mark.parametrize("name", SETS)
def test_an_api_server_takes_what_every_choice_of_values_makes(api: Cluster, name: str) -> None:
    assert refused(api, manifests(rendered(SETS[name], "1.34"))) == ""


@pytest.mark.parametrize(
    "what", ["a field that there is not", "a field of KEDA that there is not", "a pod that may more"]
)
def test_an_api_server_refuses_what_is_wrong(api: Cluster, what: str) -> None:
    """So that the test before says something."""
    made = manifests(rendered(nested(NEEDED | {"engine.autoscaling.by": "lag"}), "1.34"))
    deployment, scaled = (next(one for one in made if one["kind"] == kind) for kind in ("Deployment", "ScaledObject"))
    match what:
        case "a field that there is not":
            deployment["spec"]["replica"] = 1
        case "a field of KEDA that there is not":
            scaled["spec"]["minReplica"] = 1
        case _:
            [runs] = deployment["spec"]["template"]["spec"]["containers"]
            runs["securityContext"]["allowPrivilegeEscalation"] = True
    assert refused(api, made) != ""


def test_autoscaling_begins_with_as_many_pods_as_there_are(api: Cluster) -> None:
    needed = ("--set=publicUrl=https://relevo.example.com", "--set=kafka.brokers=kafka:9092")
    install = ("helm", "--namespace=scaling", "upgrade", "--install", "relevo", str(CHART), "--create-namespace")
    for how in ("engine.replicas=4", "engine.autoscaling.by=cpu", "engine.autoscaling.by=cpu"):
        api.run(*install, *needed, "--set=migration.enabled=false", f"--set={how}")
        [engine] = api.get("statefulsets", "--namespace=scaling", "--selector=app.kubernetes.io/component=engine")
        assert engine["spec"]["replicas"] == 4
    api.run("helm", "--namespace=scaling", "uninstall", "relevo")
    api.kubectl("delete", "namespace", "scaling")


@pytest.fixture(scope="module")
def release(
    started: tuple[Cluster, ControlPlane], api: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Release]:
    _, plane = started
    with nodes(api, plane, Path(os.environ["RELEVO_TEST_IMAGES"])):
        api.kubectl("apply", f"--filename={HERE / 'given.yaml'}")
        api.kubectl("wait", "--namespace=given", "pods", "--all", "--for=condition=Ready", "--timeout=300s")
        one = Release(api, tmp_path_factory.mktemp("release"))
        one.script(INSTALL.replace("kubectl create namespace shops\n", ""))
        one.settled()
        serving, _, forward = FIRST_EVENT.rpartition("\n")
        assert "port-forward" in forward
        one.script(serving)
        one.kubectl("exec", "deploy/relevo-command", "--", *OF_THE_TEST.split())
        time.sleep(SETTLED)
        yield one


def test_the_migration_has_run_and_left_nothing(release: Release) -> None:
    assert release.get("jobs") == []
    assert [
        one["metadata"]["name"] for one in release.get("networkpolicies") if "migration" in one["metadata"]["name"]
    ] == []
    assert "tea" in release.kubectl("exec", "deploy/relevo-command", "--", "relevo", "shops", "list")


def test_an_event_by_the_port_that_is_forwarded_becomes_a_mail(release: Release) -> None:
    forward = FIRST_EVENT.rpartition("\n")[2].split()
    with subprocess.Popen(forward, env=release.cluster.environment, stdout=subprocess.PIPE, text=True) as forwarding:
        assert forwarding.stdout is not None
        assert "8080" in forwarding.stdout.readline()
        try:
            assert pay("127.0.0.1:8080", "first", TOKEN) == 200
        finally:
            forwarding.terminate()
    until(lambda: mails(MAIL)["first"] == 1, release.cluster)


def test_no_container_has_been_restarted_and_each_is_restricted(release: Release) -> None:
    for pod in release.get("pods"):
        [status] = pod["status"]["containerStatuses"]
        assert (status["restartCount"], status["ready"]) == (0, True), pod["metadata"]["name"]
    looks = "id -u; touch /written 2>&1 || true; ls /var/run/secrets 2>&1 || true"
    user = release.kubectl("exec", "relevo-engine-0", "--", "sh", "-c", looks)
    assert user.startswith("65532\n")
    assert "Read-only file system" in user
    assert "kubernetes.io" not in user


def test_network_policies_let_through_what_is_needed_and_nothing_else(release: Release) -> None:
    """Carried out by kube-router: without it run.sh leaves this test out."""
    release.kubectl("wait", "--namespace=elsewhere", "pod/stranger", "--for=condition=Ready", "--timeout=300s")
    wanted = dict.fromkeys(OPEN, True) | dict.fromkeys(CLOSED, False)
    assert {door: is_open(release.cluster, door) for door in wanted} == wanted


def test_an_upgrade_under_load_loses_nothing(release: Release) -> None:
    with release.load("u") as load:
        release.script(UPGRADE)
        release.settled()
    images = {container["image"] for pod in release.get("pods") for container in pod["spec"]["containers"]}
    assert {image.rpartition(":")[2] for image in images} == {"0.2.0"}
    assert load.refused == []
    assert len(load.taken) > 20
    assert release.balanced(load) == {}


def test_the_pods_of_a_service_are_on_different_nodes(release: Release) -> None:
    """After an upgrade, too, which has moved each of them."""
    found = {component: release.nodes(component) for component in ("ingest", "engine", "scheduler", "notifier")}
    assert found == {component: ["node-1", "node-2"] for component in found}


def test_pods_that_are_killed_lose_nothing(release: Release) -> None:
    with release.load("k") as load:
        for component in ("ingest", "engine", "scheduler", "notifier"):
            for pod in release.pods(component)[:1]:
                release.kubectl("delete", "pod", pod["metadata"]["name"], "--grace-period=0", "--force")
            release.settled()
    assert len(load.taken) > 20
    assert release.balanced(load) == {}


def test_a_process_that_dies_is_started_anew_in_its_pod(release: Release) -> None:
    """The container ends at once, as one does that takes more memory than it may have."""
    [pod, *_] = release.pods("engine")
    name = pod["metadata"]["name"]
    with release.load("d") as load:
        release.containerd(pod, "kill", "--signal=SIGKILL")
        until(lambda: release.restarts()[name] == 1, release.cluster)
        release.settled()
    assert release.balanced(load) == {}


def test_engines_grow_and_shrink_under_load(release: Release) -> None:
    with release.load("s") as load:
        for number in (1, 3, 2):
            release.upgrade(f"engine.replicas={number}")
            release.wait_for_engines(number, "replicas")
    assert load.refused == []
    assert release.balanced(load) == {}


def test_nodes_are_emptied_pod_by_pod(release: Release) -> None:
    """The budget lets one ingest go, and the second only when the first is back."""
    first, second = (pod["metadata"]["name"] for pod in release.pods("ingest"))
    assert release.evict(first).returncode == 0
    done = release.evict(second)
    assert done.returncode != 0
    assert "disruption budget" in done.stderr
    release.settled()


def test_a_node_is_drained_under_load(release: Release) -> None:
    with release.load("n") as load:
        release.kubectl("drain", "node-2", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=600s")
        release.settled()
    assert {pod["spec"]["nodeName"] for pod in release.get("pods")} == {"node-1"}
    assert load.refused == []
    assert release.balanced(load) == {}
    release.kubectl("uncordon", "node-2")


def test_a_node_that_is_lost_loses_nothing(release: Release) -> None:
    """Its pods work on, but reach nobody, and nobody reaches them. What they had is done by the others."""
    release.spread()
    lost = MACHINES[1]
    with release.load("l") as load:
        try:
            unplug(lost)
            release.kubectl("wait", f"node/{lost.name}", "--for=condition=Ready=Unknown", "--timeout=300s")
            assert release.balanced(load, cut_off=True) == {}
        finally:
            plug(lost)
        release.kubectl("wait", f"node/{lost.name}", "--for=condition=Ready", "--timeout=300s")
        release.settled()
    assert len(load.taken) > 20
    assert release.balanced(load, cut_off=True) == {}


def test_a_server_that_does_not_answer_makes_pods_unready_and_restarts_none(release: Release) -> None:
    """It is not the pods' fault."""
    before = release.restarts()
    [database] = release.cluster.get("pods", "--namespace=given", "--selector=app=db")
    try:
        release.containerd(database, "pause")
        until(lambda: not any(is_ready(pod) for pod in release.pods("ingest")), release.cluster)
        time.sleep(90)  # longer than a pod that does not answer is left alive
    finally:
        release.containerd(database, "resume")
    release.settled()
    assert release.restarts() == before


def test_engines_grow_by_cpu(release: Release, started: tuple[Cluster, ControlPlane]) -> None:
    """Measured by a metrics server: without one run.sh leaves this test out."""
    start_metrics_server(*started)
    release.upgrade("engine.replicas=1")
    with release.load("c") as load:
        release.upgrade(
            "engine.autoscaling.by=cpu",
            "engine.autoscaling.min=1",
            "engine.autoscaling.max=2",
            "engine.autoscaling.cpu=20",  # of the 20m that values.yaml asks for
        )
        release.wait_for_engines(2)
    [scaler] = release.get("horizontalpodautoscalers")
    assert scaler["status"]["currentMetrics"][0]["resource"]["current"]["averageUtilization"] > 0
    assert load.refused == []
    assert release.balanced(load) == {}
    fixed = ("--set=engine.autoscaling.by=none", "--set=engine.replicas=1", "--force-conflicts")
    release.helm("upgrade", "relevo", "deploy/chart", "--reuse-values", *fixed, "--wait")


def test_a_migration_that_fails_leaves_the_old_release_at_work(release: Release) -> None:
    login = "--from-literal=uri=postgresql://relevo:wrong@db.given/relevo"
    release.kubectl("create", "secret", "generic", "wrong", login)
    before = {pod["metadata"]["uid"] for pod in release.get("pods")}
    done = release.cluster.ask(
        *("helm", "--namespace=shops", "upgrade", "relevo", str(CHART), "--reuse-values", "--timeout=3m"),
        *("--set=migration.deadline=40", "--set=migration.wait=5", "--set=postgres.roles.migration.secret=wrong"),
    )
    assert done.returncode != 0
    assert {
        pod["metadata"]["uid"] for pod in release.get("pods", "--selector=app.kubernetes.io/component!=migration")
    } == before
    assert pay(release.ingest, "still", TOKEN) == 200
    until(lambda: mails(MAIL)["still"] == 1, release.cluster)
    release.upgrade("postgres.roles=null", "migration.deadline=1800")


def test_what_is_uninstalled_leaves_nothing_of_its_own(release: Release) -> None:
    release.cluster.run("helm", "--namespace=shops", "uninstall", "relevo", "--wait", "--timeout=5m")
    until(lambda: release.get("pods") == [], release.cluster)
    kinds = (
        "jobs,services,deployments,statefulsets,networkpolicies,poddisruptionbudgets,configmaps,secrets,serviceaccounts"
    )
    left = {(one["kind"], one["metadata"]["name"]) for one in release.get(kinds)}
    mine = {("Secret", "relevo"), ("Secret", "relevo-postgres"), ("Secret", "wrong")}
    assert left - mine == {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
