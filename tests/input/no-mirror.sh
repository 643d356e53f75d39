#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mirror that has nothing ends a setup at once, though QEMU and the image are fetched beside.
. "$(dirname "$0")/../lib/check.sh"

scratch_make
mkdir "$scratch/bin"
printf '#!/bin/sh\n' >"$scratch/bin/qemu-system-x86_64"
chmod +x "$scratch/bin/qemu-system-x86_64"
export PATH=$scratch/bin:$PATH TPH_CACHE=$scratch/cache TPH_MIRROR=file:///nonexistent
says '^tphlab: .*linux-source-7.3 .*TPH_MIRROR' 125 lab/tphlab setup
