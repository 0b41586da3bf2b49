# shellcheck shell=bash disable=SC2154
# Asks AWS for everything the checks need, once, as many calls at a time as do not wait for each other.
# Each answer is $data/facts/NAME.json; a call that failed leaves {"error": {code, action, message}} there.
# NAME is KIND, or KIND@OF where there are several of a kind.
# Sourced by doctor, which gives `data`, `option` and `stop`.

export AWS_PAGER='' AWS_MAX_ATTEMPTS=${AWS_MAX_ATTEMPTS:-3} AWS_RETRY_MODE=${AWS_RETRY_MODE:-standard}

# fetch NAME SERVICE COMMAND ARGUMENT…
fetch() {
    local name=$1 status
    shift
    timeout --kill-after=5 90 aws "$@" --region "${of_region:-${option[region]}}" --output json \
        --cli-connect-timeout 5 --cli-read-timeout 20 \
        >"$data/answers/$name" 2>"$data/answers/$name.error" </dev/null
    status=$?
    if [ "$status" -eq 0 ]; then
        # The CLI prints nothing where there is nothing to tell.
        [ -s "$data/answers/$name" ] || printf '{}\n' >"$data/answers/$name"
        mv -- "$data/answers/$name" "$data/facts/$name.json"
        return
    fi
    # An error of AWS names its code and operation; any other is told in the CLI's own words.
    jq -Rs --arg prefix "${1/#elbv2/elasticloadbalancing}" --arg command "$2" --arg status "$status" '
        gsub("\\s+"; " ") | ltrimstr(" ") | rtrimstr(" ")
        | (capture("An error occurred \\((?<code>[^)]+)\\) when calling the (?<operation>\\w+) operation[^:]*: (?<message>.*)")
           // {code: "", operation: $command, message: (if . == "" then "status \($status)" else . end)})
        | {error: {code, message, action: "\($prefix):\(.operation)"}}' \
        "$data/answers/$name.error" >"$data/facts/$name.json"
}

# The same in the consumer's region.
fetch_there() {
    local of_region=${option[consumer_region]}
    fetch "$@"
}

# fact NAME FILTER: what the filter finds in the answer, nothing if there is none.
fact() {
    [ ! -e "$data/facts/$1.json" ] || jq -r "$2" "$data/facts/$1.json"
}

# kind KIND FILTER: the same in all answers of the kind.
kind() {
    local file
    for file in "$data/facts/$1@"*.json; do
        [ ! -e "$file" ] || jq -r "$2" "$file"
    done
}

# The end of an ARN as a file's name.
of_arn() {
    local end=${1##*:}
    printf '%s' "${end//\//,}"
}

joined() {
    paste -sd,
}

gather() {
    mkdir -p "$data/facts" "$data/answers"
    fetch identity sts get-caller-identity &
    [ -n "${option[service_id]:-}" ] || find_service
    [ -z "${option[service_id]:-}" ] || gather_service
    wait
    check_credentials
    gather_balancers &
    gather_consumer &
    wait
    gather_networks &
    gather_targets &
    gather_ecs &
    gather_verification &
    wait
    write_options
}

check_credentials() {
    local message
    message=$(fact identity '.error // empty | select(.code | test("AccessDenied") | not) | .message')
    [ -z "$message" ] || stop "AWS does not take the credentials: ${message%.}." \
        "Set AWS_PROFILE, or log in with 'aws configure' or 'aws sso login'"
}

# Either account knows which service an endpoint is of.
find_service() {
    local first of
    fetch_there endpoints ec2 describe-vpc-endpoints \
        --filters "Name=vpc-endpoint-id,Values=${option[endpoint_id]}" &
    first=$!
    fetch connections ec2 describe-vpc-endpoint-connections
    wait "$first"
    option[service_id]=$(fact endpoints '.VpcEndpoints[0].ServiceName // empty | split(".")[-1]')
    : "${option[service_id]:=$(fact connections \
        ".VpcEndpointConnections[]? | select(.VpcEndpointId == \"${option[endpoint_id]}\").ServiceId")}"
    # A name has the service's region in it, which an endpoint's own need not be.
    of=$(fact endpoints '.VpcEndpoints[0].ServiceName // empty | split(".")[3]')
    if [ -z "${option[named_region]:-}" ] && [ -n "$of" ] && [ "$of" != "${option[region]}" ]; then
        option[region]=$of
        option[named_region]=$of
    fi
}

gather_service() {
    local only=() across=()
    [ "${option[consumer_region]}" = "${option[region]}" ] || across=(--service-regions "${option[region]}")
    option[service_name]=com.amazonaws.vpce.${option[region]}.${option[service_id]}
    [ -z "${option[endpoint_id]:-}" ] || only=("Name=vpc-endpoint-id,Values=${option[endpoint_id]}")
    fetch configuration ec2 describe-vpc-endpoint-service-configurations \
        --filters "Name=service-id,Values=${option[service_id]}" &
    fetch_there service ec2 describe-vpc-endpoint-services --service-names "${option[service_name]}" "${across[@]}" &
    [ -e "$data/facts/connections.json" ] && return
    fetch_there endpoints ec2 describe-vpc-endpoints \
        --filters "Name=service-name,Values=${option[service_name]}" "${only[@]}" &
    fetch connections ec2 describe-vpc-endpoint-connections \
        --filters "Name=service-id,Values=${option[service_id]}" &
}

# What stands behind the service, if it is of this account.
gather_balancers() {
    local arns arn
    mapfile -t arns < <(fact configuration '.ServiceConfigurations[0]?.NetworkLoadBalancerArns[]?')
    [ -n "$(fact configuration '.ServiceConfigurations[0]?.ServiceId // empty')" ] || return
    fetch permissions ec2 describe-vpc-endpoint-service-permissions --service-id "${option[service_id]}" &
    [ ${#arns[@]} -eq 0 ] || fetch balancers elbv2 describe-load-balancers --load-balancer-arns "${arns[@]}" &
    for arn in "${arns[@]}"; do
        fetch "listeners@$(of_arn "$arn")" elbv2 describe-listeners --load-balancer-arn "$arn" &
        fetch "groups@$(of_arn "$arn")" elbv2 describe-target-groups --load-balancer-arn "$arn" &
    done
    wait
}

consumer_vpcs() {
    {
        fact endpoints '.VpcEndpoints[]?.VpcId'
        [ -z "${option[consumer_vpc]:-}" ] || printf '%s\n' "${option[consumer_vpc]}"
    } | sort -u
}

gather_consumer() {
    local vpcs vpc
    mapfile -t vpcs < <(consumer_vpcs)
    [ ${#vpcs[@]} -gt 0 ] || return
    fetch_there vpcs ec2 describe-vpcs --filters "Name=vpc-id,Values=$(printf '%s\n' "${vpcs[@]}" | joined)" &
    if [ "$(fact endpoints 'any(.VpcEndpoints[]?; .PrivateDnsEnabled)')" = true ]; then
        for vpc in "${vpcs[@]}"; do
            fetch_there "support@$vpc" ec2 describe-vpc-attribute --vpc-id "$vpc" --attribute enableDnsSupport &
            fetch_there "hostnames@$vpc" ec2 describe-vpc-attribute --vpc-id "$vpc" --attribute enableDnsHostnames &
        done
    fi
    wait
}

# Subnets and security groups of both VPCs, as far as they are of this account.
gather_networks() {
    local balancers
    balancers=$(fact balancers '.LoadBalancers[]?.VpcId')
    if [ "${option[consumer_region]}" = "${option[region]}" ]; then
        gather_network fetch here "$balancers" "$(consumer_vpcs)"
    else
        gather_network fetch here "$balancers"
        gather_network fetch_there there "$(consumer_vpcs)"
    fi
    wait
}

gather_network() { # FETCH NAME VPC…
    local fetch=$1 name=$2 vpcs
    shift 2
    vpcs=$(printf '%s\n' "$@" | sort -u | grep . | joined)
    [ -n "$vpcs" ] || return
    "$fetch" "subnets@$name" ec2 describe-subnets --filters "Name=vpc-id,Values=$vpcs" &
    "$fetch" "security_groups@$name" ec2 describe-security-groups --filters "Name=vpc-id,Values=$vpcs" &
}

gather_targets() {
    local arn
    while read -r arn; do
        fetch "attributes@$(of_arn "$arn")" elbv2 describe-target-group-attributes --target-group-arn "$arn" &
        fetch "health@$(of_arn "$arn")" elbv2 describe-target-health --target-group-arn "$arn" &
    done < <(kind groups '.TargetGroups[]?.TargetGroupArn')
    wait
}

# The ECS service that registers the targets, and its task definition.
gather_ecs() {
    local groups cluster definition
    groups=$(kind groups '.TargetGroups[]?.TargetGroupArn' | jq -Rnc '[inputs]')
    [ "$groups" != '[]' ] || return
    if [ -n "${option[cluster]:-}" ] && [ -n "${option[ecs_service]:-}" ]; then
        fetch ecs@0 ecs describe-services --cluster "${option[cluster]}" --services "${option[ecs_service]}"
    else
        [ -n "${option[cluster]:-}" ] || fetch clusters ecs list-clusters
        while read -r cluster; do
            describe_cluster "$cluster" &
        done < <(printf '%s\n' "${option[cluster]:-$(fact clusters '.clusterArns[]?')}")
        wait
    fi
    kind ecs '.services[]?' | jq -s --argjson groups "$groups" \
        '[.[] | select(any(.loadBalancers[]?; .targetGroupArn | IN($groups[])))] | {services: .}' \
        >"$data/facts/registering.json"
    definition=$(fact registering '.services[0].taskDefinition // empty')
    [ -z "$definition" ] || fetch definition ecs describe-task-definition --task-definition "$definition"
}

describe_cluster() { # CLUSTER
    local services i
    [ -n "$1" ] || return
    fetch "list@$(of_arn "$1")" ecs list-services --cluster "$1"
    mapfile -t services < <(fact "list@$(of_arn "$1")" '.serviceArns[]?')
    # ECS describes ten at a time.
    for ((i = 0; i < ${#services[@]}; i += 10)); do
        fetch "ecs@$(of_arn "$1")-$i" ecs describe-services --cluster "$1" --services "${services[@]:i:10}"
    done
}

# Why a private DNS name is not verified: the TXT records of the public zone it is in, if that is here.
gather_verification() {
    local state name zone
    state=$(fact configuration '.ServiceConfigurations[0]?.PrivateDnsNameConfiguration.State // "verified"')
    [ "$state" != verified ] || return
    [ -n "$state" ] || return
    name=$(fact configuration '.ServiceConfigurations[0].PrivateDnsName')
    fetch zones route53 list-hosted-zones
    zone=$(jq -r --arg name ".${name#\*.}." '[.HostedZones[]? | select(.Config.PrivateZone | not)
        | .Name as $zone | select($name | endswith("." + $zone))] | max_by(.Name | length) // {} | .Id // empty' \
        "$data/facts/zones.json")
    [ -z "$zone" ] || fetch records route53 list-resource-record-sets --hosted-zone-id "$zone" \
        --query "{ResourceRecordSets: ResourceRecordSets[?Type=='TXT']}"
}

write_options() {
    local name
    for name in "${!option[@]}"; do
        jq -n --arg name "$name" --arg value "${option[$name]}" '{($name): $value}'
    done | jq -s 'add' >"$data/facts/options.json"
}
