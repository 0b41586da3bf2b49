# Between the endpoint and the service: who may connect, acceptance, zones, private DNS.

def principal_of($account): "arn:\(if region | startswith("cn-") then "aws-cn"
  elif region | startswith("us-gov-") then "aws-us-gov" else "aws" end):iam::\($account):root";

def allow_principal($account):
  "in the service's account, aws ec2 modify-vpc-endpoint-service-permissions --service-id \(options.service_id) --add-allowed-principals \(principal_of($account))";

# Accounts that connect, other than the service's own, which needs no permission.
def consumer_accounts:
  owner as $owner
  | if options.consumer_account then [options.consumer_account] else [connections[] | select(.VpcEndpointState | test("^delet"; "i") | not).VpcEndpointOwner] | unique end
  | map(select(. != $owner));

def principals_seen_from_service:
  [.permissions.AllowedPrincipals[].Principal] as $principals
  | consumer_accounts as $accounts
  | if $accounts | length > 0 then
      $accounts[] as $account
      | if any($principals[]; . == "*" or contains(":\($account):")) then ok("account \($account) is allowed")
        else fail("account \($account) is not an allowed principal of \(options.service_id).";
                  allow_principal($account)) end
    elif endpoints | length > 0 then ok("the endpoint is of the service's own account")
    elif $principals | length > 0 then
      skip("no endpoint tells which account connects; give --consumer-account. Allowed: \($principals | join(", "))")
    else fail("no principal is allowed to use \(options.service_id)."; allow_principal("CONSUMER")) end;

def principal:
  if ours then principals_seen_from_service
  elif hidden then
    fail("account \(account) does not see \(options.service_name): it is not an allowed principal, or \(region) has no such service.";
         allow_principal(account))
  else ok("account \(account) sees \(options.service_name)") end;

# What becomes of an endpoint in each state, and the mend.
def state_meanings($id): {
  pendingacceptance: ["waits to be accepted.",
    "in the service's account, aws ec2 accept-vpc-endpoint-connections --service-id \(options.service_id) --vpc-endpoint-ids \($id); or list it among the accepted ids"],
  pending: ["is still being made.", "wait a minute and run this again"],
  rejected: ["was rejected by the service's account.",
    "in the service's account, aws ec2 accept-vpc-endpoint-connections --service-id \(options.service_id) --vpc-endpoint-ids \($id)"],
  failed: ["has failed.",
    "in the consumer's account, delete it and make it again; its subnets need free addresses and a zone of the service"],
  expired: ["waited too long to be accepted.", "in the consumer's account, delete it and make it again; then accept it"],
  deleting: ["is being deleted.", "in the consumer's account, make it again"],
  deleted: ["is deleted.", "in the consumer's account, make it again"],
  partial: ["is only partly there.", "in the consumer's account, delete it and make it again"]
};

# Of each endpoint; what was deleted is a finding only if it was asked for.
def states:
  options.endpoint_id as $chosen
  | [(connections[] | {id: .VpcEndpointId, state: .VpcEndpointState}),
     (every_endpoint[] | {id: .VpcEndpointId, state: .State, reason: (.LastError.Message // .FailureReason)})]
  # The endpoint's own account knows more, and comes last.
  | group_by(.id) | map(add | .state |= ascii_downcase)
  | map(select($chosen or (.state | startswith("delet") | not)));

# LastError tells why, where there is one.
def acceptance_of($endpoint; $meanings):
  ($meanings[$endpoint.state] // ["is in state \($endpoint.state).", "wait a minute and run this again"]) as [$what, $mend]
  | if $endpoint.state == "available" then ok("\($endpoint.id) is accepted and available")
    else fail("\($endpoint.id) \($what)\($endpoint.reason | if . then " AWS says: \(.)" else "" end)"; $mend) end;

def acceptance:
  . as $facts
  | states as $states
  | if $states | length > 0 then
      $states[] as $endpoint | acceptance_of($endpoint; $facts | state_meanings($endpoint.id))
    elif errors("endpoints") + errors("connections") != [] then skip("endpoints and connections cannot all be read")
    elif hidden then skip("there is no endpoint before the principal is allowed")
    elif options.endpoint_id then
      fail("\(options.endpoint_id) is not in account \(account), nor does it connect to a service of this account.";
           "check its id, region and account; if it was deleted, make it again in the consumer's account")
    else
      fail("no endpoint connects to \(options.service_name).";
           "in the consumer's account, aws ec2 create-vpc-endpoint --vpc-endpoint-type Interface --service-name \(options.service_name) with its VPC, subnets and security group")
    end;

# Zones of the service: by id from its balancers' subnets, as AWS tells a consumer otherwise. Zone names are
# an account's own, zone ids are not.
def service_zones:
  if ours then [balancer_subnets[].AvailabilityZoneId] | unique
  else
    detail as $detail
    | if $detail.AvailabilityZoneIds then $detail.AvailabilityZoneIds
      else [.subnets.Subnets[]? | select(.AvailabilityZone | IN($detail.AvailabilityZones[]?)).AvailabilityZoneId]
           | unique end
  end;

def zones_of($who; $mine; $theirs; $mend):
  ($mine - ($mine - $theirs)) as $common
  | if $common | length > 0 then ok("\($who) and the service share \($common | join(", "))")
    else fail("\($who) is in no zone of the service: it has \($mine | join(", ") | if . == "" then "none" else . end), the service \($theirs | join(", ")).";
              $mend) end;

def zones:
  service_zones as $theirs
  | (.subnets.Subnets // []) as $subnets
  | if endpoints | length > 0 then
      endpoints[]
      | .SubnetIds as $ids
      | zones_of(.VpcEndpointId; [$subnets[] | select(.SubnetId | IN($ids[]?)).AvailabilityZoneId] | unique; $theirs;
          "add a subnet of a zone of the service, aws ec2 modify-vpc-endpoint --vpc-endpoint-id \(.VpcEndpointId) --add-subnet-ids SUBNET; or enable the endpoint's zone on the NLB")
    elif options.consumer_vpc and .vpcs then
      options.consumer_vpc as $vpc
      | zones_of($vpc; [$subnets[] | select(.VpcId == $vpc).AvailabilityZoneId] | unique; $theirs;
          "make a subnet in a zone of the service, or enable a zone of the VPC on the NLB")
    else skip("only the consumer's account can read the endpoint's subnets; the service is in \($theirs | join(", "))") end;
