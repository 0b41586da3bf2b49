"""Policies on task definitions and the services that run them. ECS refuses some of it, the emulator none."""

import ipaddress

from plan import policy

# Amazon ECS Developer Guide, "Task definition parameters for Fargate": CPU units → memory in MiB.
FARGATE_MEMORY = {
    256: [512, 1024, 2048],
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}

# The same guide, "HealthCheck" and "stopTimeout": field → smallest, largest.
HEALTH_CHECK = {"interval": (5, 300), "timeout": (2, 60), "retries": (1, 10), "startPeriod": (0, 300)}
STOP_TIMEOUT_MAX_S = 120


@policy
def balanced_container(plan):
    for service in plan.of("aws_ecs_service"):
        containers = [c for _, containers in plan.tasks_of(service) for c in containers]
        for block in service["load_balancer"] or []:
            name, port = block["container_name"], block["container_port"]
            ports = [m["containerPort"] for c in containers if c["name"] == name for m in c.get("portMappings", [])]
            if name not in [c["name"] for c in containers]:
                yield f"{service.address}: no container of its task is named {name}"
            elif port not in ports:
                yield f"{service.address}: container {name} has no port {port}"
            target = plan.by_arn.get(block["target_group_arn"])
            if target and target["port"] != port:
                yield f"{service.address}: target group {target['name']} is for port {target['port']}, not {port}"


@policy
def fargate_size(plan):
    for definition, containers in plan.tasks():
        cpu, memory = int(definition["cpu"] or 0), int(definition["memory"] or 0)
        if memory not in FARGATE_MEMORY.get(cpu, []):
            yield f"{definition.address}: Fargate has no task of {cpu} CPU units with {memory} MiB"
        if sum(c.get("cpu") or 0 for c in containers) > cpu:
            yield f"{definition.address}: the containers ask for more than the task's {cpu} CPU units"
        if sum(c.get("memory") or 0 for c in containers) > memory:
            yield f"{definition.address}: the containers ask for more than the task's {memory} MiB"


@policy
def dependency(plan):
    for definition, containers in plan.tasks():
        by_name = {c["name"]: c for c in containers}
        for container in containers:
            for wanted in container.get("dependsOn") or []:
                name, at = wanted["containerName"], f"{definition.address}: container {container['name']}"
                if name not in by_name:
                    yield f"{at} waits for {name}, which is not in the task"
                elif wanted["condition"] == "HEALTHY" and not by_name[name].get("healthCheck"):
                    yield f"{at} waits for {name} to be healthy, which has no health check"


@policy
def volume(plan):
    for definition, containers in plan.tasks():
        volumes = {v["name"] for v in definition["volume"] or []}
        mounted = [(c["name"], m["sourceVolume"]) for c in containers for m in c.get("mountPoints") or []]
        for name, source in mounted:
            if source not in volumes:
                yield f"{definition.address}: container {name} mounts volume {source}, which is not in the task"
        for unused in sorted(volumes - {source for _, source in mounted}):
            yield f"{definition.address}: no container mounts volume {unused}"


@policy
def health_check(plan):
    for at, container in plan.containers():
        for field, value in (container.get("healthCheck") or {}).items():
            low, high = HEALTH_CHECK.get(field, (None, None))
            if low is not None and value is not None and not low <= value <= high:
                yield f"{at}: health check {field} is {value}, not {low} to {high}"
        if (container.get("stopTimeout") or 0) > STOP_TIMEOUT_MAX_S:
            yield f"{at}: stopTimeout is over Fargate's {STOP_TIMEOUT_MAX_S} s"


@policy
def read_only_root(plan):
    for at, container in plan.containers():
        if container.get("readonlyRootFilesystem") is not True:
            yield f"{at} may write to its root file system"


@policy
def user(plan):
    for at, container in plan.containers():
        if str(container.get("user") or "0").split(":")[0] in ("0", "root"):
            yield f"{at} runs as root"


@policy
def privilege(plan):
    for at, container in plan.containers():
        if container.get("privileged"):
            yield f"{at} is privileged"
        capabilities = (container.get("linuxParameters") or {}).get("capabilities") or {}
        if "ALL" not in (capabilities.get("drop") or []):
            yield f"{at} keeps Linux capabilities"
        for added in capabilities.get("add") or []:
            yield f"{at} adds capability {added}"


