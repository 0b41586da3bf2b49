"""A copy of the project in which faults are planted, and test programs built and run."""

import ctypes
import hashlib
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time

from programs import end_to_end_programs, unit_programs

BUILD = "build/mutant"
MAKE = ["make", "-s", "--no-print-directory", f"BUILD={BUILD}", "OPTIMIZE=-O0", "WARNINGS=-w", "HARDENING=-fPIE", "CI="]
# What an end-to-end program needs beside itself.
PAIR = [f"{BUILD}/postern", "web-programs", f"{BUILD}/webserver-conf/modules/ready", f"{BUILD}/tests/faulty_disk.so"]
ENVIRONMENT = {"POSTERN": f"{BUILD}/postern", "WEBSERVER_MODULES": f"{BUILD}/webserver-conf/modules",
               "FAULTY_DISK_LIBRARY": f"{BUILD}/tests/faulty_disk.so"}
FIRST_SECONDS = 150   # for a program that was not yet seen to pass
LEAST_SECONDS = 20    # for one that was: three times what it took then, at least this
MEMORY, FILE_SIZE = 4 << 30, 2 << 30
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, CLONE_NEWNS = 1, 36, 0x20000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18


class Broken(Exception):
    """A test program that fails, or something that does not build, without any fault."""


def limit():
    # An ordered stop of this program ends the test program as well.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def children_of(pid):
    try:
        return [int(child) for task in os.listdir(f"/proc/{pid}/task")
                for child in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split()]
    except OSError:
        return []


def end_descendants():
    """Ends what a test program left running: all of that has become this process's."""
    for _ in range(1000):
        left = children_of(os.getpid())
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass


class Tree:
    def __init__(self, root, place):
        self.root, self.place = root, place
        self.tree, self.tmp = place / "tree", place / "tmp"
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.copy()
        # The project itself may change meanwhile.
        self.whole = {str(path.relative_to(self.tree)): path.read_text()
                      for path in (self.tree / "fcgi-app").rglob("*.c")}
        shutil.rmtree(self.tmp, ignore_errors=True)
        self.tmp.mkdir(parents=True, mode=0o777)
        os.chmod(self.tmp, 0o1777)
        # What programs that crash leave in /tmp lands here, if this process may mount.
        self.apart = not str(root).startswith("/tmp/") and libc.unshare(CLONE_NEWNS) == 0 and \
            libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0 and \
            libc.mount(str(self.tmp).encode(), b"/tmp", None, MS_BIND, None) == 0

    def copy(self):
        """What git knows, and would know if it were added; what is the same stays, and need not be built again."""
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=self.root,
                                check=True, capture_output=True).stdout.decode().split("\0")
        wanted = {name for name in listed if name and (self.root / name).is_file()}
        for folder, folders, files in os.walk(self.tree):
            inside = pathlib.Path(folder).relative_to(self.tree)
            folders[:] = [name for name in folders if str(inside / name) != "build"]
            for name in files:
                if str(inside / name) not in wanted:
                    (self.tree / inside / name).unlink()
        for name in wanted:
            source, target = self.root / name, self.tree / name
            if not target.exists() or source.read_bytes() != target.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        # A file for each program that was seen to pass in this very state, with its seconds.
        digest = hashlib.sha256()
        for name in sorted(wanted):
            digest.update(name.encode() + b"\0" + (self.tree / name).read_bytes() + b"\0")
        self.passed = self.place.parent / "passed" / digest.hexdigest()[:16]
        self.passed.mkdir(parents=True, exist_ok=True)
        # The headers of lighttpd are fetched once.
        fetched = self.tree / "build/lighttpd"
        if not fetched.exists() and (self.root / "build/lighttpd").exists():
            fetched.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(self.root / "build/lighttpd", fetched, symlinks=True)

    def write(self, fault, text):
        (self.tree / fault.file).write_text(text)

    def plant(self, fault):
        text = self.whole[fault.file]
        self.write(fault, text[:fault.start] + fault.replacement + text[fault.start + fault.length:])

    def restore(self, fault):
        self.write(fault, self.whole[fault.file])

    def make(self, *targets):
        done = subprocess.run([*MAKE, *targets], cwd=self.tree, capture_output=True, text=True, check=False)
        return done.returncode == 0, done.stderr

    def build(self, program):
        return self.make(*(PAIR if "/e2e/" in program else []), f"{BUILD}/{program}")

    def run(self, program, seconds):
        begun = time.monotonic()
        status = subprocess.run(["timeout", "--kill-after=5", str(int(seconds)), f"{BUILD}/{program}"], cwd=self.tree,
                                env={**os.environ, **ENVIRONMENT}, preexec_fn=limit, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
        end_descendants()
        if self.apart:
            for name in os.listdir(self.tmp):
                path = self.tmp / name
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
        return status == 0, time.monotonic() - begun

    def see_passing(self, fault, program):
        """How long the program takes without a fault; one that fails then would kill every mutant."""
        note = self.passed / program.replace("/", "-")
        if note.exists():
            return float(note.read_text())
        self.restore(fault)
        built, errors = self.build(program)
        if not built:
            raise Broken(f"{program} does not build without a fault:\n{errors}")
        passes, seconds = self.run(program, FIRST_SECONDS)
        if not passes and not self.run(program, FIRST_SECONDS)[0]:
            raise Broken(f"{program} fails without a fault; mend it first")
        written = note.with_suffix(f".{self.place.name}")
        written.write_text(str(seconds))
        written.rename(note)
        self.plant(fault)
        return seconds

    def same_code(self, fault):
        """Whether the optimizing compiler makes the same code of both."""
        code = []
        for step in (self.plant, self.restore):
            step(fault)
            target = self.place / f"optimized-{step.__name__}.o"
            done = subprocess.run(["gcc", "-std=gnu11", "-O2", "-w", "-D_GNU_SOURCE", "-Ifcgi-app", f"-I{BUILD}",
                                   "-I/usr/include/postgresql", "-DPOSTERN_VERSION=\"\"", "-c", "-o", target,
                                   fault.file], cwd=self.tree, capture_output=True, check=False)
            code.append(target.read_bytes() if done.returncode == 0 else None)
        return code[0] is not None and code[0] == code[1]

    def first_to_fail(self, fault, programs):
        self.plant(fault)
        for program in programs:
            seconds = self.see_passing(fault, program)
            # A unit test that asserts something of a constant may not compile; that is a failure, too.
            if not self.build(program)[0] or not self.run(program, max(LEAST_SECONDS, 3 * seconds))[0]:
                return program.removeprefix("tests/")
        return None

    def try_fault(self, fault):
        """What became of it: ("killed", by, seconds), ("lives",), ("same code",), ("not compiled",)."""
        begun = time.monotonic()
        try:
            self.plant(fault)
            if not self.make(f"{BUILD}/{fault.file[:-2]}.o")[0]:
                return ("not compiled",)
            killer = self.first_to_fail(fault, unit_programs(self.tree, fault.file))
            if not killer and self.same_code(fault):
                return ("same code",)
            killer = killer or self.first_to_fail(fault, end_to_end_programs(fault.file))
            return ("killed", killer, round(time.monotonic() - begun, 1)) if killer else ("lives",)
        finally:
            self.restore(fault)
