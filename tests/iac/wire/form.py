"""The protocols query and ec2: members of a structure as the parameters of a form (Tags.member.1.Key=…).

AWS, Smithy specification: "AWS query protocol" and "AWS EC2 query protocol".
"""

import re


def members(shape, pairs, ec2):
    """(members, unknown): the structure that the pairs spell, and the parameters that are no part of it."""
    if shape is None:
        return {}, sorted(pairs)
    form = Form(pairs, ec2)
    found = form.structure(shape, "")
    return found, sorted(set(pairs) - form.used)


class Form:
    def __init__(self, pairs, ec2):
        self.pairs, self.ec2, self.used = pairs, ec2, set()
        # Every beginning of a parameter's name that ends before a dot, and the name itself.
        self.prefixes = {name[:dot.start()] for name in pairs for dot in re.finditer(r"\.|$", name)}

    def key(self, name, shape):
        """What a member is called in the form."""
        spelled = shape.serialization.get("name")
        if not self.ec2:
            return spelled or name
        return shape.serialization.get("queryName") or (spelled[0].upper() + spelled[1:] if spelled else name)

    def value(self, shape, prefix):
        if shape.type_name == "structure":
            return self.structure(shape, prefix)
        if shape.type_name == "list":
            return self.list(shape, prefix)
        if shape.type_name == "map":
            return self.map(shape, prefix)
        self.used.add(prefix)
        return self.pairs.get(prefix)

    def structure(self, shape, prefix):
        found = {}
        for name, member in shape.members.items():
            at = (prefix + "." if prefix else "") + self.key(name, member)
            # A flattened list goes by the name of its members, if these have one.
            if at in self.prefixes or member.type_name == "list" and self.base(member, at) in self.prefixes:
                found[name] = self.value(member, at)
        return found

    def base(self, shape, prefix):
        if self.ec2:
            return prefix
        spelled = shape.member.serialization.get("name")
        if not shape.serialization.get("flattened"):
            return f"{prefix}.{spelled or 'member'}"
        return ".".join([*prefix.split(".")[:-1], spelled]) if spelled else prefix

    def list(self, shape, prefix):
        found, base = [], self.base(shape, prefix)
        # An empty list is sent as an empty parameter.
        if self.pairs.get(prefix) == "":
            self.used.add(prefix)
        while f"{base}.{len(found) + 1}" in self.prefixes:
            found.append(self.value(shape.member, f"{base}.{len(found) + 1}"))
        return found

    def map(self, shape, prefix):
        found, number = {}, 1
        base = prefix if shape.serialization.get("flattened") else prefix + ".entry"
        while f"{base}.{number}" in self.prefixes:
            key = self.value(shape.key, f"{base}.{number}.{shape.key.serialization.get('name', 'key')}")
            at = f"{base}.{number}.{shape.value.serialization.get('name', 'value')}"
            found[key] = self.value(shape.value, at)
            number += 1
        return found
