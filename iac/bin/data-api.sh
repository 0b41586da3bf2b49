# shellcheck shell=bash
# The database through RDS's Data API, which needs no way into the VPC. Source it after common.sh.
set -o pipefail
database=$(output .database.value) || fail 'there is no database yet; run make deploy'
target='{}' # what every call names: cluster, database, whose secret, and the transaction

field() {
    jq -er ".$1" <<<"$database"
}

region=$(field region) || exit 1

use_secret() { # master_secret_arn|role_secret_arn
    target=$(jq --arg secret "$1" '{resourceArn: .cluster_arn, secretArn: .[$secret], database: .name}' <<<"$database")
}

# The filter makes the input of the command from target, which is its input. What is secret travels from
# pipe to pipe, and is never an argument.
data_api() { # COMMAND JQ_OPTION... FILTER
    local command=$1
    shift
    jq "$@" <<<"$target" | aws rds-data "$command" --region "$region" --cli-input-json file:///dev/stdin --output json
}

begin() {
    local id
    id=$(data_api begin-transaction . | jq -er .transactionId) || fail 'the database takes no transaction; the line above says why'
    target=$(jq --arg id "$id" '. + {transactionId: $id}' <<<"$target")
    trap rollback EXIT
}

# What is left open keeps its locks until RDS gives it up, after three minutes.
rollback() {
    data_api rollback-transaction 'del(.database)' >/dev/null 2>&1
    target=$(jq 'del(.transactionId)' <<<"$target")
}

commit() {
    data_api commit-transaction 'del(.database)' >/dev/null || return
    trap - EXIT
}

# A new database takes a while until the Data API finds it.
wait_for_database() {
    local i answer=''
    for ((i = 0; i < 30; i++)); do
        answer=$(data_api execute-statement '. + {sql: "SELECT 1"}' 2>&1) && return
        sleep 10
    done
    fail "the database does not answer after five minutes: ${answer//$'\n'/ }"
}
