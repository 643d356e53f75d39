# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel: Debian's source, a git tree of it with the series, and the lab's build of that tree.

kernel_suites=("$guest_release-backports" sid experimental)
# Folders that the series touches, and their neighbours: git tracks only these, which is quicker.
kernel_dirs=(drivers/dma-buf drivers/pci drivers/vfio
	drivers/infiniband/Kconfig drivers/infiniband/core drivers/infiniband/hw/mlx5
	drivers/misc/Kconfig drivers/misc/pci_endpoint_test.c
	drivers/net/ethernet/broadcom/bnxt/bnxt.c drivers/net/ethernet/mellanox/mlx5/core
	include/linux include/rdma include/trace/events include/uapi/linux include/uapi/rdma
	Documentation/PCI Documentation/driver-api Documentation/filesystems/proc.rst
	Documentation/misc-devices/pci-endpoint-test.rst
	tools/testing/selftests/pci_endpoint tools/testing/selftests/vfio LICENSES)
kernel_git=(git -c user.name=dmabuf-tph -c user.email=dmabuf-tph@localhost -c core.abbrev=12
	-c gc.auto=0)

# plain: without the series; debug, kcsan: with checkers. Set by kernel_ensure.
kernel_flavour=''

kernel_in_tree() {
	"${kernel_git[@]}" -C "$cache/linux-$kernel" "$@"
}

# kernel_split NAME: VERSION or VERSION-FLAVOUR, into BASH_REMATCH[1] and [3]. The series for a
# version is the folder of that name.
kernel_split() {
	[[ $1 =~ ^([0-9]+\.[0-9]+)(-(plain|debug|kcsan))?$ ]] &&
		[ -d "$top/kernel/${BASH_REMATCH[1]}" ]
}

# kernel_is_version NAME: without a flavour
kernel_is_version() {
	kernel_split "$1" && [ -z "${BASH_REMATCH[3]}" ]
}

# The patches are sets that can be posted alone, kernel/VERSION/SET, each on top of the one before.
# In the tree a branch sets/SET ends each; git rebase moves these along.
kernel_set_names=(fixes core more)

# kernel_sets VERSION: the folders of its sets, from kernel/VERSION, in order
kernel_sets() {
	local name
	for name in "${kernel_set_names[@]}"; do
		! compgen -G "$top/kernel/$1/$name/0*.patch" >/dev/null || echo "$name"
	done
}

# kernel_set_patches VERSION SET: files in order; 0000 is the cover letter
kernel_set_patches() {
	compgen -G "$top/kernel/$1/$2/0*.patch" | grep -v /0000- | sort
}

# kernel_patches VERSION: the series' files in order
kernel_patches() {
	local name
	kernel_sets "$1" | while read -r name; do
		kernel_set_patches "$1" "$name"
	done
}

# kernel_apply_sets DIR: all sets, on top of the commit that DIR has checked out
kernel_apply_sets() {
	local name
	"${kernel_git[@]}" -C "$1" config rebase.updateRefs true
	"${kernel_git[@]}" -C "$1" for-each-ref --format='delete %(refname)' refs/heads/sets |
		"${kernel_git[@]}" -C "$1" update-ref --stdin
	kernel_sets "$kernel" | while read -r name; do
		kernel_set_patches "$kernel" "$name" |
			xargs -r "${kernel_git[@]}" -C "$1" am -q || return 1
		"${kernel_git[@]}" -C "$1" branch -q "sets/$name"
	done
}

