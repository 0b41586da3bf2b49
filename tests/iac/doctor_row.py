"""A row of the doctor's tests: one thing of a road is broken, found, and mended."""

import re

COMMAND = re.compile(r"aws \S.*?(?=; |, (?:then|and) |$)")


class Row:
    """`breaking` and `mending` get the road; without `mending`, the printed command mends. `says` is a pattern
    for the finding's text, `options` what the doctor is called with. With `looks`, the printed command mends nothing,
    and is run nonetheless."""

    def __init__(self, title, breaking, check, says, mending=None, options=None, looks=False):
        self.title, self.breaking, self.check, self.says = title, breaking, check, says
        self.mending, self.options, self.looks = mending, options, looks

    def run(self, road):
        self.breaking(road)
        report = road.doctor(*(self.options(road) if self.options else []))
        try:
            names = [name for name, _ in report.findings]
            if names != [self.check] or report.status != 1:
                raise AssertionError(f"expected {self.check} alone and status 1, got {report.status}:\n{report.text}")
            said = report.findings[0][1]
            if not re.search(self.says, said) or " mend: " not in said:
                raise AssertionError(f"the finding does not say {self.says!r}: {said}")
        finally:
            if self.mending:
                self.mending(road)
        if self.looks or not self.mending:
            road.run(COMMAND.search(said.split(" mend: ")[1]).group())


class Fine(Row):
    """Something that looks broken and is not: nothing is found."""

    def __init__(self, title, breaking, mending, options=None):
        super().__init__(title, breaking, None, None, mending, options)

    def run(self, road):
        self.breaking(road)
        report = road.doctor(*(self.options(road) if self.options else []))
        self.mending(road)
        if report.findings or report.status != 0:
            raise AssertionError(f"nothing is wrong, yet:\n{report.text}")


class Step:
    """Something whose outcome its own function judges."""

    def __init__(self, function):
        self.title, self.function = function.__name__.replace("_", " "), function

    def run(self, road):
        self.function(road)


def expect(report, status, findings, skipped):
    told = ([name for name, _ in report.findings], sorted(report.names["skip"]), report.status)
    if told != (findings, sorted(skipped), status):
        raise AssertionError(f"expected findings {findings}, left out {skipped} and status {status}, got {told}:\n"
                             + report.text)
