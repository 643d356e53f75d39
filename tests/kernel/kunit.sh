#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The series' KUnit suites pass in the guest, and as many cases ran as their sources have.
. "$(dirname "$0")/../lib/guest.sh"
. "$(dirname "$0")/../lib/kernel.sh"

declare -A suites=([pcie-tph]=drivers/pci/tph_kunit.c
	[dma-buf-tph]=drivers/dma-buf/st-dma-buf-tph.c
	[vfio-pci-tph]=drivers/vfio/pci/vfio_pci_tph_kunit.c
	[ib-umem-tph]=drivers/infiniband/core/umem_dmabuf_tph_kunit.c
	[mlx5-st]=drivers/net/ethernet/mellanox/mlx5/core/lib/st_kunit.c)

in_the_guest='
	for suite; do
		cd /sys/kernel/debug/kunit/$suite && echo now >run &&
			cat results >/mnt/share/$suite.ktap || exit 1
	done'

kernel_tree
mkdir "$work/share"
in_guest --share "$work/share" -- bash -c "$in_the_guest" kunit "${!suites[@]}"
for suite in "${!suites[@]}"; do
	status=0
	want=$(grep -cE '^	KUNIT_CASE' "$tree/${suites[$suite]}")
	echo "#: program $suite"
	tests/ktap -v level=4 -v want="$want" "$work/share/$suite.ktap" || status=$?
	echo "#: status $status"
	[ $status = 0 ] || cat "$work/share/$suite.ktap" >&2
done
