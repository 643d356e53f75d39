#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A package is missing and we are not root: the line says what root would type.
. "$(dirname "$0")/../lib/check.sh"

[ "$(id -u)" = 0 ] || skip "not root, so nothing to give up"
scratch_make
chmod 0755 "$scratch"
echo 'no-such-package # why' >"$scratch/list"
cp lab/lib/say.sh lab/lib/packages.sh "$scratch"
says '^tphlab: .*sudo apt-get install no-such-package' 125 \
	setpriv --reuid 65534 --clear-groups bash -c '
		cd "$1"
		. ./say.sh
		. ./packages.sh
		packages_ensure list' - "$scratch"
