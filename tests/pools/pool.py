"""A pool of Python's (httpx): no request after a pause meets the end of a connection.

Arguments: the port, the seconds that lighttpd tells (Keep-Alive), and those after which it ends an idle connection.
httpx does not read Keep-Alive, but has a time of its own, 5 s by default, which stands for what is told. urllib3 and
requests have none: they look whether a connection has ended, and now and then it ends just afterwards.
"""
import random
import sys
import threading
import time

import httpx

CALLERS = 20
TURNS = 4
failures = []


def caller(port, told, idle):
    """Ask, pause, and ask again, over one connection while it lasts."""
    pool = httpx.Client(base_url=f'http://127.0.0.1:{port}', limits=httpx.Limits(keepalive_expiry=told), timeout=30)
    for _ in range(TURNS):
        try:
            answer = pool.get('/products/1')
            if answer.status_code != 200:
                failures.append(f'status {answer.status_code}')
        except httpx.HTTPError as error:
            failures.append(repr(error))
        time.sleep(random.random() * (idle + 1))


def main():
    """Run all callers at once."""
    port, told, idle = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    callers = [threading.Thread(target=caller, args=(port, told, idle)) for _ in range(CALLERS)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join()
    for failure in failures:
        print(f'pools: Python: {failure}', file=sys.stderr)
    if failures:
        sys.exit(1)
    print(f'pools: Python: {CALLERS * TURNS} requests after pauses, none failed')


if __name__ == '__main__':
    main()
