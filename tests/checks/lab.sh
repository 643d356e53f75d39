# SPDX-License-Identifier: GPL-2.0-or-later
# Checks in the guest: the real kernel, drivers and rdma-core on the modelled devices.

. tests/lib/guest.sh

# The requester IDs that fabricd was told are those the guest gave.
lab_ids() {
	local topology trace=$out/ids.pcap
	for topology in switch switches rciep rootport; do
		in_guest --topology $topology --trace "$trace" -- lspci -d 15b3: | awk '{ print $1 }' | sort >"$out/ids.guest"
		trace_shark "$trace" -Y 'tph.requester && tph.from != "host" && tph.to == "host"' -T fields -e tph.requester | sort -u >"$out/ids.trace"
		[ -s "$out/ids.guest" ] && diff "$out/ids.guest" "$out/ids.trace" || return 1
	done
}

# A handle's PH, alone, is on what goes to and from host memory, and on nothing else there.
lab_dmah() {
	local trace=$out/dmah.pcap
	in_guest --topology rciep --host-bridge-hints keep --trace "$trace" -- dmah || return 1
	trace_shark "$trace" -Y 'tph.to == "host" && tph.th == 1' -T fields -e tph.type -e tph.ph -e tph.st -e tph.len |
		awk -F '\t' '{ bytes[$1] += $4 } $2 != "requester" || $3 !~ /^0x0+$/ { print "not PH alone: " $0; bad = 1 }
			END { print bytes["MWr"], bytes["MRd"]; exit bad || bytes["MWr"] != 65536 || bytes["MRd"] < 9001 }'
}

# A kernel without the series: one line and a status of its own.
lab_plain_kernel() {
	says 'without this series|no hints|does not know' 3 lab/tphlab run --kernel 7.3-plain -- p2p_demo
}

# memory_of_fabricd DIR: its own memory in kB (guest memory and the accelerator's are shared), twice a second.
memory_of_fabricd() {
	local pid='' tries
	for ((tries = 0; tries < 600; tries++)); do
		pid=$(pgrep -f "fabricd --dir $1") && break
		sleep 0.1
	done
	while awk '/^RssAnon/ { print $2 }' "/proc/${pid:-none}/status" 2>/dev/null; do
		sleep 0.5
	done
}

# lab_garbage SECONDS SEED: a guest writes garbage into all devices; then the same process serves the demo. Its
# memory does not grow with what was written: it never has more than garbage_memory kB.
garbage_memory=4096
lab_garbage() {
	local dir status=0 memory=$out/garbage.memory
	dir=$(mktemp -d)
	memory_of_fabricd "$dir" >"$memory" &
	TMPDIR=$dir lab/tphlab run --iommu translated --log "$out/guest.log" --timeout $(($1 * 3 + 180)) --share tests/checks -- \
		/mnt/share/garbage-guest "$1" "$2" || status=1
	wait $!
	rm -rf "$dir"
	grep -E "${splats/|DMAR:.*fault/}" "$out/guest.log" && status=1
	awk -v most=$garbage_memory '$1 > max { max = $1 } END { print "fabricd:", NR, "looks, at most", max, "kB"; exit NR < 10 || max > most }' "$memory" || status=1
	return $status
}

lab_checks() {
	local topology mode
	for topology in switch rciep rootport; do
		for mode in pt translated none; do
			check "lab-demo-$topology-$mode" lab_demo --topology $topology --iommu $mode
		done
	done
	check lab-demo-rciep-keep lab_demo --topology rciep --host-bridge-hints keep
	check lab-demo-rootport-keep lab_demo --topology rootport --host-bridge-hints keep
	check lab-demo-mps lab_demo --mps 4096
	check lab-demo-direct lab_demo --nic-st-table none
	check lab-demo-switches lab_demo --topology switches --accels 2
	check lab-demo-switches-translated lab_demo --topology switches --iommu translated
	check lab-ids lab_ids
	check lab-plain-kernel lab_plain_kernel
	check lab-errors in_guest --accels 2 -- vfio_tph_errors
	check lab-errors-8 in_guest --accel-tph 8 -- vfio_tph_errors
	check lab-errors-none in_guest --accel-tph none -- vfio_tph_errors
	check lab-errors-noiommu in_guest --iommu none -- vfio_tph_errors
	check lab-mr in_guest -- mr_hints
	check lab-mr-8 in_guest --accel-tph 8 -- mr_hints
	check lab-mr-direct in_guest --nic-st-table none -- mr_hints
	check lab-mr-large-table in_guest --nic-st-table 512 -- mr_hints
	check lab-revoke in_guest -- mr_revoke
	check lab-revoke-direct in_guest --nic-st-table none -- mr_revoke
	check lab-st-entries in_guest --nic-st-table 4 -- st_entries
	check lab-required in_guest --nics off,8,16 -- required
	check lab-required-8 in_guest --accel-tph 8 -- required
	check lab-required-direct in_guest --nic-st-table none -- required
	check lab-required-noiommu in_guest --iommu none -- required
	check lab-required-rciep in_guest --topology rciep -- required
	check lab-required-rootport in_guest --topology rootport -- required
	check lab-hints-shown in_guest -- hints_shown
	check lab-no-window in_guest -- no_window
	check lab-no-window-rciep in_guest --topology rciep --host-bridge-hints keep -- no_window
	check lab-read in_guest -- rdma_read
	check lab-read-8 in_guest --accel-tph 8 -- rdma_read
	check lab-dmah in_guest -- dmah
	check lab-dmah-rciep lab_dmah
	check lab-reset in_guest -- reset_under_traffic
	check lab-reset-rootport in_guest --topology rootport -- reset_under_traffic
	check lab-rebind in_guest -- nic_unbind_rebind
	check lab-compare in_guest --accels 2 --nics off,8,16 -- compare
	check lab-compare-8 in_guest --accel-tph 8 --nics off,8,16 -- compare
	check lab-compare-none in_guest --accel-tph none -- compare
	check lab-compare-direct in_guest --nic-st-table none --nics off,8,16 -- compare
	check lab-compare-rciep in_guest --topology rciep --nics off,8,16 -- compare
	check lab-compare-rootport in_guest --topology rootport --nics off,8,16 -- compare
	check lab-garbage lab_garbage 5 1
}
