#!/usr/bin/env python3
"""The database's roles on PostgreSQL itself: who logs in, whose the tables are, and that a new password cuts nobody
off before the former one is taken away."""

import glob
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import postern
import suite

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILE = os.path.join(TOP, "iac", "bin", "database-role.sql")
START_S = 180


def programs():
    """The newest version's folder."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
    if not found:
        raise FileNotFoundError("no PostgreSQL in /usr/lib/postgresql; install the package postgresql")
    return found[-1]


def take_port():
    """A socket whose port nobody else is given while it is open; a server that sets SO_REUSEADDR may listen there."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return taken


class Server:
    """A server of the test's own on 127.0.0.1, in which everybody needs a password."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="postern-roles-")
        # PostgreSQL refuses to run as root.
        user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        if user:
            os.chown(self.folder, *pwd.getpwnam("postgres")[2:4])
        password = os.path.join(self.folder, "password")
        with open(password, "w", encoding="ascii") as file:
            file.write("master")
        os.chmod(password, 0o644)
        self.taken = take_port()
        data, self.port, self.bin = os.path.join(self.folder, "data"), str(self.taken.getsockname()[1]), programs()
        subprocess.run([os.path.join(self.bin, "initdb"), "-D", data, "--no-sync", "--username=rdsadmin",
                        "--auth=scram-sha-256", "--pwfile=" + password], check=True, stdout=subprocess.DEVNULL,
                       cwd=self.folder, **user)
        self.process = subprocess.Popen(
            [os.path.join(self.bin, "postgres"), "-D", data, "-p", self.port, "-k", self.folder, "-F",
             "-c", "listen_addresses=127.0.0.1"], cwd=self.folder, stderr=subprocess.DEVNULL, **user)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.taken.close()
        shutil.rmtree(self.folder)

    def ask(self, login, password, sql, database="postern"):
        """What psql prints; CalledProcessError if it is not let in, or refused."""
        return subprocess.run(
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", self.port, "-U", login, "-d", database],
            input=sql, env={"PATH": os.environ["PATH"], "PGPASSWORD": password}, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, check=True).stdout.strip()

    def wait(self):
        deadline = time.monotonic() + START_S
        while True:
            try:
                return self.ask("rdsadmin", "master", "SELECT 1", "postgres")
            except subprocess.CalledProcessError as error:
                if time.monotonic() > deadline:
                    raise RuntimeError(error.stderr) from error
                time.sleep(0.1)


class Roles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.server.wait()
        # As in RDS: the master may make roles and databases, and is no superuser.
        cls.server.ask("rdsadmin", "master", "CREATE ROLE master LOGIN CREATEROLE CREATEDB PASSWORD 'master'",
                       "postgres")
        cls.server.ask("master", "master", "CREATE DATABASE postern", "postgres")
        with open(FILE, encoding="utf-8") as file:
            # As database-role sends it.
            cls.sql = re.sub(r"^ *--.*\n", "", file.read(), flags=re.MULTILINE)

    def make(self, login, password):
        self.server.ask("master", "master", f"""BEGIN;
            SELECT set_config('postern.login', '{login}', true), set_config('postern.password', '{password}', true);
            {self.sql}; COMMIT;""")

    def refused(self, login, password):
        with self.assertRaises(subprocess.CalledProcessError):
            self.server.ask(login, password, "SELECT 1")

    def test_1_parameters_are_not_seen_in_it(self):
        self.assertNotIn(":", self.sql)

    def test_2_two_take_turns(self):
        ask = self.server.ask
        self.make("postern_1", "one")
        self.make("postern_1", "one")
        ask("postern_1", "one", "CREATE TABLE orders (id int); INSERT INTO orders VALUES (1)")
        self.assertEqual(ask("postern_1", "one", "SELECT session_user, current_user, schemaname, tableowner "
                                                 "FROM pg_tables WHERE tablename = 'orders'"),
                         "postern_1|postern|postern|postern")
        self.make("postern_2", "two")
        for login, password in (("postern_1", "one"), ("postern_2", "two")):
            self.assertRegex(ask(login, password, "INSERT INTO orders VALUES (2); ALTER TABLE orders ADD COLUMN "
                                                  f"{login} int; SELECT count(*) FROM orders"), r"^\d$")
        ask("master", "master", "ALTER ROLE postern_1 NOLOGIN PASSWORD NULL")
        self.refused("postern_1", "one")
        self.assertEqual(ask("postern_2", "two", "SELECT count(*) FROM orders"), "3")

    def test_3_former_one_comes_back_with_another_password(self):
        self.make("postern_1", "three")
        self.refused("postern_1", "one")
        self.assertEqual(self.server.ask("postern_1", "three", "SELECT count(*) FROM orders"), "3")

    def test_4_the_application_finds_its_schema(self):
        with open(os.path.join(TOP, "iac", "database.tf"), encoding="utf-8") as file:
            schema = re.search(r'database_schema += "(\w+)"', file.read())[1]
        environment = {"DATABASE_URL": f"postgresql://postern_2:two@127.0.0.1:{self.server.port}/postern",
                       "POSTERN_DATABASE_SCHEMA": schema}
        self.server.ask("postern_2", "two", "DROP TABLE orders")
        done = subprocess.run([os.path.join(TOP, postern.POSTERN), "migrate"], env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.server.ask("postern_2", "two", "SELECT DISTINCT schemaname, tableowner FROM pg_tables "
                                         "WHERE tablename IN ('orders', 'schema_version')"), "postern|postern")

    def test_5_others_are_not_let_in(self):
        self.refused("postern", "")
        self.server.ask("master", "master", "CREATE ROLE stranger LOGIN PASSWORD 's'", "postgres")
        self.refused("stranger", "s")


if __name__ == "__main__":
    sys.exit(suite.main())
