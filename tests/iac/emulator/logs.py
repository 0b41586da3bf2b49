"""Amazon CloudWatch Logs: a group's key may change; and RDS and ECS write once more to their groups, which makes them
again if they are deleted."""

from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse as Logs

from patch import replacing

MADE_AGAIN = ("/aws/rds/cluster/", "/aws/ecs/containerinsights/")
delete = LogsBackend.delete_log_group


def delete_log_group(self, log_group_name):
    again = self.__dict__.setdefault("made_again", set())
    delete(self, log_group_name)
    if log_group_name.startswith(MADE_AGAIN) and log_group_name not in again:
        again.add(log_group_name)
        self.create_log_group(log_group_name, {})
    else:
        again.discard(log_group_name)


LogsBackend.delete_log_group = delete_log_group


@replacing(Logs)
def associate_kms_key(self):
    self.logs_backend.groups[self._get_param("logGroupName")].kms_key_id = self._get_param("kmsKeyId")
    return ""
