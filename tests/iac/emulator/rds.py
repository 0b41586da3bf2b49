"""Amazon RDS: Serverless v2 has no v1 scaling configuration; performance insights are kept."""

from moto.rds.models import DBCluster
from moto.rds.responses import RDSResponse as RDS

from patch import after, computing


@computing(DBCluster)
def scaling_configuration_info(self):
    return self.scaling_configuration if self.engine_mode == "serverless" else None


@after(RDS)
def create_db_instance(self, answer):
    answer._result["DBInstance"].performance_insights_enabled = bool(self.params.get("EnablePerformanceInsights"))
