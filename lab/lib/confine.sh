# SPDX-License-Identifier: GPL-2.0-or-later
# QEMU and fabricd read data that a guest wrote, so they run without root's rights: as the user that
# starts the lab, or for root as a user number without an account and without files, one per run.

# systemd's range for dynamic users: no account has such a number.
confine_first_uid=61184 confine_last_uid=65519

# confine_uid: prints an unused user number; 0 where the caller is not root.
confine_uid() {
	local uid tries count=$((confine_last_uid - confine_first_uid + 1))
	if [ "$(id -u)" != 0 ]; then
		echo 0
		return
	fi
	for ((tries = 0; tries < 100; tries++)); do
		uid=$((confine_first_uid + (BASHPID + RANDOM) % count))
		getent passwd "$uid" >/dev/null ||
			[ -n "$(find /proc -maxdepth 1 -uid "$uid" 2>/dev/null)" ] || break
	done
	setpriv --reuid="$uid" --regid="$uid" --clear-groups true 2>/dev/null ||
		die "root cannot run QEMU as user $uid here, and does not run it as root: start" \
			"tphlab as an ordinary user"
	echo "$uid"
}

# confine_command UID: the prefix of a command that gives it UID's rights, blank-separated.
confine_command() {
	local user=''
	[ "$1" = 0 ] || user=" --reuid=$1 --regid=$1 --clear-groups"
	echo "setpriv --pdeathsig KILL --no-new-privs$user"
}

# confine_give UID FILE…: makes the user their owner, and removes all others' access.
confine_give() {
	local uid=$1
	shift
	chmod go= "$@"
	[ "$uid" = 0 ] || chown "$uid:$uid" "$@"
}

# confine_readable UID DIR: whether the user may read DIR
confine_readable() {
	local confined
	read -ra confined <<<"$(confine_command "$1")"
	(cd "$2" && "${confined[@]}" test -r . -a -x .)
}

# confine_made DIR: the names of the files that guests made in DIR before, and of QEMU's notes on
# them in .virtfs_metadata, each ended by a zero byte.
confine_made() {
	local note made
	find "$1" -xdev -name .virtfs_metadata -type d -print0
	while IFS= read -rd '' note; do
		made=${note%/.virtfs_metadata/*}/${note##*/}
		printf '%s\0' "$note"
		# Through a link chown would reach a file that the guest did not make.
		[ -L "$made" ] || [ ! -e "$made" ] || { [ ! -d "$made" ] &&
			[ "$(stat -c %h -- "$made")" != 1 ]; } || printf '%s\0' "$made"
	done < <(find "$1" -xdev -path '*/.virtfs_metadata/*' -type f -print0)
}

# confine_share UID DIR: lets the user make files in DIR. Files that guests made there before belong
# to that user during the run; all others in DIR keep their rights.
confine_share() {
	[ "$1" != 0 ] || return 0
	setfacl -m "u:$1:rwx" -- "$2" 2>/dev/null ||
		die "cannot let QEMU's user $1 write to $2: its file system has no access lists;" \
			"share a folder of another one, or start tphlab as an ordinary user"
	confine_made "$2" | xargs -0r chown -h "$1:$1" --
}

# confine_unshare UID DIR: gives the guest's files to DIR's owner, and restores DIR's rights.
confine_unshare() {
	[ "$1" != 0 ] || return 0
	find "$2" -xdev -uid "$1" -exec chown -h "--from=$1" "--reference=$2" -- {} + || :
	setfacl -n -x "u:$1" -- "$2" ||
		say "$2 still has an entry for user $1 in its access list: setfacl -b removes it"
	# A list of a mask alone is removed.
	getfacl -cpn -- "$2" | grep -qE '^(default|user:[0-9]|group:[0-9])' || setfacl -b -- "$2"
}
