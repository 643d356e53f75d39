#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest writes garbage into all devices; then the same fabricd serves the demo. Its anonymous
# memory (that of the guest and of the accelerator is shared) does not grow with the writes.
# usage: garbage.sh SECONDS SEED|random   SECONDS of each part
. "$(dirname "$0")/../lib/guest.sh"

seconds=$1 seed=${2/random/$RANDOM}
most=4096 # kB
limit=$((seconds * 3 + 180))
echo "seed $seed"

# memory_of_fabricd: of this run, in kB, twice a second until it ends
memory_of_fabricd() {
	local pid='' tries
	for ((tries = 0; tries < 600; tries++)); do
		pid=$(pgrep -of "fabricd --dir $scratch") && break
		sleep 0.1
	done
	while awk '/^RssAnon/ { print $2 }' "/proc/${pid:-none}/status" 2>/dev/null; do
		sleep 0.5
	done
}

# meson sets MALLOC_PERTURB_: malloc would fill its memory, and all of it would count as used.
unset MALLOC_PERTURB_
scratch_make
export TMPDIR=$scratch
share_make
memory_of_fabricd >"$work/memory" &
in_guest --iommu translated --share "$share" -- /mnt/share/garbage.sh "$seconds" "$seed"
wait
awk -v most=$most '
	$1 > max { max = $1 }
	END { print "fabricd:", NR, "samples, at most", max, "kB"; exit NR < 10 || max > most }
	' "$work/memory"
