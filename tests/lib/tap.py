#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a command and prints what its test programs report as one TAP stream.

usage: tap.py COMMAND…

COMMAND is one program, or a runner that puts "#: program NAME" before what each prints and
"#: status N" after it. A program that prints a plan (cmocka does, CMOCKA_MESSAGE_OUTPUT is set)
gives one result per case; any other gives one, by its exit status, 77 being a skip. The reason of a
skip is the last line "skipped: REASON". Anything else becomes a comment. Exit status: 1 if a
result is not ok, if cases are missing, or if COMMAND failed.
"""
import os
import re
import subprocess
import sys

PLAN = re.compile(r'1\.\.(\d+)$')
RESULT = re.compile(r'(not )?ok (\d+)(?: -)?([^#]*)(?:# *(SKIP|TODO)\b *(.*))?$')
SKIPPED = 77


class Program:
    """The output of one test program so far."""

    def __init__(self, name):
        self.name = name
        self.planned = None
        self.ran = 0
        self.failed = False
        self.reason = 'no reason given'


class Stream:
    """The TAP stream on stdout."""

    def __init__(self, command):
        self.count = 0
        self.bad = False
        self.default = os.path.basename(command)
        self.program = None
        self.marked = False

    def result(self, good, name, skip=None):
        self.count += 1
        self.bad |= not good
        name = name.replace('#', ' ').strip()
        print(f"{'' if good else 'not '}ok {self.count} - {name}" +
              (f' # SKIP {skip}' if skip else ''), flush=True)

    def begin(self, name):
        if self.program:
            self.result(False, f'{self.program.name} did not end')
        self.program = Program(name)

    def line(self, text):
        if text.startswith('#: program '):
            self.marked = True
            self.begin(text[11:])
        elif text.startswith('#: status '):
            self.end(int(text[10:]))
        else:
            if not self.program and not self.marked:
                self.begin(self.default)
            self.report(text)

    def report(self, text):
        program = self.program
        match = PLAN.match(text)
        if program and match:
            program.planned = (program.planned or 0) + int(match[1])
            return
        match = RESULT.match(text)
        if program and program.planned is not None and match:
            self.case(match)
            return
        if program and text.startswith('skipped: '):
            program.reason = text[9:]
        print(f'# {text}', flush=True)

    def case(self, match):
        """cmocka 1.1.5 prints a skipped case as not ok, with its name in place of a reason."""
        program = self.program
        failed, name, directive, rest = bool(match[1]), match[3], match[4], match[5]
        program.ran += 1
        if directive == 'SKIP':
            reason = rest if name.strip() and rest else program.reason
            self.result(True, f'{program.name}: {name.strip() or rest}', reason)
        else:
            program.failed |= failed
            self.result(not failed, f'{program.name}: {name.strip()}')

    def end(self, status):
        program, self.program = self.program, None
        if not program:
            program = Program(self.default)
        if program.planned is None:
            if status == SKIPPED:
                self.result(True, program.name, program.reason)
            else:
                self.result(status == 0, program.name)
        elif program.ran != program.planned:
            self.result(False, f'{program.name}: {program.ran} of {program.planned} cases ran')
        elif status != 0 and not program.failed:
            self.result(False, f'{program.name} ended with {status}')

    def finish(self, status):
        if not self.marked:
            self.end(status)
        elif self.program:
            self.result(False, f'{self.program.name} did not end')
        elif status not in (0, SKIPPED) and not self.bad:
            self.result(False, f'{self.default} ended with {status}')
        if not self.count:
            self.result(False, 'no test ran')
        print(f'1..{self.count}', flush=True)
        return int(self.bad)


def main(command):
    stream = Stream(command[0])
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT='TAP')
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=env,
                          text=True, errors='replace', bufsize=1) as child:
        for text in child.stdout:
            stream.line(text.rstrip('\n'))
    return stream.finish(child.returncode)


if __name__ == '__main__':
    if len(sys.argv) < 2:
        sys.exit('usage: tap.py COMMAND…')
    sys.exit(main(sys.argv[1:]))
