# shellcheck shell=bash
# What the commands beside this file share; each sources it. $here is the configuration they act on.
#   YES=yes  asks nothing before AWS is changed; YES=all nothing before something is lost, either
set -u
bin=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
here=$(cd "$bin/.." && pwd)
top=$(cd "$here/.." && pwd)
readonly bin top
readonly HOURLY_USD=0.55 MONTHLY_USD=400
# What an image is called that nobody has built yet: well-formed, and no image's.
readonly NO_DIGEST=sha256:0000000000000000000000000000000000000000000000000000000000000000
export AWS_PAGER='' TF_IN_AUTOMATION=yes TF_INPUT=false

say() {
    printf '%s: %s\n' "${0##*/}" "$*"
}

fail() {
    say "$*" >&2
    exit 1
}

# Names every tool that is missing, and where it comes from.
need_tools() { # TOOL...
    local tool missing=0
    for tool; do
        command -v "$tool" >/dev/null && continue
        missing=1
        case $tool in
        terraform) say 'terraform is missing: https://developer.hashicorp.com/terraform/install, 1.11 or later' ;;
        aws) say 'aws is missing: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html' ;;
        *) say "$tool is missing: install the package $tool" ;;
        esac >&2
    done
    [ "$missing" -eq 0 ] || exit 1
}

need_credentials() {
    local account
    account=$(aws sts get-caller-identity --region "${AWS_REGION:-eu-west-2}" --query Account --output text 2>&1) || fail \
        "there are no valid AWS credentials; log in with \`aws sso login\` or set AWS_PROFILE. AWS says: ${account//$'\n'/ }"
    say "AWS account $account"
}

tf() {
    terraform -chdir="$here" "$@"
}

# Fetches the provider, and says so only if that fails.
tf_init() {
    local log
    log=$(tf init -no-color 2>&1) || fail "terraform init failed: $log"
}

# What the state says; empty, and status 1, before there is any. In the middle of an apply, Terraform gives what is
# needed as TERRAFORM_OUTPUTS. Slurped, for jq 1.6 has status 0 where it reads nothing, as before `terraform init`.
output() { # JQ_FILTER
    if [ -n "${TERRAFORM_OUTPUTS:-}" ]; then printf '%s' "$TERRAFORM_OUTPUTS"; else tf output -json 2>/dev/null; fi | jq -cser ".[0] // empty | $1 // empty"
}

# Terraform asks for the digests whatever it does. Those deployed last are in the state.
use_deployed_images() {
    TF_VAR_app_image_digest=$(output .image_digests.value.app) || TF_VAR_app_image_digest=$NO_DIGEST
    TF_VAR_web_image_digest=$(output .image_digests.value.web) || TF_VAR_web_image_digest=$NO_DIGEST
    export TF_VAR_app_image_digest TF_VAR_web_image_digest
}

# Terraform would accept an endpoint that its consumer has deleted, and fail: it is told which there are.
use_connected_endpoints() {
    local service region connections
    service=$(output .endpoint_service_id.value) && region=$(output .region.value) || return 0
    connections=$(aws ec2 describe-vpc-endpoint-connections --region "$region" --filters "Name=service-id,Values=$service" \
        --output json) || fail 'AWS does not tell who is connected; the line above says why'
    TF_VAR_connected_endpoint_ids=$(jq -c '[.VpcEndpointConnections[] | select(.VpcEndpointState |
        IN("available", "pendingAcceptance", "pending", "rejected")) | .VpcEndpointId]' <<<"$connections")
    export TF_VAR_connected_endpoint_ids
}

confirm() { # QUESTION
    local answer
    [[ ! ${YES:-} =~ ^(yes|all)$ ]] || return 0
    [ -t 0 ] || fail 'nobody is there to ask; YES=yes goes on without asking'
    read -r -p "$1 [y/N] " answer
    [[ $answer == [yY]* ]] || fail 'nothing was changed'
}

# A second question, which YES=yes does not answer.
confirm_loss() { # QUESTION
    local answer
    [ "${YES:-}" != all ] || return 0
    [ -t 0 ] || fail 'nobody is there to ask, and YES=yes deletes nothing; YES=all does. Nothing was changed'
    read -r -p "$1 [y/N] " answer
    [[ $answer == [yY]* ]] || fail 'nothing was changed'
}
