# shellcheck shell=bash
# The ECS service and its deployments. Source it after common.sh.
#   RETRY=yes  brings back what ECS has undone
readonly ROLLOUT_MINUTES=20 LOOK_SECONDS=15
readonly SEE_LOGS='the log groups /<name>/app and /<name>/web say why'

# Sets `of`, the options that name the service.
of_service() {
    read -ra of < <(output '"--region \(.ecs.value.region // .region.value) --cluster \(.ecs.value.cluster) --services \(.ecs.value.service)"') &&
        [ ${#of[@]} -gt 0 ]
}

deployments() {
    aws ecs describe-services "${of[@]}" --query 'services[0].deployments' --output json
}

primary() { # [MEMBER]: reads what deployments printed
    jq -r ".[]? | select(.status == \"PRIMARY\") | ${1:-.taskDefinition}"
}

# The service counts as stable as soon as its tasks run, and again once ECS has gone back to the old ones. Only
# the deployment's own state tells that the new ones passed the target group's checks.
wait_for_rollout() { # [DEPLOYMENT]: the one that has to be in service at the end
    local of expected found line='' last='' i
    of_service || fail 'there is no service yet; run make deploy'
    expected=$(output .ecs.value.task_definition)
    say "waiting until the tasks are steady, $ROLLOUT_MINUTES minutes at most"
    for ((i = 0; i < ROLLOUT_MINUTES * 60 / LOOK_SECONDS; i++)); do
        found=$(deployments) || fail 'ECS does not tell how far it is; the line above says why'
        line=$(jq -r '(.[]? | select(.status == "PRIMARY") | "\(.rolloutState), \(.runningCount) of \(.desiredCount) tasks run"),
            (.[]? | select(.rolloutState == "FAILED") | "FAILED: \(.rolloutStateReason)")' <<<"$found")
        [ "$line" = "$last" ] || say "${line//$'\n'/; }"
        last=$line
        case $line in
        COMPLETED*) break ;;
        FAILED*) fail "the new tasks do not come up; $SEE_LOGS" ;;
        esac
        sleep "$LOOK_SECONDS"
    done
    [[ $line == COMPLETED* ]] || fail "the tasks are not steady after $ROLLOUT_MINUTES minutes; \`make doctor\` looks for the reason"
    [[ $(primary <<<"$found") == "$expected" && (-z ${1:-} || $(primary .id <<<"$found") == "$1") ]] ||
        fail "ECS has undone the deployment: new tasks failed or an alarm went off; $SEE_LOGS. What runs now stays \
until there are other images, or RETRY=yes make deploy"
}

# New tasks read the database role's password when they start.
restart_tasks() {
    local of made
    of_service || fail 'there is no service yet; run make deploy'
    made=$(aws ecs update-service "${of[@]/--services/--service}" --force-new-deployment --output json \
        --query service.deployments | primary .id) || fail 'the tasks could not be restarted; the line above says why'
    wait_for_rollout "$made"
}

images_of() { # TASK_DEFINITION: their digests, in the order app, web
    aws ecs describe-task-definition "${of[@]:0:2}" --task-definition "$1" --output json |
        jq -er '.taskDefinition.containerDefinitions | map({key: .name, value: (.image | split("@")[1])})
            | from_entries | "\(.app) \(.web)"'
}

# After ECS has gone back to the revision before, the newest is not what runs, and Terraform would bring it back
# whatever else is changed. Unless other images are to be deployed, what runs stays.
keep_what_runs() {
    local of newest running
    newest=$(output .ecs.value.newest_task_definition) && of_service || return 0
    running=$(deployments | primary) || fail 'ECS does not tell what runs; the line above says why'
    [ -n "$running" ] && [ "$running" != "$newest" ] || return 0
    [ "$(images_of "$newest")" = "$TF_VAR_app_image_digest $TF_VAR_web_image_digest" ] || return 0
    if [ "${RETRY:-}" = yes ]; then
        say "trying ${newest##*/} again, which ECS has undone"
        return
    fi
    export TF_VAR_task_definition=$running
    say "ECS has gone back from ${newest##*/} to ${running##*/}, which stays: there are no other images. Settings of \
the tasks take effect with other images, or with RETRY=yes make deploy"
}
