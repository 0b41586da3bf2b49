"""The protocols rest-json and rest-xml: the operation by method and path, members from wherever the model has them.

AWS, Smithy specification: "AWS restJson1 protocol" and "AWS restXml protocol".
"""

import json
import re
import urllib.parse
import xml.etree.ElementTree


def operation(model, request):
    """(name, members, unknown) of the request, or None if the service has nothing there."""
    best = None
    for name in model.operation_names:
        found = model.operation_model(name)
        template = found.http.get("requestUri", "/").partition("?")[0]
        match = found.http.get("method") == request.method and re.match(pattern(template), request.path)
        if match and (best is None or len(template) > len(best[0])):
            best = template, found, {key: urllib.parse.unquote(value) for key, value in match.groupdict().items()}
    if best is None:
        return None
    _, found, labels = best
    members, unknown = read(found.input_shape, labels, request, model.metadata["protocol"] == "rest-xml")
    return found.name, members, unknown


def pattern(template):
    """{Name} stands for a part of the path, {Name+} for the rest of it."""
    parts = re.split(r"\{(\w+\+?)\}", template.rstrip("/"))
    text = ""
    for number, part in enumerate(parts):
        if number % 2 == 0:
            text += re.escape(part)
        else:
            text += f"(?P<{part.rstrip('+')}>{'.+' if part.endswith('+') else '[^/]+'})"
    return f"^{text}/?$"


def read(shape, labels, request, is_xml):
    if shape is None:
        return {}, []
    query = urllib.parse.parse_qs(request.query, keep_blank_values=True)
    places = {"uri": labels, "querystring": query, "header": request.headers}
    members, in_body = {}, {}
    for name, member in shape.members.items():
        place, key = member.serialization.get("location"), member.serialization.get("name", name)
        if place is None:
            in_body[name] = member
            continue
        value = places.get(place, {}).get(key.lower() if place == "header" else key)
        if value is not None:
            members[name] = value[0] if place == "querystring" and member.type_name != "list" else value
    unknown = sorted(set(query) - {member.serialization.get("name", name) for name, member in shape.members.items()
                                   if member.serialization.get("location") == "querystring"})
    if request.body:
        payload = shape.serialization.get("payload")
        members.update(xml_body(shape, in_body, payload, request.body) if is_xml else json_body(payload, request.body))
    return members, unknown


def json_body(payload, body):
    return {payload: json.loads(body)} if payload else json.loads(body)


def xml_body(shape, in_body, payload, body):
    root = xml.etree.ElementTree.fromstring(body)
    if payload:
        return {payload: xml_value(shape.members[payload], root)}
    return xml_members(in_body, root)


def tag_of(element):
    return element.tag.rpartition("}")[2]


def xml_members(shapes, element):
    """The model's members, and whatever else there is under its own tag."""
    found = {}
    names = {member.serialization.get("name", name): name for name, member in shapes.items()}
    for child in element:
        name = names.get(tag_of(child), tag_of(child))
        member = shapes.get(name)
        if member is None:
            found[name] = child.text
        elif member.type_name == "list" and member.serialization.get("flattened"):
            found.setdefault(name, []).append(xml_value(member.member, child))
        else:
            found[name] = xml_value(member, child)
    return found


def xml_value(shape, element):
    if shape.type_name == "structure":
        return xml_members(shape.members, element)
    if shape.type_name == "list":
        return [xml_value(shape.member, child) for child in element]
    return element.text or ""