# kernel_fetch_source DIR: unpacks the source to linux-VERSION and writes its package's version
# beside it; DIR is for the mirror's files.
kernel_fetch_source() {
	local dir=$cache/linux-$kernel found version suite deb
	say "looking for linux-source-$kernel"
	found=$(mirror_find "$1" "linux-source-$kernel" "${kernel_suites[@]}") ||
		die "no package linux-source-$kernel in ${kernel_suites[*]} of $(mirror_url):" \
			"TPH_MIRROR names another mirror, --kernel another version"
	suite=${found% *} version=${found#* }
	say "fetching linux-source-$kernel $version from $suite"
	mirror_download "$1" "linux-source-$kernel=$version" >"$cache/fetch.log" 2>&1 ||
		die "cannot download linux-source-$kernel: see $cache/fetch.log; TPH_MIRROR names" \
			"another mirror"
	deb=$(echo "$1"/debs/*.deb)
	say "unpacking it"
	rm -rf "$dir" && mkdir "$dir"
	dpkg-deb --fsys-tarfile "$deb" | tar -x -O "./usr/src/linux-source-$kernel.tar.xz" |
		tar -x -J -C "$dir" --strip-components=1 ||
		die "cannot unpack the source of Linux $kernel to $dir: see the line above; the" \
			"next run fetches it anew"
	printf '%s\n' "$version" >"$dir.version"
}

kernel_fetch() {
	local dir=$cache/linux-$kernel apt
	mirror_url >/dev/null || exit
	need_space "$cache" 6000 "building Linux $kernel"
	apt=$(mirror_workdir) || exit
	(
		trap 'rm -rf "$apt"' EXIT
		kernel_fetch_source "$apt"
	) || exit
	kernel_in_tree init -q -b series
	echo '*' >"$dir/.git/info/exclude"
	kernel_commit_base -m "Linux, from Debian's linux-source-$kernel $(<"$dir.version")"
	kernel_in_tree tag base
	kernel_track
}

# kernel_commit_base OPTION…: with one date, so that each machine has the same base-commit
kernel_commit_base() {
	local -x GIT_AUTHOR_DATE=2026-01-01T00:00:00Z GIT_COMMITTER_DATE=2026-01-01T00:00:00Z
	kernel_in_tree commit -q --allow-empty "$@"
}

# The commit without the series has the files of kernel_dirs.
kernel_track() {
	local dir=$cache/linux-$kernel
	kernel_tree_busy
	kernel_in_tree checkout -q -f -B series base
	(cd "$dir" && "${kernel_git[@]}" add -f -- "${kernel_dirs[@]}")
	kernel_commit_base --amend -C base --reset-author
	kernel_in_tree tag -f base >/dev/null
	rm -f "$dir/.git/tph-series"
	printf '%s\n' "${kernel_dirs[*]}" >"$dir/.git/tph-dirs"
	kernel_tree_settled
}

# Between these two the lab changes the tree. A tree that is busy at the start of a run was left by
# an interruption, and is reset to the source without the series.
kernel_tree_busy() {
	touch "$cache/linux-$kernel/.git/tph-busy"
}

kernel_tree_settled() {
	kernel_in_tree rev-parse HEAD >"$cache/linux-$kernel/.git/tph-tip"
	rm -f "$cache/linux-$kernel/.git/tph-busy"
}

kernel_tree_repair() {
	[ -e "$cache/linux-$kernel/.git/tph-busy" ] || return 0
	say "an earlier run was interrupted: starting from Linux $kernel without the series"
	kernel_in_tree am --abort >/dev/null 2>&1 || :
	rm -f "$cache/linux-$kernel/.git/tph-series" "$cache/linux-$kernel/.git/index.lock"
	kernel_in_tree checkout -q -f -B series base
	kernel_tree_settled
}

# True if the tree has changes that the series' files do not have.
kernel_tree_edited() {
	[ ! -e "$cache/linux-$kernel/.git/tph-busy" ] || return 1
	[ "$(kernel_in_tree rev-parse HEAD)" != "$(cat "$cache/linux-$kernel/.git/tph-tip")" ] ||
		! kernel_in_tree diff --quiet HEAD
}

# A hash of the changes in the patches, not of their texts.
kernel_series_key() {
	kernel_patches "$kernel" |
		xargs -r awk 'FNR == 1 { on = 0 } /^diff --git/ { on = 1 } on && !/^index /' |
		sha256sum | cut -c1-16
}

kernel_tree_ensure() {
	local dir=$cache/linux-$kernel key
	[ -e "$dir/.git/tph-tip" ] || kernel_fetch
	kernel_tree_repair
	key=$(kernel_series_key)
	if kernel_tree_edited; then
		say "using $dir with its local changes (make kernel-refresh writes them back)"
		return
	fi
	[ "$(cat "$dir/.git/tph-dirs" 2>/dev/null)" = "${kernel_dirs[*]}" ] || kernel_track
	[ "$(cat "$dir/.git/tph-series" 2>/dev/null)" != "$key" ] || return 0
	say "applying the series to Linux $kernel"
	kernel_tree_busy
	kernel_in_tree checkout -q -f -B series base
	kernel_apply_sets "$dir" >"$cache/am.log" 2>&1 || {
		kernel_tree_repair 2>/dev/null
		die "the series in kernel/ does not apply to Linux $kernel: see $cache/am.log;" \
			"git am it in $dir, fix it there, then make kernel-refresh"
	}
	printf '%s\n' "$key" >"$dir/.git/tph-series"
	kernel_tree_settled
}

# kernel_copy DIR COMMIT: a second tree, so that the first stays usable. The files are hard links:
# git replaces files and never writes into one.
kernel_copy() {
	local from=$cache/linux-$kernel base
	base=$(kernel_in_tree rev-parse base)
	if [ "$(git --git-dir="$1/.git" rev-parse base 2>/dev/null)" != "$base" ]; then
		rm -rf "$1"
		mkdir -p "${1%/*}"
		cp -al "$from" "$1"
		rm -rf "$1/.git"
		git clone -q --shared --no-checkout "$from" "$1/clone"
		mv "$1/clone/.git" "$1/.git"
		rmdir "$1/clone"
		echo '*' >"$1/.git/info/exclude"
		git -C "$1" reset -q
	fi
	git -C "$1" checkout -q -f --detach "$2"
}

# kernel_tree_commit: the tree's state, with uncommitted changes, as a commit of no branch
kernel_tree_commit() {
	local commit
	commit=$(kernel_in_tree stash create)
	printf '%s\n' "${commit:-$(kernel_in_tree rev-parse HEAD)}"
}

# kernel_config: the lab's configuration, and on top of it that of the flavour.
kernel_config() {
	cat "$top/kernel/lab.config"
	[ "$kernel_flavour" = plain ] || cat "$top/kernel/series.config"
	case $kernel_flavour in
	debug | kcsan) cat "$top/kernel/$kernel_flavour.config" ;;
	esac
}

# kernel_configure BUILD: fails if an option of these does not have its value afterwards.
kernel_configure() {
	local line
	mkdir -p "$1"
	kernel_config >"$1/wanted.config"
	run_logged "$cache/config.log" make -s -C "$cache/linux-$kernel" O="$1" \
		KCONFIG_ALLCONFIG="$1/wanted.config" allnoconfig ||
		die "cannot configure Linux $kernel from kernel/*.config: see $cache/config.log"
	grep -E '^(CONFIG_|# CONFIG_)' "$1/wanted.config" | while IFS= read -r line; do
		grep -qxF "$line" "$1/.config" || case $line in
		'#'*) ! grep -q "^$(awk '{ print $2 }' <<<"$line")=" "$1/.config" ;;
		*) false ;;
		esac ||
			die "Linux $kernel did not accept $line of kernel/*.config: it needs" \
				"another option with it, or has another name; look in" \
				"$cache/linux-$kernel"
	done
}

# Sets kernel_image, and splits the kernel's name into kernel and kernel_flavour.
kernel_ensure() {
	kernel_split "$kernel" || {
		kernel_image=$kernel
		return 0
	}
	kernel=${BASH_REMATCH[1]} kernel_flavour=${BASH_REMATCH[3]}
	[ "$kernel_flavour" != plain ] || {
		kernel_plain_ensure
		return
	}
	kernel_image=$(kernel_image_of "$(kernel_key)")
	[ ! -e "$kernel_image" ] || return 0
	kernel_tree_ensure
	kernel_image=$(kernel_image_of "$(kernel_key)")
	[ ! -e "$kernel_image" ] || return 0
	kernel_build "$kernel_image"
}

# kernel_image_of KEY
kernel_image_of() {
	printf '%s\n' "$cache/kernel-${kernel_flavour:+$kernel_flavour-}$kernel-$1"
}

# The same kernel without the series, to test programs on it.
kernel_plain_ensure() {
	kernel_image=$(kernel_image_of "$(kernel_config | sha256sum | cut -c1-16)")
	[ ! -e "$kernel_image" ] || return 0
	[ -e "$cache/linux-$kernel/.git/tph-tip" ] || kernel_fetch
	kernel_tree_repair
	! kernel_tree_edited ||
		die "$cache/linux-$kernel has local changes: make kernel-refresh first"
	kernel_tree_busy
	kernel_in_tree checkout -q --detach base
	kernel_build "$kernel_image"
	kernel_in_tree checkout -q series
	kernel_tree_settled
}

# kernel_build IMAGE: builds the tree as it is. Builds with and without the series share a folder,
# since most objects are the same.
kernel_build() {
	local build=$cache/build-$kernel expected=0 long="5 to 12"
	case $kernel_flavour in
	debug | kcsan) build+=-$kernel_flavour long="10 to 20" ;;
	esac
	[ -e "$build/.config" ] || {
		expected=2000
		long+=" minutes on two cores"
	}
	say "building Linux $kernel${kernel_flavour:+, $kernel_flavour}" \
		"($([ $expected = 0 ] && echo "what has changed" || echo "$long"))"
	kernel_configure "$build"
	# Without LOCALVERSION= a tree with local commits gets a + behind its version. One job
	# more than processors, since one of them usually waits for a file.
	make -C "$build" -j$(($(nproc) + 1)) LOCALVERSION= bzImage 2>"$cache/kernel-errors.log" |
		tee "$cache/kernel.log" | progress $expected "built" ||
		die "Linux $kernel does not build: see $cache/kernel-errors.log;" \
			"its source is $cache/linux-$kernel"
	# One earlier build is kept, for switching between two series.
	cache_keep 1 "$(basename "${1%-*}")-*"
	cp "$build/arch/x86/boot/bzImage" "$1.part"
	mv "$1.part" "$1"
	say "built $(make -s -C "$build" LOCALVERSION= kernelrelease)"
}

# The hash that names a build: of the configuration and the series, or of an edited tree's content.
kernel_key() {
	local tree=$cache/linux-$kernel
	{
		kernel_config
		if [ -e "$tree/.git/tph-tip" ] && kernel_tree_edited; then
			kernel_in_tree rev-parse HEAD
			kernel_in_tree diff HEAD
		else
			kernel_series_key
		fi
	} | sha256sum | cut -c1-16
}

kernel_tree_show() {
	kernel_tree_ensure
	printf '%s\n' "$cache/linux-$kernel"
}

# Writes the tree's commits to kernel/VERSION.
kernel_refresh() {
	local dir=$cache/linux-$kernel from=base name out
	[ -e "$dir/.git/tph-tip" ] && [ ! -e "$dir/.git/tph-busy" ] ||
		die "there is no tree of Linux $kernel yet: make kernel-tree"
	kernel_in_tree diff --quiet HEAD ||
		die "$dir has uncommitted changes: commit them there first"
	out=$(mktemp -d)
	for name in $(kernel_tree_sets); do
		mkdir "$out/$name"
		kernel_write_set "$from" "$name" "$out/$name"
		from=sets/$name
	done
	for name in $(kernel_tree_sets); do
		mkdir -p "$top/kernel/$kernel/$name"
		rm -f "$top/kernel/$kernel/$name"/0*.patch
		mv "$out/$name"/0*.patch "$top/kernel/$kernel/$name/"
	done
	rm -rf "$out"
	kernel_series_key >"$dir/.git/tph-series"
	kernel_tree_settled
	say "kernel/$kernel: $(kernel_patches "$kernel" | wc -l) patches written"
}

# kernel_tree_sets: those the tree has branches of, in order
kernel_tree_sets() {
	local name
	for name in "${kernel_set_names[@]}"; do
		! kernel_in_tree rev-parse -q --verify "refs/heads/sets/$name" >/dev/null ||
			echo "$name"
	done
}

# kernel_write_set FROM SET DIR: as git format-patch writes it for the list. The last set ends with
# the tree.
kernel_write_set() {
	local branch=sets/$2 cover=$top/kernel/$kernel/$2/cover-letter.txt
	[ "$2" != "$(kernel_tree_sets | tail -n 1)" ] ||
		kernel_in_tree branch -q -f "$branch" HEAD
	kernel_in_tree merge-base --is-ancestor "$1" "$branch" &&
		kernel_in_tree merge-base --is-ancestor "$branch" HEAD ||
		die "$cache/linux-$kernel: $branch is not between $1 and the tree's HEAD: git" \
			"branch -f $branch COMMIT"
	[ -s "$cover" ] ||
		die "the cover letter of $2 has no text: write $cover, its first line the subject"
	kernel_in_tree config "branch.$branch.description" "$(cat "$cover")"
	# Its date is that of the last patch, so that nothing changes where no patch did.
	GIT_COMMITTER_DATE=$(kernel_in_tree log -1 --format=%aI "$branch") \
		kernel_in_tree format-patch -q --cover-letter --cover-from-description=subject \
			--base=base --zero-commit --no-signature -o "$3" "$1..$branch"
	compgen -G "$3/0001-*" >/dev/null ||
		die "$cache/linux-$kernel has no commit between $1 and $branch: nothing to write" \
			"back"
}
