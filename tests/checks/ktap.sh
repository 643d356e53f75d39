# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's own kinds of tests, in the guest: KUnit suites, and the selftests of vfio. Both print KTAP.

. tests/lib/kunit.sh

# selftests_build: sets selftests, the folder with the programs. They need the tree's own headers.
selftests_build() {
	local build
	kernel_tree 7.3 || return 1
	build=$(dirname "$tree")/selftests-7.3 selftests=$build/kselftest/vfio
	mkdir -p "$build"
	make -s -C "$tree" O="$build" headers || return 1
	make -s -j"$(nproc)" -C "$tree/tools/testing/selftests" TARGETS=vfio O="$build" \
		KHDR_INCLUDES="-isystem $build/usr/include"
}

# In the guest: the accelerator is given to each program.
# shellcheck disable=SC2016
selftest_run='bdf=$(grep -l ^0x12 /sys/bus/pci/devices/*/class) && bdf=${bdf%/class} || exit 1
for program; do
	/mnt/share/$program ${bdf##*/} >/mnt/share/$program.ktap 2>/mnt/share/$program.err
	echo $? >/mnt/share/$program.status
done'

# selftest COMPLETE ACCEL-TPH PROGRAM…: no case may be skipped if COMPLETE is 1
selftest() {
	local tree folder selftests program complete=$1 accel_tph=$2 status=0
	shift 2
	selftests_build || return 1
	ktap_folder "selftest-$accel_tph"
	for program; do
		cp "$selftests/$program" "$folder/" || return 1
	done
	in_guest --accel-tph "$accel_tph" --share "$folder" -- \
		bash -c "$selftest_run" selftest "$@" || status=1
	for program; do
		echo "$program"
		[ "$(cat "$folder/$program.status")" = 0 ] &&
			tests/ktap -v level=0 -v complete="$complete" -v want="$(grep -c '^TEST_F(' "$tree/tools/testing/selftests/vfio/$program.c")" \
				"$folder/$program.ktap" && continue
		status=1
		cat "$folder/$program.ktap" "$folder/$program.err"
	done
	return $status
}

kunit_series() {
	local tree
	kernel_tree 7.3 && kunit 7.3
}

ktap_checks() {
	check lab-kunit kunit_series
	check lab-selftest-16 selftest 1 16 vfio_dma_buf_tph_test
	check lab-selftest-8 selftest 1 8 vfio_dma_buf_tph_test
	check lab-selftest-none selftest 0 none vfio_dma_buf_tph_test
	check lab-selftest-vfio selftest 0 16 vfio_dma_mapping_test vfio_dma_mapping_mmio_test \
		vfio_iommufd_setup_test vfio_pci_device_test vfio_pci_device_init_perf_test
}
