#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Writes garbage to every device of the lab, then runs the demo: the process that serves the devices
# must work as before.
# usage: garbage.sh SECONDS SEED   SECONDS of each part
set -uo pipefail

devices() {
	lspci -D "$@" | awk '{ print $1 }'
}

# unbind ADDRESS: from its driver; no other driver binds.
unbind() {
	local device=/sys/bus/pci/devices/$1
	echo none >"$device/driver_override"
	[ ! -e "$device/driver" ] || echo "$1" >"$device/driver/unbind"
}

# replug ADDRESS…: FLR, then the kernel removes and enumerates them again.
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
