"""What is deployed: manifests, compose files and the Dockerfile, checked by their own tools and against the program."""

import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest

from edge.cli.listen import command as listen
from edge.cli.run import command as run
from edge.remote.address import RemoteAddress

PROJECT = Path(__file__).resolve().parent.parent
KUBERNETES = PROJECT / "scripts" / "deploy" / "kubernetes"
OVERLAYS = ("any", "eks")
VERSION = "1.34"
"""Of Kubernetes; older and newer ones take the same manifests."""
COMPOSE = (["compose.yaml"], ["compose.yaml", "compose.remote.yaml"], ["compose.edge.yaml"])
IMAGE_SCRIPTS = sorted((PROJECT / "scripts" / "deploy" / "image").iterdir())

yaml = pytest.importorskip("yaml", reason="reading manifests needs PyYAML")


def tool(name: str) -> str:
    """A program; skips where it isn't there."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip(f"{name} isn't installed")
    return found


@cache
def kustomized(folder: Path) -> str:
    """A folder of manifests, as kustomize makes it."""
    done = subprocess.run(
        [tool("kubectl"), "kustomize", str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def built_from(folder: Path) -> list[dict[str, Any]]:
    """Its objects."""
    return list(yaml.safe_load_all(kustomized(folder)))


def built(overlay: str) -> list[dict[str, Any]]:
    """The objects of an overlay."""
    return built_from(KUBERNETES / "overlays" / overlay)


def of_kind(objects: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_takes_every_object_and_knows_every_field(overlay: str) -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="schemas need kubernetes-validate").validate
    objects = built(overlay)
    assert len(objects) >= 12
    for one in objects:
        validate(one, VERSION, strict=True)


def test_an_unknown_field_would_have_been_told() -> None:
    module = pytest.importorskip("kubernetes_validate", reason="schemas need kubernetes-validate")
    (gateway,) = [one for one in built("any") if one["kind"] == "Deployment" and one["metadata"]["name"] == "gateway"]
    gateway["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(module.ValidationError):
        module.validate(gateway, VERSION, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_may_do_no_more_than_they_must(overlay: str) -> None:
    deployments = of_kind(built(overlay), "Deployment")
    assert set(deployments) == {"gateway", "model-server"}
    for deployment in deployments.values():
        pod = deployment["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        (container,) = pod["containers"]
        context = container["securityContext"]
        assert (context["readOnlyRootFilesystem"], context["allowPrivilegeEscalation"]) == (True, False)
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()
        assert container["resources"]["limits"].keys() == container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert not container["image"].endswith(":latest")
        assert ":" in container["image"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_belongs_together_finds_itself(overlay: str) -> None:
    objects = built(overlay)
    deployments = of_kind(objects, "Deployment")
    for kind in ("Service", "PodDisruptionBudget"):
        for name, one in of_kind(objects, kind).items():
            selector = one["spec"]["selector"]
            wanted = selector.get("matchLabels", selector)
            assert wanted.items() <= deployments[name]["spec"]["template"]["metadata"]["labels"].items()
    for name, scaler in of_kind(objects, "HorizontalPodAutoscaler").items():
        assert scaler["spec"]["scaleTargetRef"]["name"] == name
        assert scaler["spec"]["minReplicas"] >= 2, "a budget of one that must stay lets none go otherwise"
    policies = of_kind(objects, "NetworkPolicy")
    assert policies["nothing"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert "egress" not in policies["model-server"]["spec"]


def test_the_gateway_calls_the_program_as_it_is() -> None:
    pytest.importorskip("fastapi", reason="serving needs the packages of the extra `web`")
    from edge.cli.serve import command as serve

    objects = built("any")
    deployments = of_kind(objects, "Deployment")
    (gateway,) = deployments["gateway"]["spec"]["template"]["spec"]["containers"]
    name, *arguments = gateway["args"]
    assert name == "serve"
    given = serve.make_context("serve", arguments).params
    (port,) = gateway["ports"]
    assert (given["host"], given["port"]) == ("0.0.0.0", port["containerPort"])
    mounts = {mount["mountPath"]: mount["name"] for mount in gateway["volumeMounts"]}
    assert mounts[str(given["api_keys"].parent)] == "api-keys"
    backend = given["backend"]
    assert isinstance(backend, RemoteAddress)
    service = of_kind(objects, "Service")[backend.host]
    assert [one["port"] for one in service["spec"]["ports"]] == [backend.port]
    (server,) = deployments["model-server"]["spec"]["template"]["spec"]["containers"]
    assert f"--model_name={backend.model}" in server["args"]
    ports = {one["name"]: one["containerPort"] for one in server["ports"]}
    assert ports[service["spec"]["ports"][0]["targetPort"]] == backend.port


def test_images_are_those_of_the_dockerfile() -> None:
    text = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", text, re.MULTILINE))
    for overlay in OVERLAYS:
        for deployment in of_kind(built(overlay), "Deployment").values():
            (container,) = deployment["spec"]["template"]["spec"]["containers"]
            tag = container["image"].rpartition(":")[2]
            assert re.sub(r"-\d+\.\d+\.\d+$", "", tag) in targets


def test_the_cluster_is_where_its_images_are() -> None:
    cluster = yaml.safe_load((KUBERNETES / "eks-cluster.yaml").read_text(encoding="utf-8"))
    region = cluster["metadata"]["region"]
    objects = built("eks")
    for deployment in of_kind(objects, "Deployment").values():
        assert f".dkr.ecr.{region}.amazonaws.com/" in deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    service = of_kind(objects, "Service")["gateway"]
    assert service["spec"]["type"] == "LoadBalancer"
    assert service["spec"]["loadBalancerSourceRanges"] == ["203.0.113.0/24"], "nobody is let in by mistake"
    (network,) = [addon for addon in cluster["addons"] if addon["name"] == "vpc-cni"]
    assert '"enableNetworkPolicy": "true"' in network["configurationValues"]


@pytest.mark.parametrize("files", COMPOSE, ids="+".join)
def test_compose_takes_its_files_and_containers_may_do_little(files: list[str]) -> None:
    command = [tool("docker-compose"), *(part for file in files for part in ("-f", str(PROJECT / file))), "config"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for service in yaml.safe_load(done.stdout)["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        for port in service.get("ports", []):
            assert str(port).startswith("127.0.0.1:") or port.get("host_ip") == "127.0.0.1"


def compose(file: str) -> dict[str, Any]:
    services = yaml.safe_load((PROJECT / file).read_text(encoding="utf-8"))["services"]
    assert isinstance(services, dict)
    return services


def parsed(command: click.Command, arguments: list[str]) -> dict[str, Any]:
    return command.make_context(str(command.name), list(arguments)).params


def test_compose_calls_the_program_as_it_is() -> None:
    services = compose("compose.edge.yaml")
    name, source, *arguments = services["edge"]["command"]
    assert (name, source) == ("run", "${SIGNWATCH_SOURCE:-pattern:}")
    parsed(run, ["pattern:", *arguments])
    name, *arguments = services["subscriber"]["command"]
    assert name == "listen"
    parsed(listen, arguments)


def test_compose_serves_as_the_program_does() -> None:
    pytest.importorskip("fastapi", reason="serving needs the packages of the extra `web`")
    from edge.cli.serve import command as serve

    for file in ("compose.yaml", "compose.remote.yaml"):
        name, *arguments = compose(file)["service"]["command"]
        assert name == "serve"
        given = parsed(serve, arguments)
        assert given["hosts"] == ("localhost",), "foreign pages must not reach it under names of their own"


def test_the_dockerfile_is_without_fault() -> None:
    done = subprocess.run([tool("hadolint"), str(PROJECT / "Dockerfile")], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_fault_in_it_would_have_been_told(tmp_path: Path) -> None:
    wrong = tmp_path / "Dockerfile"
    wrong.write_text((PROJECT / "Dockerfile").read_text().replace("WORKDIR /work\n", "RUN cd /work\n"))
    assert subprocess.run([tool("hadolint"), str(wrong)], capture_output=True, timeout=60).returncode == 1


def test_images_hold_no_more_than_is_named() -> None:
    lines = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (PROJECT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE
    )
    allowed = tuple(line.removeprefix("!") for line in lines if line.startswith("!"))
    for path in " ".join(copied).split():
        assert path.startswith(allowed), f"{path} is left out by .dockerignore"
        assert (PROJECT / path).exists()


@pytest.mark.parametrize("script", IMAGE_SCRIPTS, ids=lambda script: script.name)
def test_scripts_of_images_can_be_parsed_and_started(script: Path) -> None:
    subprocess.run(["sh", "-n", str(script)], check=True)
    assert script.stat().st_mode & 0o111
    assert re.match(r"#!/bin/sh\n(# .*\n)+set -eu\n", script.read_text(encoding="utf-8"))
