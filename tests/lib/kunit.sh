# SPDX-License-Identifier: GPL-2.0-or-later
# KUnit suites in the guest, and what they print.

# The suites of the series and where they are: their cases are counted there.
kunit_suites=(pcie-tph:drivers/pci/tph_kunit.c dma-buf-tph:drivers/dma-buf/st-dma-buf-tph.c
	vfio-pci-tph:drivers/vfio/pci/vfio_pci_tph_kunit.c)

# ktap_folder NAME: empties $out/NAME, sets folder
ktap_folder() {
	folder=$out/$1
	rm -rf "$folder" && mkdir -p "$folder"
}

# In the guest: what a suite says after it was told to run.
# shellcheck disable=SC2016
kunit_run='for suite; do
	cd /sys/kernel/debug/kunit/$suite && echo now >run && cat results >/mnt/share/$suite.ktap || exit 1
done'

# kunit KERNEL: as tphlab run takes it; it was built from $tree
kunit() {
	local folder suite file status=0
	ktap_folder kunit
	in_guest --kernel "$1" --share "$folder" -- bash -c "$kunit_run" kunit "${kunit_suites[@]%:*}" || status=1
	for suite in "${kunit_suites[@]}"; do
		file=${suite#*:} suite=${suite%:*}
		echo "$suite"
		tests/ktap -v level=4 -v want="$(grep -cE '^	KUNIT_CASE' "$tree/$file")" "$folder/$suite.ktap" && continue
		status=1
		cat "$folder/$suite.ktap"
	done
	return $status
}
