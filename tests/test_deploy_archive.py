"""The manifest of an archive on KubeRay, checked as far as it goes without an operator."""

import shlex
from typing import Any

import pytest

from tests.test_deploy import KUBERNETES, VERSION, built_from, parsed

JOB_FIELDS = {"entrypoint", "submissionMode", "shutdownAfterJobFinishes", "ttlSecondsAfterFinished", "rayClusterSpec"}
"""Those of KubeRay's RayJobSpec (ray.io/v1) that are in use here."""


@pytest.fixture(scope="module")
def objects() -> dict[str, dict[str, Any]]:
    return {one["kind"]: one for one in built_from(KUBERNETES / "archive")}


def pods(job: dict[str, Any]) -> list[dict[str, Any]]:
    cluster = job["spec"]["rayClusterSpec"]
    return [group["template"] for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])]


def test_kubernetes_takes_every_object_and_every_pod_of_the_cluster(objects: dict[str, dict[str, Any]]) -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="schemas need kubernetes-validate").validate
    for kind in ("Namespace", "NetworkPolicy"):
        validate(objects[kind], VERSION, strict=True)
    job = objects["RayJob"]
    assert (job["apiVersion"], set(job["spec"])) == ("ray.io/v1", JOB_FIELDS)
    for template in pods(job):
        validate({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, **template}, VERSION, strict=True)


def test_the_cluster_calls_the_program_as_it_is(objects: dict[str, dict[str, Any]]) -> None:
    pytest.importorskip("pyarrow", reason="the archive needs PyArrow")
    from edge.cli.archive import command

    job = objects["RayJob"]
    program, name, *arguments = shlex.split(job["spec"]["entrypoint"])
    assert (program, name) == ("signwatch", "archive")
    given = parsed(command, arguments)
    assert given["address"] == "auto"
    head, worker = (template["spec"]["containers"][0] for template in pods(job))
    mounts = [
        {mount["mountPath"]: mount.get("readOnly", False) for mount in one["volumeMounts"]} for one in (head, worker)
    ]
    assert mounts == [{given["sources"][0]: True, str(given["out"]): False}, {given["sources"][0]: True}]
    assert head["image"] == worker["image"]


def test_its_pods_may_do_no_more_than_they_must(objects: dict[str, dict[str, Any]]) -> None:
    for template in pods(objects["RayJob"]):
        pod = template["spec"]
        assert pod["automountServiceAccountToken"] is False and pod["securityContext"]["runAsNonRoot"] is True
        (container,) = pod["containers"]
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"].keys() == {"cpu", "memory"}
