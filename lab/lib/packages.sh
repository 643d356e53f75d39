# SPDX-License-Identifier: GPL-2.0-or-later
# The packages of this machine, listed in lab/packages; root installs those that are missing.

# packages_missing [FILE]: names of the list that are not installed
packages_missing() {
	local name
	sed 's/#.*//' "${1:-$lab/packages}" | while read -r name; do
		[ -z "$name" ] ||
			dpkg-query -Wf '${db:Status-Status}' "$name" 2>/dev/null |
			grep -qx installed ||
			printf '%s ' "$name"
	done
}

packages_ensure() {
	local missing
	command -v dpkg-query >/dev/null ||
		die "this machine has no dpkg: the lab runs on Debian 12, 13 and their derivatives"
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	[ "$(id -u)" = 0 ] ||
		die "packages are missing and only root can install them: sudo apt-get install" \
			"$missing"
	say "installing $missing"
	mkdir -p "$cache"
	run_logged "$cache/apt-update.log" apt-get -q update ||
		die "apt-get update failed, so nothing can be installed: see" \
			"$cache/apt-update.log and correct apt's sources"
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive run_logged "$cache/apt-install.log" \
		apt-get -q -y -o DPkg::Lock::Timeout=600 --no-install-recommends install $missing ||
		die "cannot install $missing: see $cache/apt-install.log; apt-get -f install" \
			"repairs a half done installation"
}
