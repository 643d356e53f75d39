#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mirror without the kernel's source: one line that names TPH_MIRROR.
. "$(dirname "$0")/../lib/check.sh"

scratch_make
export TPH_CACHE=$scratch TPH_MIRROR=file:///nonexistent
says '^tphlab: no package linux-source-7.3 in .*TPH_MIRROR' 125 lab/tphlab kernel-tree
