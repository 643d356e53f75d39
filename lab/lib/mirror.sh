# SPDX-License-Identifier: GPL-2.0-or-later
# Debian packages of other releases, from the mirror that this machine's apt uses, signatures checked.

guest_release=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

mirror_url() {
	local url=${TPH_MIRROR:-}
	[ -n "$url" ] || url=$(apt-get indextargets --format '$(SITE)' \
		'Identifier: Packages' 'Origin: Debian' 'Label: Debian' 2>/dev/null | sort | uniq -c | sort -rn |
		awk 'NR == 1 { print $2 }')
	[ -n "$url" ] || url=$(apt-get indextargets --format '$(SITE)' 'Identifier: Packages' \
		'Component: main' 2>/dev/null | awk 'NR == 1')
	[ -n "$url" ] || die "no Debian mirror in apt's configuration: set TPH_MIRROR to one"
	printf '%s\n' "$url"
}

# A private apt, so that nothing of this machine's changes: mirror_apt SUITE apt-get|apt-cache ARG…
mirror_apt() {
	local suite=$1 program=$2 dir=$cache/apt/$1
	shift 2
	"$program" -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State="$dir/state" -o Dir::State::status="$dir/status" -o Dir::Cache="$dir/cache" \
		-o APT::Architecture=amd64 -o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
}

# mirror_update SUITE URL
mirror_update() {
	local suite=$1 url=$2 dir=$cache/apt/$1
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$url" "$suite" >"$dir/sources.list"
	mirror_apt "$suite" apt-get -qq update >"$dir/update.log" 2>&1
}

# mirror_find PACKAGE SUITE…: "SUITE VERSION" of the first suite that has it.
mirror_find() {
	local package=$1 suite version url
	shift
	url=$(mirror_url) || exit
	for suite; do
		mirror_update "$suite" "$url" || {
			grep -q 'does not have a Release file' "$cache/apt/$suite/update.log" && continue
			die "cannot read $suite on the mirror: see $cache/apt/$suite/update.log; TPH_MIRROR names another mirror"
		}
		version=$(mirror_apt "$suite" apt-cache policy "$package" | awk '$1 == "Candidate:" { print $2 }')
		if [ -n "$version" ] && [ "$version" != "(none)" ]; then
			printf '%s %s\n' "$suite" "$version"
			return 0
		fi
	done
	return 1
}

# mirror_root DIR PACKAGE…: these packages and what they depend on, unpacked. Nothing of them is
# run, so no root is needed and none of their services start.
mirror_root() {
	local dir=$1 url work mode=auto
	shift
	[ "$(id -u)" = 0 ] || mode=chrootless
	url=$(mirror_url) || exit
	work=$(mktemp -d)
	apt-config dump Acquire >"$work/apt.conf" 2>/dev/null || :
	printf '%s\n' 'Acquire::Languages "none";' "APT::Default-Release \"$guest_release-backports\";" \
		>>"$work/apt.conf"
	run_logged "$work/log" mmdebstrap --variant=extract --mode="$mode" --include="$(IFS=,; echo "$*")" --components=main \
		--keyring="$keyring" --aptopt="$work/apt.conf" --format=directory \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' "$guest_release" "$dir" \
		"deb $url $guest_release main" "deb $url $guest_release-backports main" || {
		rm -rf "$work" "$dir"
		die "cannot get $1 and what it needs of $guest_release from the mirror: see the lines above; TPH_MIRROR names another mirror"
	}
	rm -rf "$work"
}
