"""scene: a real pair, lighttpd and postern, and a Prometheus that scrapes it, for tests and pictures of
what is in webserver-conf/observe. POSTERN and WEBSERVER_MODULES in the environment are what `make e2e` built."""
import http.client
import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.parse
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
OBSERVE = TOP / "webserver-conf/observe"
BALANCER = "127.0.0.2"  # lighttpd believes it which endpoint calls; see tests/e2e/proxy.h
DEADLINE_S = 90
CONSUMERS = {"acme": "vpce-0aaaaaaaaaaaaaaaa", "globex": "vpce-0bbbbbbbbbbbbbbbb", "initech": "vpce-0cccccccccccccccc"}
CATALOGUE = "id,name,description,price,quantity\n1,a,b,9.99,1000000\n2,c,d,20.01,1000000\n3,e,f,1.00,0\n"
LIGHTTPD = ('include env.WEBSERVER_CONF + "/lighttpd-local.conf"\n'
            'include env.WEBSERVER_CONF + "/PROXY_PROTOCOL=v2.conf"\n'
            # Reads are the application's, and what lighttpd closes is told over this.
            'postern-published.socket = env.POSTERN_SOCKET + ".publish"\n')
PROMETHEUS = """global: {{scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 2s}}
rule_files: ["{rules}"]
scrape_configs:
  - {{job_name: postern, static_configs: [{{targets: ["127.0.0.1:{metrics}"]}}]}}
  - {{job_name: node, metrics_path: /audit.prom, static_configs: [{{targets: ["127.0.0.1:{files}"]}}]}}
"""


