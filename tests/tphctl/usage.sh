#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is typed wrong ends with status 2 and a line that says what would be right.
. "$(dirname "$0")/../lib/tphctl.sh"

tphctl_says 'no such command: lst; it is one of' 2 lst
tphctl_says '--json: options come after the command' 2 --json list
tphctl_says 'list: no such option: --fast; see tphctl list --help' 2 list --fast
tphctl_says 'list: it takes no 0000:00:00.0' 2 list 0000:00:00.0
tphctl_says 'list: --dump needs a value' 2 list --dump
tphctl_says 'show: it takes one NAME' 2 show
tphctl_says 'path: it takes an IMPORTER and an EXPORTER' 2 path 00:00.0
tphctl_says 'path: --width 12: it is 8 or 16' 2 path 00:00.0 00:01.0 --width 12
tphctl_says 'bufs: no such option: --dump' 2 bufs --dump x
