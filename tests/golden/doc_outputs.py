#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the outputs in a document with what the command prints.

usage: doc_outputs.py DOCUMENT TPHCTL DUMPS [--update]

An output is a block of code that begins with "$ tphctl ARGUMENT…"; the command runs in the folder
DUMPS. Its standard output and error follow, then its exit status in brackets.
--update rewrites the document: check git diff afterwards.
"""
import os
import pathlib
import re
import subprocess
import sys

BLOCK = re.compile(r'(```\n)\$ (tphctl [^\n]+)\n(.*?)(```\n)', re.S)


def output(command, tphctl, dumps):
    words = command.split()
    run = subprocess.run([tphctl, *words[1:]], cwd=dumps, text=True, check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         env={**os.environ, 'LC_ALL': 'C.UTF-8', 'NO_COLOR': '1',
                              'TPHCTL_PCI_IDS': 'pci.ids'})
    return f'{run.stdout}[{run.returncode}]\n'


def main(document, tphctl, dumps, mode=None):
    old = pathlib.Path(document).read_text()
    new = BLOCK.sub(lambda m: f'{m[1]}$ {m[2]}\n{output(m[2], tphctl, dumps)}{m[4]}', old)
    count = len(BLOCK.findall(old))
    if mode == '--update':
        pathlib.Path(document).write_text(new)
    elif new != old:
        for a, b in zip(old.splitlines(), new.splitlines()):
            if a != b:
                sys.exit(f'{document} has:\n{a}\nand the command prints:\n{b}')
        sys.exit(f'{document}: the command prints another number of lines')
    if count < 6:
        sys.exit(f'{document}: {count} outputs, fewer than 6')


if __name__ == '__main__':
    main(sys.argv[1], os.path.abspath(sys.argv[2]), *sys.argv[3:])
