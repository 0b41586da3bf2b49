#!/usr/bin/env python3
"""The emulator: a client that has lost an answer asks again, and is answered as AWS would. Calls come to moto one at a
time, and a call that fails inside it is told by the program whose call it was."""

import http.server
import io
import os
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

import botocore.exceptions

import removing
import suite
import terraform
from aws import aws
from wire import front

WAIT_S = removing.WAIT_S


def steadily(function, *arguments):
    """Terraform's client sees a busy machine drop a connection now and then, too: then all is done anew."""
    for _ in range(3):
        try:
            return function(*arguments)
        except botocore.exceptions.HTTPClientError as error:
            dropped = error
    raise dropped


def twice(row):
    members = row.members()
    return removing.refusal(row.call, members), removing.refusal(row.call, members)


class Again(unittest.TestCase):
    """Each call that takes something away, made once more, and made for something that never was."""

    def test_second_time(self):
        for row in removing.ROWS:
            with self.subTest(row.call):
                self.assertEqual(steadily(twice, row), (None, row.again))

    def test_nothing_there(self):
        for row in removing.ROWS:
            with self.subTest(row.call):
                members = steadily(row.members)
                absent = removing.elsewhere(members)
                self.assertNotEqual(absent, members)
                self.assertEqual(steadily(removing.refusal, row.call, absent), row.absent)


class Front(unittest.TestCase):
    """What stands before moto."""

    def ask(self, application, *actions, **headers):
        """The statuses of its answers, and the log."""
        log, statuses = io.StringIO(), []
        served = front.Front(application, log)
        for action in actions:
            body = b"Action=" + action.encode()
            served({"REQUEST_METHOD": "POST", "REQUEST_URI": "/", "PATH_INFO": "/", "QUERY_STRING": "",
                    "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), **headers},
                   lambda status, headers: statuses.append(status))
        return statuses, log.getvalue()

    def test_one_at_a_time(self):
        """Two that are inside together meet; nobody does."""
        both, inside, met = threading.Barrier(2), threading.Barrier(2), []

        def application(_environ, start_response):
            try:
                inside.wait(0.5)
                met.append(True)
            except threading.BrokenBarrierError:
                inside.reset()
            start_response("200 OK", [])
            return [b""]

        served = front.Front(application, io.StringIO())

        def ask():
            both.wait(WAIT_S)
            served({"REQUEST_METHOD": "GET", "REQUEST_URI": "/", "PATH_INFO": "/", "QUERY_STRING": "",
                    "wsgi.input": io.BytesIO()}, lambda *_: None)

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT_S)
        self.assertEqual(met, [])

    def test_failure_is_logged(self):
        def application(environ, start_response):
            if b"Stumble" in environ["wsgi.input"].read():
                raise ZeroDivisionError("the cause")
            start_response("200 OK", [])
            return [b""]

        statuses, log = self.ask(application, "Walk", "Stumble", "Walk")
        self.assertEqual(statuses, ["200 OK", front.FAILED, "200 OK"])
        with tempfile.NamedTemporaryFile("w", suffix=".log") as file:
            file.write(log)
            file.flush()
            [failure] = front.failures(file.name)
        self.assertRegex(failure, r"^500 .* POST Stumble b'Action=Stumble'")
        self.assertIn("ZeroDivisionError: the cause", failure)
        self.assertNotIn("Walk", failure)

    def test_answer_that_was_lost(self):
        """Another try of a call that was done does nothing, and has the same answer. One of a refused call is made."""
        refused = "409 CONFLICT"
        for first, again in {"200 OK": "200 OK", "400 BAD REQUEST": refused, front.FAILED: refused}.items():
            done = []

            def application(_environ, start_response, made=done, answered=first):
                start_response(refused if made else answered, [])
                made.append(True)
                return [b""]

            with self.subTest(first):
                tries = {front.INVOCATION: "9f0c", front.TRY: "attempt=2; max=5"}
                statuses, log = self.ask(application, "Create", "Create", **tries)
                self.assertEqual(statuses, [first, again])
                self.assertEqual(len(done), 1 if again == first else 2)
                self.assertIn(f"{again} POST Create (attempt=2; max=5)", log)

    def test_answers_are_kept_for_a_while(self):
        served = front.Front(lambda _environ, start_response: (start_response("200 OK", []), [b""])[1], io.StringIO())
        for number in range(front.ANSWERS_KEPT + 10):
            served({"REQUEST_METHOD": "GET", "REQUEST_URI": "/", "PATH_INFO": "/", "QUERY_STRING": "",
                    "wsgi.input": io.BytesIO(), front.INVOCATION: str(number)}, lambda *_: None)
        self.assertEqual(len(served.kept), front.ANSWERS_KEPT)
        self.assertNotIn("9", served.kept)

    def test_any_500_is_a_failure(self):
        for status, failures in {"200 OK": 0, "404 NOT FOUND": 0, "500 INTERNAL SERVER ERROR": 1,
                                 "503 SERVICE UNAVAILABLE": 1}.items():
            def application(_environ, start_response, answered=status):
                start_response(answered, [])
                return [b""]

            with self.subTest(status):
                log = self.ask(application, "Walk", "Walk")[1]
                self.assertEqual(len(front.FAILURE.findall(log)), 2 * failures)


class Lost(http.server.BaseHTTPRequestHandler):
    """Hands on to the emulator what it is asked, and closes the first connection instead of answering."""

    answered = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], body, dict(self.headers))
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            self.answered.append(answer.status)
            if len(self.answered) > 1:
                self.send_response(answer.status)
                self.end_headers()
                self.wfile.write(answer.read())

    def log_message(self, *_):
        pass


class LostAnswer(unittest.TestCase):
    def test_client_asks_again(self):
        server = http.server.HTTPServer(("127.0.0.1", 0), Lost)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        aws("logs", "create-log-group", "--log-group-name", "made-once", "--endpoint-url",
            f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()
        server.server_close()
        self.assertEqual(Lost.answered, [200, 200])


class Told(unittest.TestCase):
    PROGRAM = """
import sys, unittest, suite
class Fine(unittest.TestCase):
    def test_fine(self):
        pass
sys.exit(suite.main(emulator=True))
"""

    def test_program_fails_that_made_a_call_fail(self):
        """Even if Terraform has tried again, and no test has noticed."""
        fine, failed = "200 OK GET /\n", "500 INTERNAL SERVER ERROR POST Stumble\nthe cause\n"
        for log, status in {fine: 0, fine + failed + fine: 1}.items():
            with self.subTest(status=status), tempfile.NamedTemporaryFile("w", suffix=".log") as file:
                file.write(log)
                file.flush()
                done = subprocess.run([sys.executable, "-c", self.PROGRAM], text=True, check=False, timeout=WAIT_S,
                                      env={**os.environ, "EMULATOR_LOG": file.name}, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, cwd=os.path.join(terraform.TOP, "tests", "iac"))
                self.assertEqual(done.returncode, status, done.stdout)
                self.assertEqual("the cause" in done.stdout, status == 1, done.stdout)
                self.assertIn(f"1 passed, {status} failed, 0 skipped", done.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(suite.main(emulator=True))
