#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A NIC that is unplugged by option is there at first, and gone after the firmware has found it.
. "$(dirname "$0")/../lib/guest.sh"

in_guest --fault 'nic0 unplug 30s' -- sh -c '
	there() { [ "$(setpci -d 15b3: VENDOR_ID | grep -c 15b3)" = "$1" ]; }
	there 2 || exit 1
	for _ in $(seq 600); do ! there 1 || exit 0; sleep 0.1; done
	exit 1'
