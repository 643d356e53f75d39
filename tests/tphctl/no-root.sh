#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Without root nothing is guessed: what cannot be seen is said to be unknown, and where root helps.
. "$(dirname "$0")/../lib/tphctl.sh"

[ "$(id -u)" = 0 ] || skip "not root, so nothing to give up"
compgen -G '/sys/bus/pci/devices/*' >"$work/devices" || skip "no PCI functions here"
# The build may lie where nobody else can look: a copy, with the library beside it.
scratch_make
cp "$tphctl" "$build/libtph/libtph.so.0" "$scratch"
chmod -R a+rX "$scratch"
run=(setpriv --reuid 65534 --clear-groups env "LD_LIBRARY_PATH=$scratch" "$scratch/tphctl")
says '^tphctl: list: [0-9]+ of [0-9]+ cannot be seen whole: run as root' 0 "${run[@]}" list
says '^tphctl: bufs: processes that could not be looked into: [0-9]+; run as root' 0 \
	"${run[@]}" bufs
"${run[@]}" list --json 2>/dev/null >"$work/list"
jq -e 'any(.functions[]; .requester.seen == "not-visible")' "$work/list"
