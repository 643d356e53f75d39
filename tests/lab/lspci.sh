#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What lspci prints for the accelerator, the NICs (8, 16 and off) and the switch's ports is as in
# tests/golden/lspci.txt. TPH_GOLDEN=update rewrites its sections.
# usage: lspci.sh 8|16   what the accelerator completes
. "$(dirname "$0")/../lib/guest.sh"

# function_of ADDRESS: without the lines that can differ by boot or QEMU: its address, IOMMU group,
# interrupt, latency timer and the addresses of its regions.
function_of() {
	awk -v address="$1" '/^[^ \t]/ { on = $1 == address } on && NF' "$work/lspci" | sed -E \
		-e 's/^[0-9a-f:.]+ //' \
		-e '/^\t(IOMMU group|Interrupt|Latency):?/d' \
		-e 's/(Memory at) [0-9a-f]+/\1 …/'
}

# port_of ADDRESS: of QEMU's port only the lines that hints depend on: its kind, its prefixes and
# its ACS.
port_of() {
	function_of "$1" |
		grep -E 'PCI bridge|Express \(v2\)|EETLPPrefix\+|TPHComp|ACSCap|ACSCtl'
}

golden=tests/golden/lspci.txt

# section NAME
section() {
	awk -v name="== $1" '/^== / { on = $0 == name; next } on' $golden
}

# update NAME: its section, at the end
update() {
	awk -v name="== $1" '/^== / { on = $0 == name } !on' $golden >"$work/new"
	{ echo "== $1"; cat "$work/$1"; } >>"$work/new"
	cp "$work/new" $golden
}

# same FUNCTION ADDRESS NAME [BASE]: the output, or what differs from section BASE, is section NAME
same() {
	"$1" "$2" >"$work/$3"
	if [ $# = 4 ]; then
		section "$4" >"$work/base"
		diff "$work/base" "$work/$3" >"$work/diff" || [ $? = 1 ]
		grep '^[<>]' "$work/diff" >"$work/$3"
	fi
	[ "${TPH_GOLDEN:-}" != update ] || update "$3"
	section "$3" | diff -u - "$work/$3"
}

in_guest --accel-tph "$1" --nics 8,16,off -- lspci -Dvvv >"$work/lspci"
case $1 in
16) same function_of 0000:03:00.0 accel-16 ;;
8) same function_of 0000:03:00.0 accel-8 accel-16 ;;
esac
same function_of 0000:04:00.0 nic-8
same function_of 0000:05:00.0 nic-16 nic-8
same function_of 0000:06:00.0 nic-off nic-8
same port_of 0000:01:00.0 port-upstream
same port_of 0000:02:00.0 port-downstream
