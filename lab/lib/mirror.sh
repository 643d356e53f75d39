# SPDX-License-Identifier: GPL-2.0-or-later
# Debian packages of other releases, from the mirror that this machine's apt uses, signatures
# checked.

guest_release=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

mirror_url() {
	local url=${TPH_MIRROR:-}
	[ -n "$url" ] || url=$(apt-get indextargets --format '$(SITE)' \
		'Identifier: Packages' 'Origin: Debian' 'Label: Debian' 2>/dev/null |
		sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }')
	[ -n "$url" ] || url=$(apt-get indextargets --format '$(SITE)' 'Identifier: Packages' \
		'Component: main' 2>/dev/null | awk 'NR == 1')
	[ -n "$url" ] || die "no Debian mirror in apt's configuration: set TPH_MIRROR to one"
	printf '%s\n' "$url"
}

# Root's apt downloads as the user _apt, which must have access to the target folder. It has none to
# root's cache.
mirror_workdir() {
	local dir base=${TMPDIR:-/tmp}
	[ "$(id -u)" != 0 ] || base=/var/tmp
	dir=$(mktemp -d "$base/tphlab-apt.XXXXXX") ||
		die "no folder for apt in $base: free disk space there"
	chmod 0755 "$dir"
	printf '%s\n' "$dir"
}

# mirror_apt DIR apt-get|apt-cache ARG…: apt with its state in DIR, so that the machine's does not
# change.
mirror_apt() {
	local dir=$1 program=$2
	shift 2
	"$program" -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State="$dir/state" -o Dir::State::status="$dir/status" \
		-o Dir::Cache="$dir/cache" -o APT::Architecture=amd64 \
		-o Acquire::Languages=none "$@"
}

# mirror_update DIR SUITE URL
mirror_update() {
	mkdir -p "$1/state/lists/partial" "$1/cache/archives/partial"
	: >"$1/status"
	printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$3" "$2" >"$1/sources.list"
	mirror_apt "$1" apt-get -qq update >"$1/update.log" 2>&1
}

# mirror_download DIR PACKAGE=VERSION: to DIR/debs. mirror_find must have prepared DIR.
mirror_download() {
	mkdir -p "$1/debs"
	[ "$(id -u)" != 0 ] || ! getent passwd _apt >/dev/null || chown _apt "$1/debs"
	(cd "$1/debs" && mirror_apt "$1" apt-get -q download "$2")
}

# mirror_find DIR PACKAGE SUITE…: "SUITE VERSION" of the first suite that has it.
mirror_find() {
	local dir=$1 package=$2 suite version url
	shift 2
	url=$(mirror_url) || exit
	for suite; do
		mirror_update "$dir" "$suite" "$url" || {
			grep -q 'does not have a Release file' "$dir/update.log" && continue
			tail -n 5 "$dir/update.log" >&2
			die "cannot read $suite on the mirror: see the lines above; TPH_MIRROR" \
				"names another mirror"
		}
		version=$(mirror_apt "$dir" apt-cache policy "$package" |
			awk '$1 == "Candidate:" { print $2 }')
		if [ -n "$version" ] && [ "$version" != "(none)" ]; then
			printf '%s %s\n' "$suite" "$version"
			return 0
		fi
	done
	return 1
}

# mirror_root DIR PACKAGE…: unpacks these packages and their dependencies. No script of them is run,
# so root is not needed and no service starts.
mirror_root() {
	local dir=$1 url work mode=auto
	shift
	[ "$(id -u)" = 0 ] || mode=chrootless
	url=$(mirror_url) || exit
	work=$(mirror_workdir) || exit
	apt-config dump Acquire >"$work/apt.conf" 2>/dev/null || :
	printf '%s\n' 'Acquire::Languages "none";' \
		"APT::Default-Release \"$guest_release-backports\";" >>"$work/apt.conf"
	TMPDIR=$work run_logged "$work/log" mmdebstrap --variant=extract --mode="$mode" \
		--include="$(IFS=,; echo "$*")" --components=main --keyring="$keyring" \
		--aptopt="$work/apt.conf" --format=tar "$guest_release" "$work/root.tar" \
		"deb $url $guest_release main" "deb $url $guest_release-backports main" || {
		rm -rf "$work"
		die "cannot get $1 and what it needs of $guest_release from the mirror: see the" \
			"lines above; TPH_MIRROR names another mirror"
	}
	mkdir -p "$dir"
	# Of the documents only rdma-core's are kept: its tests are among them.
	tar -x -C "$dir" --exclude='./dev/*' --exclude='./usr/share/doc/[!r]*' \
		--exclude='./usr/share/doc/r[!d]*' \
		--exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' \
		-f "$work/root.tar" ||
		die "cannot unpack $1 to $dir: see the line above; the next run gets it anew"
	rm -rf "$work"
}
