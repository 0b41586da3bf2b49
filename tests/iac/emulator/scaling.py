"""Application Auto Scaling keeps a target's tags; CloudWatch takes composite alarms."""

import json

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Scaling
from moto.cloudwatch.responses import CloudWatchResponse as CloudWatch

from patch import after, replacing


def tags_of(request):
    return request.applicationautoscaling_backend.__dict__.setdefault("target_tags", {})


@after(Scaling)
def register_scalable_target(self, answer):
    tags = self._get_param("Tags")
    if tags:
        tags_of(self)[json.loads(answer)["ScalableTargetARN"]] = tags


@replacing(Scaling)
def list_tags_for_resource(self):
    return json.dumps({"Tags": tags_of(self).get(self._get_param("ResourceARN"), {})})


# moto's own handler reads AlarmRule already, under the other call's name.
CloudWatch.put_composite_alarm = CloudWatch.put_metric_alarm
