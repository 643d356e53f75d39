#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# After an installation: the loader finds a library in /usr/local only through its cache. An
# installation by another user than root is for that user's own folders, which the cache omits.
PATH=$PATH:/usr/sbin:/sbin
if [ "$(id -u)" = 0 ] && command -v ldconfig >/dev/null; then
	ldconfig
fi