@policy
def image(plan):
    for at, container in plan.containers():
        if "@sha256:" not in container["image"]:
            yield f"{at}: image {container['image']} is not named by its digest"


@policy
def plain_secret(plan):
    for at, container in plan.containers():
        for variable in container.get("environment") or []:
            name = variable["name"].upper()
            if any(word in name for word in ("PASSWORD", "SECRET", "TOKEN")) and not name.endswith("_FILE"):
                yield f"{at}: {variable['name']} stands in the environment, not in Secrets Manager"


@policy
def container_log(plan):
    groups = {group["name"] for group in plan.of("aws_cloudwatch_log_group")}
    for at, container in plan.containers():
        log = container.get("logConfiguration") or {}
        if log.get("logDriver") != "awslogs":
            yield f"{at} has no awslogs"
        elif log["options"].get("awslogs-group") not in groups:
            yield f"{at}: log group {log['options'].get('awslogs-group')} is not made here"


def environment(container):
    return {v["name"]: v["value"] for v in container.get("environment") or []}


@policy
def proxy_protocol(plan):
    """The target group and the container behind it must agree, or every connection is refused or forged."""
    for service in plan.of("aws_ecs_service"):
        for block in service["load_balancer"] or []:
            target = plan.by_arn.get(block["target_group_arn"])
            for _, containers in plan.tasks_of(service):
                for container in containers:
                    if container["name"] == block["container_name"] and target:
                        yield from disagreement(plan, service, target, environment(container))


def disagreement(plan, service, target, settings):
    spoken, expected = bool(target["proxy_protocol_v2"]), settings.get("PROXY_PROTOCOL", "off") == "v2"
    if spoken != expected:
        yield (f"{service.address}: target group {target['name']} has PROXY v2 {'on' if spoken else 'off'}, "
               f"the container has it {'on' if expected else 'off'}")
    if not expected:
        return
    trusted = ipaddress.ip_network(settings.get("PROXY_TRUSTED", "255.255.255.255/32"), strict=False)
    for balancer in plan.of("aws_lb"):
        for subnet in balancer["subnets"] or []:
            block = plan.by_id[subnet]["cidr_block"] if subnet in plan.by_id else None
            if block and not ipaddress.ip_network(block).subnet_of(trusted):
                yield f"{service.address}: PROXY_TRUSTED {trusted} leaves out the balancer's subnet {block}"


@policy
def draining(plan):
    """An NLB goes on sending for up to two minutes, and cuts what is left only if it is told to."""
    for target in plan.of("aws_lb_target_group"):
        if int(target["deregistration_delay"] or 0) < 120:
            yield f"{target.address}: deregistration delay is under 120 s"
        if not target["connection_termination"]:
            yield f"{target.address}: connections are not cut after the deregistration delay"


# Aurora fails over within a minute, and then every worker connects anew.
DATABASE_AWAY_S = 75


@policy
def patient_target(plan):
    """ECS replaces a task whose target is unhealthy: a database that is away for a moment must not make it so."""
    for target in plan.of("aws_lb_target_group"):
        check, health = target.block("health_check"), target.block("target_health_state")
        # The first of the failed checks may come at once.
        patience = int(check.get("interval") or 0) * (int(check.get("unhealthy_threshold") or 0) - 1)
        if patience < DATABASE_AWAY_S:
            yield f"{target.address}: it is unhealthy after {patience} s, while the database fails over"
        if health.get("enable_unhealthy_connection_termination") is not False:
            yield f"{target.address}: connections are cut when it is unhealthy"
        elif not health.get("unhealthy_draining_interval"):
            yield f"{target.address}: connections are not kept for any time when it is unhealthy"
    for balancer in plan.of("aws_lb"):
        if not balancer["enable_zonal_shift"]:
            yield f"{balancer.address}: traffic cannot be shifted out of a zone"


@policy
def readiness(plan):
    for target in plan.of("aws_lb_target_group"):
        check = target.block("health_check")
        if check.get("protocol") != "HTTP" or check.get("path") != "/readyz":
            yield f"{target.address}: the health check does not ask /readyz over HTTP"
