#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever stdout is: a terminal, a file, a pipe whose reader ends early.
. "$(dirname "$0")/../lib/check.sh"

script -qec true /dev/null </dev/null || skip "no pseudo-terminals here"
script -qec 'lab/tphlab run -- echo from the guest' "$work/typescript" </dev/null
grep 'from the guest' "$work/typescript"
lab/tphlab run -- seq 100000 >"$work/file"
[ "$(tail -n 1 "$work/file")" = 100000 ]
{ lab/tphlab run -- seq 100000 || :; } | head -n 1 >"$work/first"
grep -x 1 "$work/first"
