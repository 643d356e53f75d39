#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# KUnit suites and kselftests pass in the guest, and run as many cases as their sources have.
# usage: ktap.sh kunit                                  the series' suites
#        ktap.sh selftest COMPLETE ACCEL-TPH PROGRAM…   those of vfio, those of the series among
#                                    them; with COMPLETE 1 no case may be skipped
. "$(dirname "$0")/../lib/guest.sh"
. "$(dirname "$0")/../lib/kernel.sh"

declare -A suites=([pcie-tph]=drivers/pci/tph_kunit.c
	[dma-buf-tph]=drivers/dma-buf/st-dma-buf-tph.c
	[vfio-pci-tph]=drivers/vfio/pci/vfio_pci_tph_kunit.c
	[ib-umem-tph]=drivers/infiniband/core/umem_dmabuf_tph_kunit.c
	[mlx5-st]=drivers/net/ethernet/mellanox/mlx5/core/lib/st_kunit.c)

run_suites='
	for suite; do
		cd /sys/kernel/debug/kunit/$suite && echo now >run &&
			cat results >/mnt/share/$suite.ktap || exit 1
	done'

# The accelerator is given to each program.
run_programs='
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

# verdict NAME SOURCE PATTERN OPTION…: judges NAME by its KTAP, and by its exit status if any
verdict() {
	local status=0 want result=$work/share/$1
	want=$(grep -cE "$3" "$tree/$2")
	echo "#: program $1"
	tests/ktap "${@:4}" -v want="$want" "$result.ktap" || status=$?
	[ ! -e "$result.status" ] || [ "$(<"$result.status")" = 0 ] || status=1
	echo "#: status $status"
	[ $status = 0 ] || cat "$result".* >&2
}

kernel_tree
mkdir "$work/share"
check=$1
case $check in
kunit)
	in_guest --share "$work/share" -- bash -c "$run_suites" kunit "${!suites[@]}"
	for suite in "${!suites[@]}"; do
		verdict "$suite" "${suites[$suite]}" '^	KUNIT_CASE' -v level=4
	done
	;;
selftest)
	complete=$2 accel_tph=$3
	shift 3
	selftests_build
	cp "${@/#/$selftests/}" "$work/share"
	in_guest --accel-tph "$accel_tph" --share "$work/share" -- \
		bash -c "$run_programs" selftest "$@"
	for program; do
		verdict "$program" "tools/testing/selftests/vfio/$program.c" '^TEST_F\(' \
			-v level=0 -v complete="$complete"
	done
	;;
*) fail "no such check: $check" ;;
esac
