"""unittest, ended by the project's line "NAME: N passed, N failed, N skipped". A subtest counts as a test."""

import os
import sys
import unittest

from wire import front


class Result(unittest.TextTestResult):
    passed = 0
    had_subtests = False

    def startTest(self, test):
        super().startTest(test)
        self.had_subtests = False

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        self.had_subtests = True
        if err is None:
            self.passed += 1

    def addSuccess(self, test):
        super().addSuccess(test)
        if not self.had_subtests:
            self.passed += 1


def main(emulator=False):
    """Runs the calling program's test cases in the order in which they stand in its file.

    With `emulator` the program starts again under one of its own, unless it was started so; each call that failed
    inside the emulator is a failure, though a client may have tried again and hidden it.
    """
    if emulator and "WITH_EMULATOR" not in os.environ:
        starter = os.path.join(os.path.dirname(os.path.abspath(__file__)), "with-emulator")
        os.execv(starter, [starter, os.path.abspath(sys.argv[0])])
    unittest.TestLoader.sortTestMethodsUsing = None
    loader = unittest.TestLoader()
    cases = [value for value in vars(sys.modules["__main__"]).values()
             if isinstance(value, type) and issubclass(value, unittest.TestCase)]
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in cases)
    runner = unittest.TextTestRunner(resultclass=Result, stream=sys.stdout, verbosity=2)
    result = runner.run(suite)
    inside = front.failures(os.environ["EMULATOR_LOG"]) if emulator else []
    for failure in inside:
        print(f"the emulator failed: {failure}")
    failed = len(result.failures) + len(result.errors) + len(inside)
    name = "iac/" + os.path.basename(sys.argv[0])
    print(f"{name}: {result.passed} passed, {failed} failed, {len(result.skipped)} skipped")
    return 0 if not failed and result.wasSuccessful() and result.passed else 1
