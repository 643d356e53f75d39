#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Theory of operation: apt reads the network's bytes as its own user _apt when root starts it, if
# that user can reach the folders it writes to. Where it cannot, apt says so and goes on as root.
# An update from a mirror that is not there must leave its folder with _apt and say nothing of the
# kind.
. "$(dirname "$0")/../lib/check.sh"
[ "$(id -u)" = 0 ] || skip "apt changes its user only as root"
getent passwd _apt >/dev/null || skip "this machine's apt has no user of its own"
for part in say mirror; do
	# shellcheck source=/dev/null
	. "lab/lib/$part.sh"
done

apt=$(mirror_workdir)
trap 'rm -rf "$apt"' EXIT
status_is 100 bash -c ". lab/lib/mirror.sh; mirror_update '$apt' trixie file:///nonexistent"
cat "$apt/update.log"
absent 'unsandboxed' "$apt/update.log"
[ "$(stat -c %U "$apt/state/lists/partial")" = _apt ]
mirror_apt "$apt" apt-config dump APT::Sandbox::User >"$work/user"
grep -qx 'APT::Sandbox::User "_apt";' "$work/user"
setpriv --reuid=_apt --clear-groups test -x "$apt/state/lists/partial"
