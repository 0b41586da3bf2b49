# shellcheck shell=bash
# The database through RDS's Data API, which needs no way into the VPC. Source it after common.sh.
set -o pipefail
database=$(output .database.value) || fail 'there is no database yet; run make deploy'
target=()      # options of every call: which cluster, whose secret
transaction=() # and of one within a transaction

field() {
    jq -er ".$1" <<<"$database"
}

region=$(field region) || exit 1

use_secret() { # master_secret_arn|role_secret_arn
    target=(--resource-arn "$(field cluster_arn)" --secret-arn "$(field "$1")")
}

# What is secret comes as parameters on standard input, which the CLI reads once for an option such as --parameters,
# but twice for --cli-input-json. An argument would show it in the list of processes.
data_api() { # COMMAND OPTION...
    aws rds-data "$1" --region "$region" --output json "${target[@]}" "${transaction[@]}" "${@:2}"
}

# Those that name the database, too.
statement() { # begin-transaction|execute-statement|batch-execute-statement OPTION...
    data_api "$@" --database "$(field name)"
}

begin() {
    local id
    id=$(statement begin-transaction | jq -er .transactionId) || fail 'the database takes no transaction; the line above says why'
    transaction=(--transaction-id "$id")
    trap rollback EXIT
}

# What is left open keeps its locks until RDS gives it up, after three minutes.
rollback() {
    data_api rollback-transaction >/dev/null 2>&1
    transaction=()
}

commit() {
    data_api commit-transaction >/dev/null || return
    transaction=()
    trap - EXIT
}

# A new database takes a while until the Data API finds it.
wait_for_database() {
    local i answer=''
    for ((i = 0; i < 30; i++)); do
        answer=$(statement execute-statement --sql 'SELECT 1' 2>&1) && return
        sleep 10
    done
    fail "the database does not answer after five minutes: ${answer//$'\n'/ }"
}
