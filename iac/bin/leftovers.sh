# shellcheck shell=bash
# What outlives `terraform destroy`: what AWS makes on its own, and what is kept on purpose. Source it after common.sh.

# RDS and ECS write to their log groups while they are deleted, and so make them again; and a revision of a task
# definition stays until it is deregistered. Terraform knows of none of these.
delete_leftovers() { # REGION NAME CLUSTER…
    local region=$1 name=$2 prefix groups group
    shift 2
    for prefix in "${@/#//aws/rds/cluster/}" "/aws/ecs/containerinsights/$name"; do
        groups=$(leftover_log_groups "$region" "$prefix/") || exit 1
        for group in $groups; do
            aws logs delete-log-group --region "$region" --log-group-name "$group" || fail "the log group $group is left"
            say "deleted the log group $group, which AWS had made again"
        done
    done
    delete_revisions "$region" "$name"
    delete_revisions "$region" "$name-migrate"
}

leftover_log_groups() { # REGION PREFIX
    aws logs describe-log-groups --region "$1" --log-group-name-prefix "$2" --query 'logGroups[].logGroupName' --output text ||
        fail 'CloudWatch Logs does not tell which log groups are left'
}

delete_revisions() { # REGION FAMILY
    local arns arn i inactive
    arns=$(revisions "$1" "$2" ACTIVE) || exit 1
    for arn in $arns; do
        aws ecs deregister-task-definition --region "$1" --task-definition "$arn" --query 'taskDefinition.status' \
            --output text >/dev/null || fail "the task definition $arn is left"
    done
    arns=$(revisions "$1" "$2" INACTIVE) || exit 1
    mapfile -t inactive < <(tr -s '\t' '\n' <<<"$arns" | grep .)
    # ECS takes ten at a time.
    for ((i = 0; i < ${#inactive[@]}; i += 10)); do
        aws ecs delete-task-definitions --region "$1" --task-definitions "${inactive[@]:i:10}" --query 'failures[].reason' \
            --output text || fail "revisions of the task definition $2 are left"
    done
}

revisions() { # REGION FAMILY STATUS
    aws ecs list-task-definitions --region "$1" --family-prefix "$2" --status "$3" --query 'taskDefinitionArns[]' \
        --output text || fail 'ECS does not tell which task definitions are left'
}

# A snapshot is of no use without its key, which goes with everything else, and so is called back.
keep_snapshot_key() { # REGION KEY
    local state
    state=$(aws kms describe-key --region "$1" --key-id "$2" --query KeyMetadata.KeyState --output text) || return
    [ "$state" = Enabled ] && return
    { [ "$state" != PendingDeletion ] || aws kms cancel-key-deletion --region "$1" --key-id "$2" >/dev/null; } &&
        aws kms enable-key --region "$1" --key-id "$2"
}

# Of these clusters' snapshots that people or `make destroy` have made, one a line: identifier, GiB, key.
snapshots() { # REGION CLUSTER…
    local cluster
    for cluster in "${@:2}"; do
        aws rds describe-db-cluster-snapshots --region "$1" --db-cluster-identifier "$cluster" --snapshot-type manual \
            --output json | jq -r '.DBClusterSnapshots[] | "\(.DBClusterSnapshotIdentifier) \(.AllocatedStorage) \(.KmsKeyId)"' ||
            fail 'RDS does not tell which snapshots are left'
    done
}

tell_what_remains() { # REGION CLUSTER…
    local region=$1 kept snapshot size key
    kept=$(snapshots "$@") || exit 1
    say 'what is left costs nothing: secrets, which AWS deletes after 7 days, and keys, after 30'
    [ -n "$kept" ] || return 0
    while read -r snapshot size key; do
        key=${key##*/}
        keep_snapshot_key "$region" "$key" ||
            fail "the snapshot $snapshot is lost with its key in 30 days: aws kms cancel-key-deletion --region $region \
--key-id $key, then enable-key"
        say "but for the snapshot $snapshot of $size GiB, about 0.1 USD a GiB and month, and its key, 1 USD a month: $key"
        say "  to delete them: aws rds delete-db-cluster-snapshot --region $region --db-cluster-snapshot-identifier \
$snapshot; aws kms schedule-key-deletion --region $region --key-id $key"
    done <<<"$kept"
}
