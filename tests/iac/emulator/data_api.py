"""The Data API of Amazon RDS has transactions; a statement finds nothing."""

import json

from moto.moto_api._internal import mock_random
from moto.rdsdata import urls
from moto.rdsdata.responses import RDSDataServiceResponse as DataAPI

from patch import replacing

for path in ("BeginTransaction", "CommitTransaction", "RollbackTransaction", "BatchExecute"):
    urls.url_paths["{0}/" + path + "$"] = urls.response.dispatch


@replacing(DataAPI)
def begin_transaction(self):
    return json.dumps({"transactionId": mock_random.get_random_hex(32)})


@replacing(DataAPI)
def commit_transaction(self):
    return json.dumps({"transactionStatus": "Transaction Committed"})


@replacing(DataAPI)
def rollback_transaction(self):
    return json.dumps({"transactionStatus": "Rollback Complete"})


@replacing(DataAPI)
def batch_execute_statement(self):
    return json.dumps({"updateResults": [{} for _ in self._get_param("parameterSets")]})
