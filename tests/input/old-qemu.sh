#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The mirror's QEMU is there but too old: a loader that answers no to everything stands for it.
. "$(dirname "$0")/../lib/check.sh"

scratch_make
root=$scratch/qemu-trixie
mkdir -p "$root/usr/lib64"
touch "$root/.complete"
for program in "$scratch/qemu-system-x86_64" "$root/usr/lib64/ld-linux-x86-64.so.2"; do
	printf '#!/bin/sh\n' >"$program"
	chmod +x "$program"
done
export PATH=$scratch:$PATH TPH_CACHE=$scratch
says '^tphlab: .*no vfio-user-pci: 10.1 or newer is needed' 125 lab/tphlab setup
