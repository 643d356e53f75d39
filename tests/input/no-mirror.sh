#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mirror that has nothing: QEMU is the first thing wanted of it where the host's own will not do.
. "$(dirname "$0")/../lib/check.sh"

scratch_make
mkdir "$scratch/bin"
printf '#!/bin/sh\n' >"$scratch/bin/qemu-system-x86_64"
chmod +x "$scratch/bin/qemu-system-x86_64"
export PATH=$scratch/bin:$PATH TPH_CACHE=$scratch/cache TPH_MIRROR=file:///nonexistent
says '^tphlab: cannot get qemu-system-x86 .*TPH_MIRROR' 125 lab/tphlab setup
