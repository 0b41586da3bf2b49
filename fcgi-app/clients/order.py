#!/usr/bin/env python3
"""Places an order once, whatever breaks meanwhile, and prints it: order.py URL ORDER [TRIES]

Exit status 1: it was refused, and the reason is printed. 2: it is not known whether it was placed.
"""
import http.client
import random
import sys
import time
import urllib.error
import urllib.request
import uuid

url, order = sys.argv[1:3]
tries = int(sys.argv[3]) if len(sys.argv) > 3 else 10
headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
for attempt in range(tries):
    wait = min(2 ** attempt, 16)
    try:
        request = urllib.request.Request(url + "/orders", order.encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            print(answer.read().decode())
        sys.exit(0)
    except urllib.error.HTTPError as error:
        last, wait = error.code, int(error.headers.get("Retry-After", wait))
        reason = error.read().decode(errors="replace")
        if last < 500 and last != 429 and "idempotency-key-in-flight" not in reason:
            sys.exit(reason)
    except (OSError, http.client.HTTPException) as error:
        last = error
    if attempt + 1 < tries:
        time.sleep(wait + random.random())  # so that callers spread
print(f"no answer after {tries} tries, the last: {last}; the key is {headers['Idempotency-Key']}", file=sys.stderr)
sys.exit(2)
