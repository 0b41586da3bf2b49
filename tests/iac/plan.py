"""What a plan would leave in place, read from Terraform's JSON, and the project's policies over it.

A policy is a generator function: it takes a Plan and yields a sentence for each thing that breaks it.
"""

import json

POLICIES = {}


def policy(function):
    POLICIES[function.__name__] = function
    return function


def findings(plan):
    """Every sentence, as (name of the policy, sentence)."""
    return [(name, sentence) for name, check in POLICIES.items() for sentence in check(plan)]


class Resource:
    """Its values; an attribute that is not known before the apply, or not set, is None."""

    def __init__(self, address, kind, values):
        self.address, self.kind, self.values = address, kind, values

    def __getitem__(self, name):
        return self.values.get(name)

    def block(self, name):
        """The only block of that name, or an empty one."""
        return (self[name] or [{}])[0]


def resources_of(module):
    for resource in module.get("resources", []):
        if resource["mode"] == "managed":
            yield Resource(resource["address"], resource["type"], resource.get("values", {}))
    for child in module.get("child_modules", []):
        yield from resources_of(child)


class Plan:
    def __init__(self, document):
        self.resources = list(resources_of(document["planned_values"]["root_module"]))
        self.by_id = {r["id"]: r for r in self.resources if r["id"]}
        self.by_arn = {r["arn"]: r for r in self.resources if r["arn"]}

    def of(self, *kinds):
        return [resource for resource in self.resources if resource.kind in kinds]

    def tasks(self):
        """The task definitions, each with its containers."""
        for definition in self.of("aws_ecs_task_definition"):
            if definition["container_definitions"]:
                yield definition, json.loads(definition["container_definitions"])

    def containers(self):
        """Every container, as (a name for messages, the definition)."""
        for definition, containers in self.tasks():
            for container in containers:
                yield f"{definition.address}: container {container['name']}", container

    def tasks_of(self, service):
        """The definitions a service may run: the one it names, or, while it is replaced, those new in the plan."""
        named = [task for task in self.tasks() if service["task_definition"] == task[0]["arn"]]
        return named or [task for task in self.tasks() if not task[0]["arn"]]

    def vpc_of(self, identifiers):
        """The VPCs of subnets or security groups given by their ids."""
        return {self.by_id[i]["vpc_id"] for i in identifiers or [] if i in self.by_id}
