# shellcheck shell=bash
# One-off tasks of the app image in the VPC, by the migrating task's definition. Sourced after common.sh.

# Prints what a stream holds. A page has at most 10000 events or 1 MB; the last one's token is the one it was asked by.
task_log() { # REGION GROUP STREAM
    local answer token former='' page=()
    while answer=$(aws logs get-log-events --region "$1" --log-group-name "$2" --log-stream-name "$3" \
        --start-from-head --output json "${page[@]}" 2>/dev/null); do
        jq -r '.events[] | "    " + .message' <<<"$answer"
        token=$(jq -r '.nextForwardToken // empty' <<<"$answer")
        [ "$token" != "$former" ] || break
        former=$token page=(--next-token "$token")
    done
}

# Runs one, waits until it has ended, and prints what it logged.
run_once() { # WHAT [ARGUMENT...]: what it is in messages, and postern's arguments in place of `migrate`
    local what=$1 migration region cluster answer task ended command=()
    shift
    [ $# -eq 0 ] || command=(--overrides "$(jq -cn '{containerOverrides: [{name: "migrate", command: $ARGS.positional}]}' --args -- "$@")")
    migration=$(output .migration.value) || fail 'nothing is deployed yet; run make deploy'
    field() {
        jq -er "$1" <<<"$migration"
    }
    region=$(field .region)
    cluster=$(field .cluster)

    answer=$(aws ecs run-task --region "$region" --cluster "$cluster" --task-definition "$(field .task_definition)" \
        --launch-type FARGATE --output json --network-configuration "$(field '{awsvpcConfiguration: {subnets: .subnet_ids,
            securityGroups: [.security_group_id], assignPublicIp: "DISABLED"}} | tojson')" "${command[@]}") ||
        fail 'ECS does not run the task; the lines above say why'
    task=$(jq -er '.tasks[0].taskArn' <<<"$answer") ||
        fail "ECS does not run the task: $(jq -r '[.failures[]? | .reason] | join(", ")' <<<"$answer")"
    say "waiting for task ${task##*/}"
    aws ecs wait tasks-stopped --region "$region" --cluster "$cluster" --tasks "$task" ||
        fail "$what takes longer than ten minutes; it goes on"

    ended=$(aws ecs describe-tasks --region "$region" --cluster "$cluster" --tasks "$task" --query 'tasks[0]' --output json)
    task_log "$region" "$(field .log_group)" "task/migrate/${task##*/}"
    [ "$(jq '.containers[0].exitCode' <<<"$ended")" = 0 ] ||
        fail "$what failed: $(jq -r '.stoppedReason // .containers[0].reason // "the lines above say why"' <<<"$ended")"
}
