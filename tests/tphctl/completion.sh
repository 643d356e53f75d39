#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Commands, words and functions of this machine are completed. Colons are words of their own to
# bash, and only what is behind the last is replaced.
. "$(dirname "$0")/../lib/tphctl.sh"

# completes EXPECTED WORD…: the first that is offered
completes() {
	local expected=$1 offered
	shift
	offered=$(tphctl_complete tphctl "$@")
	[ "${offered%%$'\n'*}" = "$expected" ] || fail "$*: '$offered', not '$expected'"
}

completes show sh
completes 16 path --width 1
completes target-priority export --ph target-
device=$(basename "$(compgen -G '/sys/bus/pci/devices/*' | head -n 1 || :)")
[ -n "$device" ] || skip "no PCI functions here"
completes "${device##*:}" show "${device%%:*}" : "${device:5:2}" : "${device:8:3}"
