#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sums up what meson's tests reported: failures, skips with their reasons, one line of totals.

usage: summary.py [--tap] [--expect N] testlog.json…

A test that prints TAP counts once for each of its results, any other once. --tap prints all results
as one TAP stream instead. Exit status: 1 if a test failed, if none ran, or if fewer than N did.
"""
import argparse
import collections
import json
import re
import sys

RESULT = re.compile(r'(not )?ok \d+ - (.*?)(?: # SKIP (.*))?$')
TAIL = 25  # lines shown of a failed test
Case = collections.namedtuple('Case', 'verdict name reason')


def cases_of(test):
    """The results of one test: passed, failed or skipped."""
    name, stdout, result = test['name'].split(' / ')[-1], test.get('stdout', ''), test['result']
    cases = []
    if re.search(r'^1\.\.\d+$', stdout, re.M):
        for match in filter(None, map(RESULT.match, stdout.splitlines())):
            verdict = 'failed' if match[1] else 'skipped' if match[3] else 'passed'
            cases.append(Case(verdict, f'{name}: {match[2]}', match[3]))
    if result not in ('OK', 'SKIP') and not any(c.verdict == 'failed' for c in cases):
        cases.append(Case('failed', f'{name}: {result.lower()}', None))
    elif not cases:
        reasons = re.findall(r'^skipped: (.*)$', stdout, re.M)
        if result == 'OK':
            cases.append(Case('passed', name, None))
        cases += [Case('skipped', name, reason) for reason in reasons]
        if not cases:
            cases.append(Case('skipped', name, 'no reason given'))
    return cases


def tail_of(test):
    output = (test.get('stdout', '') + test.get('stderr', '')).splitlines()
    # Of TAP only the failures are shown.
    output = [line for line in output if not re.match(r'ok \d+', line)]
    return ''.join(f'    | {line}\n' for line in output[-TAIL:])


def show(tests, cases):
    for test, own in zip(tests, cases):
        if any(case.verdict == 'failed' for case in own):
            print(f"FAILED {test['name']} after {test['duration']:.0f}s\n{tail_of(test)}")
    reasons = collections.defaultdict(list)
    for case in sum(cases, []):
        if case.verdict == 'skipped':
            reasons[case.reason].append(case.name)
    if reasons:
        print('Skipped:')
    for reason, names in sorted(reasons.items()):
        more = f' and {len(names) - 1} more' if len(names) > 1 else ''
        print(f'    {names[0]}{more}: {reason}')
    for name in dict.fromkeys(c.name for c in sum(cases, []) if c.verdict == 'failed'):
        print(f'FAILED {name}')


def show_tap(cases):
    print(f'1..{len(cases)}')
    for number, case in enumerate(cases, 1):
        good = 'not ok' if case.verdict == 'failed' else 'ok'
        skip = f' # SKIP {case.reason}' if case.verdict == 'skipped' else ''
        print(f'{good} {number} - {case.name}{skip}')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--tap', action='store_true')
    parser.add_argument('--expect', type=int, default=1)
    parser.add_argument('log', nargs='*')
    options = parser.parse_args()
    tests = []
    for path in options.log:
        with open(path, encoding='utf-8') as log:
            tests += map(json.loads, log)
    cases = [cases_of(test) for test in tests]
    missing = options.expect - len(tests)
    if missing > 0:
        cases.append([Case('failed', f'{missing} tests did not run', None)] * missing)
    if options.tap:
        show_tap(sum(cases, []))
    else:
        show(tests, cases)
    count = collections.Counter(case.verdict for case in sum(cases, []))
    if not options.tap:
        print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return int(count['failed'] > 0 or count['passed'] == 0)


if __name__ == '__main__':
    sys.exit(main())
