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
    fail("account \(account) does not see \(options.service_name)\(if remote then " from \(consumer_region)" else "" end): it is not an allowed principal, or \(region) has no such service\(
           if remote then ", or it takes no consumers from \(consumer_region)" else "" end).";
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
           "in the consumer's account, \(consumer_aws) ec2 create-vpc-endpoint --vpc-endpoint-type Interface --service-name \(options.service_name) with its VPC, subnets and security group")
    end;

# Zones of the service: by id from its balancers' subnets, as AWS tells a consumer otherwise. Zone names are
# an account's own, zone ids are not.
def service_zones:
  if ours then [balancer_subnets[].AvailabilityZoneId] | unique
  else
    detail as $detail
    | if $detail.AvailabilityZoneIds then $detail.AvailabilityZoneIds
      else [subnets[] | select(.AvailabilityZone | IN($detail.AvailabilityZones[]?)).AvailabilityZoneId]
           | unique end
  end;

def zones_of($who; $mine; $theirs; $mend):
  ($mine - ($mine - $theirs)) as $common
  | if $common | length > 0 then ok("\($who) and the service share \($common | join(", "))")
    else fail("\($who) is in no zone of the service: it has \($mine | join(", ") | if . == "" then "none" else . end), the service \($theirs | join(", ")).";
              $mend) end;

def zones_of_endpoint($subnets; $theirs; $aws):
  .SubnetIds as $ids
  | .VpcId as $vpc
  | [$subnets[] | select(.SubnetId | IN($ids[]?)).AvailabilityZoneId] as $mine
  | ($theirs - $mine) as $lacking
  # A subnet of its VPC that would do, if there is one.
  | ([$subnets[] | select(.VpcId == $vpc and (.AvailabilityZoneId | IN($lacking[]))).SubnetId][0] // "SUBNET") as $subnet
  | "\($aws) ec2 modify-vpc-endpoint --vpc-endpoint-id \(.VpcEndpointId) --add-subnet-ids \($subnet)" as $add
  | if $lacking == $theirs then
      zones_of(.VpcEndpointId; $mine | unique; $theirs;
        "add a subnet of a zone of the service, \($add); or enable the endpoint's zone on the NLB")
    elif $lacking != [] then
      fail("\(.VpcEndpointId) has no subnet in \($lacking | join(", ")), where the service is: the fewer zones it has, the sooner one that fails cuts it off.";
           $add)
    else ok("\(.VpcEndpointId) has a subnet in each zone of the service: \($theirs | join(", "))") end;

# From another region any zone will do but these (AWS PrivateLink Guide, "Share your services", cross-Region access).
def no_remote_access: ["use1-az3", "usw1-az2", "apne1-az3", "apne2-az2", "apne2-az4"];

def zones_of_remote($subnets; $aws):
  .SubnetIds as $ids
  | [$subnets[] | select(.SubnetId | IN($ids[]?)) | select(.AvailabilityZoneId | IN(no_remote_access[]))] as $without
  | if $without != [] then
      fail("\(.VpcEndpointId) is in \([$without[].AvailabilityZoneId] | unique | join(", ")), where AWS has no cross-region access.";
           "\($aws) ec2 modify-vpc-endpoint --vpc-endpoint-id \(.VpcEndpointId) --remove-subnet-ids \([$without[].SubnetId] | join(" "))")
    else ok("\(.VpcEndpointId) is in another region, and in zones from which AWS has cross-region access") end;

def zones:
  service_zones as $theirs
  | subnets as $subnets
  | consumer_aws as $aws
  | remote as $remote
  | if endpoints | length > 0 then
      endpoints[] | if $remote then zones_of_remote($subnets; $aws) else zones_of_endpoint($subnets; $theirs; $aws) end
    elif $remote then skip("a consumer in another region needs no zone of the service")
    elif options.consumer_vpc and .vpcs then
      options.consumer_vpc as $vpc
      | zones_of($vpc; [$subnets[] | select(.VpcId == $vpc).AvailabilityZoneId] | unique; $theirs;
          "make a subnet in a zone of the service, or enable a zone of the VPC on the NLB")
    else skip("only the consumer's account can read the endpoint's subnets; the service is in \($theirs | join(", "))") end;

# Whether the service takes consumers from the consumer's region.
def supported:
  consumer_region as $from
  | if any(configuration.SupportedRegions[]?; .Region == $from) then ok("the service takes consumers from \($from)")
    else
      fail("\(options.service_id) takes no consumers from \($from).";
           "aws ec2 modify-vpc-endpoint-service-configuration --service-id \(options.service_id) --add-supported-regions \($from); or list it in supported_regions and run make deploy")
    end;
