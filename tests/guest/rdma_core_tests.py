#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
rdma-core's own tests, as Debian's python3-pyverbs ships them: among its documents, and so in part
compressed. Each runs in a separate process, which ends without Python's cleanup: that would free
the objects of a skipped test in an order that crashes. None may fail, take longer than two minutes,
or skip for a reason that is not listed here.
usage: rdma_core_tests.py NIC PATTERN…
"""
import fnmatch
import glob
import gzip
import os
import re
import shutil
import sys
import time
import unittest

SHIPPED = '/usr/share/doc/rdma-core/tests'
FOLDER = '/tmp/pyverbs'
LIMIT_S = 120

# Accepted reasons for a skip, by what is absent; doc/nic.md has the causes. Of the NIC:
ABSENT = [
    '.*Ethernet link layer.*', '.*RoCE.*', 'No supported port is up.*', '.*non EFA device',
    'Device memory is not supported', 'ODP is unavailable.*', 'Tag matching is not supported',
    'Create Mkey is not supported', 'Create Mlx5DV QP is not supported', 'Crypto login details .*',
    '.*run DevX tests', 'Opening mlx5 DevX context .*', 'VAR allocation .*', 'Alloc reserved QP .*',
    'Create DC QP .*', 'DCI caps .*', 'DV QP OOO .*', 'Set LAG affinity .*', '.*schedule elements.*',
    '.*CQE 128B compression.*', r'UAR allocation \(with flag=0\) .*',
    # of the driver:
    'SRQ resize .*', 'Create custom mr with additional access flags 258 .*', 'Extended QP .*',
    # of the guest:
    ".*doesn't have net interface", 'Device /dev/dri/.*', 'cuda-python .*', 'Huge pages .*',
    'PCI device must be passed by the user', 'no PTP clock', 'Create Extended CQ .*',
]
# These fail instead of skipping where the kernel has no clock page.
OF_CLOCK = ['*TimeAPITest.test_query_rt_values', '*test_timestamp_free_running_rc_traffic']


def unpack():
    shutil.copytree(SHIPPED, FOLDER + '/tests')
    for name in glob.glob(FOLDER + '/tests/*.gz'):
        with gzip.open(name) as packed, open(name[:-3], 'wb') as unpacked:
            unpacked.write(packed.read())
    sys.path[:0] = [FOLDER, FOLDER + '/tests']


def load(nic):
    sys.argv[1:] = ['--dev', nic]
    from args_parser import parser
    parser.parse_args()
    import tests
    return unittest.defaultTestLoader.loadTestsFromModule(tests)


def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


def verdict(result):
    for _, text in result.errors + result.failures:
        return 'failed: ' + text
    for _, reason in result.skipped:
        return 'skipped: ' + reason
    return 'ok'


def run_child(test, out):
    os.dup2(out, 1)
    os.dup2(out, 2)
    result = unittest.TestResult()
    test.run(result)
    sys.stdout.flush()
    os.write(out, ('\n' + verdict(result)).encode())
    os._exit(0)


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def run(test):
    """The result that the test's process printed last, or how it ended."""
    if matches(test.id(), OF_CLOCK) and not os.path.isdir('/sys/class/ptp'):
        return 'skipped: no PTP clock'
    out = os.memfd_create('out')
    pid = os.fork()
    if not pid:
        run_child(test, out)
    until = time.monotonic() + LIMIT_S
    ended = 0
    while not ended and time.monotonic() < until:
        ended, status = os.waitpid(pid, os.WNOHANG)
        time.sleep(0.02)
    if not ended:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    os.lseek(out, 0, 0)
    said = os.read(out, 1 << 20).decode(errors='replace')
    os.close(out)
    if not ended:
        return 'failed: hangs\n' + said
    if status:
        return f'failed: ends with {status}\n' + said
    for word in 'failed: ', 'skipped: ':
        if '\n' + word in said:
            return said[said.rindex('\n' + word) + 1:]
    return 'ok'


def main():
    unpack()
    counts = {}
    for test in flat(load(NIC)):
        if not matches(test.id(), PATTERNS):
            continue
        kind, _, reason = run(test).partition(': ')
        if kind == 'skipped' and not re.fullmatch('|'.join(ABSENT), reason.strip()):
            kind = 'failed'
        counts[kind] = counts.get(kind, 0) + 1
        print(test.id(), kind, reason.strip(), flush=True)
    print('total:', ', '.join(f'{n} {kind}' for kind, n in sorted(counts.items())))
    sys.exit('failed' in counts or 'ok' not in counts)


NIC, PATTERNS = sys.argv[1], sys.argv[2:]
main()
