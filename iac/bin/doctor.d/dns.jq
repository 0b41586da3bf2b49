# The private DNS name: verified by the service's account, enabled on the endpoint, the one callers use.

# An endpoint's own names need no private DNS.
def own_name: test("\\.vpce\\.amazonaws\\.com(\\.cn)?$");
def wanted: options.name // "";

def matches($pattern):
  . == $pattern or ($pattern | startswith("*.")) and endswith($pattern[1:]) and (rtrimstr($pattern[1:]) | contains(".") | not);

def record_names($token): private_name | ltrimstr("*.") | split(".") as $labels
  | [range($labels | length) as $i | "\($token).\($labels[$i:] | join("."))."];

# Why verification does not pass, and the mend.
def unverified:
  configuration as $service
  | $service.PrivateDnsNameConfiguration as {Name: $token, Value: $value, State: $state}
  | record_names($token) as $names
  | "aws ec2 start-vpc-endpoint-service-private-dns-verification --service-id \(options.service_id)" as $again
  | [.records.ResourceRecordSets[]? | select(.Name | IN($names[])).ResourceRecords[].Value] as $found
  | "\(private_name) is not verified (\($state)): " as $what
  | if any($found[]; contains($value)) then fail("\($what)its TXT record is right."; $again)
    elif $found | length > 0 then
      fail("\($what)the TXT record \($names[0]) holds \($found | join(", ")).";
           "set it to \"\($value)\", then \($again)")
    elif .records then
      fail("\($what)the public zone has no TXT record for it."; "add TXT \($names[0]) with \"\($value)\", then \($again)")
    else
      fail("\($what)its public zone is not in this account.";
           "where that zone is kept, see that TXT \($names[0]) holds \"\($value)\"; then \($again)")
    end;

def verification:
  if private_name == "" then ok("the service has none; consumers use the endpoint's own names")
  elif private_name_state == "verified" then ok("\(private_name) is verified")
  elif ours then unverified
  else fail("\(private_name) is not verified (\(private_name_state)).";
            "in the service's account, run doctor: it knows the TXT record that is missing") end;

# The name consumers use against the service's, and the service's against the endpoint's.
def unmatched:
  private_name as $name
  | wanted as $wanted
  | consumer_aws as $aws
  | if $wanted != "" and ($wanted | own_name | not) and ($wanted | matches($name) | not) then
      fail("consumers use \($wanted), the service's private DNS name is \(if $name == "" then "none" else $name end).";
           "use that name; or in the service's account, aws ec2 modify-vpc-endpoint-service-configuration --service-id \(options.service_id) --private-dns-name \($wanted), and verify it")
    else
      [endpoints[] | select(.PrivateDnsEnabled)
       | [.DnsEntries[]?.DnsName | select(own_name | not) | select(contains(".vpce-svc-") | not)] as $others
       | select($others | length > 0 and (index($name) | not))
       | fail("\(.VpcEndpointId) answers to \($others | join(", ")), the service's private DNS name is \($name).";
              "turn the endpoint's private DNS off and on: \($aws) ec2 modify-vpc-endpoint --vpc-endpoint-id \(.VpcEndpointId) --no-private-dns-enabled, then --private-dns-enabled")]
      | if length > 0 then .[] else ok("endpoint and service agree") end
    end;

# A VPC's two switches, without which no private name resolves in it.
def switches($endpoint):
  $endpoint.VpcId as $vpc
  | ([["enableDnsSupport", .support[$vpc].EnableDnsSupport], ["enableDnsHostnames", .hostnames[$vpc].EnableDnsHostnames]][]
     | select(.[1].Value == false)[0]) as $attribute
  | fail("\($attribute) is off in \($vpc), so \(private_name) does not resolve there.";
         "\(consumer_aws) ec2 modify-vpc-attribute --vpc-id \($vpc) --\($attribute | gsub("(?<c>[A-Z])"; "-\(.c | ascii_downcase)"))");

def enabled:
  . as $facts
  | if private_name == "" or (wanted | own_name) then ok("not needed: consumers use the endpoint's own names")
    elif private_name_state != "verified" then skip("cannot be enabled before the name is verified")
    else
      [endpoints[] as $endpoint
       | if $endpoint.PrivateDnsEnabled then $facts | switches($endpoint)
         else fail("\($endpoint.VpcEndpointId) has no private DNS, so \(private_name) does not lead to it.";
                   "\($facts | consumer_aws) ec2 modify-vpc-endpoint --vpc-endpoint-id \($endpoint.VpcEndpointId) --private-dns-enabled; or use the endpoint's own name, and say so with --name") end]
      | if length > 0 then .[] else ok("\($facts | private_name) resolves to the endpoint") end
    end;
