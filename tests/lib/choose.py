#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Chooses among the tests of meson.

usage: choose.py BUILD boot|host|kernels [--suite S]… [NAME]…

Prints the names of those that boot a guest, of those that do not, or the kernels that the former
need. A test is chosen if it is in one of the suites and begins with one of the names. Without
either it is all but the suite soak.
"""
import argparse
import json
import re
import subprocess
import sys


def suites_of(test):
    return [suite.split(':')[-1] for suite in test['suite']]


def wanted(test, options):
    suites = suites_of(test)
    if options.suite and not set(suites) & set(options.suite):
        return False
    if options.name:
        return any(test['name'].startswith(name) for name in options.name)
    return bool(options.suite) or 'soak' not in suites


def kernels_of(test):
    """By its environment, or an option --kernel among its arguments."""
    kernel = test['env'].get('TPH_KERNEL', '7.3')
    named = re.findall(r'--kernel (\S+)', ' '.join(test['cmd']))
    return set(named or [kernel])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('build')
    parser.add_argument('what', choices=['boot', 'host', 'kernels'])
    parser.add_argument('--suite', action='append', default=[])
    parser.add_argument('name', nargs='*')
    options = parser.parse_args()
    text = subprocess.run(['meson', 'introspect', '--tests', options.build], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    tests = json.loads(text)
    names = [test['name'] for test in tests]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        sys.exit('choose.py: two tests have the name ' + ', '.join(twice) + ': meson would run both')
    tests = [test for test in tests if wanted(test, options)]
    boots = [test for test in tests if 'boot' in suites_of(test)]
    if options.what == 'kernels':
        # In this order most of a kernel is built once.
        names = sorted(set().union(*map(kernels_of, boots)), key=lambda name: ('plain' not in name, name))
    elif options.what == 'boot':
        names = [test['name'] for test in boots]
    else:
        names = [test['name'] for test in tests if test not in boots]
    print('\n'.join(names), end='\n' if names else '')


if __name__ == '__main__':
    sys.exit(main())
