#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Garbage for every device of the lab, then the demo: the process that serves them must do so as
# before.
# usage: garbage.sh SECONDS SEED   of each part
set -uo pipefail

devices() {
	lspci -D "$@" | awk '{ print $1 }'
}

# unbind ADDRESS: its driver is gone, and no other comes.
unbind() {
	local device=/sys/bus/pci/devices/$1
	echo none >"$device/driver_override"
	[ ! -e "$device/driver" ] || echo "$1" >"$device/driver/unbind"
}

# As if it had been pulled out and put back: FLR, and the kernel looks at it anew.
replug() {
	local address
	for address; do
		setpci -s "$address" CAP_EXP+8.w=8000:8000
		sleep 0.2
		echo 1 >"/sys/bus/pci/devices/$address/remove"
	done
	echo 1 >/sys/bus/pci/rescan
	for address in $(devices -d 7048:acc0); do
		echo vfio-pci >"/sys/bus/pci/devices/$address/driver_override"
		echo "$address" >/sys/bus/pci/drivers_probe
	done
}

nics=$(devices -d 15b3:) accels=$(devices -d 7048:acc0)
# shellcheck disable=SC2086
{
	garbage doorbells "$1" "$2" $nics || exit
	for address in $nics $accels; do
		unbind "$address"
	done
	garbage all "$1" "$2" $nics $accels || exit
	replug $nics $accels
}
p2p_demo
