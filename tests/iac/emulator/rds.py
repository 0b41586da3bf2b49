"""Amazon RDS: Serverless v2 has the Data API and no v1 scaling configuration; an instance keeps what it was given."""

from moto.rds.models import DBCluster
from moto.rds.responses import RDSResponse as RDS

from patch import after, computing, replacing


@computing(DBCluster)
def scaling_configuration_info(self):
    return self.scaling_configuration if self.engine_mode == "serverless" else None


def keep_http_endpoint(self, value):
    self._enable_http_endpoint = bool(value)


# moto knows the Data API of Serverless v1 only.
DBCluster.enable_http_endpoint = DBCluster.enable_http_endpoint.setter(keep_http_endpoint)

# Parameter of the call → attribute of the instance, of those that moto drops.
KEPT = {
    "CACertificateIdentifier": "ca_certificate_identifier",
    "PerformanceInsightsKMSKeyId": "performance_insights_kms_key_id",
}


@after(RDS)
def create_db_instance(self, answer):
    instance = answer._result["DBInstance"]
    instance.performance_insights_enabled = bool(self.params.get("EnablePerformanceInsights"))
    for parameter, attribute in KEPT.items():
        if self.params.get(parameter):
            setattr(instance, attribute, self.params[parameter])


settings_of = DBCluster.get_cfg


@replacing(DBCluster)
def get_cfg(self):
    """Of a cluster whose password RDS manages, for one that is restored from its snapshot: this one's is set later."""
    self.__dict__.setdefault("_master_user_password", None)
    settings = settings_of(self)
    for name in ("manage_master_user_password", "master_user_secret", "db_cluster_resource_id", "created"):
        settings.pop(name, None)
    return settings | {"master_user_password": "of-the-snapshot"}
