#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's own selftests of vfio pass in the guest, those of the series among them.
# usage: selftest.sh COMPLETE ACCEL-TPH PROGRAM…   with COMPLETE 1 no case may be skipped
. "$(dirname "$0")/../lib/guest.sh"
. "$(dirname "$0")/../lib/kernel.sh"

complete=$1 accel_tph=$2
shift 2

# The accelerator is given to each program.
in_the_guest='
	bdf=$(grep -l ^0x12 /sys/bus/pci/devices/*/class) && bdf=${bdf%/class} || exit 1
	for program; do
		/mnt/share/$program ${bdf##*/} >/mnt/share/$program.ktap 2>/mnt/share/$program.err
		echo $? >/mnt/share/$program.status
	done'

# Sets selftests, the folder with the programs. They need the tree's own headers.
selftests_build() {
	local folder=${tree%/*}/selftests-$version
	selftests=$folder/kselftest/vfio
	mkdir -p "$folder"
	make -s -C "$tree" O="$folder" headers >&2
	make -s -j"$(nproc)" -C "$tree/tools/testing/selftests" TARGETS=vfio O="$folder" \
		KHDR_INCLUDES="-isystem $folder/usr/include" >&2
}

kernel_tree
selftests_build
mkdir "$work/share"
cp "${@/#/$selftests/}" "$work/share"
in_guest --accel-tph "$accel_tph" --share "$work/share" -- \
	bash -c "$in_the_guest" selftest "$@"
for program; do
	status=0 result=$work/share/$program
	want=$(grep -c '^TEST_F(' "$tree/tools/testing/selftests/vfio/$program.c")
	echo "#: program $program"
	tests/ktap -v level=0 -v complete="$complete" -v want="$want" "$result.ktap" || status=$?
	[ "$(<"$result.status")" = 0 ] || status=1
	echo "#: status $status"
	[ $status = 0 ] || cat "$result.ktap" "$result.err" >&2
done
