"""Amazon ECS: attributes of a service that moto forgets, and deleted clusters, which it goes on listing."""

from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse as ECS

from patch import after, replacing

KEPT = {
    "enableExecuteCommand": "enable_execute_command",
    "enableECSManagedTags": "enable_ecs_managed_tags",
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
    "availabilityZoneRebalancing": "availability_zone_rebalancing",
    "deploymentConfiguration": "deployment_configuration",
}


def keep(request, service):
    for parameter, attribute in KEPT.items():
        value = request._get_param(parameter)
        if value is not None:
            setattr(service, attribute, value)
    # The serializer looks this one up under the API's own name.
    service.enableECSManagedTags = getattr(service, "enable_ecs_managed_tags", False)


@after(ECS)
def create_service(self, answer):
    service = answer._result["service"]
    service.availability_zone_rebalancing = "DISABLED"
    keep(self, service)


@after(ECS)
def update_service(self, answer):
    keep(self, answer._result["service"])


@replacing(EC2ContainerServiceBackend)
def list_clusters(self):
    return [cluster.arn for cluster in self.clusters.values() if cluster.status != "INACTIVE"]


@after(ECS)
def describe_tasks(self, answer):
    """A task that was run on its own is soon over, and went well."""
    for task in answer._result["tasks"]:
        if not task.group.startswith("service:"):
            task.status = task.desired_status = "STOPPED"
            for container in task.containers:
                container.last_status = "STOPPED"


@replacing(EC2ContainerServiceBackend)
def _calculate_task_resource_requirements(self, _task_definition):
    """Of an instance's resources: Fargate has none, and moto stumbles over a container without a memory of its own."""
    return {"CPU": 0, "MEMORY": 0, "PORTS": [], "PORTS_UDP": []}
