#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A cache on a disk of 8 MB: how much is needed and how much there is.
. "$(dirname "$0")/../lib/check.sh"

unshare -m true || skip "no mount namespaces here"
says '^tphlab: .* needs [0-9]+ MB, .* has [0-9]+ MB free' 125 unshare -m bash -ec '
	mount -t tmpfs -o size=8m,mode=755 none /mnt
	TPH_CACHE=/mnt PATH=/usr/sbin:/usr/bin:/sbin:/bin lab/tphlab kernel-tree'