def take_port():
    """A port that the system gives to nobody else while the socket is open: see tests/port.h."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return taken, taken.getsockname()[1]


def until(what, condition, each_s=0.2, deadline_s=DEADLINE_S):
    """Waits for it to be true, and returns what it was."""
    end = time.monotonic() + deadline_s
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {deadline_s} s")
        time.sleep(each_s)
    return found


def finite(samples):
    return [sample for sample in samples if sample["value"][1] not in ("NaN", "+Inf", "-Inf")]


class Scene:
    def __init__(self, folder):
        self.folder, self.children, self.taken = pathlib.Path(folder), [], []
        names = ("web", "metrics", "prometheus", "files")
        self.ports = {}
        for name in names:
            taken, self.ports[name] = take_port()
            self.taken.append(taken)
        self.postern = os.path.realpath(os.environ.get("POSTERN", TOP / "build/release/postern"))
        modules = os.path.realpath(os.environ.get("WEBSERVER_MODULES", TOP / "build/release/webserver-conf/modules"))
        self.env = dict(
            os.environ, DATABASE_URL=f"sqlite:{self.folder}/postern.db", POSTERN_SOCKET=f"{self.folder}/postern.sock",
            POSTERN_WORKERS="4", POSTERN_QUIET_MS="10", POSTERN_DRAIN_SECONDS="2",
            METRICS_PORT=str(self.ports["metrics"]), PORT=str(self.ports["web"]), PROXY_PROTOCOL="v2",
            PROXY_TRUSTED=f"{BALANCER}/32", WEBSERVER_CONF=str(TOP / "webserver-conf"), UPLOADS=str(self.folder),
            ACCESS_LOG=f"{self.folder}/access.log", POSTERN_CONSUMERS=";".join(
                f"{endpoint} {name}{' rate=1 burst=1' if name == 'globex' else ''}"
                for name, endpoint in CONSUMERS.items()))
        try:
            self.start_pair(modules)
            self.start_prometheus()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def start(self, name, *command):
        with open(self.folder / f"{name}.log", "ab") as log:
            self.children.append(subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL, stdout=log,
                                                  stderr=log))
        return self.children[-1]

    def run(self, *command, **options):
        return subprocess.run(command, env=self.env, capture_output=True, text=True, check=False, timeout=DEADLINE_S,
                              **options)

    def start_pair(self, modules):
        conf = self.folder / "lighttpd.conf"
        conf.write_text(LIGHTTPD, encoding="utf-8")
        for command in (["migrate"], ["import", "-"]):
            done = self.run(self.postern, *command, input=CATALOGUE)
            if done.returncode:
                raise RuntimeError(f"postern {command[0]}: {done.stderr}")
        self.master = self.start("postern", self.postern, "serve")
        until("postern is ready", lambda: self.run(self.postern, "healthcheck").returncode == 0)
        self.start("lighttpd", "/usr/sbin/lighttpd", "-D", "-m", modules, "-f", str(conf))
        until("lighttpd answers", lambda: self.answers("web"))

    def start_prometheus(self):
        conf = self.folder / "prometheus.yml"
        conf.write_text(PROMETHEUS.format(rules=OBSERVE / "rules.yml", **self.ports), encoding="utf-8")
        self.url = f"http://127.0.0.1:{self.ports['prometheus']}"
        self.start("prometheus", "prometheus", f"--config.file={conf}", f"--storage.tsdb.path={self.folder}/tsdb",
                   f"--web.listen-address=127.0.0.1:{self.ports['prometheus']}")
        until("Prometheus is ready", lambda: self.answers("prometheus") and self.is_ready())
        until("Prometheus scrapes", lambda: self.query('up{job="postern"} == 1'))

    def answers(self, name):
        if any(child.poll() is not None for child in self.children):
            logs = "".join(path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.log"))
            raise RuntimeError(f"a process ended while {name} was waited for:\n{logs}")
        with socket.socket() as asking:
            asking.settimeout(5)
            return asking.connect_ex(("127.0.0.1", self.ports[name])) == 0

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=DEADLINE_S) as answer:
                return answer.status == 200
        except OSError:  # an answer of 503 is one
            return False

    def close(self):
        """In the order in which they ought to stop, from the outside to the inside."""
        for child in reversed(self.children):
            child.terminate()
        for child in self.children:
            try:
                child.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                child.kill()
        for taken in self.taken:
            taken.close()

    def call(self, consumer, method, path, body=None, key=None):
        """The status of the answer to a request that comes through the consumer's endpoint."""
        endpoint = CONSUMERS[consumer].encode()
        tlv = b"\xea" + (len(endpoint) + 1).to_bytes(2, "big") + b"\x01" + endpoint
        addresses = bytes([10, 0, 0, 5, 10, 0, 0, 6, 0x30, 0x39, 0, 80])
        web = socket.create_connection(("127.0.0.1", self.ports["web"]), DEADLINE_S, (BALANCER, 0))
        web.sendall(b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + len(addresses + tlv).to_bytes(2, "big") + addresses + tlv)
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["web"], timeout=DEADLINE_S)
        connection.sock = web
        headers = {"Content-Type": "application/json", "Connection": "close"} if body else {"Connection": "close"}
        if key:
            headers["Idempotency-Key"] = f'"{key}"'
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def load(self, number):
        """One round of what callers do: reads, orders, a repeat, and what is refused. Returns the statuses."""
        def order(product):
            return {"items": [{"product_id": product, "quantity": 1}]}
        return [self.call("acme", "GET", f"/products/{1 + number % 2}"), self.call("acme", "GET", "/products"),
                self.call("acme", "POST", "/orders", order(1), f"acme-{number}"),
                self.call("acme", "POST", "/orders", order(1), f"acme-{number}"),
                self.call("initech", "POST", "/orders", order(2)), self.call("initech", "GET", "/orders"),
                self.call("initech", "POST", "/orders", order(3)), self.call("initech", "GET", "/none"),
                *(self.call("globex", "GET", "/products/2") for _ in range(1 + number % 3))]

    def send_no_header(self):
        """What the balancer never does; lighttpd closes the connection."""
        with socket.create_connection(("127.0.0.1", self.ports["web"]), DEADLINE_S, (BALANCER, 0)) as wrong:
            wrong.sendall(b"GET / HTTP/1.1\r\n\r\n")
            try:
                while wrong.recv(4096):
                    pass
            except ConnectionResetError:
                pass

    def workers(self):
        """The process ids of the workers."""
        return [int(path.parent.name) for path in pathlib.Path("/proc").glob("[0-9]*/stat")
                if self.is_worker(path)]

    def is_worker(self, stat):
        try:
            name, _, rest = stat.read_text(encoding="utf-8").partition("(")[2].rpartition(")")
        except OSError:  # it has just ended
            return False
        return name == "postern-worker" and int(rest.split()[1]) == self.master.pid

    def ask(self, path, **arguments):
        url = f"{self.url}{path}?{urllib.parse.urlencode(arguments)}"
        with urllib.request.urlopen(url, timeout=DEADLINE_S) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        """The series that the expression has now."""
        return self.ask("/api/v1/query", query=expression)["result"]
