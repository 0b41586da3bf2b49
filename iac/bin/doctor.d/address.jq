# IPv4 ranges, and what security groups admit. A rule for IPv6 admits no IPv4.

def address: split(".") | map(tonumber) | reduce .[] as $byte (0; . * 256 + $byte);

# First and last address of a CIDR.
def bounds:
  split("/") as [$from, $bits]
  | pow(2; 32 - (($bits // "32") | tonumber)) as $size
  | ($from | address) as $address
  | ($address - $address % $size) as $first
  | [$first, $first + $size - 1];

def covers($outer; $inner):
  ($outer | bounds) as [$a, $b] | ($inner | bounds) as [$c, $d] | $a <= $c and $d <= $b;

def overlaps($one; $other):
  ($one | bounds) as [$a, $b] | ($other | bounds) as [$c, $d] | $a <= $d and $c <= $b;

# The rules of these security groups for a TCP port; $way is IpPermissions or IpPermissionsEgress.
def rules($groups; $way; $port):
  [security_groups[] | select(.GroupId | IN($groups[])) | .[$way][]?
   | select(.IpProtocol == "-1"
            or ((.IpProtocol == "tcp" or .IpProtocol == "6") and .FromPort <= $port and .ToPort >= $port))];

# How much of a range rules admit: whole, part, list (by a prefix list, which is not looked into) or none.
def admitted($rules; $range):
  if any($rules[].IpRanges[]?; covers(.CidrIp; $range)) then "whole"
  elif any($rules[].IpRanges[]?; overlaps(.CidrIp; $range)) then "part"
  elif any($rules[].PrefixListIds[]?; true) then "list"
  else "none" end;

# The security groups whose members rules admit.
def members($rules): [$rules[].UserIdGroupPairs[]?.GroupId];

def allow($aws; $group; $way; $port; $range):
  "\($aws) ec2 authorize-security-group-\($way) --group-id \($group) \(
    if $way == "ingress" then "--protocol tcp --port \($port) --cidr \($range)"
    else "--ip-permissions IpProtocol=tcp,FromPort=\($port),ToPort=\($port),IpRanges=[{CidrIp=\($range)}]" end)";
def allow($group; $way; $port; $range): allow("aws"; $group; $way; $port; $range);
