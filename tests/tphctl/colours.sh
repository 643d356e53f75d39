#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Colours on a terminal, which script is; none in a pipe, and none with NO_COLOR.
. "$(dirname "$0")/../lib/tphctl.sh"

list=("$tphctl" list --dump "$build/tests/dumps/switch.dump")
export TERM=xterm
script -qec "env -u NO_COLOR ${list[*]}" "$work/colours" >/dev/null
grep -q $'\033' "$work/colours"
script -qec "env NO_COLOR=1 ${list[*]}" "$work/none" >/dev/null
absent $'\033' "$work/none"
env -u NO_COLOR "${list[@]}" >"$work/pipe"
absent $'\033' "$work/pipe"
